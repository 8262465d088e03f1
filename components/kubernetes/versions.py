"""Versions of services: which one an image is of, and whether its callers can work with it."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

WORKS_WITH = "nexus-cos/works-with"
"""Annotation of a workload: which versions of others it can work with, by service, as JSON."""

STAND_IN_IMAGE = "docker.io/hashicorp/http-echo:1.0.0"
"""What runs for a service without a version, and is of none: it answers every path with status 200,
health checks included."""


def tag_of(image: str) -> str | None:
    """The tag of a whole image, or of what a release file has instead: a tag, a digest, or both."""
    if image.startswith("sha256:"):
        return None
    name = image.partition("@")[0].rpartition("/")[2]
    return None if "/" in image and ":" not in name else name.rpartition(":")[2]


def version_of(image: str) -> str | None:
    """The version that an image's tag says; None if that is none, or of a stand-in."""
    tag = tag_of(image)
    try:
        Version(tag or "")
    except InvalidVersion:
        return None
    return None if image == STAND_IN_IMAGE else tag


def is_in(version: str, bounds: str) -> bool:
    """Whether a version is in a range; one before its release counts as such."""
    return SpecifierSet(bounds).contains(version, prereleases=True)
