"""What a rehearsal showed, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from catalog.errors import counted
from nexus.rehearsal.jobs import JobTimes
from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.tiers import Spread, TierTimes

SIMULATED = (
    "Real: the Pulumi engine, the program, its resources and their order. Simulated: every "
    "provider, so nothing was created anywhere, and the seconds, which are computed from one table "
    "of times and the dependencies: they are the same on every machine, and no promise of any."
)
"""What must stand beside every result, so that nobody takes it for a deployment."""


_FIELDS = (
    *("phase", "urn", "type", "name", "op"),
    *("began", "ended", "start", "end", "result", "error"),
)
"""What scripts get of an operation."""


def report(
    stack: str,
    ordering: str,
    outcomes: Sequence[Outcome],
    tiers: Sequence[TierTimes],
    *,
    jobs: Sequence[JobTimes] = (),
    failure: Spread | None = None,
) -> dict[str, Any]:
    """Return the account as JSON data, on whose shape scripts depend.

    `tiers`, `jobs` and `failure` are those of the first `up`; of one that failed there are no
    `jobs`. All times are simulated seconds from the start of their phase.
    """
    return {
        "stack": stack,
        "ordering": ordering,
        "operations": [
            {field: getattr(each, field) for field in _FIELDS}
            for outcome in outcomes
            for each in outcome.operations
        ],
        "makespan": {outcome.phase: outcome.makespan for outcome in outcomes},
        "tiers": [
            {key: value for key, value in asdict(tier).items() if key != "workloads"}
            for tier in tiers
        ],
        "jobs": [asdict(job) for job in jobs],
        "failure": None if failure is None else asdict(failure),
    }


def tier_table(tiers: Sequence[TierTimes]) -> Table:
    """Return the table of tiers. Simulated times count from the first workload's start."""
    began = min((tier.simulated[0] for tier in tiers if tier.simulated), default=0.0)
    table = Table(title="Tiers", caption="simulated seconds, from the first workload's start")
    for heading in ("tier", "documented", "simulated", "workloads", "waited for"):
        table.add_column(heading, justify="right" if heading == "workloads" else "left")
    for tier in tiers:
        table.add_row(
            tier.name,
            _window(tier.documented),
            "-"
            if tier.simulated is None
            else _window((tier.simulated[0] - began, tier.simulated[1] - began)),
            str(tier.workloads),
            tier.waited_for or "-",
        )
    return table


def job_table(jobs: Sequence[JobTimes]) -> Table:
    """Return the table of migrations and tasks, in simulated seconds from the run's start."""
    table = Table(title="Migrations and tasks", caption="simulated seconds, from the run's start")
    for heading in ("job", "simulated", "after", "before"):
        table.add_column(heading)
    for job in jobs:
        after, before = (", ".join(names) or "-" for names in (job.after, job.before))
        table.add_row(job.name, _window(job.simulated), after, before)
    return table


def outcome_line(outcome: Outcome) -> Text:
    """Return one line about a run, and its errors if it failed."""
    counts = ", ".join(f"{count} {_WORDS.get(op, op)}" for op, count in outcome.counts.items())
    text = Text(
        f"{outcome.phase}: {counts or 'nothing to do'} in {outcome.makespan:.0f} simulated s"
    )
    if not outcome.succeeded:
        text.stylize("red")
        text.append(f"\n{outcome.error}")
    return text


def spread_text(failure: Spread) -> Text:
    """Return what failed, what that held back, and what came up all the same."""
    held_back = ", ".join(failure.held_back) or "nothing"
    return Text(
        f"Failed: {', '.join(failure.failed)}.\nHeld back: {held_back}.\n"
        f"Came up all the same: {counted(len(failure.unharmed), 'service')}."
    )


def stopped_text(failure: Spread) -> Text:
    """Return what a release that failed left as it was."""
    kept = ", ".join(failure.held_back) or "nothing"
    return Text(
        f"Failed: {', '.join(failure.failed)}.\nRuns on in the version before: {kept}.\n"
        f"As the release wants it: {counted(len(failure.unharmed), 'service')}."
    )


_WORDS = {
    "create": "created",
    "delete": "deleted",
    "replace": "replaced",
    "same": "unchanged",
    "update": "updated",
}


def _window(window: tuple[float, float]) -> str:
    return f"{window[0]:.0f}-{window[1]:.0f} s"
