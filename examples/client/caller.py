"""Calls one dependency as its contract says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from .breaker import CircuitBreaker, Permit
from .contract import Dependency

Answer = TypeVar("Answer")


class UnavailableError(Exception):
    """The dependency did not answer, or is not asked while its breaker is open.

    `fallback` is what its contract says to do instead; None if nothing stands in for it.
    """

    def __init__(self, dependency: Dependency, reason: str) -> None:
        super().__init__(f"{dependency.name} is unavailable: {reason}")
        self.fallback = dependency.fallback


class Caller:
    """Calls to one dependency; share it between threads.

    Args:
        dependency: its contract.
        failures: exceptions that are the dependency's fault; every client library has its
            own. Others, such as a refusal of this request, pass through and count as an answer.
        clock: seconds that never go back.
    """

    BURST = 10
    """Retries that are allowed before there were any calls to take percents of."""

    def __init__(
        self,
        dependency: Dependency,
        *,
        failures: tuple[type[Exception], ...],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dependency = dependency
        self.breaker = CircuitBreaker(
            open_after_failures=dependency.open_after_failures,
            half_open_after_seconds=dependency.half_open_after_seconds,
            close_after_successes=dependency.close_after_successes,
            clock=clock,
        )
        self._failures = failures
        self._lock = threading.Lock()
        # In percents of a call, so that it stays a whole number.
        self._budget = self.BURST * 100 if dependency.retry_percent else 0

    def call(self, operation: Callable[[float], Answer]) -> Answer:
        """The answer of `operation`, which gets the seconds that one attempt may take.

        Only operations that may run twice belong here, if the contract allows retries.

        Raises:
            UnavailableError: if no attempt was answered, or none was allowed.
        """
        self._earn()
        attempts = 0
        while True:
            permit = self.breaker.acquire()
            if permit is None:
                raise UnavailableError(self.dependency, "its circuit breaker is open")
            try:
                return self._attempt(permit, operation)
            except self._failures as error:
                attempts += 1
                if attempts > self.dependency.retries or not self._spend():
                    raise UnavailableError(self.dependency, repr(error)) from error

    def _attempt(self, permit: Permit, operation: Callable[[float], Answer]) -> Answer:
        try:
            answer = operation(self.dependency.timeout_seconds)
        except self._failures:
            permit.failed()
            raise
        except Exception:
            permit.succeeded()
            raise
        except BaseException:
            # Whoever ended this process learnt nothing about the dependency.
            permit.dropped()
            raise
        permit.succeeded()
        return answer

    def _earn(self) -> None:
        with self._lock:
            most = self.BURST * 100
            self._budget = min(most, self._budget + self.dependency.retry_percent)

    def _spend(self) -> bool:
        with self._lock:
            if self._budget < 100:
                return False
            self._budget -= 100
            return True
