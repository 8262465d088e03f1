"""Containers that run once are migrations or tasks of who waits for them, or told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.nexus.importing.made import imported, sentences, sound, write_compose

WEB = {"image": "r.example.com/app:1", "expose": ["8080"]}
DB = {"image": "postgres:17"}
ENDED, STARTED = (
    {"condition": f"service_{each}"} for each in ("completed_successfully", "started")
)


def once(command: str = "seed", **more: Any) -> dict[str, Any]:
    return {"image": "r.example.com/once:1", "command": [command], **more}


JOBS: dict[str, tuple[dict[str, Any], dict[str, list[str]], str]] = {
    "source": (
        {"a": {**WEB, "depends_on": {"b": ENDED}}, "b": {"build": "./b", "command": ["seed"]}},
        {},
        "'b' runs once (seed) before 'a' and is left out: its image is built from source",
    ),
    "own-source": (
        {
            "a": {"build": ".", "expose": ["8080"], "depends_on": {"b": ENDED}},
            "b": {"build": ".", "command": ["seed"]},
        },
        {"a": ["b"]},
        "so it is the task 'b' of 'a', once for each release and with what 'a' has",
    ),
    "nothing-of-its-own": (
        {"a": {**WEB, "depends_on": {"b": ENDED}}, "b": {"image": WEB["image"]}},
        {},
        "it runs the image of the service without a command of its own",
    ),
    "no-version": (
        {"a": {**WEB, "depends_on": {"b": ENDED}}, "b": {"image": "r.example.com/b"}},
        {},
        "left out: its image 'r.example.com/b:latest' has no version",
    ),
    "no-value": (
        {"a": {**WEB, "depends_on": {"b": ENDED}}, "b": once("${WHAT}")},
        {},
        "left out: what it runs depends on a variable that has no value",
    ),
    "no-database": (
        {"a": {**WEB, "depends_on": {"b": ENDED}}, "b": once("migrate")},
        {"a": ["b"]},
        "'b' runs once (migrate) before 'a', so it is the task 'b' of 'a'",
    ),
    "database-by-name": (
        {
            "a": {**WEB, "depends_on": {"b": ENDED, "db": STARTED}},
            "b": once("alembic", environment={"URL": "postgres://u:p@db/a"}),
            "db": DB,
        },
        {"a": ["migrate"]},
        "'b' runs once (alembic) before 'a', so it is the migration of 'a'",
    ),
    "second-migration": (
        {
            "a": {**WEB, "depends_on": {"b": ENDED, "c": ENDED}},
            **dict.fromkeys("bc", once("migrate", depends_on=["db"])),
            "db": DB,
        },
        {"a": ["migrate"]},
        "'c' runs once (migrate) before 'a' and is left out: 'a' has a migration already",
    ),
    "chain": (
        {
            "a": {**WEB, "depends_on": {"a-seed": ENDED}},
            "a-seed": once(depends_on={"b": ENDED}),
            "b": once("migrate", depends_on=["db"]),
            "db": DB,
        },
        {"a": ["migrate", "seed"]},
        "so it is the task 'seed' of 'a', once for each release and with what 'a' has (",
    ),
    "chain-of-tasks": (
        {
            "a": {**WEB, "depends_on": {"c": ENDED}},
            "b": once(),
            "c": once(depends_on={"b": ENDED}),
        },
        {"a": ["b", "c"]},
        "with what 'a' has; it no longer waits for 'b' (",
    ),
    "of-the-first": (
        {
            "z": {**WEB, "depends_on": {"b": ENDED}},
            "a": {**WEB, "depends_on": {"b": ENDED, "z": STARTED}},
            "b": once(),
        },
        {"z": ["b"]},
        "'b' runs once (seed) before 'a', 'z', so it is the task 'b' of 'z'",
    ),
    "of-strangers": (
        {"b": once(), **{each: {**WEB, "depends_on": {"b": ENDED}} for each in "ac"}},
        {"a": ["b"]},
        "'c' no longer waits for it, unless it needs 'a'",
    ),
    "name-taken": (
        {"a": {**WEB, "depends_on": {"b": ENDED}}, "a-b": WEB, "b": once()},
        {"a": ["b-2"]},
        "the task 'b-2' of 'a'",
    ),
}
"""Containers that run once, what becomes of them, by service, and what is said of it."""


@pytest.mark.parametrize("name", JOBS)
def test_what_runs_once_is_kept_or_told(name: str, tmp_path: Path) -> None:
    """A seed or a migration that nobody misses until there is no data."""
    services, kept, said = JOBS[name]
    draft = imported(write_compose(tmp_path, {"services": services}), tmp_path / "project")
    found = {
        own: (["migrate"] if each.migration else []) + sorted(each.tasks)
        for own, each in sound(tmp_path / "project").services.items()
    }
    assert {own: jobs for own, jobs in found.items() if jobs} == kept
    assert [each for each in sentences(draft, tmp_path / "project", open_=False) if said in each]
