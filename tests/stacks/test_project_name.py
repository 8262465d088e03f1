"""The Pulumi project may have any name, and the settings may stand in either namespace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from catalog import InputError
from catalog.project_file import stack_names
from nexus.plan.plan import make_plan
from stacks.stack_file import read_stack_file
from tests.nexus.diff.copies import edit_yaml
from tests.projects import DOCUMENTED, small_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project")


@pytest.fixture
def shop(project: Path) -> Path:
    """The project by another name."""
    edit_yaml(project / "Pulumi.yaml", lambda content: content.update(name="shop"))
    return project


def rewrite(project: Path, stack: str, old: str, new: str) -> None:
    path = project / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    config = {
        f"{new}{key.removeprefix(old)}" if key.startswith(old) else key: value
        for key, value in content["config"].items()
    }
    path.write_text(yaml.safe_dump({"config": config}), encoding="utf-8")


def waits(project: Path) -> dict[str, set[str]]:
    """By URN, what every resource of dev depends on."""
    return {each.urn: set(each.dependencies) for each in make_plan(project, "dev").resources}


def renamed(urn: str) -> str:
    """The URN in the other project, where the stack's own resource has another name, too."""
    return re.sub(r"(?<=::)nexus-cos(?=::|-dev$)", "shop", urn)


@pytest.mark.parametrize("namespace", ["nexus-cos:", "shop:", ""], ids=["ours", "own", "without"])
def test_same_plan_under_another_name(project: Path, namespace: str) -> None:
    """Whoever renames the project has settings that stand there and 'are missing'."""
    before = waits(project)
    edit_yaml(project / "Pulumi.yaml", lambda content: content.update(name="shop"))
    rewrite(project, "dev", "nexus-cos:", namespace)
    assert waits(project) == {
        renamed(urn): {*map(renamed, others)} for urn, others in before.items()
    }
    # What commands look up before they plan.
    assert read_stack_file(project, "dev").setting("environment") == "dev"


def test_setting_in_both_namespaces(shop: Path) -> None:
    """One of two values would be taken, and nobody could say which."""
    edit_yaml(
        shop / "Pulumi.dev.yaml",
        lambda content: content["config"].update({"shop:environment": "prod"}),
    )
    with pytest.raises(InputError) as caught:
        make_plan(shop, "dev")
    assert str(caught.value) == (
        "Pulumi.dev.yaml: setting 'shop:environment' stands there as 'nexus-cos:environment' too; "
        "remove one."
    )


@pytest.mark.parametrize("namespace", ["nexus-cos", "shop"])
def test_setting_for_one_run_takes_the_place_of_the_written_one(shop: Path, namespace: str) -> None:
    """`nexus rehearse --ordering edges` must not add a second value of the same setting."""
    rewrite(shop, "dev", "nexus-cos:", f"{namespace}:")
    file = read_stack_file(shop, "dev")
    changed = file.with_setting("ordering", "edges")
    assert changed.setting("ordering") == "edges"
    assert changed.config.keys() == file.config.keys()


def test_encrypted_settings_are_known_in_either_namespace(shop: Path) -> None:
    """A secret where none is kept must be refused, whatever the project is called."""
    rewrite(shop, "staging", "nexus-cos:", "shop:")
    own = set(read_stack_file(shop, "staging").encrypted)
    assert own == set(read_stack_file(DOCUMENTED, "staging").encrypted)
    assert len(own) > 1


def test_stacks_are_those_with_a_file_where_the_project_says(project: Path) -> None:
    """`nexus diff` would compare no stack at all, and say that nothing changes."""
    assert stack_names(project) == ("dev", "prod", "staging")
    (project / "stacks").mkdir()
    (project / "Pulumi.dev.yaml").rename(project / "stacks" / "Pulumi.dev.yaml")
    edit_yaml(project / "Pulumi.yaml", lambda content: content.update(stackConfigDir="stacks"))
    assert stack_names(project) == ("dev",)
    assert waits(project)
    # What is wrong with it is for whoever plans to say.
    (project / "Pulumi.yaml").write_text("[", encoding="utf-8")
    assert stack_names(project) == ("prod", "staging")
