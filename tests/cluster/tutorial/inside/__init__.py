# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that are run as files: on the nodes, and by their simulated BMCs."""
