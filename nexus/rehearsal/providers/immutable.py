"""Which Kubernetes fields cannot be changed, so that a change makes a new object."""

from __future__ import annotations

from nexus.diff.immutable import (
    KUBERNETES,
    KUBERNETES_CONTENT,
    KUBERNETES_IDENTITY,
    MUTABLE_CONTENT,
)
from nexus.rehearsal.providers.wire import Properties, table, text


def immutable_paths(manifest: Properties, settings: Properties) -> tuple[str, ...]:
    """Return the paths whose change replaces this object.

    Args:
        manifest: the object's new inputs, secrets opened.
        settings: the provider's settings.
    """
    group, _, _ = text(manifest.get("apiVersion")).rpartition("/")
    kind = text(manifest.get("kind"))
    if group == "" and kind in MUTABLE_CONTENT:
        setting, all_the_same = MUTABLE_CONTENT[kind]
        mutable = settings.get(setting) in (True, "true") and manifest.get("immutable") is not True
        return KUBERNETES_IDENTITY + (all_the_same if mutable else KUBERNETES_CONTENT[kind])
    return KUBERNETES_IDENTITY + KUBERNETES.get((group, kind), ())


def is_autonamed(manifest: Properties) -> bool:
    """Return whether the provider chose the object's name."""
    annotations = table(table(manifest.get("metadata")).get("annotations"))
    return annotations.get("pulumi.com/autonamed") == "true"
