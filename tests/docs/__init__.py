# SPDX-License-Identifier: GPL-2.0-or-later
"""The documentation as its readers meet it: in a browser, and as manual pages."""
