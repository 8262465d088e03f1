"""The updates of a stack, and the release that each of them brought up.

A release is what one update brought up together: the versions in the release file of the commit
that it ran from. Pulumi's backend keeps the updates, with commit, time and result, and never
changes what it kept; git keeps the file and the catalog. So nothing else has to be written down,
and nothing can disagree with what was done.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from catalog import InputError
from catalog.document import parse_document
from catalog.validation import validated
from nexus.pulumi.command import Pulumi
from nexus.pulumi.resource import mapping
from stacks.configuration import namespaces
from stacks.release import Release, ReleaseFile

PART = "nexus up: "
"""Begins the message of an update of some services alone, which names them."""

SUCCEEDED = "succeeded"

MOST = 1000
"""Updates that are asked for; a stack that is updated thrice a day has so many in a year."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """One update of a stack, as the backend kept it.

    Args:
        number: counted from the stack's first, which is 1.
        ended: when, in UTC; empty while it is under way.
        who: who committed what was brought up.
        result: in the engine's word: `succeeded`, `failed`, `in-progress`.
        commit: the revision it ran from; None outside of git.
        edited: whether there were changes beside that revision, so that nobody knows what it was.
        file: the release file, relative to the project.
        part: the services, if it was an update of some alone.
    """

    number: int
    ended: str
    who: str
    result: str
    commit: str | None
    edited: bool
    file: str
    part: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Brought:
    """An update that ended well, and the versions of all services from then on."""

    update: Update
    release: Release


def updates(pulumi: Pulumi) -> tuple[Update, ...]:
    """The last updates of a stack, newest first.

    Raises:
        PulumiError: there is no such stack, or no way to it.
    """
    asked = ("stack", "history", "--json", "--page", "1", "--page-size", str(MOST))
    kept = [each for each in json.loads(pulumi.on_stack(*asked)) if each.get("kind") == "update"]
    names = namespaces(pulumi.project)
    return tuple(_update(len(kept) - index, each, names) for index, each in enumerate(kept))


def _update(number: int, kept: Mapping[str, Any], names: Iterable[str]) -> Update:
    environment, message = mapping(kept.get("environment")), str(kept.get("message") or "")
    config = mapping(kept.get("config"))
    files = [mapping(config.get(f"{name}:releaseFile")).get("value") for name in names]
    services = message.removeprefix(PART).split(", ") if message.startswith(PART) else None
    return Update(
        number=number,
        ended=str(kept.get("endTime") or "")[:16].replace("T", " "),
        who=str(environment.get("git.committer") or ""),
        result=str(kept.get("result")),
        commit=str(environment["git.head"]) if environment.get("git.head") else None,
        edited=environment.get("git.dirty") != "false",
        file=str(next(filter(None, files), "")),
        part=None if services is None else frozenset(services),
    )


def releases(project: Path, kept: Iterable[Update]) -> tuple[Brought, ...]:
    """What the updates that ended well brought up, newest first.

    An update of some services alone adds their versions to those of the one before it. Left out
    is one that ran from what was not committed, for nobody can say what that was, and one of a
    part after that or after a failed one, until the next whole one.
    """
    found: list[Brought] = []
    before: Release | None = None
    for update in sorted(kept, key=lambda each: each.number):
        release = _file_of(project, update) if update.result == SUCCEEDED else None
        if release is not None and update.part is not None:
            release = None if before is None else _with(before, release, update.part)
        if release is not None:
            found.append(Brought(update=update, release=release))
        before = release
    return tuple(reversed(found))


_Value = TypeVar("_Value")


def _with(before: Release, after: Release, services: Collection[str]) -> Release:
    def of(old: Mapping[str, _Value], new: Mapping[str, _Value]) -> dict[str, _Value]:
        kept = {name: each for name, each in old.items() if name not in services}
        return kept | {name: each for name, each in new.items() if name in services}

    return replace(
        before,
        versions=of(before.versions, after.versions),
        schemas=of(before.schemas, after.schemas),
    )


def _file_of(project: Path, update: Update) -> Release | None:
    """The release file that an update read; None where nobody knows it."""
    if update.commit is None or update.edited or not update.file:
        return None
    shown = subprocess.run(
        ["git", "-C", str(project), "show", f"{update.commit}:./{update.file}"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if shown.returncode != 0:
        return None
    try:
        content = validated(parse_document(shown.stdout, update.file), ReleaseFile)
    except InputError:
        return None
    return Release(file=update.file, versions=content.services, schemas=content.schemas)
