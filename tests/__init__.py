# SPDX-License-Identifier: GPL-2.0-or-later
"""PGSR's tests: a package, so that they can import one another's tools."""
