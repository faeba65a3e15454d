# SPDX-License-Identifier: GPL-2.0-or-later
"""Edge: one PostgreSQL server, its data directory, its processes and its SQL."""
