"""Copies of the whole project, code included, that a test may edit."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Set
from pathlib import Path
from typing import Any

import yaml

from tests.projects import ROOT, STACKS, copy_project

CODE = ("catalog", "graph", "components", "stacks", "nexus")

SIX = ("key-service", "token-mgr", "session-mgr", "user-auth", "scheduler", "backend-api")
"""Services that a small platform is cut down to: three tiers, each kind of server used."""

TEN = (
    *SIX,
    "auth-service",
    "ledger-mgr",
    "puabo-nexus-ai-dispatch",
    "puabo-nexus-fleet-manager",
)
"""Services that have a part in all that the edits of `edits.py` change, and a flow."""

Entry = dict[str, Any]


def copy_whole(target: Path, stack: str = "dev") -> Path:
    """A copy of the code and of the documented platform in folder `target`, which is made.

    It has one stack, since every command plans all that there are.
    """
    for name in CODE:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("services"))
    copy_project(target)
    for other in {*STACKS} - {stack}:
        (target / f"Pulumi.{other}.yaml").unlink()
    return target


def cut(project: Path, kept: Iterable[str]) -> None:
    """Leaves only the services `kept` in the catalog, and what fits to them."""
    names = {name for _, file in service_files(project) for name in file["services"]}
    _remove(project, names - set(kept))


def service_files(project: Path) -> Iterable[tuple[Path, dict[str, Any]]]:
    """Every file of services with its content."""
    for path in sorted((project / "catalog" / "services").glob("*.yaml")):
        yield path, yaml.safe_load(path.read_text(encoding="utf-8"))


def edit_yaml(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the content of a YAML file."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")


def edit_service(project: Path, name: str, change: Callable[[Entry], None]) -> None:
    """Changes one service's entry."""
    for path, content in service_files(project):
        if name in content["services"]:
            edit_yaml(path, lambda file: change(file["services"][name]))
            return
    raise LookupError(name)


def target_of(need: str | Mapping[str, Any]) -> str | None:
    """What an entry of `needs` leads to; None for a rule such as above_tier."""
    return need if isinstance(need, str) else need.get("target")


def set_need(project: Path, source: str, target: str, **fields: object) -> None:
    """Adds or replaces an edge."""

    def change(entry: Entry) -> None:
        others = [need for need in entry.get("needs", []) if target_of(need) != target]
        entry["needs"] = [*others, {"target": target, **fields} if fields else target]

    edit_service(project, source, change)


def drop_need(project: Path, source: str, target: str) -> None:
    """Takes an edge away."""

    def change(entry: Entry) -> None:
        entry["needs"] = [need for need in entry["needs"] if target_of(need) != target]

    edit_service(project, source, change)


def remove_service(project: Path, name: str) -> None:
    """Takes a service away, with every edge, flow step and bucket that names it."""
    _remove(project, {name})


def _remove(project: Path, names: Set[str]) -> None:
    for path, content in service_files(project):
        services = content["services"]
        for name in names & services.keys():
            del services[name]
        for entry in services.values():
            needs = entry.get("needs", [])
            entry["needs"] = [need for need in needs if target_of(need) not in names]
        if services:
            path.write_text(
                yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8"
            )
        else:
            path.unlink()

    def change(platform: dict[str, Any]) -> None:
        # A flow without one of its steps may not hold together any more.
        flows = platform["flows"]
        platform["flows"] = {k: v for k, v in flows.items() if names.isdisjoint(v)}
        buckets = platform.get("buckets", {})
        platform["buckets"] = {k: v for k, v in buckets.items() if v["owner"] not in names}
        for bucket in platform["buckets"].values():
            bucket["granted"] = [each for each in bucket.get("granted", []) if each not in names]

    edit_yaml(project / "catalog" / "platform.yaml", change)


def rename_everywhere(project: Path, old: str, new: str) -> None:
    """Renames a service in the whole catalog, as somebody with an editor does."""
    for path in (project / "catalog").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(rf"(?<![\w-]){old}(?![\w-])", new, text), encoding="utf-8")


def replace_in(project: Path, file: str, old: str, new: str) -> None:
    """Replaces a text that must stand in a file, as an edit of the code."""
    path = project / file
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise LookupError(f"{file} does not contain {old!r} any more; adapt the edit.")
    path.write_text(text.replace(old, new), encoding="utf-8")
