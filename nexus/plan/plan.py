"""The plan of one stack, and its JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nexus.plan.recorder import Registration, record
from nexus.pulumi.clouds import TYPES
from stacks.program import build
from stacks.stack_file import read_stack_file


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every resource the program would register in `stack`, sorted by URN."""

    stack: str
    resources: tuple[Registration, ...]

    def document(self) -> dict[str, Any]:
        """The plan as the documented JSON document."""
        return {
            "stack": self.stack,
            "resources": [resource.document() for resource in self.resources],
        }

    def to_json(self) -> str:
        """The document as text: the same bytes for the same files, a newline at the end."""
        return json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n"

    def named(self) -> tuple[Registration, ...]:
        """The resources, those in a cloud with the name there that Pulumi makes for them.

        That is how a preview has them, and the rules of `nexus.policy`.
        """
        return tuple(
            replace(each, inputs={**each.inputs, **_automatic_name(each)})
            for each in self.resources
        )


def _automatic_name(resource: Registration) -> Mapping[str, Any]:
    answer = TYPES.get(resource.type)
    named = None if answer is None else answer.named
    return {} if named is None or named not in resource.made else {named: resource.made[named]}


def make_plan(project: Path, stack: str, **settings: str) -> Plan:
    """Plans `stack` of the project in folder `project`; encrypted settings get placeholders.

    `settings` of the project stand in place of those in the stack's file.

    Raises:
        InputError: what is wrong with the project's files or settings.
    """
    return Plan(stack=stack, resources=run(lambda: build(project), project, stack, settings))


def run(
    program: Callable[[], None],
    project: Path,
    stack: str,
    settings: Mapping[str, str] | None = None,
) -> tuple[Registration, ...]:
    """What a program registers with the settings of a stack: only a program can read those.

    `settings` stand in place of those in its file.
    """
    file = read_stack_file(project, stack)
    for name, value in (settings or {}).items():
        file = file.with_setting(name, value)
    return record(
        program,
        project=file.project,
        stack=stack,
        config=file.config,
        secret_keys=file.secret_keys,
    )
