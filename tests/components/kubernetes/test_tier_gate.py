"""A tier's gate, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.tier_gate import TierGate, TierGateArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)


def made(handles: tuple[str, ...] = ("auth", "keys"), previous: str | None = "before") -> Recording:
    def build() -> TierGate:
        return TierGate(
            "core-gate",
            TierGateArgs(
                context=CONTEXT,
                namespace="nexus-system",
                tier="core",
                members=("auth", "keys"),
                handles=tuple(given(each) for each in handles),
                previous=None if previous is None else given(previous),
            ),
        )

    return record(build)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(TierGate, made())


@pytest.mark.parametrize(
    ("handles", "previous"),
    [
        (("auth", "keys"), "before"),
        # The first tier has none before it.
        (("auth",), None),
        # An empty tier must not break the chain.
        ((), "before"),
        ((), None),
    ],
)
def test_gate_waits_for_its_tier_and_for_the_gate_before(
    handles: tuple[str, ...], previous: str | None
) -> None:
    """A gate that opens early starts a tier on services that are not there."""
    gate = made(handles, previous)
    wanted = [*handles, *([] if previous is None else [previous])]
    assert gate.waits("ConfigMap") == {f"ConfigMap given-{each}" for each in wanted}
    assert gate.outputs["handle"] == "ConfigMap core-gate"


def test_gate_says_who_the_tier_is() -> None:
    """At night somebody looks which tier it was that did not get ready."""
    config: dict[str, Any] = dict(made().one("ConfigMap").inputs)
    assert config["data"] == {"tier": "core", "members": "auth\nkeys"}
    assert config["metadata"]["namespace"] == "nexus-system"
    assert config["metadata"]["labels"]["nexus-cos/tier"] == "core"
    # With a fixed name it is deleted first, and what depends on it goes too.
    assert "name" not in config["metadata"]
