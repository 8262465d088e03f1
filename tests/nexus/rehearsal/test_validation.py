"""What the simulated API server refuses, in the real one's words.

tests/cluster holds each of these against a real API server.
"""

from __future__ import annotations

import pytest

from nexus.rehearsal.cluster import Cluster, InvalidError
from nexus.rehearsal.validation import refusal

from .refusals import CHANGES, REFUSED, TAKEN, Change, Refused


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_objects_that_no_server_takes(case: Refused) -> None:
    """A name that is too long is refused in the middle of a rollout, if not before."""
    with pytest.raises(InvalidError) as error:
        Cluster().create(case.manifest)
    assert case.words in str(error.value)


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.name)
def test_objects_that_every_server_takes(case: Refused) -> None:
    """A rehearsal that refuses what works is not believed the next time."""
    assert refusal(case.manifest) is None


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case.name)
def test_dry_run_after_post(case: Change) -> None:
    """A preview that a rehearsal passes and the real one fails stops the pull request."""
    cluster = Cluster()
    cluster.create(case.before)
    if case.words is None:
        cluster.try_update(case.after)
    else:
        with pytest.raises(InvalidError) as error:
            cluster.try_update(case.after)
        assert case.words in str(error.value)
    if not case.lasts:
        # A real update takes the fields over first, and a dry run after that sees one owner.
        cluster.update(case.after)
        cluster.try_update(case.before)
