"""The Pulumi CLI as a repair runs it: on one stack of one project, without a question."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nexus.repair import half_written

_LOCAL = "file"
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, half_written.DEAD_AFTER)
"""Seconds before each further attempt at what a half-written file stood in the way of."""

_SERVICES = frozenset({"http", "https"})


class PulumiError(Exception):
    """The CLI refused or failed; the text is its own."""


@dataclass(frozen=True, kw_only=True)
class Pulumi:
    """The CLI, where it runs and on which stack.

    Args:
        cli: path of the CLI.
        directory: the project's folder.
        environment: every environment variable that the CLI sees.
        project: name of the project.
        stack: name of the stack; empty for the one that is selected.
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
                if not half_written.is_met(str(error)):
                    raise
            time.sleep(pause)
            if self._folder is not None:
                half_written.remove(self._folder)
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
        url = self.environment.get("PULUMI_BACKEND_URL") or self._logged_in()
        parts = urlsplit(url)
        if parts.scheme in _SERVICES:
            return None
        if parts.scheme != _LOCAL or url.startswith(("file:///", "file://~")):
            return url
        path = (self.directory / url.removeprefix("file://")).resolve()
        return f"file://{path}"

    def _logged_in(self) -> str:
        return str(json.loads(self._call("whoami", "--verbose", "--json"))["url"])

    @property
    def _folder(self) -> Path | None:
        """Where a file backend lies; None for others."""
        scheme, _, path = (self.backend or "").partition("://")
        return Path(path.partition("?")[0]).expanduser() if scheme == _LOCAL else None
