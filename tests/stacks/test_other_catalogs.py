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

from catalog import load_catalog
from tests.nexus.diff.copies import replace_in
from tests.projects import AT_WORK, ROOT, STACKS, set_config
from tests.stacks.test_add_a_service import add_domain, add_service

GONE = "v-screen-pro"
GONE_DOMAIN = "finance"
"""A documented service and a domain that nobody else needs."""

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
    """Another service, one in a domain of its own, and dev as somebody else wants it."""
    add_service(project)
    add_domain(project)
    set_config(project, "dev", ordering="edges", namespacePrefix="cos", host="cos.example.com")


def less(project: Path) -> None:
    """A documented service goes, as the README says, and a whole domain."""
    services = load_catalog(project).services
    gone = [GONE, *(name for name, each in services.items() if each.domain == GONE_DOMAIN)]
    (project / "catalog/services" / f"{GONE_DOMAIN}.yaml").unlink()
    for name in gone:
        entry = re.compile(rf"^  {name}:.*\n(?:    .*\n)*", re.MULTILINE)
        for folder in ("catalog/services", "releases"):
            for file in sorted((project / folder).glob("*.yaml")):
                file.write_text(entry.sub("", file.read_text(encoding="utf-8")), encoding="utf-8")
    assert set(load_catalog(project).services) == {*services} - {*gone}
    replace_in(
        project,
        "tests/transcription.py",
        "REMOVED: Final[frozenset[str]] = frozenset()",
        f"REMOVED: Final[frozenset[str]] = frozenset({gone!r})",
    )


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
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis")
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
