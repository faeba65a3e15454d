# SPDX-License-Identifier: GPL-2.0-or-later
"""PostgreSQL resource agent for Pacemaker."""

__version__ = "0.1.0"
