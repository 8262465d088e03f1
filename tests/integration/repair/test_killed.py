"""A run that was killed at any moment is repaired, and the next one goes on where it ended."""

from __future__ import annotations

import pytest

from tests.integration.rehearsal.toy import PROJECT, Toy

from .killed import Undisturbed, assert_converged, killable, repaired, undisturbed

FAST = 400.0
"""Simulated seconds in a real one; what is waited for does not matter here."""


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
        while True:
            killer.arm(2 - made, made=made, op="create")
            outcome = session.up()
            if outcome.succeeded:
                break
            assert killer.killed, outcome.error
            kills += 1
            repaired(session, PROJECT)
        assert kills >= 10
        assert_converged(outcome, session, wanted)
        assert session.up().changed == 0
        assert session.refresh().changed == 0
        assert session.destroy().succeeded
        assert not session.cluster.contents()
