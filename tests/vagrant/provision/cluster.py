# SPDX-License-Identifier: GPL-2.0-or-later
"""Corosync and Pacemaker: their configuration, their start, and the resources."""

from __future__ import annotations

from xml.etree import ElementTree

from . import database, resources
from .corosync import corosync_conf
from .facts import Facts
from .settings import Settings
from .system import NotReady, attempt, changed, run, succeeds, wait_until, write

SERVICES = ("corosync", "pacemaker", "postgresql")
HOSTS = "127.0.0.1 localhost\n"
ONLINE_TIMEOUT_S = 600.0
ROLE_TIMEOUT_S = 300.0


def prepare(settings: Settings, facts: Facts) -> None:
    """Configure the machine's part of the cluster; none of it starts at boot."""
    lines = [f"{address} {name}\n" for name, address in settings.nodes.items()]
    write("/etc/hosts", HOSTS + "".join(lines))
    write("/etc/corosync/corosync.conf", corosync_conf(settings.nodes, facts.token_ms))
    _open_firewall()
    for name in SERVICES:
        if succeeds("systemctl", "--quiet", "is-enabled", name):
            run("systemctl", "--quiet", "disable", "--now", name)
            changed(f"disabled {name}: it starts by hand, or by the cluster")


def _open_firewall() -> None:
    """Let the nodes and the clients through, where EL's firewall runs."""
    if not succeeds("systemctl", "--quiet", "is-active", "firewalld"):
        return
    for service in ("high-availability", "postgresql"):
        if not succeeds("firewall-cmd", "--quiet", f"--query-service={service}"):
            add = f"--add-service={service}"
            run("firewall-cmd", "--quiet", add)
            run("firewall-cmd", "--quiet", "--permanent", add)
            changed(f"opened the firewall for {service}")


def start() -> None:
    """Start corosync, SBD with it, and Pacemaker."""
    if not succeeds("systemctl", "--quiet", "is-active", "pacemaker"):
        run("systemctl", "start", "pacemaker", timeout_s=ONLINE_TIMEOUT_S)
        changed("started corosync, sbd and Pacemaker")


def complete(settings: Settings, facts: Facts) -> None:
    """Give the cluster its resources once all its nodes are there, if it has none."""
    if succeeds("crm_resource", "--resource", resources.RESOURCE, "--query-xml"):
        return
    names = frozenset(settings.nodes)
    wait_until(
        f"all of {', '.join(settings.nodes)} online",
        lambda: _online() == names,
        ONLINE_TIMEOUT_S,
    )
    if settings.mode != "none":
        database.stop_first(settings, facts)
    others = [name for name in settings.nodes if name != next(iter(settings.nodes))]
    if settings.mode == "pgsr":  # the primary's node starts alone
        for name in others:
            run("crm_standby", "--node", name, "--update", "on")
    _load(settings, facts)
    changed("gave the cluster its resources")
    try:
        _wait_for_primary(settings)
        if settings.mode == "pgsr":
            for name in others:
                run("crm_standby", "--node", name, "--delete")
        _wait_for_standbys(settings)
    except NotReady as reason:
        shown = attempt(("crm_mon", "-1Afr")).stdout
        raise NotReady(f"{reason}; the cluster shows:\n{shown}") from None


def _load(settings: Settings, facts: Facts) -> None:
    run("cibadmin", "--upgrade", "--force")
    for scope, text in resources.configuration(settings, facts):
        run(
            *("cibadmin", "--modify", "--allow-create", "--scope", scope),
            *("--xml-pipe",),
            stdin_text=text,
        )


def _wait_for_primary(settings: Settings) -> None:
    role = "Started" if settings.mode == "none" else "Promoted"
    wait_until(
        "a server that takes writes, with the address",
        lambda: _has_primary(_seen(), role),
        ROLE_TIMEOUT_S,
    )


def _has_primary(seen: ElementTree.Element, role: str) -> bool:
    servers = _where(seen, resources.RESOURCE, role)
    return len(servers) == 1 and _where(seen, resources.ADDRESS) == servers


def _wait_for_standbys(settings: Settings) -> None:
    """Wait until the others stream, as the agent says in their attributes."""
    count = 0 if settings.mode == "none" else len(settings.nodes) - 1
    wait_until(
        f"{count} standbys that stream",
        lambda: (
            len([value for value in _statuses() if value in resources.STREAMS]) == count
        ),
        ROLE_TIMEOUT_S,
    )


def _seen() -> ElementTree.Element:
    """Return what crm_mon shows; nothing when Pacemaker does not answer."""
    shown = attempt(("crm_mon", "--one-shot", "--output-as=xml"))
    try:
        return ElementTree.fromstring(shown.stdout)
    except ElementTree.ParseError:
        return ElementTree.Element("nothing")


def _online() -> frozenset[str]:
    nodes = _seen().findall("./nodes/node")
    return frozenset(
        node.get("name", "")
        for node in nodes
        if node.get("online") == "true" and node.get("pending") != "true"
    )


def _where(
    seen: ElementTree.Element, resource: str, role: str = "Started"
) -> list[str]:
    """Return the nodes on which a resource has a role, by its former name too."""
    roles = {role, "Master"} if role == "Promoted" else {role}
    return [
        node.get("name", "")
        for found in seen.findall("./resources//resource")
        if found.get("id", "").split(":")[0] == resource and found.get("role") in roles
        for node in found.findall("node")
    ]


def _statuses() -> list[str]:
    name = f"{resources.RESOURCE}-status"
    return [
        attribute.get("value", "")
        for attribute in _seen().findall("./node_attributes/node/attribute")
        if attribute.get("name") == name
    ]
