"""The Pulumi engine: where its CLI is, how it runs so that nothing of it stays behind, and on what.

That is a stack in a temporary directory, and simulated providers on local ports.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO

import grpc
import yaml
from pulumi.automation import (
    CommandResult,
    ConfigValue,
    LocalWorkspace,
    OutputMap,
    ProjectSettings,
    PulumiCommand,
    Stack,
    UpdateSummary,
)
from pulumi.automation._stack import StackInitMode
from pulumi.automation.errors import create_command_error
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server
from semver import VersionInfo
from typing_extensions import override

from catalog.errors import InputError
from nexus.rehearsal.keys import KEY, kept_keys
from nexus.rehearsal.providers.base import SimulatedProvider

PARALLEL = 64
"""Operations the engine runs at once; its own default, 8 on two cores, would be the bound."""

RARE_COLLECTION = {"GOGC": "off", "GOMEMLIMIT": "1GiB"}
"""For the CLI: nearly every command ends before its garbage would be in anybody's way."""

OnOutput = Callable[[str], object]

_FINDER = Path(__file__).resolve().parents[2] / "tools" / "pulumi_cli.py"
_KEPT = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "USER"})
_SERVER_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_GRACE_SECONDS = 5.0
"""Real seconds that an interrupted engine has to end by itself before it is killed."""


def find_cli() -> Path:
    """Return the CLI to use: a new enough one on PATH, or the built one.

    Raises:
        InputError: there is none; nothing is built here.
    """
    if not _FINDER.exists():
        found = shutil.which("pulumi")
        if found is None:
            raise InputError(
                "There is no `pulumi` on PATH; install it: https://www.pulumi.com/docs/install/."
            )
        return Path(found)
    return _found(os.environ.get("PATH"), os.environ.get("XDG_CACHE_HOME"), os.environ.get("HOME"))


@cache
def _found(*_environment: str | None) -> Path:
    """The CLI that the finder names in an environment, asked once."""
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
                for lines in (output, errors):
                    # Ctrl-C just before a wait without end is not seen until that is over.
                    while lines.is_alive():
                        lines.join(1)
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


@cache
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
            f"{cli} does not tell its version ({error}); put a working `pulumi` on PATH."
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


def environment(root: Path, *, checkpoints: bool) -> dict[str, str]:
    """Return the CLI's environment: everything it writes lies below `root`, nothing is fetched.

    With `checkpoints` the state is written at every step, as in a real run.
    """
    # Where the state lives as long as this process, there is nothing that a checkpoint
    # after every step could save; it is written once, at the end of each run.
    once = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    return {
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "tmp"),
        "PULUMI_HOME": str(root / "home"),
        "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        **({} if checkpoints else once),
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        **RARE_COLLECTION,
    }


class _Stack(Stack):
    """A stack whose run is over when its command is.

    The Automation API starts three more processes after each run, for the outputs in two forms
    and the run's place in the history. They take as long as an `up` that changes nothing; who
    wants the outputs asks for them.
    """

    @override
    def outputs(self) -> OutputMap:
        return {}

    @override
    def info(self, show_secrets: bool = True) -> UpdateSummary:
        return UpdateSummary("", datetime.now(UTC), "", {}, {}, "")


@contextmanager
def temporary_root() -> Generator[Path]:
    """Make the directory and remove it with all it holds when the block ends."""
    with tempfile.TemporaryDirectory(
        prefix="nexus-rehearsal-", ignore_cleanup_errors=True
    ) as directory:
        root = Path(directory)
        for name in ("home", "project", "state", "tmp"):
            (root / name).mkdir()
        # In its place the CLI would keep a log of all that it does, which nobody here reads, and
        # which takes more than a third of its computing. There is no switch for it.
        (root / "home" / "logs").touch()
        yield root


def make_stack(
    root: Path,
    engine: Engine,
    *,
    attached: Mapping[str, str],
    project: str,
    stack: str,
    config: Mapping[str, object],
    secret_config: Mapping[str, str],
    checkpoints: bool,
) -> Stack:
    """Return a new stack in a `temporary_root` with its settings written.

    `attached` are environment variables that lead to the providers and to the key of the stack's
    secrets. The settings go by full key, with values as in the stack's YAML file.
    """
    directory = root / "project"
    settings = {"config": dict(config)}
    (directory / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    workspace = LocalWorkspace(
        work_dir=str(directory),
        pulumi_home=str(root / "home"),
        env_vars={**environment(root, checkpoints=checkpoints), **attached},
        project_settings=ProjectSettings(name=project, runtime="python"),
        secrets_provider=KEY,
        pulumi_command=engine,
    )
    made = _Stack(stack, workspace, StackInitMode.CREATE)
    if secret_config:
        hidden = {key: ConfigValue(value, secret=True) for key, value in secret_config.items()}
        made.set_all_config(hidden)
    return made


@contextmanager
def served(*providers: SimulatedProvider) -> Generator[Mapping[str, str]]:
    """Serve providers and a keeper of keys while the block runs.

    Yields the environment variables that lead an engine to them.
    """
    with ExitStack() as running:
        keys = running.enter_context(kept_keys())
        attached: list[str] = []
        for provider in providers:
            # A sleeping create holds its thread, so there must be one for each and
            # some for the checks and differences that go on beside them.
            threads = ThreadPoolExecutor(PARALLEL + 16, thread_name_prefix=provider.package)
            server = grpc.server(threads, options=_SERVER_OPTIONS)
            add_ResourceProviderServicer_to_server(provider, server)
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()
            running.callback(server.stop, grace=None)
            attached.append(f"{provider.package}:{port}")
        yield {"PULUMI_DEBUG_PROVIDERS": ",".join(attached), **keys}
