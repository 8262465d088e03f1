"""`nexus repair`, as a user types it, on a stack that was killed and on others."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nexus.rehearsal.engine import find_cli
from nexus.rehearsal.session import Rehearsal
from tests.nexus.rehearsal.toy import PROJECT, Toy

from .killed import Killer, killable

ROOT = Path(__file__).resolve().parents[3]

DYING = """#!/bin/sh
case "$PULUMI_BACKEND_URL $*" in $DIE_AT) ;; *) exec "$CLI" "$@" ;; esac
[ "$DIE_AFTER" = no ] || "$CLI" "$@" > /dev/null 2>&1
kill -9 "$PPID"
"""
"""A `pulumi` of which one call is the last thing that the command does."""


@dataclass(frozen=True)
class Stack:
    """A stack under rehearsal, and the command on it."""

    session: Rehearsal
    killer: Killer

    def repair(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start the command in the project's folder."""
        here = {"PATH": f"{find_cli().parent}:{os.environ['PATH']}", **self.session.environment}
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "nexus",
                "--project",
                self.session.directory,
                "repair",
                *arguments,
            ],
            cwd=ROOT,
            env={**here, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def repaired(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Run the command; return its exit code, output and errors."""
        with self.repair(*arguments, env=env) as process:
            output, errors = process.communicate()
        assert "Traceback" not in errors, errors
        return process.returncode, output, errors

    def kill(self) -> None:
        """Kill an update of the stack after its twelfth object was made."""
        self.killer.arm(12, made=True, op="create")
        assert not self.session.up().succeeded
        assert self.killer.killed
        self.killer.arm(0, made=False)

    @property
    def folder(self) -> Path:
        """Where the backend keeps the locks."""
        backend = self.session.environment["PULUMI_BACKEND_URL"].removeprefix("file://")
        return Path(backend) / ".pulumi/locks/organization" / PROJECT / "dev"

    @contextmanager
    def locked(self, host: str, pid: int) -> Generator[None]:
        """Another lock on the stack while the block runs."""
        now = datetime.now(UTC).isoformat()
        lock = {"pid": pid, "username": "ann", "hostname": host, "timestamp": now}
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "another.json"
        path.write_text(json.dumps(lock))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack of which each test kills an update, repairs it and takes it down."""
    with killable(Toy(), PROJECT, time_scale=400.0) as (session, killer):
        yield Stack(session, killer)


def test_what_keeps_it_from_repairing(stack: Stack) -> None:
    """A repair on top of a run that goes on, or with half of the access, loses resources."""
    stack.kill()
    before = stack.session.pulumi("stack", "export")

    with stack.locked(socket.gethostname(), os.getpid()):
        code, output, errors = stack.repaired("--yes")
        assert code == 1
        assert f"process {os.getpid()}, which still runs" in output
        assert "so nothing is repaired" in errors

    with stack.locked("elsewhere", 1):
        code, output, errors = stack.repaired("--yes")
        assert code == 1
        assert "by ann on elsewhere, process 1, which ran on another machine" in output
        assert "--unlock" in errors

    code, output, errors = stack.repaired()
    assert code == 1
    assert "was being created: it exists and is taken into the state" in output
    assert "changes the state alone" in output
    assert "add --yes" in errors

    for arguments, env, words in (
        (("--stack", "nope"), {}, "no stack named 'nope' found"),
        ((), {"PULUMI_BACKEND_URL": "file:///nowhere/at/all"}, "/nowhere/at/all"),
        ((), {"PULUMI_CONFIG_PASSPHRASE": "wrong"}, "incorrect passphrase"),
        (("--id", "vpc-1"), {}, "is not of the form URN=ID"),
        (("--id", "urn:pulumi:dev::toy::a:b:C::d=1"), {}, "Nothing was under way at"),
        (
            (),
            {"PULUMI_DEBUG_PROVIDERS": "kubernetes:1,random:1"},
            "cannot be seen, so nothing was changed",
        ),
    ):
        code, output, errors = stack.repaired("--yes", *arguments, env=env)
        assert code == 2, output + errors
        assert words in errors

    assert stack.session.pulumi("stack", "export") == before
    code, output, errors = stack.repaired("--yes")
    assert code == 0, errors
    assert "Repaired. Run 'pulumi up'" in output

    code, output, errors = stack.repaired()
    assert (code, errors) == (0, "")
    assert output.endswith("It needs no repair.\n")
    assert stack.session.up().succeeded
    assert stack.session.up().changed == 0
    assert stack.session.destroy().succeeded


def test_repairs_that_are_killed_themselves(stack: Stack, tmp_path: Path) -> None:
    """A repair that leaves half a state is worse than none."""
    dying = tmp_path / "pulumi"
    dying.write_text(DYING)
    dying.chmod(0o755)
    stack.kill()
    backend = stack.session.environment["PULUMI_BACKEND_URL"]
    for at, after in (
        ("*/nexus-repair-*refresh*", "yes"),
        (f"{backend} *cancel*", "no"),
        (f"{backend} *cancel*", "yes"),
        (f"{backend} *stack import*", "no"),
        (f"{backend} *stack import*", "yes"),
    ):
        env = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "CLI": str(find_cli()),
            "DIE_AT": at,
            "DIE_AFTER": after,
        }
        with stack.repair("--yes", env=env) as process:
            said = process.communicate()
        assert process.returncode == -signal.SIGKILL, said
    code, _, errors = stack.repaired("--yes")
    assert code == 0, errors
    assert stack.session.up().succeeded
    assert stack.session.up().changed == 0
    assert stack.session.refresh().changed == 0
    assert stack.session.destroy().succeeded
    assert not stack.session.cluster.contents()


def test_two_repairs_at_once(stack: Stack) -> None:
    """The second must not write what it saw before the first had written."""
    stack.kill()
    with stack.repair("--yes") as one, stack.repair("--yes") as another:
        said = [each.communicate()[1] for each in (one, another)]
    # Each may meet the other's lock, and then changes nothing.
    assert not any("Traceback" in each for each in said), said
    code, output, errors = stack.repaired("--yes")
    assert code == 0, errors
    assert "needs no repair" in output or "Repaired" in output
    assert stack.session.up().succeeded
    assert stack.session.up().changed == 0
    assert stack.session.destroy().succeeded
    assert not stack.session.cluster.contents()
