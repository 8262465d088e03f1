"""A run that was killed at any moment is repaired, and the next one goes on where it ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.run import Rehearsal
from tests.nexus.rehearsal.toy import NEEDS, PROJECT, Toy

from .killed import Killer, assert_converged, killable, repaired, undisturbed

FAST = 400.0
"""Simulated seconds in a real one; what is waited for does not matter here."""

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
DATABASE = "kubernetes:apps/v1:StatefulSet"
JOB = "kubernetes:batch/v1:Job"
SERVICE = "kubernetes:apps/v1:Deployment"

BEFORE, AFTER = False, True
"""Whether the provider still does what the engine dies over."""

OF_A_FIRST_UP = (
    (NAMESPACE, BEFORE),
    (NAMESPACE, AFTER),
    (SECRET, AFTER),
    (DATABASE, BEFORE),
    (JOB, AFTER),
    (SERVICE, BEFORE),
    (SERVICE, AFTER),
)
"""What is being created, in an order in which each waits for the one before it."""

OF_A_CHANGE = (
    # The fixed name goes before it is made anew, the automatic one after.
    (CONFIG, "delete", BEFORE),
    (CONFIG, "delete", AFTER),
    (SERVICE, "update", AFTER),
    # Of two of one name, the old one.
    (JOB, "delete", AFTER),
)


@pytest.mark.xdist_group("repair-up")
def test_killed_first_up() -> None:
    """What the killed run made, and the state does not know, is made twice or lost for ever."""
    with killable(Toy(), PROJECT, time_scale=FAST) as (session, _):
        assert session.up().succeeded
        wanted = undisturbed(session)
    with killable(Toy(), PROJECT, time_scale=FAST) as (session, killer):
        for kind, made in OF_A_FIRST_UP:
            killer.arm(1, made=made, op="create", kind=kind)
            _kill(session, killer)
        killer.arm(0, made=BEFORE)
        assert_converged(session.up(), session, wanted)
        assert session.refresh().changed == 0
        assert session.destroy().succeeded
        assert not session.cluster.contents()


@pytest.mark.xdist_group("repair-change")
def test_killed_update_and_destroy() -> None:
    """A replacement cut short leaves two objects for one resource; a deletion, one for none."""
    with killable(Toy(), PROJECT, time_scale=FAST) as (session, killer):
        assert session.up().succeeded
        wanted = undisturbed(session)
        # A new image updates six Deployments and replaces the Job; new content, two ConfigMaps,
        # one under another automatic name and one under the same fixed name.
        session.program = Toy(image="app:2", settings={"mode": "b"}, fixed={"mode": "b"})
        for kind, op, made in OF_A_CHANGE:
            killer.arm(1, made=made, op=op, kind=kind)
            _kill(session, killer)
        killer.arm(0, made=BEFORE)
        assert_converged(session.up(), session, wanted)
        made_of = [str(session.cluster.get(key)) for key in session.cluster.contents()]
        assert sum("app:2" in each for each in made_of) == len(NEEDS) + 1
        assert not any("app:1" in each for each in made_of)
        assert session.up().changed == 0

        for made in (AFTER, BEFORE):
            killer.arm(3, made=made, op="delete")
            _kill(session, killer, session.destroy)
        killer.arm(0, made=BEFORE)
        assert session.destroy().succeeded
        assert not session.cluster.contents()
        assert not session.export().get("resources")


def _kill(session: Rehearsal, killer: Killer, run: Callable[[], Outcome] | None = None) -> None:
    """A run that dies where it was armed to, and the repair after it."""
    outcome = (run or session.up)()
    assert not outcome.succeeded
    assert killer.killed, outcome.error
    repaired(session, PROJECT)
