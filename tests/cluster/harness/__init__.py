# SPDX-License-Identifier: GPL-2.0-or-later
"""Real Pacemaker nodes on one machine, made of namespaces.

From the bottom up: process and wait; site, network, disk and namespace_machine make
the machines; fencing is their power switch; node and cluster are what scenarios talk
to; postgres and method are the administrator's steps; writer judges.
"""
