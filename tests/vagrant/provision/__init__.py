# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a machine a node of the cluster; it runs there, as `python3 -m provision`.

Every step looks first and changes only what is not as it should be, so that a second
run changes nothing; each change is told in one line. Standard library only.
"""
