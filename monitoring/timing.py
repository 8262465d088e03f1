"""How often monitoring looks, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The durations of rules and routes, in seconds.

    Args:
        scale: by how much all of them are shortened; 1 except in trials.
        look: how often metrics are read and rules evaluated.
        window: what rates are taken over: four looks, so that one may fail.
        recovery: how long an outage still explains others after its end: the kubelet waits up
            to five minutes before it starts a container anew, which then needs its time.
        group_wait: how long a page waits for what belongs to it.
    """

    scale: float = 1
    look: float = 30
    window: float = 120
    recovery: float = 420
    group_wait: float = 30

    def __call__(self, seconds: float) -> str:
        """A duration in Prometheus' words."""
        milliseconds = round(seconds * 1000 / self.scale)
        return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"
