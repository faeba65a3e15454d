# SPDX-License-Identifier: GPL-2.0-or-later
"""A model of rule 6: a small cluster that the rules of decide/ run, and its faults."""
