"""A PostgreSQL server from the `pgserver` wheel, with a master who is no superuser."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.patience import PATIENCE_SECONDS

from .running import Account, free_port, running, scratch_folder
from .script import SCRIPTS

SUPERUSER = "postgres"
SUPERUSER_PASSWORD = "superuser-secret"
MASTER = "nexus_master"
MASTER_PASSWORD = "master-secret"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    # The harshest case for a secret: the log gets every statement.
    "log_statement": "all",
}


Connection = psycopg.Connection[tuple[object, ...]]


def run(connection: Connection, statement: str) -> None:
    """Run a statement that was put together from names, which psycopg wants said."""
    connection.execute(statement.encode())


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A running server.

    Args:
        port: TCP port on loopback.
        binaries: folder with `psql`.
        log: its log, statements included.
    """

    port: int
    binaries: Path
    log: Path

    def connect(self, user: str, password: str, database: str = "postgres") -> Connection:
        """A connection in autocommit mode."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password=password,
            dbname=database,
            autocommit=True,
            connect_timeout=PATIENCE_SECONDS,
        )

    def superuser(self, database: str = "postgres") -> Connection:
        """A connection that sees everything, to look and never to prepare what is tested."""
        return self.connect(SUPERUSER, SUPERUSER_PASSWORD, database)


@contextmanager
def postgres_server() -> Generator[PostgresServer]:
    """A new, empty server with the master role, ended and removed at the end."""
    # PostgreSQL refuses to run as root; `nobody` exists wherever root runs tests.
    nobody = pwd.getpwnam("nobody")
    account = Account(uid=nobody.pw_uid, gid=nobody.pw_gid) if os.geteuid() == 0 else None
    with scratch_folder("postgres", account) as folder:
        binaries = _binaries(folder, account)
        data, log, port = folder / "data", folder / "log", free_port()
        _make_data(binaries, data, folder / "password", account)
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options]
        server = PostgresServer(port=port, binaries=binaries, log=log)
        # A killed server would leave its shared memory segment behind.
        stop = signal.SIGINT
        with running(command, log=log, ready=lambda: _answers(server), account=account, stop=stop):
            _make_master(server, folder)
            yield server


def _binaries(folder: Path, account: Account | None) -> Path:
    """The wheel's programs, copied if the account cannot reach them where they are."""
    spec = find_spec("pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package pgserver is not installed; install the locked packages.")
    package = Path(spec.submodule_search_locations[0])
    binaries = package / "pginstall" / "bin"
    if account is None or _reachable(binaries / "postgres", account):
        return binaries
    copy = folder / "wheel"
    shutil.copytree(package, copy / package.name)
    # Next to the package lie the libraries that came with it.
    shutil.copytree(package.with_name("pgserver.libs"), copy / "pgserver.libs")
    return copy / package.name / "pginstall" / "bin"


def _reachable(program: Path, account: Account) -> bool:
    try:
        subprocess.run(
            [program, "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _make_data(binaries: Path, data: Path, password_file: Path, account: Account | None) -> None:
    password_file.write_text(SUPERUSER_PASSWORD)
    command = [str(binaries / "initdb"), "-D", str(data), "-U", SUPERUSER, "--auth=scram-sha-256"]
    command += ["--encoding=UTF8", "--locale=C", "--no-sync", f"--pwfile={password_file}"]
    result = subprocess.run(
        command,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"PostgreSQL's initdb failed: {result.stderr.strip()}")


def _make_master(server: PostgresServer, folder: Path) -> None:
    """Run the script that makes the master in the cluster, on secrets of its own."""
    secrets = folder / "master"
    secrets.mkdir()
    (secrets / "username").write_text(MASTER)
    (secrets / "password").write_text(MASTER_PASSWORD)
    sql = (SCRIPTS / "postgres-init.sql").read_text(encoding="utf-8")
    subprocess.run(
        [server.binaries / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet"],
        input=sql.replace("/var/run/secrets/nexus/master", str(secrets)),
        env={
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": SUPERUSER_PASSWORD,
            "PATH": os.environ["PATH"],
        },
        text=True,
        check=True,
    )


def _answers(server: PostgresServer) -> bool:
    try:
        server.superuser().close()
    except psycopg.OperationalError:
        return False
    return True
