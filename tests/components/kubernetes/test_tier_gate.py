"""A tier's gate, made alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from components.kubernetes import tier_gate
from components.kubernetes.tier_gate import TierGate, TierGateArgs, open_gates
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


def answering(monkeypatch: pytest.MonkeyPatch, failures: list[str]) -> list[float]:
    """Makes the engine fail with each of `failures` before it answers; what is waited meanwhile."""
    waited: list[float] = []
    config_map = "kubernetes:core/v1:ConfigMap"
    gate = f"urn:pulumi:dev::nexus::nexus:services:TierGate${config_map}::core-ready"
    other = f"urn:pulumi:dev::nexus::{config_map}::other-ready"

    def invoke(_: str, __: dict[str, str]) -> SimpleNamespace:
        if failures:
            raise Exception(failures.pop(0))
        return SimpleNamespace(value={"outputs": {gate: {}, other: {}}})

    monkeypatch.setattr(tier_gate, "invoke", invoke)
    monkeypatch.setattr(tier_gate.time, "sleep", waited.append)
    for name in ("get_organization", "get_project", "get_stack"):
        monkeypatch.setattr(tier_gate.pulumi, name, lambda: "dev")
    return waited


BEING_WRITTEN = "invocation of it returned an error: failed to load checkpoint: EOF"


@pytest.mark.parametrize("failures", [0, 1, 19])
def test_state_that_is_being_written_is_read_again(
    monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """The engine's first write of a run and this read meet now and then, and the run ended."""
    waited = answering(monkeypatch, [BEING_WRITTEN] * failures)
    assert open_gates() == {"core"}
    assert len(waited) == failures


@pytest.mark.parametrize(("failure", "reads"), [(BEING_WRITTEN, 20), ("permission denied", 1)])
def test_state_that_cannot_be_read_is_an_error(
    monkeypatch: pytest.MonkeyPatch, failure: str, reads: int
) -> None:
    """Taken for a first start, a running stack would wait for its gates."""
    waited = answering(monkeypatch, [failure] * 20)
    with pytest.raises(Exception, match=failure):
        open_gates()
    assert len(waited) == reads - 1
