"""What every component shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes.core.v1 import ConfigMap

from components.component import Component
from tests.components.recording import record


@dataclass(frozen=True, kw_only=True)
class PairArgs:
    name: str


class Base(Component[PairArgs]):
    handle: pulumi.Resource

    def _make(self, name: str, args: PairArgs) -> None:
        self.handle = ConfigMap(f"{name}-{args.name}", data={}, opts=self.child)


class Pair(Base):
    TOKEN = "nexus:test:Pair"

    ids: tuple[pulumi.Output[str], ...]
    handles: Mapping[str, pulumi.Resource]
    other: pulumi.Resource | None

    def _make(self, name: str, args: PairArgs) -> None:
        super()._make(name, args)
        self.ids = (self.handle.urn,)
        self.handles = {"first": self.handle}
        self.other = None
        self.hidden = "not annotated, so no output"


def test_outputs_are_registered_with_resources_as_urns(monkeypatch: pytest.MonkeyPatch) -> None:
    """An output that is not registered is missing from the state."""
    registered: dict[str, Any] = {}

    def keep(_: pulumi.ComponentResource, outputs: Mapping[str, Any]) -> None:
        registered.update(outputs)

    monkeypatch.setattr(Component, "register_outputs", keep)

    def build() -> Mapping[str, Any]:
        Pair("pair", PairArgs(name="one"))
        return registered

    one = "ConfigMap pair-one"
    assert record(build).outputs == {
        "handle": one,
        "ids": [one],
        "handles": {"first": one},
        "other": None,
    }


def test_children_are_below_the_component() -> None:
    """Elsewhere they lose the provider that the component was given."""
    made = record(lambda: Pair("pair", PairArgs(name="one")))
    [pair] = [each for each in made.registrations if not each.custom]
    assert (pair.type, pair.name) == ("nexus:test:Pair", "pair")
    assert made.one("ConfigMap", "pair-one").parent == pair.urn


def test_options_of_one_child_leave_the_next_ones_alone() -> None:
    """What one child ignores or waits for would hold for all that come after it."""

    class Careless(Component[PairArgs]):
        TOKEN = "nexus:test:Careless"

        def _make(self, name: str, args: PairArgs) -> None:
            options = self.child
            options.ignore_changes = ["data"]
            ConfigMap(f"{name}-first", data={}, opts=options)
            ConfigMap(f"{name}-second", data={}, opts=self.child)

    made = record(lambda: Careless("careless", PairArgs(name="one")))
    assert "ignoreChanges" in made.one("ConfigMap", "careless-first").options
    assert "ignoreChanges" not in made.one("ConfigMap", "careless-second").options
