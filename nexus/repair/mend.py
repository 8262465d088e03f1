"""Making a stack sound: the lock goes, and the state is written once."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from nexus.repair.command import Pulumi
from nexus.repair.findings import Diagnosis
from nexus.repair.lock import locks


class ChangedError(Exception):
    """Somebody else was at the stack since it was looked at."""


def mend(pulumi: Pulumi, diagnosis: Diagnosis) -> None:
    """Repair a stack as its diagnosis says.

    However this ends, the state is the one before or the one after, and a repair that is
    begun anew goes on from there.

    Raises:
        ChangedError: the stack is not any more as it was looked at; nothing was done.
        PulumiError: the backend cannot be reached, or is not to be written.
    """
    if pulumi.export() != diagnosis.before or locks(pulumi) != diagnosis.locks:
        raise ChangedError(
            f"Somebody else changed or locked the stack '{pulumi.stack}' while it was looked at, "
            "so nothing was repaired; run 'nexus repair' again."
        )
    if diagnosis.locks:
        pulumi.on_stack("cancel", "--yes")
    if diagnosis.after is None:
        return
    with tempfile.TemporaryDirectory(prefix="nexus-repair-") as folder:
        file = Path(folder) / "state.json"
        file.write_text(json.dumps(diagnosis.after), encoding="utf-8")
        pulumi.on_stack("stack", "import", "--file", str(file))
