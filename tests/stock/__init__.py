# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent beside the stock one, on real servers: the same answers, not its faults."""
