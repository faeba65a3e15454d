# SPDX-License-Identifier: GPL-2.0-or-later
"""What an action costs in programs and time, and what a fault costs in writes."""
