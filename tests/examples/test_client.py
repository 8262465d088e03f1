"""The reference client, held against the document's circuit breaker as a state machine."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from examples.client.breaker import CircuitBreaker, Permit, State
from examples.client.caller import Caller, UnavailableError
from examples.client.contract import ContractError, Dependency, read_contract
from tests.patience import PATIENCE_SECONDS

FAILURES, SECONDS, SUCCESSES = 5, 30, 3
FAULTS = (TimeoutError, ConnectionError)


class BreakerMachine(RuleBasedStateMachine):
    """Attempts that begin and end in any order, against a model written from the document."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = CircuitBreaker(clock=lambda: self.now)
        self.state, self.since = "closed", 0.0
        self.in_a_row = 0
        self.running: list[tuple[Permit, int]] = []
        self.epoch = 0

    def turn(self, state: str) -> None:
        self.state, self.since, self.in_a_row = state, self.now, 0
        self.epoch += 1

    def age(self) -> None:
        if self.state == "open" and self.now >= self.since + SECONDS:
            self.turn("half-open")

    @property
    def probes(self) -> int:
        return sum(epoch == self.epoch for _, epoch in self.running)

    @rule()
    def begin(self) -> None:
        self.age()
        permit = self.breaker.acquire()
        allowed = self.state == "closed" or (self.state == "half-open" and not self.probes)
        assert (permit is not None) == allowed
        if permit is not None:
            self.running.append((permit, self.epoch))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), success=st.booleans())
    def end(self, data: st.DataObject, success: bool) -> None:
        self.age()
        self.finish(data.draw(st.integers(0, len(self.running) - 1)), success)

    def finish(self, index: int, success: bool) -> None:
        permit, epoch = self.running.pop(index)
        (permit.succeeded if success else permit.failed)()
        if epoch != self.epoch:
            return
        if not success and self.state == "half-open":
            self.turn("open")
            return
        wanted = self.state == "half-open"
        self.in_a_row = self.in_a_row + 1 if success == wanted else 0
        if self.in_a_row == (SUCCESSES if wanted else FAILURES):
            self.turn("closed" if wanted else "open")

    @rule(seconds=st.sampled_from((0.5, 10, 29.5, 30)))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(number=st.integers(4, 6), success=st.booleans())
    def many(self, number: int, success: bool) -> None:
        """Reaches the rare states: that many attempts, one after the other."""
        for _ in range(number):
            before = len(self.running)
            self.begin()
            if len(self.running) > before:
                self.finish(before, success)

    @invariant()
    def agrees(self) -> None:
        self.age()
        assert self.breaker.state.value == self.state


BreakerMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestBreaker = BreakerMachine.TestCase


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(_: float) -> str:
    raise ConnectionError("refused")


def contract(**changes: object) -> Dependency:
    values = {
        "name": "ai-service",
        "kind": "service",
        "endpoint": {"url": "http://ai-service"},
        "credentials": None,
        "fallback": "rules",
        "timeout_seconds": 2.0,
        "retries": 0,
        "retry_percent": 0,
        "open_after_failures": 5,
        "half_open_after_seconds": 30,
        "close_after_successes": 3,
    }
    return Dependency(**(values | changes))  # pyright: ignore[reportArgumentType]


def test_the_documents_numbers_one_by_one() -> None:
    """5 failures, 30 seconds, 3 successes: off by one is an outage longer or a storm sooner."""
    clock = Clock()
    caller = Caller(contract(), failures=FAULTS, clock=clock)
    for _ in range(4):
        with pytest.raises(UnavailableError):
            caller.call(fail)
    assert caller.breaker.state is State.CLOSED
    with pytest.raises(UnavailableError) as caught:
        caller.call(fail)
    assert caught.value.fallback == "rules"
    assert caller.breaker.state is State.OPEN
    clock.now = 29.9
    with pytest.raises(UnavailableError, match="breaker is open"):
        caller.call(lambda _: "never asked")
    clock.now = 30
    assert [caller.call(lambda _: "answer") for _ in range(2)] == ["answer"] * 2
    assert caller.breaker.state is State.HALF_OPEN
    assert caller.call(lambda _: "answer") == "answer"
    assert caller.breaker.state is State.CLOSED


def test_one_probe_at_a_time_among_threads() -> None:
    """A target that just came back is thrown down again by everybody asking at once."""
    clock = Clock()
    caller = Caller(contract(), failures=FAULTS, clock=clock)
    for _ in range(5):
        with pytest.raises(UnavailableError):
            caller.call(fail)
    clock.now = 30
    start, release = threading.Barrier(9), threading.Event()
    asked: list[int] = []
    refused: list[int] = []

    def work(number: int) -> None:
        def operation(_: float) -> None:
            asked.append(number)
            release.wait(PATIENCE_SECONDS)

        start.wait()
        try:
            caller.call(operation)
        except UnavailableError:
            refused.append(number)
            if len(refused) == 7:
                release.set()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert (len(asked), len(refused)) == (1, 7)


def test_retries_end_with_attempts_and_with_the_budget() -> None:
    """Without a budget, an outage gets the load times the number of attempts."""
    calls: list[float] = []

    def count(timeout: float) -> None:
        calls.append(timeout)
        raise TimeoutError

    caller = Caller(
        contract(retries=2, retry_percent=20, open_after_failures=100_000), failures=FAULTS
    )
    with pytest.raises(UnavailableError):
        caller.call(count)
    assert calls == [2.0] * 3
    for _ in range(1000):
        with pytest.raises(UnavailableError):
            caller.call(count)
    # 1001 calls, a fifth of them again, and the burst at the start.
    assert 1001 + 200 <= len(calls) <= 1001 + 200 + Caller.BURST + 1


def test_a_refusal_is_an_answer() -> None:
    """A bad request of one customer must not cut all customers off."""
    caller = Caller(contract(), failures=FAULTS)
    for _ in range(10):
        with pytest.raises(KeyError):
            caller.call(lambda _: {}["no such order"])
    assert caller.breaker.state is State.CLOSED


def test_a_call_that_is_broken_off_says_nothing() -> None:
    """Ctrl-C must neither close a breaker nor keep it half-open for ever."""
    clock = Clock()
    caller = Caller(contract(), failures=FAULTS, clock=clock)
    for _ in range(5):
        with pytest.raises(UnavailableError):
            caller.call(fail)
    clock.now = 30

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            caller.call(interrupted)
        assert caller.breaker.state is State.HALF_OPEN
    assert [caller.call(lambda _: "answer") for _ in range(3)] == ["answer"] * 3
    assert caller.breaker.state is State.CLOSED


def test_reads_the_file_that_is_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that misses a key falls back to numbers of its own."""
    entry = {
        "kind": "resource",
        "order": "startup",
        "criticality": "degradable",
        "fallback": "database",
        "endpoint": None,
        "credentials": "/var/run/secrets/nexus/redis",
        "timeout_ms": 1500,
        "retry": {"attempts": 1, "budget_percent": 10},
        "circuit_breaker": {
            "open_after_failures": 7,
            "half_open_after_seconds": 8,
            "close_after_successes": 9,
        },
    }
    file = tmp_path / "dependencies.json"
    file.write_text(json.dumps({"version": 1, "service": "a", "dependencies": {"redis": entry}}))
    monkeypatch.setenv("NEXUS_CONFIG", str(file))
    assert read_contract()["redis"] == contract(
        name="redis",
        kind="resource",
        endpoint=None,
        credentials=Path("/var/run/secrets/nexus/redis"),
        fallback="database",
        timeout_seconds=1.5,
        retries=1,
        retry_percent=10,
        open_after_failures=7,
        half_open_after_seconds=8,
        close_after_successes=9,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (json.dumps({"version": 2, "dependencies": {}}), "has version 2"),
        ("[]", "cannot be read"),
        ("{", "cannot be read"),
        (json.dumps({"version": 1, "dependencies": {"a": {}}}), "cannot be read"),
    ],
)
def test_refuses_what_it_does_not_know(tmp_path: Path, text: str, complaint: str) -> None:
    """Half of a contract is worse than none: the other half would be guessed."""
    file = tmp_path / "dependencies.json"
    file.write_text(text)
    with pytest.raises(ContractError, match=complaint):
        read_contract(file)


def test_says_when_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service started by hand has no file."""
    monkeypatch.delenv("NEXUS_CONFIG", raising=False)
    with pytest.raises(ContractError, match="NEXUS_CONFIG is not set"):
        read_contract()
