"""The Pulumi CLI: where it is, and how it runs so that nothing of it stays behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from catalog.errors import InputError

OnOutput = Callable[[str], object]

_FINDER = Path(__file__).resolve().parents[2] / "tools" / "pulumi_cli.py"
_KEPT = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "USER"})
_GRACE_SECONDS = 5.0
"""Real seconds that an interrupted engine has to end by itself before it is killed."""


def find_cli(given: Path | None = None) -> Path:
    """Return the CLI to use: the given one, a new enough one on PATH, or the built one.

    Raises:
        InputError: there is none; nothing is built here.
    """
    if given is not None:
        if not os.access(given, os.X_OK):
            raise InputError(f"There is no executable at {given}; give the path of a Pulumi CLI.")
        return given.absolute()
    if not _FINDER.exists():
        found = shutil.which("pulumi")
        if found is None:
            raise InputError(
                "There is no `pulumi` on PATH; install it: https://www.pulumi.com/docs/install/."
            )
        return Path(found)
    answer = subprocess.run(
        [sys.executable, str(_FINDER), "--no-build"], capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise InputError(answer.stderr.strip())
    return Path(answer.stdout.strip())


class Engine(PulumiCommand):
    """The CLI as the Automation API runs it, in an environment of its own.

    Of this process's environment only what finds programs and formats text is
    passed on: no backend, account or credential of the machine can be reached.
    Each command is a process group of its own, ended with the block that waits
    for it, so that Ctrl-C leaves nothing running.
    """

    def __init__(self, cli: Path) -> None:
        # Not PulumiCommand.__init__: it wants the CLI in a directory named bin.
        self.command = str(cli)
        self.version = _version(cli)
        self._running: subprocess.Popen[str] | None = None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run one command and return its output.

        Raises:
            CommandError: its exit code is not 0.
        """
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        with subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**kept, **additional_env, "PULUMI_AUTOMATION_API": "true"},
            encoding="utf-8",
            start_new_session=True,
        ) as process:
            self._running = process
            try:
                output = _Lines(process.stdout, on_output)
                errors = _Lines(process.stderr, on_error)
                output.join()
                errors.join()
                process.wait()
            except BaseException:
                _end(process)
                raise
            finally:
                self._running = None
        result = CommandResult(stdout=output.text, stderr=errors.text, code=process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result

    def kill(self) -> None:
        """End the command that runs, if any, as `kill -9` does: it learns nothing of it."""
        process = self._running
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


class _Lines(threading.Thread):
    """Reads a stream to its end; `text` is what came."""

    def __init__(self, stream: IO[str] | None, listener: OnOutput | None) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._listener = listener
        self._lines: list[str] = []
        self.start()

    @property
    def text(self) -> str:
        return "\n".join(self._lines)

    def run(self) -> None:
        for line in self._stream or ():
            self._lines.append(line.rstrip())
            if self._listener is not None:
                self._listener(self._lines[-1])


def _version(cli: Path) -> VersionInfo:
    try:
        answer = subprocess.run(
            [cli, "version"],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": os.environ.get("PATH", ""), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
        return VersionInfo.parse(answer.stdout.strip().removeprefix("v"))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise InputError(
            f"{cli} does not tell its version ({error}); give the path of a Pulumi CLI."
        ) from error


def _end(process: subprocess.Popen[str]) -> None:
    """Ask the engine to stop, then make sure that it and its children have."""
    try:
        process.send_signal(signal.SIGINT)
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
