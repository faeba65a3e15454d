# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds a box of Debian 12 with all packages of a node, for hosts without KVM.

It is made from the distribution's packages alone, without a loop device, and without
starting it. What each module owns is said in it.
"""
