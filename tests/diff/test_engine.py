"""What `nexus diff` names is what the real engine would do.

Six edits run with every test run; the others with `pytest -m engine_diff`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from diff.plan_diff import PlanDiff
from diff.report import make_report
from diff.side import Side
from rehearsal.outcome import Outcome
from rehearsal.run import rehearse
from rehearsal.session import Rehearsal
from stacks.stack_file import read_stack_file

from .copies import SIX, copy_whole, cut
from .edits import EDITS
from .own_code import own_code, side_of

DEFAULT = (
    "remove-service-with-data",
    "startup-to-runtime",
    "rotation-setting",
    "volume-size",
    "port",
    "rename-resource-with-alias",
    "rename-service-told",
)
"""One of each: removal, reordering, replacement of a value and of a server, change, alias; and a
service under another name."""

SCALE = 400.0
"""Simulated seconds per real one: nobody looks at times here."""

NOT_OF_SIX = frozenset(
    {
        "add-service",
        "add-stateless-service",
        "remove-stateless-service",
        "rename-stateless-service",
        "change-flow",
    }
)
"""Edits of services that the small platform does not have."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """URNs by what happens to them."""

    added: frozenset[str]
    removed: frozenset[str]
    changed: frozenset[str]
    replaced: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The small platform as it is, deployed once for all previews."""

    project: Path
    side: Side
    settings: Mapping[str, str]
    rehearsal: Rehearsal

    def preview(self, project: Path) -> Outcome:
        """What the engine would do to get from what is deployed to `project`."""
        wanted = read_stack_file(project, "dev").plain
        for key in self.settings.keys() | wanted.keys():
            if key not in wanted:
                self.rehearsal.pulumi("config", "rm", key)
            elif wanted[key] != self.settings.get(key):
                self.rehearsal.pulumi("config", "set", key, wanted[key])
        try:
            return _run(self.rehearsal, project, self.rehearsal.preview)
        finally:
            for key in self.settings.keys() | wanted.keys():
                if key not in self.settings:
                    self.rehearsal.pulumi("config", "rm", key)
                elif wanted.get(key) != self.settings[key]:
                    self.rehearsal.pulumi("config", "set", key, self.settings[key])


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    project = copy_whole(tmp_path_factory.mktemp("deployed") / "project")
    cut(project, SIX)
    file = read_stack_file(project, "dev")
    with rehearse(
        lambda: None, file.project, "dev", file.plain, file.secret, time_scale=SCALE
    ) as rehearsal:
        up = _run(rehearsal, project, rehearsal.up)
        assert up.succeeded, up.error
        side = side_of(project, "base")
        yield Deployed(project=project, side=side, settings=file.plain, rehearsal=rehearsal)


def _run(rehearsal: Rehearsal, project: Path, verb: Callable[[], Outcome]) -> Outcome:
    # The copy's modules have to stay while its program runs: Pulumi looks types up in them.
    with own_code(project) as load:
        rehearsal.program = partial(load("stacks.program").build, project)
        return verb()


@pytest.mark.xdist_group("engine-diff")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in DEFAULT else (pytest.mark.engine_diff,))
        for name in EDITS
        if name not in NOT_OF_SIX
    ],
)
def test_the_engine_does_what_the_diff_says(name: str, deployed: Deployed, tmp_path: Path) -> None:
    """A diff that leaves out what the engine then deletes is worse than none."""
    project = copy_whole(tmp_path / "head")
    cut(project, SIX)
    EDITS[name][1](project)
    head = side_of(project, "head")
    [stack] = make_report(deployed.side, head).stacks
    preview = deployed.preview(project)
    assert preview.succeeded, preview.error
    wanted = {each["urn"] for each in json.loads(head.plans["dev"])["resources"]}
    former = {each.new: each.old for each in stack.diff.renamed if each.alias}
    assert named_by_diff(stack.diff) == named_by_engine(preview, wanted, former)


def named_by_diff(diff: PlanDiff) -> Named:
    return Named(
        added=frozenset(each.urn for each in diff.added),
        removed=frozenset(each.urn for each in diff.removed),
        # Options live in the state alone: the engine calls their change `same`.
        changed=frozenset(each.after.urn for each in diff.changed if each.properties),
        replaced=frozenset(each.after.urn for each in diff.replaced),
    )


def named_by_engine(preview: Outcome, wanted: Collection[str], former: Mapping[str, str]) -> Named:
    """What the preview names.

    Args:
        preview: what the engine said.
        wanted: URNs of the head's plan.
        former: what those with an alias were called; a replaced one goes under that name.
    """
    deleted = _urns(preview, "delete")
    # An object with a fixed name is deleted first, which is all that a preview reports of it.
    replaced = _urns(preview, "replace") | (deleted & {*wanted})
    return Named(
        added=_urns(preview, "create"),
        removed=deleted - replaced - {former[urn] for urn in replaced if urn in former},
        changed=_urns(preview, "update"),
        replaced=replaced,
    )


def _urns(outcome: Outcome, op: str) -> frozenset[str]:
    return frozenset(each.urn for each in outcome.operations if each.op == op)
