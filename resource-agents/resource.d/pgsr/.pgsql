#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What ocf:heartbeat:pgsql is a link to while this agent is in the place of the stock one.
#
# The kernel chooses the interpreter by the first line, and the interpreter opens the path
# again. An action that begins in the moment in which the path is changed gets the one of
# one agent, and the text of the other: both have to be for the same interpreter. Pacemaker
# shows no agent whose name begins with a dot.
OCF_RESOURCE_TYPE=${0##*/}
export OCF_RESOURCE_TYPE
exec "${0%/*}/../pgsr/pgsr" "$@"
