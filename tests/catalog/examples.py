"""Projects with small catalogs, from the example files beside this module or from text."""

from __future__ import annotations

from pathlib import Path

from catalog import InputError, load_catalog
from graph.rules import check
from tests.projects import DOCUMENTED

EXAMPLES = Path(__file__).parent / "catalogs"

PLATFORM = EXAMPLES / "platform" / "minimal.ok.yaml"
"""The platform of examples that are about services."""

SERVICES = """\
domain: shop
services:
  cart: {summary: Holds, tier: domain, needs: [stock]}
  stock: {summary: Counts, tier: domain, needs: [postgres]}
"""
"""The services of examples that are about the platform."""

EXPECTED = "# error: "


def write_project(folder: Path, files: dict[str, str | bytes]) -> Path:
    """A project in `folder` with these files and, unless given, the usual platform and sizes.

    Args:
        folder: where it is written.
        files: text or bytes by path in the catalog folder.
    """
    usual: dict[str, str | bytes] = {
        "platform.yaml": PLATFORM.read_bytes(),
        "sizes.yaml": (DOCUMENTED / "catalog/sizes.yaml").read_bytes(),
    }
    for name, content in (usual | files).items():
        path = folder / "catalog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def example_project(folder: Path, example: Path) -> Path:
    """A project in `folder` around one example file."""
    if example.parent.name == "services":
        return write_project(folder, {"services/shop.yaml": example.read_bytes()})
    if example.parent.name == "sizes":
        return write_project(
            folder, {"services/shop.yaml": SERVICES, "sizes.yaml": example.read_bytes()}
        )
    services = SERVICES
    if "bucket" in example.name:
        services = services.replace("[postgres]", "[postgres, storage]")
    return write_project(
        folder, {"services/shop.yaml": services, "platform.yaml": example.read_bytes()}
    )


def expected(example: Path) -> list[str]:
    """The sentences that the example file says it causes."""
    lines = example.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(EXPECTED) for line in lines if line.startswith(EXPECTED)]


def complaints(project: Path) -> list[str]:
    """The sentences about a project's catalog; empty when it is sound."""
    try:
        check(load_catalog(project))
    except InputError as error:
        return str(error).splitlines()
    return []
