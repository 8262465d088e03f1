"""The engine's process ends with the command that waits for it, whatever it does."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pulumi
import pytest
from pulumi.automation.errors import CommandError
from pulumi.runtime.settings import Settings, configure

from catalog.errors import InputError
from nexus.rehearsal import engine
from nexus.rehearsal.engine import Engine
from nexus.rehearsal.outcome import Guarded

from .conftest import Start
from .processes import alive
from .toy import Toy

STUBBORN = """#!/bin/sh
[ "$1" = version ] && { echo v3.259.0; exit; }
trap '' INT TERM
sleep 600 &
echo "$$ $!"
wait
echo "nobody stopped it" > ended
"""

ENVIRONMENT = """#!/bin/sh
[ "$1" = version ] && { echo v3.259.0; exit; }
env
echo trouble >&2
exit "$CODE"
"""


def _cli(directory: Path, text: str) -> Path:
    path = directory / "pulumi"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_stubborn_engine_and_its_children_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that does not heed Ctrl-C would go on changing things behind one's back."""
    monkeypatch.setattr(engine, "_GRACE_SECONDS", 0.2)
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.extend(map(int, line.split()))
        os.kill(os.getpid(), signal.SIGINT)

    # A job in the background of a script is born deaf to Ctrl-C.
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            Engine(_cli(tmp_path, STUBBORN)).run(["up"], str(tmp_path), {}, on_output=interrupt)
    finally:
        signal.signal(signal.SIGINT, kept)
    assert not (tmp_path / "ended").exists(), "it was not waited for"
    assert len(pids) == 2
    assert not any(map(alive, pids))


def test_engine_sees_nothing_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the developer's own backend and account in reach, a rehearsal could change them."""
    for name in ("PULUMI_ACCESS_TOKEN", "PULUMI_BACKEND_URL", "AWS_PROFILE", "KUBECONFIG"):
        monkeypatch.setenv(name, "real")
    cli = Engine(_cli(tmp_path, ENVIRONMENT))
    result = cli.run(["up"], str(tmp_path), {"CODE": "0", "PULUMI_HOME": "mine"})
    assert "real" not in result.stdout
    assert "PULUMI_HOME=mine" in result.stdout
    with pytest.raises(CommandError, match="trouble"):
        cli.run(["up"], str(tmp_path), {"CODE": "3"})


def test_what_is_no_pulumi_is_refused(tmp_path: Path) -> None:
    """The wrong program must be named, not its output be taken for a version."""
    with pytest.raises(InputError, match="does not tell its version"):
        Engine(_cli(tmp_path, "#!/bin/sh\necho hello\n"))


def test_the_cli_keeps_no_log_of_its_own(start: Start) -> None:
    """It would cost more than a third of every rehearsal, for a file that nobody reads."""
    session = start(Toy())
    session.pulumi("stack", "export")
    assert (Path(session.stack.workspace.env_vars["PULUMI_HOME"]) / "logs").read_bytes() == b""


def test_the_engine_is_not_told_what_it_drops() -> None:
    """A quarter of every rehearsal went into that; a warning that is dropped, too, is missed."""
    heard: list[str] = []

    def program() -> None:
        pulumi.log.debug("a detail")
        pulumi.log.warn("a warning")

    async def run() -> None:
        engine = SimpleNamespace(Log=lambda request: heard.append(request.message))
        configure(Settings(project="toy", stack="dev", engine=engine))
        Guarded(program)()

    asyncio.run(run())
    assert heard == ["a warning"]
