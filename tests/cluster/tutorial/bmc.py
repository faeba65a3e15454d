# SPDX-License-Identifier: GPL-2.0-or-later
"""A BMC for a machine: ipmi_sim(1), which asks the harness's power switch.

It is on the machines' network, and goes on when its machine is off.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.cluster.harness import network, process
from tests.cluster.harness.fencing import SOCKET
from tests.cluster.harness.namespace_machine import NamespaceMachine
from tests.cluster.harness.site import PYTHON, Site
from tests.cluster.harness.wait import wait_until

PROGRAM = Path(__file__).parent / "inside" / "chassis.py"
TIMEOUT_S = 20.0
# Who may what at the BMC: the words of ipmi_lan(5).
ACCESS = "\n".join(
    f"  allowed_auths_{level} none md2 md5 straight"
    for level in ("callback", "user", "operator", "admin")
)
LAN = """\
name "{name}"
set_working_mc 0x20
startlan 1
  addr {address} 623
  priv_limit admin
{access}
  guid a123456789abcdefa123456789abcde{number}
endlan
chassis_control "{python} -I {program} {socket} {name}"
user 1 false "" "" user 10 none md2 md5 straight
user 2 true "admin" "SECRET" admin 10 none md2 md5 straight
"""
PARTS = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
"""


def start_bmc(site: Site, machine: NamespaceMachine) -> subprocess.Popen[str]:
    """Start a machine's BMC, at the address of the machine and 20 more."""
    number = machine.number
    address = network.node_address(20 + number)
    bridge = ("dev", network.BRIDGE)
    site.run("ip", "addr", "add", f"{address}/{network.LAN.prefix_length}", *bridge)
    directory = site.directory / f"bmc{number}"
    site.run("mkdir", directory)
    described = LAN.format(
        name=machine.name, number=number, address=address, access=ACCESS,
        python=PYTHON, program=PROGRAM, socket=machine.outside / SOCKET,
    )  # fmt: skip
    lan, parts = directory / "lan.conf", directory / "parts.emu"
    site.path(lan).write_text(described)
    site.path(parts).write_text(PARTS)
    simulator = ("ipmi_sim", "-n", "-c", str(lan), "-f", str(parts))
    bmc = process.launch(
        (*site.enter(), *simulator, "-s", str(directory)),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _wait_for_bmc(site, machine, address)
    return bmc


def _wait_for_bmc(site: Site, machine: NamespaceMachine, address: str) -> None:
    asked = (
        *("ipmitool", "-I", "lanplus", "-C", "3", "-H", address),
        *("-U", "admin", "-P", "SECRET", "chassis", "power", "status"),
    )
    wait_until(
        f"the BMC of {machine.name}",
        lambda: (
            process.run((*site.enter(), *asked), check=False).stdout
            == "Chassis Power is off\n"
        ),
        TIMEOUT_S,
    )
