"""What the real command line makes of a value in a stack's file is what a plan shows."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from pulumi.automation import LocalWorkspace, ProjectSettings, Stack
from pulumi.runtime import config as runtime_config

from catalog import InputError
from nexus.rehearsal.engine import Engine, environment, find_cli, served, temporary_root
from nexus.rehearsal.keys import KEY
from stacks.stack_file import read_stack_file

WRITTEN = (
    # text, truth values, whole numbers
    *(
        "abc",
        "a b",
        "true",
        "True",
        "TRUE",
        "false",
        "0",
        "5",
        "-5",
        "123456789012",
        "1.5",
        "-0.25",
    ),
    *("999999999999999999", "-999999999999999999"),
    # quoted and of several lines
    *("''", "'2026-01-31'", '"2026-01-31T09:00:00Z"', "'0777'", "'1.10'", '"a\\tb\\u00fc"'),
    *("'yes'", "'null'", "|\n      a\n      b\n", ">-\n      a\n      b\n"),
    # lists and mappings
    *("[]", "{}", "[1, a, true, 1.5, null]", "{a: 1, '2': b, 3: c, true: d}", "{a: {b: [c]}}"),
    # dates, times and numbers of sixty
    *("2026-01-31", "2026-1-3", "2026-01-31T09:00:00Z", "2026-01-31 09:00:00", "12:30", "1:30:45"),
    *("2026-01-31 09:00:00.5 +02:00", "2026-01-31t09:00:00z", "2026-02-31", "190:20:30.15"),
    # numbers that are written otherwise
    *("1.10", "1.0", ".5", "5.", "+5", "-0", "0777", "018", "012345678901", "0o17", "0x1F"),
    *("0b101", "1_000", "1e3", "12e03", "1E5", "6.8523015e+5", "685_230.15", "-0x1F", "1_0.5"),
    *("00000000000000000000000000000000", "12e45678", "1e400", "12345678901234567890"),
    *("1234567890123456789012345678901", "0.1234567890123456789", "9007199254740993", "-1.0"),
    *(".inf", "-.Inf", "+.INF", ".nan", ".NaN"),
    # words with a meaning
    *("yes", "No", "on", "OFF", "y", "n", "null", "~", "Null", "", "=", "<<", "!!binary aGk="),
    *("!!str 5", "!!timestamp 2026-01-31", "{2026-01-31: a}", "{on: a}", "{~: a}", "{1.5: a}"),
    *("{0777: a}", "{1.0: a}", "[2026-01-31]", "{a: [on]}"),
)
"""How a value can stand in a stack's file."""


def look_alikes() -> Iterator[str]:
    """Plain values of the letters that numbers and dates have."""
    chance = random.Random(20260131)
    for letters, length in (("0123456789", 4), ("01_.eE+-xob:TZ", 6), ("0189.:-eT~yno", 9)):
        for _ in range(400):
            text = "".join(chance.choice(letters) for _ in range(chance.randint(1, length)))
            try:
                node = yaml.compose(f"a: {text}\n", Loader=yaml.SafeLoader)
            except yaml.YAMLError:
                continue
            if isinstance(node, yaml.MappingNode) and node.value[0][1].value == text:
                yield text


def stack_file(values: Mapping[str, str]) -> str:
    """A stack's file with each value as a setting, and in one."""
    lines = [f"  p:top{key}: {text}\n  p:in{key}:\n    x: {text}\n" for key, text in values.items()]
    return f"config:\n{''.join(lines)}"


def taken(folder: Path, values: Mapping[str, str]) -> dict[str, str]:
    """What a plan's program would get of the values that are not refused, each in one sentence."""
    found: dict[str, str] = {}
    (folder / "Pulumi.yaml").write_text("name: p\nruntime: python\n", encoding="utf-8")
    for key, text in values.items():
        for line in stack_file({key: text}).split("  p:")[1:]:
            (folder / "Pulumi.dev.yaml").write_text(f"config:\n  p:{line}", encoding="utf-8")
            try:
                found |= read_stack_file(folder, "dev").config
            except InputError as error:
                (problem,) = error.problems
                assert problem.message.endswith("."), text
                assert "\n" not in problem.message, text
    return found


def handed_over(file: str) -> dict[str, str]:
    """What the command line hands to a program of the stack's file."""
    found: dict[str, str] = {}
    with temporary_root() as root, served() as attached:
        folder = root / "project"
        (folder / "Pulumi.dev.yaml").write_text(file, encoding="utf-8")
        workspace = LocalWorkspace(
            work_dir=str(folder),
            pulumi_home=str(root / "home"),
            env_vars={**environment(root, checkpoints=False), **attached},
            secrets_provider=KEY,
            project_settings=ProjectSettings(name="p", runtime="python"),
            pulumi_command=Engine(find_cli()),
        )
        stack = Stack.create("dev", workspace)
        stack.preview(program=lambda: found.update(runtime_config.CONFIG.get()))
    return found


@pytest.mark.xdist_group("engine")
def test_a_plan_takes_a_value_as_the_command_line_does_or_refuses_it(tmp_path: Path) -> None:
    """An unquoted date was another text in a deployment than it was in its plan."""
    values = {str(i): text for i, text in enumerate(dict.fromkeys((*WRITTEN, *look_alikes())))}
    ours = taken(tmp_path, values)
    assert len(ours) > 500
    kept = "".join(
        f"  p:{line}"
        for line in stack_file(values).split("  p:")[1:]
        if f"p:{line.partition(':')[0]}" in ours
    )
    theirs = handed_over(f"config:\n{kept}")
    assert {
        key: (text, theirs[key]) for key, text in ours.items() if differs(text, theirs[key])
    } == {}


def differs(ours: str, theirs: str) -> bool:
    """Whether a program would see two values; the order of keys is nothing to it."""
    try:
        return bool(json.loads(ours) != json.loads(theirs))
    except ValueError:
        return ours != theirs
