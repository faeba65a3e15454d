# SPDX-License-Identifier: GPL-2.0-or-later
"""The packages: installed, upgraded, broken and removed in clean systems."""
