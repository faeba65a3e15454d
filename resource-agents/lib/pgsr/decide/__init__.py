# SPDX-License-Identifier: GPL-2.0-or-later
"""Core: decisions as pure functions of what was observed.  Nothing here acts."""
