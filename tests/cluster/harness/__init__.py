# SPDX-License-Identifier: GPL-2.0-or-later
"""Real Pacemaker nodes on one machine, made of namespaces.

From the bottom up: process and wait; lan and machine are what nodes may be made of;
site, network, disk and namespace_machine make them of namespaces, fencing is their
power switch, and construction puts a cluster together; node and cluster are what
scenarios talk to; postgres and method are the administrator's steps; writer judges.
"""
