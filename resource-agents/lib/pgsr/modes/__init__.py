# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways of running PostgreSQL: one module each, with the same verbs."""
