# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests and the demonstration need on a machine: packages and servers.

Nothing but the standard library is imported here: it runs before `.venv` exists.
"""
