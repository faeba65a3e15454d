# SPDX-License-Identifier: GPL-2.0-or-later
"""rep_mode=slave on real servers: a standby of a primary that is no resource here."""

from __future__ import annotations

import shutil

import pytest

from tests import base_backup
from tests.postgres.conftest import Pair
from tests.postgres.follower import Follower

VERSIONS = (10, 11, 12, 15, 18)
INCLUDE = "include '{}/recovery.conf' # added by pgsql RA"


@pytest.mark.parametrize("major", [10, 12, 15, 18])
def test_a_backup_taken_under_load_becomes_a_standby_that_is_complete(
    pair: Pair, major: int
) -> None:
    _, primary, node = pair
    keep = "wal_keep_segments = 64" if major < 13 else "wal_keep_size = 1GB"
    with (primary.data / "postgresql.conf").open("a") as file:
        file.write(f"{keep}\n")
    primary.start_server()
    base_backup.create_tables(primary.connect)
    configuration = (node.data / "postgresql.conf").read_text()
    shutil.rmtree(node.data)
    with base_backup.writing(primary.connect):
        base_backup.take_backup(primary.connect, primary.data, node.data, major)
        node.write(node.data / "postgresql.conf", configuration)
        follower = Follower(node, primary)
        follower.start()
    follower.awaits_what_the_primary_has()
    assert base_backup.content(node.connect) == base_backup.content(primary.connect)
    assert (node.data / "backup_label.old").exists(), "the server used the label"


@pytest.mark.parametrize("major", VERSIONS)
def test_it_follows_after_each_restart(follower: Follower, major: int) -> None:
    assert follower.agent("monitor").code == 7
    for number in range(2):
        follower.start()
        assert follower.agent("monitor").code == 0
        follower.primary.sql(f"create table t{number} ()")
        follower.awaits_what_the_primary_has()
        assert follower.node.sql(f"select count(*) from t{number}") == 0
        follower.stop()
        assert follower.agent("monitor").code == 7
    assert len(follower.include_lines()) == (0 if major < 12 else 1)


COMMANDS = {
    "restore_command": r"""/bin/false '%p' "%f" '%%' \n \a \\ "\'" # é $x `y`""",
    "archive_cleanup_command": r"""/bin/true '\' '"%r" ''""",
    "recovery_end_command": r"""/bin/true 'it''s' \"%r\" '""",
}


@pytest.mark.parametrize("major", VERSIONS)
def test_the_server_reads_back_every_command_as_it_was_given(
    follower: Follower, major: int
) -> None:
    follower.start(**COMMANDS, start_opt="-c log_min_messages=debug2")
    if major < 12:
        log = (follower.node.top / "server.log").read_text()
        for name, command in COMMANDS.items():
            assert f"{name} = '{command}'\n" in log
        return
    for name, command in COMMANDS.items():
        # As bytes: the database has no encoding to translate it.
        question = f"select convert_to(current_setting('{name}'), 'SQL_ASCII')"
        assert bytes(follower.node.sql(question)).decode() == command


@pytest.mark.parametrize("major", VERSIONS)
def test_options_may_hold_blanks_and_quotes(follower: Follower, major: int) -> None:
    option = rf"application_name='it\'s a \\ name' port = {follower.primary.port}"
    follower.start(primary_conninfo_opt=option)
    question = (
        "select count(*) from pg_stat_replication"
        r" where application_name = 'it''s a \ name'"
    )
    follower.node.wait_for(
        "the standby's name on the primary", lambda: follower.primary.sql(question)
    )
