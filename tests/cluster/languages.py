# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations of the pages in both languages, crmsh and pcs, and what they mean.

A configuration is loaded into a CIB that is a file on a node, with no cluster running,
and told in the words of Pacemaker's XML from which names and order are taken out that
each language gives in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, fromstring

from tests.cluster.documentation import PCS, Block, page_examples
from tests.cluster.harness.construction import CHECKOUT, CIB
from tests.cluster.harness.node import Node

FILE = "/root/configuration.xml"
LOAD_TIMEOUT_S = 120.0
DEFAULT_TIMEOUTS = ("20s", "20")  # Pacemaker's own
ALWAYS_SCHEDULED = frozenset({"start", "stop", "monitor"})
SCHEDULED_IF = {"promotable": ("promote", "demote"), "notify": ("notify",)}
SECTIONS = (
    *("crm_config", "rsc_defaults", "resources", "constraints"),
    *("alerts", "acls"),
)
SAME = {"0s": "0", "Slave": "Unpromoted", "Master": "Promoted", "inf": "INFINITY"}
# What an element means when it does not say it, as pcs does say it now and then.
NAMED = {"primitive", "group", "clone", "alert", "acl_role", "acl_target", "role"}
IMPLIED = {("rsc-role", "Started"), ("symmetrical", "true"), ("boolean-op", "and")}


class Pair(NamedTuple):
    """A configuration in both languages."""

    page: str
    crm: Block
    pcs: Block


def pairs() -> Iterator[Pair]:
    """Every configuration of resources: that for pcs follows the one for crmsh."""
    docs = CHECKOUT / "docs"
    for page in (str(path.relative_to(docs)) for path in sorted(docs.rglob("*.rst"))):
        found = page_examples(page)
        for before, block in zip(found, found[1:]):
            if block.caption.startswith(PCS) and "cib-push" in block.text:
                yield Pair(page, before, block)


def meaning_of_crm(node: Node, block: Block, first: str) -> list[str]:
    """What a file for `crm configure load` makes of a first configuration."""
    node.machine.write(FILE, first)
    load = ("env", f"CIB_file={FILE}", "crm", "-F", "configure", "load", "update", "-")
    node.run(*load, stdin_text=block.text, timeout_s=LOAD_TIMEOUT_S)
    return meaning(node.machine.read(FILE))


def meaning_of_pcs(node: Node, block: Block, first: str) -> list[str]:
    """What commands of pcs make of a first configuration.

    Only where they fetch the cluster's configuration, and give it back, is not as it
    is in the page: there is no cluster.
    """
    node.machine.write("/root/first.xml", first)
    commands = [in_a_file(line) for line in block.text.splitlines()]
    text = "\n".join(["cd /root", *commands])
    node.run("bash", "-euc", text, timeout_s=LOAD_TIMEOUT_S)
    return meaning(node.machine.read(FILE))


def in_a_file(line: str) -> str:
    """A command without a cluster."""
    words = line.split()
    if words[:3] == ["pcs", "cluster", "cib"]:
        return f"cp /root/first.xml {words[3]}"
    if words[:3] == ["pcs", "cluster", "cib-push"]:
        return f"cp {words[3]} {FILE}"
    return line


def first_configuration(node: Node) -> str:
    """The configuration of a new cluster, in the words of today for the roles."""
    node.machine.write(FILE, node.machine.read(CIB))
    upgrade = ("cibadmin", "--upgrade", "--force")
    node.run("env", f"CIB_file={FILE}", *upgrade)
    return node.machine.read(FILE)


def meaning(cib: str) -> list[str]:
    """What a configuration says: a line for each element, children indented."""
    configuration = fromstring(cib).find("configuration")
    assert configuration is not None
    parts = (configuration.find(name) for name in SECTIONS)
    found = (told(each) for part in parts if part is not None for each in part)
    return [line for lines in sorted(found) for line in lines]


def told(element: Element, scheduled: frozenset[str] = ALWAYS_SCHEDULED) -> list[str]:
    """An element in a normal form: attributes and children in the order of names."""
    given = {**element.attrib}
    if element.tag not in NAMED:
        given.pop("id", None)
    said = {(name, SAME.get(value, value)) for name, value in given.items()} - IMPLIED
    attributes = [f"{name}={value}" for name, value in sorted(said)]
    scheduled |= scheduled_by(element)
    children = [told(c, scheduled) for c in element if not is_unsaid(c, scheduled)]
    if element.tag != "group":  # its members have an order
        children.sort()
    inner = [f"  {line}" for lines in children for line in lines]
    return [" ".join([element.tag, *attributes]), *inner]


def scheduled_by(element: Element) -> frozenset[str]:
    """What Pacemaker schedules of an element because it is a clone of some kind."""
    said = element.findall("./meta_attributes/nvpair[@value='true']")
    names = (SCHEDULED_IF.get(each.get("name", ""), ()) for each in said)
    return frozenset(name for some in names for name in some)


def is_unsaid(element: Element, scheduled: frozenset[str]) -> bool:
    """Tell whether an element says nothing, or what holds without it too.

    pcs writes down every operation of the meta-data, with the timeout advised there.
    """
    if element.tag != "op" or element.get("interval") not in ("0", "0s"):
        return False
    is_default = element.get("timeout") in DEFAULT_TIMEOUTS
    return is_default or element.get("name") not in scheduled
