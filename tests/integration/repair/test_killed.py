"""A run that was killed at any moment is repaired, and the next one goes on where it ended."""

from __future__ import annotations

import pytest

from tests.integration.rehearsal.toy import NEEDS, PROJECT, Toy

from .killed import Undisturbed, assert_converged, killable, repaired, undisturbed

FAST = 400.0
"""Simulated seconds in a real one; what is waited for does not matter here."""

LEAST, MOST = 3, 12
"""How often the toy's `up` is killed until it is through; it makes 24 objects, many at once."""


@pytest.fixture(scope="module")
def wanted() -> Undisturbed:
    """The toy as a run makes it that nobody disturbs."""
    with killable(Toy(), PROJECT, time_scale=FAST) as (session, _):
        assert session.up().succeeded
        return undisturbed(session)


@pytest.mark.parametrize("made", [False, True], ids=["before", "after"])
def test_killed_at_every_step_of_an_up(made: bool, wanted: Undisturbed) -> None:
    """What the killed run made, and the state does not know, is made twice or lost for ever."""
    with killable(Toy(), PROJECT, time_scale=FAST) as (session, killer):
        kills = 0
        # Not at the first creation, which may be that of a password, which begins anew each time.
        killer.arm(4, made=made, op="create")
        while not (outcome := session.up()).succeeded:
            assert killer.killed, outcome.error
            kills += 1
            assert kills <= MOST, "no run brings it further"
            repaired(session, PROJECT)
            killer.arm(4, made=made, op="create")
        assert kills >= LEAST
        assert_converged(outcome, session, wanted)
        assert session.up().changed == 0
        assert session.refresh().changed == 0
        assert session.destroy().succeeded
        assert not session.cluster.contents()


def test_killed_update_and_destroy(wanted: Undisturbed) -> None:
    """A replacement cut short leaves two objects for one resource; a deletion, one for none."""
    with killable(Toy(), PROJECT, time_scale=FAST) as (session, killer):
        assert session.up().succeeded
        # A new image updates six Deployments and replaces the Job; new content, two ConfigMaps,
        # one under another automatic name and one under the same fixed name.
        session.program = Toy(image="app:2", settings={"mode": "b"}, fixed={"mode": "b"})
        kills = 0
        for at, made, op in (
            (1, True, "create"),
            (1, False, "create"),
            (1, True, "delete"),
            (2, True, "update"),
            (1, False, "delete"),
        ):
            killer.arm(at, made=made, op=op)
            outcome = session.up()
            # The last of them may find nothing left of their kind.
            assert outcome.succeeded != bool(killer.killed), outcome.error
            kills += not outcome.succeeded
            repaired(session, PROJECT)
        assert kills >= 3
        killer.arm(0, made=False)
        assert_converged(session.up(), session, wanted)
        made_of = [str(session.cluster.get(key)) for key in session.cluster.contents()]
        assert sum("app:2" in each for each in made_of) == len(NEEDS) + 1
        assert not any("app:1" in each for each in made_of)
        assert session.up().changed == 0

        for made in (True, False):
            killer.arm(3, made=made, op="delete")
            assert not session.destroy().succeeded
            assert killer.killed
            repaired(session, PROJECT)
        killer.arm(0, made=False)
        assert session.destroy().succeeded
        assert not session.cluster.contents()
        assert not session.export().get("resources")
