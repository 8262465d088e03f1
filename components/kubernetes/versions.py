"""Versions of services: which one an image is of, and whether its callers can work with it."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

RUNS, WORKS_WITH = "nexus-cos/version", "nexus-cos/works-with"
"""Annotations of a Deployment: its version, and by service which ones it can work with, as JSON.
Only those have them of which the catalog says so."""


def version_of(image: str) -> str | None:
    """The version in an image's tag, as its owner writes it; None if it has none.

    `image` is a whole image or what a release file has instead: a tag, a digest, or both.
    """
    if image.startswith("sha256:"):
        return None
    tag = image.partition("@")[0].rpartition("/")[2].rpartition(":")[2]
    try:
        Version(tag)
    except InvalidVersion:
        return None
    return tag


def is_in(version: str, bounds: str) -> bool:
    """Whether a version is in a range; one before its release counts as such."""
    return SpecifierSet(bounds).contains(version, prereleases=True)
