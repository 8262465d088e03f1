"""What people see of a rehearsal: a few lines, a table, and that it was none of it real."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from nexus.rehearsal.live import Progress
from nexus.rehearsal.outcome import Outcome, clear_text
from nexus.rehearsal.record import Operation, Recorder, Step
from nexus.rehearsal.report import SIMULATED, outcome_line, report, tier_table
from nexus.rehearsal.tiers import Tiers, tier_times
from nexus.rehearsal.timing import Clock

TIERS = Tiers(
    windows={"core": (30, 60), "front": (120, 150)},
    members={"auth": "core", "keys": "core", "web": "front"},
)


def _urn(name: str, kind: str = "kubernetes:apps/v1:Deployment") -> str:
    return f"urn:pulumi:dev::shop::nexus:services:Workload${kind}::{name}"


def _operation(
    name: str,
    start: float,
    end: float,
    *,
    op: str = "create",
    kind: str = "kubernetes:apps/v1:Deployment",
) -> Operation:
    return Operation(
        phase="up",
        urn=_urn(name, kind),
        op=op,
        seconds=end - start,
        start=start,
        end=end,
        result="succeeded",
    )


def _shown(*, terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    progress = Progress(TIERS, console)
    with progress.phase("Starting everything"):
        for name, start, end in (("auth", 1, 6), ("keys", 1, 7), ("web", 8, 13)):
            progress.hear(replace(_operation(name, start, end), result=""))
            progress.hear(_operation(name, start, end))
        for number in range(500):
            progress.hear(_operation(f"c{number}", 0, 0, kind="kubernetes:core/v1:ConfigMap"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_log_has_a_line_for_each_tier_not_for_each_resource() -> None:
    """Seven hundred lines in a CI log hide the one that matters."""
    lines = _shown(terminal=False).splitlines()
    assert lines == [
        "Starting everything …",
        "  core: 2 ready",
        "  front: 1 ready",
    ]


def test_terminal_shows_every_tier() -> None:
    """A screen that stands still for a minute gets interrupted."""
    shown = _shown(terminal=True)
    for words in ("Starting everything", "core", "2/2", "front", "1/1", "503 operations"):
        assert words in shown


def test_tier_table_counts_from_the_first_workload() -> None:
    """The documented windows count from there; a slow preparation would spoil the comparison."""
    operations = [
        _operation("auth", 12.0, 17.0),
        _operation("keys", 12.0, 18.0),
        _operation("web", 18.2, 23.0),
        _operation("gate", 18.1, 18.1, kind="kubernetes:core/v1:ConfigMap"),
        _operation("auth", 1.0, 1.0, kind="kubernetes:core/v1:Service"),
    ]
    gate = _urn("gate", "kubernetes:core/v1:ConfigMap")
    needs = {_urn("web"): (gate,), gate: (_urn("auth"), _urn("keys"))}
    times = tier_times(TIERS, operations, needs)
    assert [(each.simulated, each.waited_for) for each in times] == [
        ((12.0, 18.0), None),
        ((18.2, 23.0), "keys"),
    ]
    console = Console(file=io.StringIO(), width=100)
    console.print(tier_table(times))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "30-60 s" in text
    assert "0-6 s" in text
    assert "6-11 s" in text
    assert "keys" in text


def test_tier_without_workloads_has_no_times() -> None:
    """A second run starts nothing; its table must not show the first run's times."""
    [core, front] = tier_times(TIERS, [_operation("auth", 0, 0, op="same")], {})
    assert core.simulated is None
    assert front.simulated is None
    account = report("dev", "edges", (), (core,))
    assert account["tiers"][0]["simulated"] is None
    console = Console(file=io.StringIO())
    console.print(tier_table((core, front)))


def test_failed_run_says_what_failed() -> None:
    """'update failed' alone sends people into the engine's logs."""
    outcome = Outcome(
        phase="up",
        succeeded=False,
        operations=(),
        counts={"create": 3},
        makespan=12.4,
        errors=("auth did not get ready", "web neither"),
    )
    assert outcome_line(outcome).plain == (
        "up: 3 created in 12 simulated s\nauth did not get ready\nweb neither"
    )
    assert "nothing was created anywhere" in SIMULATED


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("<{%reset%}>no such key<{%reset%}>\n", "no such key"),
        ("python inline source runtime error: x\nTraceback (most recent call last):\n  y", "x"),
        ("1 error occurred:\n\t* it broke\n\n", "it broke"),
        ("2 errors occurred:\n\t* this\n\t* that", "this that"),
    ],
)
def test_messages_are_cleared(message: str, text: str) -> None:
    """Color marks and list decoration make an error unreadable in a log."""
    assert clear_text(message) == text


def test_replacement_is_told_from_creation() -> None:
    """A record that calls a replacement a creation hides that something was lost."""
    recorder = Recorder()
    recorder.begin("up")
    with recorder.running(_urn("auth"), "create"):
        pass
    steps = [Step(_urn("auth"), "create-replacement"), Step(_urn("web"), "same")]
    done = {each.name: each.op for each in recorder.complete(steps)}
    assert done == {"auth": "replace", "web": "same"}


def test_time_scale_must_be_positive() -> None:
    """A scale of nought would wait for ever."""
    with pytest.raises(ValueError, match="give a number above 0"):
        Clock(0)
