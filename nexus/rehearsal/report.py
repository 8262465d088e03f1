"""The machine-readable account of a rehearsal. Scripts depend on its shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.tiers import Spread, TierTimes


def report(
    stack: str,
    ordering: str,
    outcomes: Sequence[Outcome],
    tiers: Sequence[TierTimes],
    *,
    failure: Spread | None = None,
) -> dict[str, Any]:
    """Return the account as JSON data.

    Args:
        stack: the stack's name.
        ordering: `tiers` or `edges`.
        outcomes: of every run, in order.
        tiers: the times of the tiers in the first `up`.
        failure: how far a failure spread in the first `up`; None if nothing failed.

    All times are simulated seconds from the start of their phase, computed (see
    `rehearsal.timetable`); those of `tiers` from that of the first `up`.
    """
    return {
        "stack": stack,
        "ordering": ordering,
        "operations": [
            {
                "phase": operation.phase,
                "urn": operation.urn,
                "type": operation.type,
                "name": operation.name,
                "op": operation.op,
                "began": operation.began,
                "ended": operation.ended,
                "start": operation.start,
                "end": operation.end,
                "result": operation.result,
                "error": operation.error,
            }
            for outcome in outcomes
            for operation in outcome.operations
        ],
        "makespan": {outcome.phase: outcome.makespan for outcome in outcomes},
        "tiers": [
            {
                "name": tier.name,
                "documented": list(tier.documented),
                "simulated": None if tier.simulated is None else list(tier.simulated),
                "waited_for": tier.waited_for,
            }
            for tier in tiers
        ],
        "failure": None
        if failure is None
        else {
            "failed": list(failure.failed),
            "held_back": list(failure.held_back),
            "unharmed": list(failure.unharmed),
        },
    }
