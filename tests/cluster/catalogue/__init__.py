# SPDX-License-Identifier: GPL-2.0-or-later
"""What the scenarios measure for the fault catalogue of the documentation."""
