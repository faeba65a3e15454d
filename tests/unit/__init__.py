# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what computes: no server, no cluster, no waiting."""
