"""The versions that are asked for, and the warnings before AWS ends their support."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from components.aws.versions import KUBERNETES, NOTICE, PINNED, STALE, VALKEY, warnings

END = date(2027, 3, 27)
DATED = replace(KUBERNETES, version="1.35", until=END)
UNDATED = replace(VALKEY, until=None, seen=date(2026, 11, 27))


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (END - NOTICE - timedelta(days=1), None),
        (END - NOTICE, "EKS 1.35 leaves standard support on 2027-03-27, in 90 days; then AWS"),
        (END, "EKS 1.35 leaves standard support on 2027-03-27, in 0 days; then AWS charges"),
        (END + timedelta(days=1), "EKS 1.35 has been out of standard support since 2027-03-27"),
    ],
)
def test_the_end_of_support_is_told_in_time(today: date, said: str | None) -> None:
    """AWS upgrades a database in a window of its own, and charges for an old cluster."""
    found = list(warnings(today, (DATED,)))
    assert len(found) == (said is not None)
    assert all(each.startswith(said or "") and DATED.source in each for each in found)


def test_a_source_that_tells_no_end_is_read_again() -> None:
    """'No end is known' is true on the day on which somebody looked."""
    assert list(warnings(UNDATED.seen + STALE, (UNDATED,))) == []
    [said] = warnings(UNDATED.seen + STALE + timedelta(days=1), (UNDATED,))
    assert said.startswith("ElastiCache for Valkey 8.0: no end of support was known on 2026-11-27")


def test_every_version_has_a_source() -> None:
    """A date that nobody can look up is a guess."""
    assert len({each.product for each in PINNED}) == len(PINNED) == 4
    assert all(each.source.startswith("https://docs.aws.amazon.com/") for each in PINNED)
    assert all(each.until is None or each.until > each.seen for each in PINNED)
