# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that the harness runs as files, in namespaces of the cluster.

None of them imports anything but the standard library, nor each other.
"""
