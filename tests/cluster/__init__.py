# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios on real Pacemaker clusters, and the harness that makes these."""
