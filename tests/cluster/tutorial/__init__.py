# SPDX-License-Identifier: GPL-2.0-or-later
"""The tutorials of the documentation, followed by a reader that types what they say.

page.py     what a page has its reader do, in order
shown.py    whether what is shown is what was seen, and what may differ
terminal.py a shell in which commands are typed
reader.py   does all of it, and compares; PGSR_WRITE_OUTPUT=1 corrects the page instead
machines.py two empty machines, bmc.py the power switch of each, at_machines.py a shell
one_machine.py a machine on which the nodes are namespaces
like_el.py  has machines look like those of EL
"""
