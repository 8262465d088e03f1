"""What README says about adding a service, done exactly as it says."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from nexus.plan.plan import Plan, make_plan
from tests.projects import ROOT, copy_project

SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Add a service")[2]
BLOCKS: dict[str, list[str]] = {"yaml": [], "sh": []}
for _language, _code in re.findall(
    r"^ *```(yaml|sh)\n(.*?)^ *```", SECTION, re.DOTALL | re.MULTILINE
):
    BLOCKS[_language].append(textwrap.dedent(_code))
FILES: list[str] = re.findall(r"here\s+`(catalog/services/[a-z]+\.yaml)`", SECTION)
"""The section's blocks of code by language; the files that it names, of a service and a domain."""


def add_service(project: Path) -> None:
    """Writes the service into the file that the README names."""
    with (project / FILES[0]).open("a", encoding="utf-8") as file:
        file.write("\n" + textwrap.indent(BLOCKS["yaml"][0], "  "))


def add_domain(project: Path) -> None:
    """Writes the file of the new domain."""
    path = project / FILES[1]
    assert not path.exists()
    path.write_text(BLOCKS["yaml"][1], encoding="utf-8")


def test_the_steps_of_the_readme_work(tmp_path: Path, plan: Plan) -> None:
    """The first thing a newcomer tries must not fail."""
    project = copy_project(tmp_path / "project")
    add_service(project)
    nexus = Path(sys.executable).with_name("nexus")
    said: list[str] = []
    for line in BLOCKS["sh"][0].splitlines():
        command, *arguments = line.split()
        assert command == "nexus"
        run = subprocess.run(
            [nexus, "--project", str(project), *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(run.stdout)
    assert "44 services" in said[0]
    assert "caption-mgr" in said[1]
    before = {resource.urn for resource in plan.resources}
    added = {
        (resource.type.rsplit(":", 1)[-1], resource.name)
        for resource in make_plan(project, "dev").resources
        if resource.urn not in before
    }
    assert added >= {
        ("Deployment", "caption-mgr"),
        ("Service", "caption-mgr-service"),
        ("Job", "caption-mgr-database"),
        ("RandomPassword", "caption-mgr-database-password"),
    }
