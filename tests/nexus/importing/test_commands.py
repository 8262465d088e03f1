"""`nexus import` and `nexus init` as somebody types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nexus.cli.main import app
from nexus.plan.plan import make_plan
from nexus.policy.rules import violations
from tests.nexus.importing.made import SHOP, sound, write_compose


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_import_says_what_to_do(tmp_path: Path) -> None:
    """Who cannot see what is left to do trusts a catalog that is not ready."""
    services = "services:\n  a: {image: 'x:1', depends_on: [b]}\n  b: {image: 'y:1'}\n"
    file = write_compose(tmp_path / "shop", services)
    target = tmp_path / "project"
    code, out, _ = run("import", "compose", file, "--output", target)
    assert code == 0
    assert "To decide (2), until `nexus check` passes:" in out
    assert f"{target}/catalog/services/shop.yaml:" in out
    code, _, err = run("--project", target, "check")
    assert code == 2
    assert "service 'b', field 'run.ports' is empty" in err


def test_import_loses_nothing(tmp_path: Path) -> None:
    """Answers that somebody wrote by hand must not be overwritten unasked."""
    target = tmp_path / "project"
    assert run("import", "compose", SHOP, "--output", target)[0] == 0
    code, _, err = run("import", "compose", SHOP, "--output", target)
    assert code == 2
    assert "holds '.gitignore' already; name another folder, or write '--replace'" in err
    assert run("import", "compose", SHOP, "--output", target, "--replace")[0] == 0
    other = target / "catalog/services/other.yaml"
    other.write_text("domain: other\nservices: {}\n", encoding="utf-8")
    code, _, err = run("import", "compose", SHOP, "--output", target, "--replace")
    assert code == 2
    assert "holds 'catalog/services/other.yaml' already" in err


def test_import_takes_files_of_compose_alone(tmp_path: Path) -> None:
    """A word in the wrong place is told, and nothing written."""
    code, _, err = run("import", "helm", SHOP, "--output", tmp_path / "p")
    assert code == 2
    assert "helm" in err
    assert not (tmp_path / "p").exists()


def test_a_new_project_is_sound(tmp_path: Path) -> None:
    """The first thing that somebody sees of this program must work."""
    code, out, _ = run("init", tmp_path / "new")
    assert code == 0
    for then in out.partition("Then: ")[2].split("; ")[:2]:
        assert run(*then.split()[1:])[0] == 0, then
    assert list(sound(tmp_path / "new").services) == ["hello"]
    resources = make_plan(tmp_path / "new", "dev").named()
    assert violations(resources) == ()
    assert run("init", tmp_path / "new")[0] == 2


@pytest.mark.parametrize("name", ["Hello", "postgres", "data", "9", "x" * 31])
def test_a_new_project_has_a_good_name(name: str, tmp_path: Path) -> None:
    """A project that `nexus check` refuses at once is a bad start."""
    code, _, err = run("init", tmp_path / "new", "--service", name)
    assert code == 2
    assert f"A service cannot be called '{name}' here" in err
