#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run by Vagrant as root on each machine, with three arguments: the archive that was
# copied there, the directory for what is in it, and the settings as JSON.
set -eu
if ! command -v python3 >/dev/null; then
    echo "pgsr: this box has no python3: install it there, or take another box" >&2
    exit 1
fi
rm -rf "$2"
install -d "$2"
tar -x -f "$1" -C "$2" --no-same-owner
cd "$2"
exec python3 -B -m provision "$3"
