"""Names that the Kubernetes provider gives to objects without one."""

from __future__ import annotations

import hashlib
import secrets

from nexus.pulumi.wire import Properties, plain, table, text
from nexus.rehearsal.providers.answer import RefusedError

AUTONAMED = "pulumi.com/autonamed"


def is_autonamed(manifest: Properties) -> bool:
    """Return whether the provider chose the object's name."""
    annotations = table(table(manifest.get("metadata")).get("annotations"))
    return annotations.get(AUTONAMED) == "true"


def named(inputs: Properties, old: Properties, resource_name: str, seed: bytes) -> Properties:
    """Return the inputs with a name: their own, the old automatic one, or a new one.

    Args:
        inputs: the object as the program gives it.
        old: its inputs in the state; empty for a new object and for a replacement.
        resource_name: the Pulumi name that a new name starts with.
        seed: what the engine wants the random part to come from.

    Raises:
        RefusedError: `generateName` is used, which server-side apply does not allow.
    """
    metadata = table(inputs.get("metadata"))
    if metadata.get("name") is not None:
        return inputs
    if metadata.get("generateName") is not None:
        raise RefusedError(
            "the `.metadata.generateName` field is not supported in Server-Side Apply mode"
        )
    before = table(plain(old.get("metadata")))
    if old and is_autonamed(old):
        name = text(before.get("name"))
    else:
        name = f"{resource_name}-{_suffix(seed)}"
    annotations = {**table(metadata.get("annotations")), AUTONAMED: "true"}
    return {**inputs, "metadata": {**metadata, "name": name, "annotations": annotations}}


def _suffix(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()[:8] if seed else secrets.token_hex(4)
