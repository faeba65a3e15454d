# SPDX-License-Identifier: GPL-2.0-or-later
"""What the provisioning of virtual machines writes, for each mode."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cluster.harness import libvirt
from tests.vagrant.provision import database, resources
from tests.vagrant.provision.corosync import corosync_conf
from tests.vagrant.provision.facts import Facts
from tests.vagrant.provision.family import LISTS
from tests.vagrant.provision.settings import Settings, parse

MODES = ("none", "pgsr", "sync")
FACTS = Facts(
    bin_directory="/usr/lib/postgresql/15/bin",
    major=15,
    is_emulated=False,
    fencing_disk="/dev/disk/by-id/virtio-pgsr-sbd",
    data_disk="/dev/disk/by-id/virtio-pgsr-data",
)
DOMAIN = """\
<domain><devices>
  <disk type='file'><source file='/pool/node1.img'/><target dev='vda'/></disk>
  <disk type='file'><source file='/pool/sbd.img'/><target dev='vdb'/><shareable/>
    <serial>pgsr-sbd</serial></disk>
</devices></domain>
"""


def settings(mode: str = "sync", name: str = "node1", count: int = 2) -> Settings:
    numbers = range(1, count + 1)
    return Settings(
        name=name,
        nodes={f"node{number}": f"192.168.56.{10 + number}" for number in numbers},
        mode=mode,
        network="192.168.56.0/24",
        virtual_address="192.168.56.10",
        packages={"deb": "/a.deb", "rpm": "/a.rpm"},
    )


def cib(mode: str) -> ElementTree.Element:
    """Return a CIB as it is after the provisioning of a new cluster."""
    sections = "".join(
        text for _, text in resources.configuration(settings(mode), FACTS)
    )
    root = ElementTree.fromstring(f"<configuration>{sections}</configuration>")
    order = ("crm_config", "nodes", "resources", "constraints", "rsc_defaults")
    whole = ElementTree.Element("cib", {"validate-with": "pacemaker-3.9"})
    for name in ("admin_epoch", "epoch", "num_updates"):
        whole.set(name, "0")
    configuration = ElementTree.SubElement(whole, "configuration")
    for name in order:
        found = root.find(name)
        configuration.append(ElementTree.Element(name) if found is None else found)
    ElementTree.SubElement(whole, "status")
    return whole


@pytest.mark.parametrize("mode", MODES)
def test_pacemaker_finds_nothing_wrong_with_the_resources(
    mode: str, tmp_path: Path
) -> None:
    file = tmp_path / "cib.xml"
    file.write_bytes(ElementTree.tostring(cib(mode)))
    verify = ("crm_verify", "--verbose", "--xml-file", str(file))
    ended = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_fenced_and_has_the_address(mode: str) -> None:
    configuration = cib(mode)
    properties = {
        pair.get("name"): pair.get("value") for pair in configuration.iter("nvpair")
    }
    types = {each.get("type") for each in configuration.iter("primitive")}
    assert {"fence_sbd", "IPaddr2", "pgsr"} <= types
    assert properties["stonith-enabled"] == "true"
    assert properties["devices"] == FACTS.fencing_disk
    assert properties["ip"] == "192.168.56.10"


def test_pacemaker_waits_longer_for_fencing_than_the_disk_takes() -> None:
    for is_emulated in (False, True):
        facts = FACTS._replace(is_emulated=is_emulated)
        sections = dict(resources.configuration(settings(), facts))
        assert f'value="{2 * facts.message_wait_s}s"' in sections["crm_config"]
        assert facts.message_wait_s >= 2 * facts.watchdog_s


def test_method_and_managed_replication_are_told_apart_by_node_list() -> None:
    names = {
        mode: {pair.get("name") for pair in cib(mode).iter("nvpair")} for mode in MODES
    }
    assert {"rep_mode", "trigger_file"} <= names["pgsr"]
    assert "node_list" not in names["pgsr"]
    assert {"rep_mode", "node_list", "master_ip"} <= names["sync"]
    assert "rep_mode" not in names["none"]


def test_trigger_file_is_not_told_to_a_server_that_knows_none() -> None:
    assert "promote_trigger_file" in database.configuration(settings("pgsr"), 15)
    assert "promote_trigger_file" not in database.configuration(settings("pgsr"), 16)
    assert "primary_conninfo" not in database.configuration(settings("sync"), 15)


def test_two_nodes_and_three_differ_in_quorum_only() -> None:
    pair = corosync_conf(settings().nodes, FACTS.token_ms)
    three = corosync_conf(settings(count=3).nodes, FACTS.token_ms)
    assert "two_node: 1" in pair
    assert "two_node" not in three
    assert three.count("ring0_addr") == 3


def test_settings_are_those_that_the_vagrantfile_wrote() -> None:
    written = settings(name="node2")
    read = parse(json.dumps(written._asdict()))
    assert read == written
    assert (read.is_first, read.is_last) == (False, True)
    assert read.first_address == "192.168.56.11"


def test_each_family_has_what_a_node_needs() -> None:
    lists = json.loads(LISTS.read_text(encoding="utf-8"))
    for names in lists.values():
        assert {"corosync", "pacemaker", "sbd", "python3-psycopg2"} <= set(names)
        assert names == sorted(names)


def test_shared_disk_is_known_by_its_serial_number() -> None:
    assert libvirt.devices_with_serial(DOMAIN, "pgsr-sbd") == ["vdb"]
    assert libvirt.disk_files(DOMAIN) == [
        ("/pool/node1.img", False),
        ("/pool/sbd.img", True),
    ]
