"""A server process with a folder of its own, gone when its test session is."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.patience import PATIENCE_SECONDS


@dataclass(frozen=True, kw_only=True)
class Account:
    """The system account that a server runs as, for servers that refuse to be root."""

    uid: int
    gid: int


def free_port() -> int:
    """A TCP port on loopback that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def scratch_folder(name: str, account: Account | None = None) -> Generator[Path]:
    """An empty folder that `account` can write to, removed at the end.

    Its path is short because sockets lie in it, and it is outside pytest's own folder
    because only the user who runs the tests may enter that.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"nexus-{name}-"))
    try:
        if account is not None:
            os.chown(folder, account.uid, account.gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    env: Mapping[str, str] | None = None,
    account: Account | None = None,
    stop: signal.Signals = signal.SIGKILL,
) -> Generator[subprocess.Popen[bytes]]:
    """Start a server, wait until it answers, and end it with all its children.

    Args:
        command: program and arguments; it stays in the foreground.
        log: file that gets its output.
        ready: says whether it answers.
        env: its whole environment; the caller's if None.
        account: account to run it as; the caller's own if None.
        stop: signal that ends it. Its data is thrown away, so a clean shutdown is only
            for servers that leave something behind in the system without one.

    Raises:
        RuntimeError: if it ends early or does not answer in time.
    """
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    # If the tests themselves are killed, their end of this pipe closes and the server ends too.
    guard = subprocess.Popen(
        ["sh", "-c", 'read -r _; kill -s KILL -- "-$1"', "guard", str(server.pid)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(server, ready, log)
        yield server
    finally:
        guard.kill()
        guard.communicate()
        _end(server, stop)


def _wait(server: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"The server {server.args!r} did not start; its log ends:\n{last}")
        time.sleep(0.05)


def _end(server: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    for action in (stop, signal.SIGKILL):
        try:
            os.killpg(server.pid, action)
            server.wait(timeout=10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
