# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation says of two sites, typed as it is there.

Two clusters share one network: two nodes are site A, one is site B. Tickets are granted
by hand; booth is not run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.cluster.documentation import (
    RESOURCE,
    blocks,
    captioned,
    make_server,
    run,
    wait_for,
)
from tests.cluster.documented_three import prepare
from tests.cluster.harness import configuration, postgres, record
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.construction import constructed
from tests.cluster.harness.fencing import by_power_switch
from tests.cluster.harness.node import Node
from tests.cluster.harness.wait import wait_until

pytestmark = pytest.mark.namespaces_only

PAGE = "howto/two-sites.rst"
FOLLOW_TIMEOUT_S = 60.0
# Such a server may connect, again and again, but never gets there.
IN_STEP = (
    "SELECT count(*) FROM pg_stat_replication"
    " WHERE flush_lsn = pg_current_wal_flush_lsn()"
)
SERVER_LOG = "/var/log/postgresql/postgresql-15-main.log"
BEYOND = "forked off current database system timeline"  # as in the page


class Sites(NamedTuple):
    """Two clusters, and both as if they were one, for what is done to every node."""

    a: Cluster
    b: Cluster
    all: Cluster


def site_of(whole: Cluster, nodes: tuple[Node, ...]) -> Cluster:
    """A cluster of some of the nodes."""
    fencing = by_power_switch(node.name for node in nodes)
    return Cluster(nodes, whole.lan, whole.clients, fencing)


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    """Two clusters that run, with fencing, and nodes that know db-primary."""
    record.sweep()
    with constructed(f"test-{os.getpid()}-sites", count=3) as construction:
        whole = construction.cluster
        made = Sites(
            site_of(whole, whole.nodes[:2]), site_of(whole, whole.nodes[2:]), whole
        )
        for site in (made.a, made.b):
            site.write_configuration()
        [names] = blocks(PAGE, "How the servers find the primary")
        addresses = {node.name: node.address for node in whole.nodes}
        for node in whole.nodes:
            hosts = configuration.hosts(addresses) + names.text
            node.machine.write("/etc/hosts", hosts)
            node.boot_without_cluster()
            make_server(node)
            node.start_cluster()
        for site in (made.a, made.b):
            site.wait_for_online(*site.nodes)
            site.configure(configuration.crm_properties(site.fencing))
        yield made


def following(primary: Node) -> set[str]:
    """Who streams from a primary, as it says itself."""
    statement = (
        "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'"
    )
    return set(postgres.sql(primary, statement).split())


def wait_for_followers(sites: Sites, primary: Node) -> None:
    """Wait until all other nodes of both sites stream from the primary."""
    others = {node.name for node in sites.all.nodes} - {primary.name}
    wait_until(
        f"{others} stream from {primary}",
        lambda: following(primary) == others,
        FOLLOW_TIMEOUT_S,
        sites.all.evidence,
    )


def promoted_at(site: Cluster) -> Node:
    """Wait for a primary with the address at a site."""
    seen = site.wait_for(
        "a primary with the address",
        lambda seen: (
            seen.where(RESOURCE, "promoted") != ""
            and seen.where("address") == seen.where(RESOURCE, "promoted")
        ),
    )
    name = seen.where(RESOURCE, "promoted")
    return next(node for node in site.nodes if node.name == name)


def change(sites: Sites, giving: Cluster, getting: Cluster) -> Node:
    """A planned change of sites; return the new primary."""
    run(giving.nodes[0], captioned(PAGE, "at the site that gives the ticket away"))
    question = captioned(PAGE, "how far a server is")
    wait_until(
        "the same position on all nodes",
        lambda: len({run(node, question) for node in sites.all.nodes}) == 1,
        FOLLOW_TIMEOUT_S,
        sites.all.evidence,
    )
    run(getting.nodes[0], captioned(PAGE, "at the site that gets the ticket"))
    return promoted_at(getting)


def write(primary: Node, text: str) -> None:
    """Commit a row."""
    create = "CREATE TABLE IF NOT EXISTS written (text text)"
    postgres.sql(primary, f"{create}; INSERT INTO written VALUES ('{text}')")


def test_two_sites_are_set_up_by_the_documented_steps(sites: Sites) -> None:
    prepare(sites.all)
    sites.a.configure(captioned(PAGE, "crmsh, site A").text)
    sites.b.configure(captioned(PAGE, "crmsh, site B").text)
    first = sites.a.nodes[0]
    run(first, captioned(PAGE, "the ticket, for the first time"))
    wait_for(sites.a, first, "promoted", "PRI")
    wait_for(sites.a, sites.a.nodes[1], "unpromoted", "HS:sync")
    wait_for_followers(sites, first)
    shown = run(first, captioned(PAGE, "who follows"))
    assert [line.split("|")[3].strip() for line in shown.splitlines()[2:4]] == [
        "sync",
        "async",
    ]
    for site in (sites.a, sites.b):
        assert site.status().failures == ()
    assert sites.b.status().where(RESOURCE, "promoted") == ""
    simple = ("crm_mon", "--one-shot", "--simple-status")
    assert "CLUSTER OK" in sites.b.nodes[0].run(*simple).stdout


def test_a_planned_change_of_sites_there_and_back_loses_nothing(sites: Sites) -> None:
    write(promoted_at(sites.a), "at A")
    primary = change(sites, sites.a, sites.b)
    wait_for_followers(sites, primary)
    write(primary, "at B")
    primary = change(sites, sites.b, sites.a)
    wait_for_followers(sites, primary)
    written = postgres.sql(primary, "SELECT string_agg(text, ', ') FROM written")
    assert written == "at A, at B"
    assert sites.b.status().where(RESOURCE, "promoted") == ""


def test_a_site_that_is_lost_comes_back_without_ticket_and_does_not_follow_if_ahead(
    sites: Sites,
) -> None:
    primary, far = promoted_at(sites.a), sites.b.nodes[0]
    write(primary, "arrives")
    postgres.wait_for_rows(far, "SELECT text FROM written WHERE text = 'arrives'")
    far.unplug()
    write(primary, "does not arrive")
    for node in sites.a.nodes:
        node.cut_power()
    far.plug()
    run(far, captioned(PAGE, "at the site that gets the ticket"))
    assert promoted_at(sites.b) is far
    assert postgres.sql(far, "SELECT count(*) FROM written WHERE text ~ 'not'") == "0"
    for node in sites.a.nodes:
        node.power_on()
    sites.a.wait_for_online(*sites.a.nodes)
    wait_until(
        "servers at A that complain that their data is beyond",
        lambda: all(BEYOND in node.machine.read(SERVER_LOG) for node in sites.a.nodes),
        FOLLOW_TIMEOUT_S,
        sites.all.evidence,
    )
    assert sites.a.status().where(RESOURCE, "promoted") == ""
    assert postgres.sql(far, IN_STEP) == "0"
