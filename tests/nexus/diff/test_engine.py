"""What `nexus diff` names is what the real engine would do.

Six edits run with every test run; the others with `pytest -m engine_diff`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.diff.report import make_report
from nexus.diff.snapshot import Snapshot
from nexus.rehearsal.run import rehearse
from stacks.stack_file import read_stack_file

from .copies import SIX, copy_whole, cut
from .deployed import Deployed
from .edits import EDITS
from .named import named_by_diff, named_by_engine
from .own_code import side_of

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


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The small platform as it is, deployed once for all previews."""
    project = copy_whole(tmp_path_factory.mktemp("deployed") / "project")
    cut(project, SIX)
    file = read_stack_file(project, "dev")
    with rehearse(lambda: None, file.project, "dev", file.plain, file.secret) as rehearsal:
        stack = Deployed(project=project, session=rehearsal)
        up = stack.up()
        assert up.succeeded, up.error
        yield stack


@pytest.fixture(scope="module")
def base(deployed: Deployed) -> Snapshot:
    return side_of(deployed.project, "base")


@pytest.mark.xdist_group("engine-diff")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in DEFAULT else (pytest.mark.engine_diff,))
        for name in EDITS
        if name not in NOT_OF_SIX
    ],
)
def test_the_engine_does_what_the_diff_says(
    name: str, deployed: Deployed, base: Snapshot, tmp_path: Path
) -> None:
    """A diff that leaves out what the engine then deletes is worse than none."""
    project = copy_whole(tmp_path / "head")
    cut(project, SIX)
    EDITS[name][1](project)
    head = side_of(project, "head")
    [stack] = make_report(base, head).stacks
    preview = deployed.preview(project)
    assert preview.succeeded, preview.error
    wanted = {each.urn for each in head.stacks["dev"].resources}
    former = {each.new: each.old for each in stack.diff.renamed if each.alias}
    assert named_by_diff(stack.diff) == named_by_engine(preview, wanted, former)
