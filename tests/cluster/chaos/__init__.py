# SPDX-License-Identifier: GPL-2.0-or-later
"""A randomised run: faults drawn at random, and what must hold throughout.

faults has what can happen, observer looks for two primaries, history keeps what was
seen, run puts them together.
"""
