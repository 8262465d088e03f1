"""Reads the catalog's files into one `Catalog`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from catalog.document import read_document
from catalog.errors import InputError, Problem
from catalog.files import PlatformFile, ServicesFile
from catalog.model import Catalog
from catalog.resolve import resolved
from catalog.shape import Read, shaped

Content = TypeVar("Content", bound=BaseModel)

SERVICES_FOLDER = "catalog/services"
PLATFORM_FILE = "catalog/platform.yaml"


def load_catalog(project: Path) -> Catalog:
    """The catalog of the project in folder `project`.

    Raises:
        InputError: every mistake in the shape of the files: what cannot be
            read, unknown keys, wrong types, a service declared twice. Mistakes
            in the graph are `graph.check`'s.
    """
    problems: list[Problem] = []
    services = [
        file
        for name in _service_files(project, problems)
        if (file := _read(project, name, ServicesFile, problems)) is not None
    ]
    platform = _read(project, PLATFORM_FILE, PlatformFile, problems)
    if problems or platform is None:
        raise InputError(problems)
    return resolved(services, platform)


def _service_files(project: Path, problems: list[Problem]) -> list[str]:
    names: list[str] = []
    # Hidden files are locks and backups of editors.
    for path in sorted((project / SERVICES_FOLDER).glob("[!.]*")):
        if path.suffix == ".yaml":
            names.append(f"{SERVICES_FOLDER}/{path.name}")
        elif path.suffix.lower() in (".yaml", ".yml"):
            message = "the file would not be read; rename it to end in '.yaml'."
            problems.append(Problem(f"{SERVICES_FOLDER}/{path.name}", message))
    if not names and not problems:
        message = (
            "there is no file with services in this folder; write one named after a domain, "
            "as 'billing.yaml'."
        )
        problems.append(Problem(SERVICES_FOLDER, message))
    return names


def _read(
    project: Path, name: str, model: type[Content], problems: list[Problem]
) -> Read[Content] | None:
    try:
        document = read_document(project / name, name)
        return Read(document, shaped(document, model))
    except InputError as error:
        problems.extend(error.problems)
        return None
