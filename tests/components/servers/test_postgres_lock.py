"""The lock that a migration holds, on a real server: two at once, and one waits."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from components.servers.bootstrap import LOCK_SCRIPT, script
from tests.components.servers.database_jobs import bootstrap, password_of
from tests.patience import PATIENCE_SECONDS
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.xdist_group("postgres")

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event = 'advisory'"


@contextmanager
def holding(
    server: PostgresServer, name: str, folder: Path
) -> Generator[tuple[subprocess.Popen[bytes], Path]]:
    """The script as its container runs it, and the file by which its pod's other one starts."""
    folder.mkdir()
    (folder / "username").write_text(name)
    (folder / "password").write_text(password_of(name))
    held = folder / "held"
    process = subprocess.Popen(
        ["/bin/sh", "-c", script(LOCK_SCRIPT)],
        env={
            "PATH": f"{server.binaries}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGDATABASE": name,
            "PGSSLMODE": "disable",
            "CREDENTIALS": str(folder),
            "HELD": str(held),
        },
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process, held
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def until_there(held: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not held.exists():
        assert time.monotonic() < end, "the lock was not taken"
        time.sleep(0.05)


def until_waits(server: PostgresServer, name: str, held: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    with server.superuser() as connection:
        while connection.execute(WAITING, (name,)).fetchone() != (1,):
            assert not held.exists(), "two hold the lock at once"
            assert time.monotonic() < end, "nobody waits for the lock"
            time.sleep(0.05)


@pytest.mark.parametrize("killed", [False, True])
def test_of_two_at_once_one_waits(
    postgres: PostgresServer, name: str, tmp_path: Path, killed: bool
) -> None:
    """Outage: two pods change the same tables at once, and each undoes what the other did."""
    assert bootstrap(postgres, name).code == 0
    with holding(postgres, name, tmp_path / "first") as (first, held_first):
        until_there(held_first)
        with holding(postgres, name, tmp_path / "second") as (_, held_second):
            until_waits(postgres, name, held_second)
            assert not held_second.exists()
            if killed:
                os.killpg(first.pid, 9)
            else:
                first.terminate()
            first.wait(PATIENCE_SECONDS)
            until_there(held_second)


def test_a_lost_session_ends_it(postgres: PostgresServer, name: str, tmp_path: Path) -> None:
    """Outage: a migration is believed to be alone for hours after the server was restarted."""
    assert bootstrap(postgres, name).code == 0
    with holding(postgres, name, tmp_path / "only") as (process, held):
        until_there(held)
        with postgres.superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
        assert process.wait(PATIENCE_SECONDS) == 1
