"""A project's file decides on settings as it does for the Pulumi command line."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import LocalWorkspace, Stack
from pulumi.automation.errors import CommandError
from pulumi.runtime import config as runtime_config

from catalog import InputError
from nexus.rehearsal.engine import Engine, environment, find_cli, served, temporary_root
from nexus.rehearsal.keys import KEY
from stacks.stack_file import read_stack_file

ALL = """
config:
  number: 1
  overridden: here
  text: {default: two}
  fixed: {value: three}
  typed: {type: string, default: four}
  shop:own: five
  nexus-cos:other: six
  whole: {type: integer, default: 7}
  given-whole: {type: integer}
  list: [x, y]
  typed-list: {type: array, items: {type: array, items: {type: integer}}, default: [[1], []]}
  truth: {type: boolean, default: false}
  given-truth: {type: boolean}
  parts: {value: {x: 1, y: [true]}}
  replaced-parts: {value: {p: 1, q: 2}}
  needed: {type: string, description: asked for}
  aws:region: eu-central-1
  untyped-secret: {secret: true, default: seen}
"""

ALL_OF_THE_STACK = """
config:
  overridden: there
  shop:given-whole: "-2"
  given-truth: true
  replaced-parts: {q: 3}
  needed: 5
  nexus-cos:further: 1
"""

REFUSED: Mapping[str, tuple[str, str, str]] = {
    "missing": ("{x: {type: string}}", "{}", "'shop:x' is missing"),
    "missing-without-type": ("{x: {description: a}}", "{}", "'shop:x' is missing"),
    "empty": ("{x: null}", "{}", "'shop:x' is missing"),
    "two-values": ("{x: {value: a, default: b}}", "{}", "'shop:x' has a 'default' and a 'value'"),
    "others-without-value": ("{aws:x: {description: a}}", "{}", "'aws:x' is not this project's"),
    "others-with-default": ("{aws:x: {default: a}}", "{}", "'aws:x' is not this project's own"),
    "others-with-type": ("{aws:x: {value: a, type: string}}", "{}", "'aws:x' is not this"),
    "number": ("{x: {type: integer}}", "{x: 1.5}", "'shop:x' is of type integer"),
    "number-as-text": ("{x: {type: integer}}", "{x: one}", "'shop:x' is of type integer"),
    "truth": ("{x: {type: boolean}}", "{x: 1}", "'shop:x' is of type boolean"),
    "truth-as-text": ("{x: {type: boolean}}", '{x: "True"}', "'shop:x' is of type boolean"),
    "text": ("{x: {type: string}}", "{x: [a]}", "'shop:x' is of type string"),
    "items": (
        "{x: {type: array, items: {type: string}}}",
        "{x: [1]}",
        "'shop:x' is of type array",
    ),
    "mapping": ("{x: {type: object}}", "{x: [1]}", "'shop:x' is of type object"),
    "open": ("{x: {type: string, secret: true}}", "{x: a}", "'shop:x' is a secret"),
    "open-default": (
        "{x: {type: string, secret: true, default: a}}",
        "{}",
        "'shop:x' is a secret",
    ),
}
"""What the project declares, what the stack says, and what is refused of it."""


def write(folder: Path, project: str, stack: str) -> None:
    project = f"name: shop\nruntime: python\n{textwrap.dedent(project)}"
    (folder / "Pulumi.yaml").write_text(project, encoding="utf-8")
    where = read_folder(project)
    (folder / where).mkdir(exist_ok=True)
    (folder / where / "Pulumi.dev.yaml").write_text(stack, encoding="utf-8")


def read_folder(project: str) -> str:
    found = [line.split(": ")[1] for line in project.splitlines() if line.endswith(": stacks")]
    return found[0] if found else "."


def handed_over(project: str, stack: str) -> dict[str, str]:
    """What the command line hands to a program.

    Raises:
        CommandError: it refuses something.
    """
    found: dict[str, str] = {}
    with temporary_root() as root, served() as attached:
        folder = root / "project"
        write(folder, project, stack)
        workspace = LocalWorkspace(
            work_dir=str(folder),
            pulumi_home=str(root / "home"),
            env_vars={**environment(root, checkpoints=False), **attached},
            secrets_provider=KEY,
            pulumi_command=Engine(find_cli()),
        )
        made = Stack.create("dev", workspace)
        made.preview(program=lambda: found.update(runtime_config.CONFIG.get()))
    return found


def read(folder: Path, project: str, stack: str) -> Mapping[str, str]:
    write(folder, project, stack)
    return read_stack_file(folder, "dev").config


def opened(values: Mapping[str, str]) -> dict[str, Any]:
    """The values, lists and mappings without the spaces of their text."""
    return {k: json.loads(v) if v[:1] in {"[", "{"} else v for k, v in values.items()}


@pytest.mark.parametrize("where", ["", "stackConfigDir: stacks\n"], ids=["beside", "elsewhere"])
def test_settings_are_those_that_the_command_line_finds(tmp_path: Path, where: str) -> None:
    """A plan of other settings than those that are deployed says nothing about the deployment."""
    project = where + ALL
    ours = opened(read(tmp_path, project, ALL_OF_THE_STACK))
    assert ours == opened(handed_over(project, ALL_OF_THE_STACK))
    assert ours["shop:needed"] == "5"
    assert ours["shop:replaced-parts"] == {"q": 3}


def test_older_spelling_of_the_folder(tmp_path: Path) -> None:
    """Projects of some years have it, and their settings would be missing."""
    project, stack = "config: stacks\n", "config: {x: a}\n"
    assert read(tmp_path, project, stack) == handed_over(project, stack) == {"shop:x": "a"}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_command_line_refuses(tmp_path: Path, case: str) -> None:
    """What is found out at the first `pulumi preview` could have been said by the check."""
    declared, given, sentence = REFUSED[case]
    project, stack = f"config: {declared}\n", f"config: {given}\n"
    refusal = r"Stack 'dev'.* configuration|could not (validate|unmarshal)"
    with pytest.raises(CommandError, match=refusal):
        handed_over(project, stack)
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, project, stack)


def test_encrypted_value_of_a_declared_secret(tmp_path: Path) -> None:
    """The one way to give it must not be refused for its type."""
    project = "config: {x: {type: string, secret: true}}\n"
    assert read(tmp_path, project, "config: {x: {secure: v1:a}}\n") == {"shop:x": "placeholder"}


@pytest.mark.parametrize(
    ("project", "sentence"),
    [
        ("config: {x: {type: text}}\n", r"Pulumi\.yaml:3: field 'type': 'text' is not allowed"),
        ("config: [a]\n", r"Pulumi\.yaml:3: field 'config' is no "),
        ("stackConfigDir: [a]\n", r"Pulumi\.yaml:3: field 'stackConfigDir' is a "),
        ("stackConfigDir: nowhere\n", r"nowhere/Pulumi\.dev\.yaml: there is no stack 'dev'"),
    ],
    ids=["type", "list", "folder", "nowhere"],
)
def test_wrong_project_file(tmp_path: Path, project: str, sentence: str) -> None:
    """Whoever mistypes it must read where."""
    write(tmp_path, project, "config: {}\n")
    with pytest.raises(InputError, match=sentence):
        read_stack_file(tmp_path, "dev")
