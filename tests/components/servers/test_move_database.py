"""The runbook's way to bring a database to a server of its own, between two real servers."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.components.servers.database_jobs import bootstrap, connect, password_of
from tests.patience import PATIENCE_SECONDS
from tests.projects import ROOT
from tests.servers.postgres import SUPERUSER_PASSWORD, PostgresServer, postgres_server

pytestmark = pytest.mark.xdist_group("postgres")

SERVICE = "ledger-mgr"
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
POD = yaml.safe_load((ROOT / "docs/move-database.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dedicated() -> Iterator[PostgresServer]:
    """Another server, with the service's empty database on it."""
    with postgres_server() as server:
        assert bootstrap(server, SERVICE).code == 0
        yield server


def move(
    old: PostgresServer, new: PostgresServer, secrets: Path
) -> subprocess.CompletedProcess[str]:
    """Run the pod's command; ports take the place of hosts."""
    (secrets / "service").mkdir(exist_ok=True)
    (secrets / "service/username").write_text(SERVICE)
    (secrets / "service/password").write_text(password_of(SERVICE))
    program, flag, text = POD["spec"]["containers"][0]["command"]
    for variable, server in (("OLD_HOST", old), ("NEW_HOST", new)):
        assert f'-h "${variable}"' in text
        text = text.replace(f'-h "${variable}"', f"-h 127.0.0.1 -p {server.port}")
    env = {
        "PATH": f"{old.binaries}:{os.environ['PATH']}",
        "SECRETS_DIR": str(secrets),
        "DATABASE": SERVICE,
        "NEW_HOST": "new",
        "PGSSLMODE": "disable",
    }
    return subprocess.run(
        [program, flag, text],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def by_exec(old: PostgresServer, new: PostgresServer, folder: Path) -> None:
    """Run the runbook's commands with a `kubectl` that runs on this machine."""
    section = RUNBOOK.partition("## Giving a service a server of its own")[2]
    commands = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[0]
    (folder / "password").write_text(SUPERUSER_PASSWORD)
    kubectl = folder / "kubectl"
    kubectl.write_text(
        f"""#!/bin/sh
        case "$*" in *" {SERVICE}-postgres-0 "*) PGPORT={new.port} ;; *) PGPORT={old.port} ;; esac
        export PGPORT PGSSLMODE=disable
        while [ "$1" != "--" ]; do shift; done
        shift
        exec "$@"
        """
    )
    kubectl.chmod(0o700)
    text = commands.replace("/var/run/secrets/nexus/superuser/password", str(folder / "password"))
    assert text != commands
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={"PATH": f"{folder}:{old.binaries}:{os.environ['PATH']}"},
        check=True,
        timeout=PATIENCE_SECONDS,
    )


def test_a_database_arrives_whole(
    ready: PostgresServer, dedicated: PostgresServer, tmp_path: Path
) -> None:
    """Outage: after the move the service misses rows, or may not alter its own tables."""
    with connect(ready, SERVICE) as old:
        old.execute("CREATE TABLE entry (id serial PRIMARY KEY, amount numeric NOT NULL)")
        old.execute("INSERT INTO entry (amount) SELECT generate_series(1, 1000)")
        old.execute("CREATE VIEW total AS SELECT sum(amount) FROM entry")
    done = move(ready, dedicated, tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{SERVICE} is on new.\n"), done.stderr
    assert password_of(SERVICE) not in done.stdout + done.stderr
    with connect(dedicated, SERVICE) as new:
        assert new.execute("SELECT * FROM total").fetchone() == (500_500,)
        new.execute("ALTER TABLE entry ADD COLUMN note text")
        new.execute("INSERT INTO entry (amount) VALUES (7)")
        assert new.execute("SELECT max(id) FROM entry").fetchone() == (1001,)
        owners = new.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        )
        assert owners.fetchall() == [(f"{SERVICE}_owner",)]
    # What is there already is not mixed with what comes.
    again = move(ready, dedicated, tmp_path)
    assert again.returncode != 0
    assert "already exists" in again.stderr
    with connect(dedicated, SERVICE) as new:
        assert new.execute("SELECT count(*) FROM entry").fetchone() == (1001,)
        new.execute("DROP TABLE entry CASCADE")
    # The same from server pod to server pod, as in a cluster that has no AWS around it.
    by_exec(ready, dedicated, tmp_path)
    with connect(dedicated, SERVICE) as new:
        assert new.execute("SELECT * FROM total").fetchone() == (500_500,)
        new.execute("ALTER TABLE entry ADD COLUMN note text")
    assert bootstrap(dedicated, SERVICE).output.endswith("is ready: no change.\n")
    with pytest.raises(psycopg.OperationalError), connect(dedicated, "glitch", SERVICE):
        pass
    with connect(ready, SERVICE) as old:
        old.execute("DROP TABLE entry CASCADE")
