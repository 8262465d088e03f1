"""Which Kubernetes fields cannot be changed, so that a change makes a new object."""

from __future__ import annotations

from diff.immutable import (
    KUBERNETES,
    KUBERNETES_CONTENT,
    KUBERNETES_IDENTITY,
    KUBERNETES_REFUSED,
    MUTABLE_CONTENT,
)
from rehearsal.providers.wire import Properties, Property, table, text


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


def refusal(live: Properties, manifest: Properties) -> str | None:
    """Return what the API server says to a change that it refuses in an update, or None."""
    group, _, _ = text(manifest.get("apiVersion")).rpartition("/")
    kind = text(manifest.get("kind"))
    for path in KUBERNETES_REFUSED.get((group, kind), ()):
        if _at(live, path) != _at(manifest, path):
            name = text(table(manifest.get("metadata")).get("name"))
            return (
                f'{kind}.{group} "{name}" is invalid: {path}: Forbidden: may not be changed in an '
                "update."
            )
    return None


def _at(manifest: Properties, path: str) -> Property:
    *above, last = path.split(".")
    for step in above:
        manifest = table(manifest.get(step))
    return manifest.get(last)


def is_autonamed(manifest: Properties) -> bool:
    """Return whether the provider chose the object's name."""
    annotations = table(table(manifest.get("metadata")).get("annotations"))
    return annotations.get("pulumi.com/autonamed") == "true"
