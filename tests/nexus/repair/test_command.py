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
from typer.testing import CliRunner

from nexus.cli.main import app
from nexus.rehearsal.engine import find_cli
from nexus.rehearsal.run import Rehearsal
from tests.nexus.rehearsal.toy import PROJECT, Toy
from tests.projects import ROOT

from .killed import Killer, killable, objects, pulumi

DYING = """#!/bin/sh
case "$PULUMI_BACKEND_URL $*" in $DIE_AT) ;; *) exec "$CLI" "$@" ;; esac
"$CLI" "$@" > /dev/null 2>&1
kill -9 "$PPID"
"""
"""A `pulumi` of which one call is the last thing that the command does."""


@dataclass(frozen=True)
class Stack:
    """A stack under rehearsal, and the command on it."""

    session: Rehearsal
    killer: Killer

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command in the project's folder."""
        return ("--project", self.session.stack.workspace.work_dir, "repair")

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the command."""
        path = f"{find_cli().parent}:{os.environ['PATH']}"
        return {"PATH": path, **self.session.stack.workspace.env_vars}

    def repair(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start the command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "nexus", *self.arguments, *arguments],
            cwd=ROOT,
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def repaired(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Run the command in this process; return its exit code, output and errors."""
        result = CliRunner().invoke(
            app,
            [*self.arguments, *arguments],
            env={**self.environment, **(env or {})},
            catch_exceptions=False,
        )
        return result.exit_code, result.stdout, result.stderr

    def kill(self, at: int) -> None:
        """Kill an update of the stack after so many objects were made."""
        self.killer.arm(at, made=True, op="create")
        assert not self.session.up().succeeded
        assert self.killer.killed
        self.killer.arm(0, made=False)

    @property
    def folder(self) -> Path:
        """Where the backend keeps the locks."""
        backend = self.session.stack.workspace.env_vars["PULUMI_BACKEND_URL"].removeprefix(
            "file://"
        )
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


@pytest.fixture
def stack() -> Iterator[Stack]:
    """A stack whose updates can be killed."""
    with killable(Toy(), PROJECT, time_scale=400.0) as (session, killer):
        yield Stack(session, killer)


@pytest.mark.xdist_group("repair-refused")
def test_what_keeps_it_from_repairing(stack: Stack) -> None:
    """A repair on top of a run that goes on, or with half of the access, loses resources."""
    stack.kill(12)
    before = pulumi(stack.session, PROJECT).export()

    unknown = ("--id", "urn:pulumi:dev::toy::a:b:C::d=1")
    with stack.locked(socket.gethostname(), os.getpid()):
        # What was under way is not looked at then, so no id is unknown.
        code, output, errors = stack.repaired("--yes", *unknown)
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
        ((), {"VAULT_SERVER_TOKEN": "wrong"}, "permission denied"),
        (("--id", "vpc-1"), {}, "is not of the form URN=ID"),
        (unknown, {}, "Nothing was under way at"),
        (
            (),
            {"PULUMI_DEBUG_PROVIDERS": "kubernetes:1,random:1"},
            "cannot be seen, so nothing was changed",
        ),
    ):
        code, output, errors = stack.repaired("--yes", *arguments, env=env)
        assert code == 2, output + errors
        assert words in errors

    assert pulumi(stack.session, PROJECT).export() == before
    code, output, errors = stack.repaired("--yes")
    assert code == 0, errors
    assert "Repaired. Run 'pulumi up'" in output


@pytest.mark.xdist_group("repair-killed")
def test_repairs_that_are_killed_themselves(stack: Stack, tmp_path: Path) -> None:
    """A repair that leaves half a state is worse than none."""
    dying = tmp_path / "pulumi"
    dying.write_text(DYING)
    dying.chmod(0o755)
    stack.kill(4)
    backend = stack.session.stack.workspace.env_vars["PULUMI_BACKEND_URL"]
    # After the look, between the two steps of the writing, and behind it.
    for at in ("*/nexus-repair-*refresh*", f"{backend} *cancel*", f"{backend} *stack import*"):
        env = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "CLI": str(find_cli()),
            "DIE_AT": at,
        }
        with stack.repair("--yes", env=env) as process:
            said = process.communicate()
        assert process.returncode == -signal.SIGKILL, said
    code, output, errors = stack.repaired()
    assert (code, errors) == (0, "")
    assert output.startswith("Stack 'dev' needs no repair")
    assert stack.session.up().succeeded
    assert stack.session.refresh().changed == 0
    _assert_nothing_twice(stack)


@pytest.mark.xdist_group("repair-killed")
def test_two_repairs_at_once(stack: Stack) -> None:
    """The second must not write what it saw before the first had written."""
    stack.kill(20)
    with stack.repair("--yes") as one, stack.repair("--yes") as another:
        said = [each.communicate()[1] for each in (one, another)]
    # Each may meet the other's lock, and then changes nothing.
    assert not any("Traceback" in each for each in said), said
    code, output, errors = stack.repaired("--yes")
    assert code == 0, errors
    assert "needs no repair" in output or "Repaired" in output
    assert stack.session.up().succeeded
    _assert_nothing_twice(stack)


def _assert_nothing_twice(stack: Stack) -> None:
    made = objects(stack.session)
    assert len(made) == len(set(made))
