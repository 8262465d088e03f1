"""Projects that tests import from Compose files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from catalog import Catalog, load_catalog
from graph.rules import check
from nexus.importing.compose import import_compose
from nexus.importing.compose_file import read_compose_file
from nexus.importing.draft import Draft, told, write_project

SHOP = Path(__file__).parent / "shop" / "compose.yaml"


def write_compose(folder: Path, content: str | Mapping[str, Any]) -> Path:
    """A Compose file in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "compose.yaml"
    text = content if isinstance(content, str) else yaml.safe_dump(dict(content))
    file.write_text(text, encoding="utf-8")
    return file


def imported(
    file: Path, target: Path, profiles: Sequence[str] = (), env_files: Sequence[Path] = ()
) -> Draft:
    """The draft that `nexus import` makes of `file`, written to `target`."""
    draft = import_compose(read_compose_file(file, profiles, env_files))
    write_project(draft, target)
    return draft


def sound(project: Path) -> Catalog:
    """The catalog of a project that `nexus check` accepts."""
    catalog = load_catalog(project)
    check(catalog)
    return catalog


def sentences(draft: Draft, target: Path, *, open_: bool) -> list[str]:
    """What a person has to decide, or to look at."""
    return [str(problem) for problem in told(draft, target, "", open_=open_)]


def entry(project: Path, service: str) -> dict[str, Any]:
    """A service as its file has it."""
    [file] = (project / "catalog/services").iterdir()
    return yaml.safe_load(file.read_text(encoding="utf-8"))["services"][service]
