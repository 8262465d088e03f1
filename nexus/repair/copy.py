"""A copy of a stack in a temporary backend, where a repair is worked out before it is made."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nexus.repair.command import Pulumi, PulumiError

_UNSOUND = "state file contains errors: "


@dataclass(frozen=True)
class Copy:
    """A stack's state in a backend of its own, with the same secrets and providers."""

    pulumi: Pulumi
    file: Path

    def state(self) -> dict[str, Any]:
        """Return the state as it is in the copy now."""
        return self.pulumi.export()

    def load(self, state: Mapping[str, Any]) -> str | None:
        """Take in a state and return why it is not sound; then it is put in order, too.

        Raises:
            PulumiError: its secrets cannot be read, or it is beyond repair.
        """
        self.file.write_text(json.dumps(state), encoding="utf-8")
        load = ("stack", "import", "--file", str(self.file))
        try:
            self.pulumi.on_stack(*load)
        except PulumiError as error:
            lines = [line.strip(" *\t") for line in str(error).splitlines() if _UNSOUND in line]
            if not lines:
                raise
            self.pulumi.on_stack(*load, "--force")
            self.pulumi.on_stack("state", "repair", "--yes")
            return lines[0].partition(_UNSOUND)[2]
        return None

    def refresh(self, urns: Iterable[str]) -> None:
        """Let the providers look at resources: one that does not exist leaves the state.

        Raises:
            PulumiError: a provider cannot look.
        """
        targets = [part for urn in sorted(set(urns)) for part in ("--target", urn)]
        if targets:
            self.pulumi.on_stack("refresh", "--yes", "--skip-preview", *targets)


@contextmanager
def copied(pulumi: Pulumi, state: Mapping[str, Any]) -> Generator[Copy]:
    """Make an empty stack for as long as the block runs, with the secrets provider of a state."""
    with tempfile.TemporaryDirectory(prefix="nexus-repair-") as folder:
        root = Path(folder)
        for name in ("project", "state"):
            (root / name).mkdir()
        copy = pulumi.elsewhere(root / "project", f"file://{root / 'state'}")
        copy.with_passphrase("none").run("stack", "init", "--no-select", copy.stack)
        (root / "project" / f"Pulumi.{copy.stack}.yaml").write_text(
            json.dumps(_secrets(state)), encoding="utf-8"
        )
        yield Copy(copy, root / "state.json")


def _secrets(state: Mapping[str, Any]) -> dict[str, Any]:
    """The secrets provider of a state, as the file of a stack's settings has it."""
    provider = state["deployment"].get("secrets_providers") or {}
    known = provider.get("state") or {}
    if provider.get("type") == "passphrase":
        return {"encryptionsalt": known.get("salt")}
    if provider.get("type") == "cloud":
        return {"secretsprovider": known.get("url"), "encryptedkey": known.get("encryptedkey")}
    return {}
