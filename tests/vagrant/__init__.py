# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual machines of the Vagrantfile: how they are made, and their tests."""
