"""A circuit breaker that threads can share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum


class State(Enum):
    """Where a circuit breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Permit:
    """Permission for one attempt; say exactly once how it ended, or the breaker waits for ever."""

    def __init__(self, breaker: CircuitBreaker, generation: int) -> None:
        self._breaker, self._generation = breaker, generation

    def succeeded(self) -> None:
        """The target answered."""
        self._breaker.note(self._generation, success=True)

    def failed(self) -> None:
        """The target failed, or did not answer in time."""
        self._breaker.note(self._generation, success=False)

    def dropped(self) -> None:
        """The attempt ended without a word about the target."""
        self._breaker.release(self._generation)


class CircuitBreaker:
    """Opens after consecutive failures, half-opens after a time, closes after successes.

    Args:
        open_after_failures: consecutive failures after which it opens.
        half_open_after_seconds: how long it stays open, in seconds.
        close_after_successes: successes in a row, one attempt at a time, after which it closes.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        *,
        open_after_failures: int = 5,
        half_open_after_seconds: float = 30,
        close_after_successes: int = 3,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = open_after_failures, close_after_successes
        self._wait, self._clock = half_open_after_seconds, clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._failures = self._successes = 0
        self._opened_at = 0.0
        self._probing = False
        # Counts changes of state: an attempt that began before one says nothing about now.
        self._generation = 0

    @property
    def state(self) -> State:
        """Its state at this moment."""
        with self._lock:
            self._age()
            return self._state

    def acquire(self) -> Permit | None:
        """Permission for one attempt, or None: fail at once, or fall back."""
        with self._lock:
            self._age()
            if self._state is State.OPEN or (self._state is State.HALF_OPEN and self._probing):
                return None
            self._probing = self._state is State.HALF_OPEN
            return Permit(self, self._generation)

    def note(self, generation: int, *, success: bool) -> None:
        """How an attempt ended; permits call this."""
        with self._lock:
            self._age()
            if generation != self._generation:
                return
            if self._state is State.CLOSED:
                self._failures = 0 if success else self._failures + 1
                if self._failures >= self._limits[0]:
                    self._open()
            else:
                self._probing = False
                self._successes += 1
                if not success:
                    self._open()
                elif self._successes >= self._limits[1]:
                    self._turn(State.CLOSED)

    def release(self, generation: int) -> None:
        """An attempt was given up, so another one may ask in its place; permits call this."""
        with self._lock:
            if generation == self._generation:
                self._probing = False

    def _age(self) -> None:
        if self._state is State.OPEN and self._clock() - self._opened_at >= self._wait:
            self._turn(State.HALF_OPEN)

    def _open(self) -> None:
        self._turn(State.OPEN)
        self._opened_at = self._clock()

    def _turn(self, state: State) -> None:
        self._state = state
        self._generation += 1
        self._failures = self._successes = 0
        self._probing = False
