# SPDX-License-Identifier: GPL-2.0-or-later
"""What an action costs: programs launched, processes, CPU and wall time."""
