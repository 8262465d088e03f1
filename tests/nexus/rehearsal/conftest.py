"""Rehearsals of the toy platform."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from nexus.rehearsal.outcome import Outcome, Program
from nexus.rehearsal.run import Rehearsal, rehearse

from .toy import PROJECT, Toy

Start = Callable[[Program], Rehearsal]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a rehearsal of a program; it ends with the test."""
    with ExitStack() as running:
        yield lambda program: running.enter_context(rehearse(program, PROJECT, "dev"))


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A rehearsal from preview to destroy, and what was seen on the way."""

    preview: Outcome
    made_by_preview: int
    up: Outcome
    dependencies: dict[str, tuple[str, ...]]
    state: str
    resources: Sequence[Mapping[str, Any]]
    outputs: dict[str, object]
    password: str
    again: Outcome
    refresh: Outcome
    destroy: Outcome
    left: int
    state_left: list[object]


@pytest.fixture(scope="session")
def whole() -> Iterator[Whole]:
    """One whole rehearsal that many tests look at."""
    config, secrets = {"toy:setting": "plain"}, {"toy:token": "hidden-placeholder"}
    with rehearse(Toy(), PROJECT, "dev", config, secrets) as session:
        session.kubernetes.durations = {"catalogue": 20.0, "billing": 20.0}
        preview = session.preview()
        made = len(session.cluster.contents())
        up = session.up()
        dependencies, state = session.dependencies(), session.pulumi("stack", "export")
        resources = session.resources()
        outputs, password = session.outputs(), _password(session)
        again = session.up()
        refresh = session.refresh()
        destroy = session.destroy()
        yield Whole(
            preview=preview,
            made_by_preview=made,
            up=up,
            dependencies=dependencies,
            state=state,
            resources=resources,
            outputs=outputs,
            password=password,
            again=again,
            refresh=refresh,
            destroy=destroy,
            left=len(session.cluster.contents()),
            state_left=list(session.export().get("resources", ())),
        )


def _password(session: Rehearsal) -> str:
    """The password as the cluster has it, in the clear."""
    [key] = [each for each in session.cluster.contents() if each.kind == "Secret"]
    data = session.cluster.get(key)["data"]
    assert isinstance(data, dict)
    encoded = data["password"]
    assert isinstance(encoded, str)
    return base64.b64decode(encoded).decode()
