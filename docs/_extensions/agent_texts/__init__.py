# SPDX-License-Identifier: GPL-2.0-or-later
"""What the agent can say, found in its source: nothing of it is run or imported."""
