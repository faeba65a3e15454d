# SPDX-License-Identifier: GPL-2.0-or-later
"""Managed replication: the agent owns the recovery configuration and the roles."""
