"""The user's own `kubectl`, which knows every way to sign in to a cluster."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LOGGED = re.compile(r"^[EFIW][0-9]{4} .*\n", re.MULTILINE)
"""What it logs of every attempt, before it says what is wrong."""


class KubectlError(Exception):
    """It refused or failed; the text is its own."""


@dataclass(frozen=True, kw_only=True)
class Kubectl:
    """`kubectl` in a namespace.

    Args:
        program: where it is.
        context: of the kubeconfig; None for the current one.
    """

    program: Path
    context: str | None
    namespace: str

    def run(self, *arguments: str, given: str = "") -> str:
        """Run a command and return its standard output.

        Args:
            given: its standard input.

        Raises:
            KubectlError: it failed.
        """
        answer = subprocess.run(
            [self.program, *self._where, *arguments],
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if answer.returncode != 0:
            said = _LOGGED.sub("", answer.stderr).strip() or answer.stdout.strip()
            raise KubectlError(said)
        return answer.stdout

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """An object; None if there is none.

        Raises:
            KubectlError: the cluster does not say.
        """
        text = self.run("get", kind, name, "--ignore-not-found", "--output", "json")
        return json.loads(text) if text.strip() else None

    def typed(self, *arguments: str) -> str:
        """The same command as somebody types it."""
        return shlex.join(["kubectl", *self._where, *arguments])

    @property
    def _where(self) -> tuple[str, ...]:
        context = () if self.context is None else ("--context", self.context)
        return (*context, "--namespace", self.namespace)


def found() -> Path | None:
    """Where the `kubectl` of the PATH is, None if there is none."""
    program = shutil.which("kubectl")
    return None if program is None else Path(program)
