"""What Pulumi refuses, and what it has done by then; docs/runbook.md says so."""

from __future__ import annotations

import pulumi_random as random
import pytest
from pulumi.automation.errors import CommandError

from nexus.rehearsal.run import Rehearsal

from .conftest import Start
from .toy import Toy


def held(session: Rehearsal) -> dict[str, str]:
    """Every resource in the state: its URN, by the last word of its type and its name."""
    parts = ((urn, *urn.rsplit("::", 2)[1:]) for urn in session.dependencies())
    return {f"{kind.rpartition(':')[2]} {name}": urn for urn, kind, name in parts}


def test_destroy_of_a_protected_stack(start: Start) -> None:
    """Whoever believes that a protected stack stays whole has an outage after one command."""
    session = start(Toy())
    assert session.up().succeeded
    before = held(session)
    session.pulumi("state", "protect", "--yes", before["Deployment catalogue"])
    # As it is typed: its preview is refused, so nothing happens.
    with pytest.raises(CommandError, match=r"Preview failed: .* cannot be deleted"):
        session.pulumi("destroy", "--yes")
    assert held(session).keys() == before.keys()
    # Without the preview, as the Automation API and the workflows run.
    refused = session.destroy()
    assert not refused.succeeded
    assert "protected" in refused.error
    left = held(session).keys()
    assert "Deployment catalogue" in left
    assert {f"Deployment {name}" for name in ("web", "orders")} <= before.keys() - left
    assert session.up().succeeded
    assert held(session).keys() == before.keys()


def test_up_that_would_delete_what_is_protected(start: Start) -> None:
    """A deployment that fails half-way has changed what it could; only a preview holds it back."""
    declared = {"guarded", "old"}

    def program() -> None:
        for name in declared:
            random.RandomPassword(name, length=8)

    session = start(program)
    assert session.up().succeeded
    before = held(session)
    session.pulumi("state", "protect", "--yes", before["RandomPassword guarded"])
    declared.clear()
    declared.add("new")
    assert not session.preview().succeeded
    assert held(session).keys() == before.keys()
    refused = session.up()
    assert not refused.succeeded
    assert "protected" in refused.error
    assert {"RandomPassword new", "RandomPassword guarded"} <= held(session).keys()
    session.pulumi("state", "unprotect", "--yes", before["RandomPassword guarded"])
    assert session.up().succeeded
    assert "RandomPassword guarded" not in held(session)


def test_exclude_without_its_dependents(start: Start) -> None:
    """The option that is left out makes a state that no command reads, until it is repaired."""
    session = start(Toy())
    leave = ["**apps/v1:Deployment::catalogue"]
    broken = session.up(exclude=leave)
    assert not broken.succeeded
    assert "snapshot integrity failure" in broken.error
    assert "refers to missing dependency" in broken.error
    for again in (session.up, session.destroy):
        failed = again()
        assert not failed.succeeded
        assert "missing dependency" in failed.error
    session.pulumi("state", "repair", "--yes")
    assert session.up().succeeded
    assert "Deployment catalogue" in held(session)
    assert session.destroy().succeeded

    # What the runbook says instead.
    assert session.up(exclude=leave, exclude_dependents=True).succeeded
    left_out = {f"Deployment {name}" for name in ("catalogue", "orders", "web")}
    assert not left_out & held(session).keys()
    assert session.up().succeeded
