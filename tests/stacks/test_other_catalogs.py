"""The checks and tests hold for a platform with another service, domain or setting, and with less.

A deployment waits for them: who adds a service as the README says must not have to mend tests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from catalog import load_catalog
from tests import transcription as document
from tests.projects import AT_WORK, ROOT, STACKS, set_config
from tests.stacks.test_add_a_service import BLOCKS, FILES, add_domain, add_service

TESTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests").rglob("test_*.py"))
    if path != Path(__file__)
}

READERS = [name for name, text in TESTS.items() if re.search(r"\bAT_WORK\b", text)]
"""Tests of the platform at work, whatever it is; all others have the documented one alone."""

SLOW = "tests/cloud/test_checkov.py"
"""The one that is not run here. What it lets through is named by kinds of resources."""


def more(project: Path) -> None:
    """The README's further service and domain, unless they are there, and another dev."""
    (name,) = yaml.safe_load(BLOCKS["yaml"][0])
    if name not in load_catalog(project).services:
        add_service(project)
    if not (project / FILES[1]).exists():
        add_domain(project)
    set_config(project, "dev", ordering="edges", namespacePrefix="cos", host="cos.example.com")


def less(project: Path) -> None:
    """A service goes that nobody names, as the README says, and a whole such domain."""
    services = load_catalog(project).services
    domains: dict[str, set[str]] = {}
    for name, each in services.items():
        domains.setdefault(each.file, set()).add(name)
    file = next(file for file, names in domains.items() if not named(project, names, but=file))
    own = next(name for name in services.keys() - domains[file] if len(named(project, {name})) == 1)
    gone = {own, *domains[file]}
    (project / file).unlink()
    for name in gone:
        entry = re.compile(rf"^  {name}:.*\n(?:    .*\n)*", re.MULTILINE)
        for folder in ("catalog/services", "releases"):
            for path in sorted((project / folder).glob("*.yaml")):
                path.write_text(entry.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    left = set(load_catalog(project).services)
    assert left == {*services} - gone
    path = project / "tests/transcription.py"
    text, number = re.subn(
        r"(REMOVED: Final\[frozenset\[str\]\] = frozenset\().*?\)$",
        lambda found: f"{found[1]}{sorted(document.SERVICES - left)!r})",
        path.read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
    assert number == 1
    path.write_text(text, encoding="utf-8")


def named(project: Path, names: set[str], *, but: str = "") -> list[str]:
    """Every place where the catalog's files, but one, have one of these names."""
    words = re.compile(rf"(?<![\w-])(?:{'|'.join(names)})(?![\w-])")
    files = (path for path in (project / "catalog").rglob("*.yaml") if path != project / but)
    return [found for path in files for found in words.findall(path.read_text(encoding="utf-8"))]


def nexus(project: Path, *arguments: str) -> None:
    """A command of the project's own code, which must succeed."""
    run(project, "nexus", *arguments)


def run(project: Path, module: str, *arguments: str) -> None:
    """A module of the project's own code, which must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def generate(project: Path) -> None:
    """What `make generate` runs, by the Makefile's own recipe."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ngenerate:")[2]
    lines = recipe.partition("\n\n")[0].splitlines()[1:]
    assert lines
    for line in lines:
        program, *arguments = line.strip().removeprefix("@").split()
        assert program == "$(VENV)/nexus"
        nexus(project, *arguments)


@pytest.mark.parametrize("change", [more, less])
def test_another_platform_is_as_sound(change: Callable[[Path], None], tmp_path: Path) -> None:
    """Red tests that have nothing to do with a change hide those that do."""
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, project, symlinks=True, ignore=ignored)
    change(project)
    generate(project)
    nexus(project, "check", "--quiet", "--plan", "--stack", "dev")
    assert {"tests/catalog/test_transcription.py", SLOW} < {*READERS}
    chosen = [name for name in READERS if name != SLOW]
    run(project, "pytest", "-q", "-p", "no:cacheprovider", *chosen)


def test_no_other_test_reads_the_platform_at_work() -> None:
    """One that counts what people edit turns red with the next service."""
    assert AT_WORK == ROOT
    files = "|".join(
        ("catalog/(?:services|platform)", "releases", *(f"Pulumi.{s}" for s in STACKS))
    )
    reads = re.compile(
        rf"(?:load_catalog|make_plan|read_stack_file)\(ROOT\b|ROOT / \"(?:{files})"
        r"|--project\", (?:str\()?ROOT\b"
    )
    assert reads.search('make_plan(ROOT, "dev")')
    assert [name for name, text in TESTS.items() if reads.search(text)] == []
