"""What runs, what was brought up and what comes next, in words and as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from catalog import Catalog
from catalog.errors import counted, listed
from graph.order import waves
from nexus.diff.catalog_diff import blast_radius
from nexus.update.history import Brought, Update
from nexus.update.release import Running, Versions
from stacks.release import Release

STAND_IN = "stand-in"
"""What is said where a service has no version."""


def release_document(
    stack: str,
    running: Mapping[str, Running],
    file: Release,
    kept: Iterable[Update],
    brought: Iterable[Brought],
) -> dict[str, object]:
    """What `nexus release show --format json` promises."""
    known = {each.update.number: each.release for each in brought}
    return {
        "stack": stack,
        "file": file.file,
        "services": {
            name: {
                "running": each.version,
                "healthy": each.healthy,
                "file": file.versions.get(name),
                "schema": each.schemas[name].provides if name in each.schemas else None,
            }
            for name, each in running.items()
        },
        "updates": [
            {
                "number": each.number,
                "ended": each.ended or None,
                "result": each.result,
                "commit": each.commit,
                "edited": each.edited,
                "who": each.who or None,
                "services": None if each.part is None else sorted(each.part),
                "versions": dict(known[each.number].versions) if each.number in known else None,
            }
            for each in kept
        ],
    }


def running_in_words(stack: str, running: Mapping[str, Running], file: Release) -> Iterator[str]:
    """What runs of every service, beside what its release file says."""
    names = sorted({*running, *file.versions})
    if not running:
        yield f"Nothing runs in '{stack}' yet."
        return
    yield f"What runs in '{stack}', and what {file.file} says:"
    rows: list[tuple[str, ...]] = []
    for name in names:
        runs, given = running.get(name), file.versions.get(name)
        version = "—" if runs is None else runs.version or STAND_IN
        note = ""
        if runs is not None and not runs.healthy:
            note = "not ready"
        elif (None if runs is None else runs.version) != given or runs is None:
            note = "not brought up yet"
        rows.append((name, version, given or STAND_IN, note))
    yield from _table(rows)


def updates_in_words(kept: tuple[Update, ...], brought: tuple[Brought, ...]) -> Iterator[str]:
    """Every update, newest first, and what it changed."""
    known = {each.update.number: each.release for each in brought}
    if not kept:
        yield "It has not been updated yet."
        return
    yield "Updates, newest first:"
    rows: list[tuple[str, ...]] = []
    before: Release | None = None
    for each in sorted(kept, key=lambda each: each.number):
        release = known.get(each.number)
        what = _versions_in_words(before, release) if release else unknown(each)
        before = release or before
        commit = (each.commit or "")[:7] + ("+" if each.commit and each.edited else "")
        rows.append((str(each.number), each.ended, each.result, commit or "—", each.who, what))
    yield from _table(list(reversed(rows)))


def unknown(update: Update) -> str:
    """Why nobody knows what an update brought up, as the end of a sentence."""
    if update.result == "failed":
        return "failed; what of it runs stands above"
    if update.result != "succeeded":
        return "is under way, or was killed"
    if update.commit is None:
        return "not from a git repository, so its versions are not known"
    if update.edited:
        return "with changes that were not committed, so its versions are not known"
    return "its versions are not known"


def _versions_in_words(before: Release | None, after: Release) -> str:
    if before is None:
        return counted(len(after.versions), "version")
    old, new = before.versions, after.versions
    found = [
        f"{name} {old.get(name, STAND_IN)} → {new.get(name, STAND_IN)}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]
    return listed(found) if found else "the same versions"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield ("  " + "  ".join(cells)).rstrip()


def changes_in_words(catalog: Catalog, before: Versions, after: Versions) -> Iterator[str]:
    """What differs between two releases, in which order that is brought up, and who is hit."""
    changed = {name for name in (*before, *after) if before.get(name) != after.get(name)}
    if not changed:
        yield "No version differs."
        return
    yield f"{counted(len(changed), 'version')} would change, in this order by the edges:"
    both = changed & catalog.services.keys()
    rows = [
        (str(step), name, before.get(name, STAND_IN), "→", after.get(name, STAND_IN))
        for step, wave in enumerate(waves(catalog, both), start=1)
        for name in sorted(wave)
    ]
    yield from _table(rows)
    blast = blast_radius((catalog,), both)
    if blast.down:
        they = "it is" if len(changed) == 1 else "they are"
        yield f"While {they} down, {counted(len(blast.down), 'other service')} would be: " + (
            ", ".join(blast.down)
        )
    if blast.degraded:
        yield f"Degraded meanwhile: {', '.join(blast.degraded)}"
