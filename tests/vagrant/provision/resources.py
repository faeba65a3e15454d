# SPDX-License-Identifier: GPL-2.0-or-later
"""The resources of each mode, as XML for cibadmin(8): EL has no crm, Debian no pcs.

`crm configure show` and `pcs config` show the same in their own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import quoteattr

from . import database
from .facts import Facts
from .settings import Settings

RESOURCE = "pgsql"
ADDRESS = "address"
STREAMS = ("HS", "HS:sync", "HS:async", "HS:potential", "HS:quorum")
SHARED_DIRECTORY = "/srv/pgsql"
Operation = tuple[str, int, int, str]  # name, interval and timeout in seconds, role
# A machine whose processor is emulated may need longer than the usual 20 seconds.
_AT_EASE: list[Operation] = [("start", 0, 60, ""), ("stop", 0, 60, "")]


def configuration(settings: Settings, facts: Facts) -> Iterator[tuple[str, str]]:
    """Return sections of the CIB with what belongs into each."""
    yield "crm_config", _properties(facts)
    yield "rsc_defaults", _defaults()
    server = _shared_server if settings.mode == "none" else _replicated
    found = _fencing(settings, facts) + server(settings, facts)
    yield "resources", f"<resources>{found}</resources>"
    if settings.mode != "none":
        yield "constraints", f"<constraints>{_constraints()}</constraints>"


def _defaults() -> str:
    return (
        '<rsc_defaults><meta_attributes id="defaults">'
        f"{_pairs('defaults', {'resource-stickiness': '100'})}"
        "</meta_attributes></rsc_defaults>"
    )


def _properties(facts: Facts) -> str:
    """Return the cluster's properties; a fenced node stays off."""
    wait_s = facts.message_wait_s
    properties = {
        "stonith-enabled": "true",
        "stonith-action": "off",
        "stonith-timeout": f"{2 * wait_s}s",
        "stonith-watchdog-timeout": "0",  # the disk fences, not the passing of time
        "dc-deadtime": "5s",
        # Of two nodes that fence each other the primary's survives.
        "priority-fencing-delay": "5s",
    }
    return (
        '<crm_config><cluster_property_set id="cib-bootstrap-options">'
        f"{_pairs('cib-bootstrap-options', properties)}"
        "</cluster_property_set></crm_config>"
    )


def _fencing(settings: Settings, facts: Facts) -> str:
    parameters = {
        "devices": facts.fencing_disk,
        "pcmk_host_list": " ".join(settings.nodes),
    }
    operations = [*_AT_EASE, ("monitor", 3600, 120, "")]
    return _primitive("fencing", "stonith", "fence_sbd", parameters, operations)


def _replicated(settings: Settings, facts: Facts) -> str:
    mode = {"pgsr": _pgsr, "sync": _sync}[settings.mode](settings)
    parameters = {**_server(facts, database.HOME), **mode}
    operations = [
        ("start", 0, 120, ""),
        ("stop", 0, 120, ""),
        ("promote", 0, 120, ""),
        ("demote", 0, 120, ""),
        ("monitor", facts.monitor_s + 1, 60, "Unpromoted"),
        ("monitor", facts.monitor_s, 60, "Promoted"),
    ]
    meta = {
        "promotable": "true",
        "priority": "1",
        "interleave": "true",
        "notify": "true" if settings.mode == "sync" else "false",
    }
    server = _primitive(RESOURCE, "ocf", "pgsr:pgsr", parameters, operations)
    clone = f"{RESOURCE}-clone"
    return (
        f'<clone id="{clone}"><meta_attributes id="{clone}-meta">'
        f"{_pairs(f'{clone}-meta', meta)}</meta_attributes>{server}</clone>"
        f"{_address(settings)}"
    )


def _server(facts: Facts, home: str) -> dict[str, str]:
    programs = facts.bin_directory
    return {
        "pgctl": f"{programs}/pg_ctl",
        "psql": f"{programs}/psql",
        "pgdata": f"{home}/data",
        "logfile": f"{home}/server.log",
        "socketdir": database.SOCKET_DIRECTORY,
    }


def _pgsr(_settings: Settings) -> dict[str, str]:
    return {
        "rep_mode": "async",
        "tmpdir": database.HOME,
        "trigger_file": database.TRIGGER_FILE,
    }


def _sync(settings: Settings) -> dict[str, str]:
    return {
        "rep_mode": "sync",
        "node_list": " ".join(settings.nodes),
        "master_ip": settings.virtual_address,
        "tmpdir": database.TEMPORARY,
        "restart_on_promote": "false",
        "primary_conninfo_opt": "keepalives_idle=60 keepalives_interval=5"
        " keepalives_count=5 connect_timeout=5",
    }


def _shared_server(settings: Settings, facts: Facts) -> str:
    """Return a server whose data is on a disk that only one node may mount."""
    disk = {
        "device": facts.data_disk,
        "directory": SHARED_DIRECTORY,
        "fstype": "ext4",
    }
    operations = [("start", 0, 120, ""), ("stop", 0, 120, ""), ("monitor", 10, 60, "")]
    members = (
        _primitive("disk", "ocf", "heartbeat:Filesystem", disk, operations)
        + _address(settings)
        + _primitive(
            *(RESOURCE, "ocf", "pgsr:pgsr"),
            *(_server(facts, f"{SHARED_DIRECTORY}/pgsql"), operations),
        )
    )
    return f'<group id="server">{members}</group>'


def _address(settings: Settings) -> str:
    parameters = {"ip": settings.virtual_address, "cidr_netmask": "24"}
    return _primitive(
        *(ADDRESS, "ocf", "heartbeat:IPaddr2", parameters),
        [*_AT_EASE, ("monitor", 10, 60, "")],
    )


def _constraints() -> str:
    """Return where the address belongs, and that it stays until the primary is down."""
    clone = f"{RESOURCE}-clone"
    return (
        f'<rsc_colocation id="address-with-primary" score="INFINITY" rsc="{ADDRESS}"'
        f' with-rsc="{clone}" with-rsc-role="Promoted"/>'
        f'<rsc_order id="address-after-promote" kind="Mandatory" first="{clone}"'
        f' first-action="promote" then="{ADDRESS}" then-action="start"'
        ' symmetrical="false"/>'
        f'<rsc_order id="address-until-demoted" kind="Optional" first="{clone}"'
        f' first-action="demote" then="{ADDRESS}" then-action="stop"'
        ' symmetrical="false"/>'
    )


def _primitive(
    name: str,
    standard: str,
    agent: str,
    parameters: Mapping[str, str],
    operations: list[Operation],
) -> str:
    provider, _, kind = agent.rpartition(":")
    given = f' provider="{provider}"' if provider else ""
    return (
        f'<primitive id="{name}" class="{standard}"{given} type="{kind}">'
        f'<instance_attributes id="{name}-parameters">'
        f"{_pairs(f'{name}-parameters', parameters)}</instance_attributes>"
        f"<operations>{''.join(_operation(name, each) for each in operations)}"
        "</operations></primitive>"
    )


def _operation(resource: str, operation: Operation) -> str:
    name, interval_s, timeout_s, role = operation
    given = f' role="{role}"' if role else ""
    return (
        f'<op id="{resource}-{name}-{interval_s}s" name="{name}"'
        f' interval="{interval_s}s" timeout="{timeout_s}s"{given}/>'
    )


def _pairs(prefix: str, values: Mapping[str, str]) -> str:
    return "".join(
        f'<nvpair id="{prefix}-{name}" name="{name}" value={quoteattr(value)}/>'
        for name, value in values.items()
    )
