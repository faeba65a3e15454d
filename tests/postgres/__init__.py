# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent on real servers of every version; only the cluster's tools are written."""
