"""The Pulumi CLI on one stack of one project, or, for a repair, on a copy of that.

A killed process leaves files half written in a file backend, and others are writing there. Pulumi
3.259 (pkg/backend/diy) writes through gocloud.dev (blob/fileblob). A file there is whole or not
there at all, but two things beside it are not:

- `FILE.attrs`, with a type and a checksum that nobody needs. Empty, it hides its file.
- `FILE.….tmp`, which becomes the file. In a lock's folder it counts as a lock.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_LOCAL = "file"
_SERVICES = frozenset({"http", "https"})

_DEAD_AFTER = 5.0
"""Seconds after which nobody is about to write to a file that was made to be written to."""

_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, _DEAD_AFTER)
"""Seconds before each further attempt at what a half-written file stood in the way of."""

# What is inside of a refresh's output is indented; there it is a provider's.
_HALF_WRITTEN = re.compile(
    r"^error: .*(?:\bEOF|unexpected end of JSON input|\(code=NotFound\).*)$", re.MULTILINE
)
"""What the CLI says of a file that is half written, or gone since it was listed."""


class PulumiError(Exception):
    """The CLI refused or failed; the text is its own."""


@dataclass(frozen=True, kw_only=True)
class Pulumi:
    """The CLI in a project's folder, on a stack; on the selected one if that has no name.

    Of the environment it sees nothing but `environment`.
    """

    cli: Path
    directory: Path
    environment: Mapping[str, str]
    project: str
    stack: str = ""

    def run(self, *arguments: str) -> str:
        """Run a command and return its standard output.

        What a killed process left half written in a file backend is removed, and what another
        is writing is waited for, so a command must be one that may be run again.

        Raises:
            PulumiError: it failed.
        """
        for pause in _PAUSES:
            try:
                return self._call(*arguments)
            except PulumiError as error:
                if not _HALF_WRITTEN.search(str(error)):
                    raise
            time.sleep(pause)
            if self._folder is not None:
                remove_half_written(self._folder)
        return self._call(*arguments)

    def _call(self, *arguments: str) -> str:
        answer = subprocess.run(
            [self.cli, "--non-interactive", "--color", "never", *arguments],
            cwd=self.directory,
            env={**self.environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if answer.returncode != 0:
            raise PulumiError(answer.stderr.strip() or answer.stdout.strip())
        return answer.stdout

    def on_stack(self, *arguments: str) -> str:
        """Run a command on the stack and return its standard output.

        Raises:
            PulumiError: it failed.
        """
        return self.run(*arguments, "--stack", self.stack)

    def selected(self) -> Pulumi:
        """This, with the name of the stack that is selected where none was given.

        Raises:
            PulumiError: none is selected.
        """
        return self if self.stack else replace(self, stack=self.run("stack", "--show-name").strip())

    def export(self) -> dict[str, Any]:
        """Return the stack's state with its version (`version`, `deployment`), secrets encrypted.

        Raises:
            PulumiError: there is no such stack, or no way to it.
        """
        # A state that is not sound must come out too: it is what a repair is for.
        return json.loads(self.on_stack("stack", "export", "--disable-integrity-checking"))

    def load(self, state: Mapping[str, Any], *options: str) -> None:
        """Write the stack's state, all at once, with further options of `stack import`.

        Raises:
            PulumiError: the state is not sound, or there is no way to the stack.
        """
        with tempfile.TemporaryDirectory(prefix="nexus-repair-") as folder:
            file = Path(folder, "state.json")
            file.write_text(json.dumps(state), encoding="utf-8")
            self.on_stack("stack", "import", "--file", str(file), *options)

    @contextmanager
    def copied(self, state: Mapping[str, Any]) -> Generator[Pulumi]:
        """This on an empty stack in a temporary backend, with the secrets provider of a state."""
        with tempfile.TemporaryDirectory(prefix="nexus-repair-") as folder:
            project, backend = Path(folder, "project"), Path(folder, "state")
            project.mkdir()
            backend.mkdir()
            copy = self.elsewhere(project, f"file://{backend}")
            copy.with_passphrase("none").run("stack", "init", "--no-select", copy.stack)
            settings = project / f"Pulumi.{copy.stack}.yaml"
            settings.write_text(json.dumps(_secrets(state)), encoding="utf-8")
            yield copy

    def elsewhere(self, folder: Path, backend: str) -> Pulumi:
        """This on another backend, in an empty folder that becomes a project of the same name."""
        (folder / "Pulumi.yaml").write_text(
            f"name: {json.dumps(self.project)}\nruntime: python\n", encoding="utf-8"
        )
        environment = {
            **self.environment,
            "PULUMI_BACKEND_URL": backend,
            "PULUMI_RUN_PROGRAM": "false",
        }
        own = self.stack.rpartition("/")[2]
        return replace(self, directory=folder, environment=environment, stack=own)

    def with_passphrase(self, passphrase: str) -> Pulumi:
        """This with another passphrase than the stack's, for what encrypts nothing of it."""
        environment = {**self.environment, "PULUMI_CONFIG_PASSPHRASE": passphrase}
        environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
        return replace(self, environment=environment)

    @cached_property
    def backend(self) -> str | None:
        """The URL of the backend, absolute; None for a service that keeps its own locks.

        Raises:
            PulumiError: nobody is logged in.
        """
        url = self.environment.get("PULUMI_BACKEND_URL")
        if not url:
            url = str(json.loads(self._call("whoami", "--verbose", "--json"))["url"])
        parts = urlsplit(url)
        if parts.scheme in _SERVICES:
            return None
        if parts.scheme != _LOCAL or url.startswith(("file:///", "file://~")):
            return url
        path = (self.directory / url.removeprefix("file://")).resolve()
        return f"file://{path}"

    @property
    def _folder(self) -> Path | None:
        """Where a file backend lies; None for others."""
        scheme, _, path = (self.backend or "").partition("://")
        return Path(path.partition("?")[0]).expanduser() if scheme == _LOCAL else None


def remove_half_written(backend: Path) -> None:
    """Remove what is half written beside the states and locks of a file backend.

    Who is writing attributes at that moment does not notice; they are then missing, as the
    backend allows. `backend` is the folder that holds `.pulumi`.
    """
    for part in ("stacks", "locks"):
        for folder, _, names in os.walk(backend / ".pulumi" / part):
            for path in (Path(folder, name) for name in names):
                # Others may remove it meanwhile.
                with suppress(FileNotFoundError):
                    if _is_half_written(path):
                        path.unlink()


def _is_half_written(path: Path) -> bool:
    if path.suffix not in {".attrs", ".tmp"} or path.stat().st_size > 0:
        return False
    return path.suffix == ".attrs" or time.time() - path.stat().st_mtime > _DEAD_AFTER


def _secrets(state: Mapping[str, Any]) -> dict[str, Any]:
    """The secrets provider of a state, as the file of a stack's settings has it."""
    provider = state["deployment"].get("secrets_providers") or {}
    known = provider.get("state") or {}
    if provider.get("type") == "passphrase":
        return {"encryptionsalt": known.get("salt")}
    if provider.get("type") == "cloud":
        return {"secretsprovider": known.get("url"), "encryptedkey": known.get("encryptedkey")}
    return {}
