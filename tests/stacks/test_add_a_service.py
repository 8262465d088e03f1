"""What README says about adding a service, done exactly as it says."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from nexus.plan.plan import make_plan
from tests.projects import DOCUMENTED, ROOT, copy_project

SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Add a service")[2]


def code(language: str) -> str:
    """The section's code block in `language`, without the indentation of its list."""
    found = re.search(rf"^   ```{language}\n(.*?)^   ```", SECTION, re.DOTALL | re.MULTILINE)
    assert found is not None
    return "\n".join(line[3:] for line in found[1].splitlines()) + "\n"


def addition() -> tuple[str, str]:
    """The file that the README names, and what it says to write into it."""
    file = re.search(r"here `(catalog/services/[a-z]+\.yaml)`", SECTION)
    assert file is not None
    return file[1], code("yaml")


def test_the_steps_of_the_readme_work(tmp_path: Path) -> None:
    """The first thing a newcomer tries must not fail."""
    project = copy_project(tmp_path / "project")
    file, text = addition()
    path = project / file
    path.write_text(path.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")
    nexus = Path(sys.executable).with_name("nexus")
    said: list[str] = []
    for line in textwrap.dedent(code("sh")).splitlines():
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
    before = {resource.urn for resource in make_plan(DOCUMENTED, "dev").resources}
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
