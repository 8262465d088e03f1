"""What replaces parts of the SDK does what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import pulumi
import pytest
from pulumi.output import UNKNOWN
from pulumi.runtime import rpc
from pulumi_kubernetes.core.v1 import ProbeArgs

from nexus.plan import recorder
from nexus.plan.plan import Plan, make_plan
from nexus.sdk import lean_sdk
from tests.projects import DOCUMENTED, STACKS


@pytest.mark.xdist_group("clouds")
@pytest.mark.parametrize("stack", STACKS)
def test_the_same_is_registered(
    stack: str, plan: Plan, clouds: Mapping[str, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that the SDK itself would not make is of a deployment that nobody will see."""
    monkeypatch.setattr(recorder, "lean_sdk", nullcontext)
    assert make_plan(DOCUMENTED, stack) == {"dev": plan, **clouds}[stack]


def _list_in_itself() -> list[Any]:
    items: list[Any] = [1]
    items.append(items)
    return items


VALUES: Mapping[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "number": lambda: 1.5,
    "empty": dict[str, Any],
    "plain": lambda: {"a": [1, {"b": None}], "c": "text"},
    "tuple": lambda: ({"a": 1}, 2),
    "output": lambda: {"a": [pulumi.Output.from_input(1)]},
    "secret": lambda: {"a": pulumi.Output.secret("hidden")},
    "awaitable": lambda: [asyncio.sleep(0, "late")],
    "unknown": lambda: {"a": [UNKNOWN]},
    "arguments": lambda: {"probe": ProbeArgs(period_seconds=5)},
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_becomes_the_same_output(name: str) -> None:
    """What is taken for known, public or of no resource would be shown, or not be waited for."""

    async def told() -> list[Any]:
        made: Any = pulumi.Output.from_input(VALUES[name]())
        data = await made._data
        return [repr(data.value), data.is_known, data.is_secret, data.resources]

    def in_a_loop() -> list[Any]:
        return [part if name != "arguments" else str(part)[:60] for part in asyncio.run(told())]

    expected = in_a_loop()
    with lean_sdk():
        assert in_a_loop() == expected


def test_who_changes_a_value_later_does_not_change_its_output() -> None:
    """Arguments that several resources share are changed between them."""

    async def made() -> Any:
        value: dict[str, Any] = {"labels": {"app": "a"}, "list": [1]}
        output: Any = pulumi.Output.from_input(value)
        value["labels"]["app"] = "b"
        value["list"].append(2)
        return (await output._data).value

    with lean_sdk():
        assert asyncio.run(made()) == {"labels": {"app": "a"}, "list": [1]}


@pytest.mark.parametrize(
    "value", [UNKNOWN, [1, UNKNOWN], {"a": {"b": [UNKNOWN]}}, {"a": 1}, _list_in_itself()]
)
def test_unknowns_are_seen(value: Any) -> None:
    """A preview would go on with a value that there is not yet."""
    expected = rpc.contains_unknowns(value)
    with lean_sdk():
        assert rpc.contains_unknowns(value) == expected


def test_equal_types_are_unwrapped_apart() -> None:
    """Unions of the same types in another order are equal, and mean something else to the SDK."""
    types: Any = vars(rpc)["_types"]
    kinds: list[Any] = [ProbeArgs | dict[str, Any] | None, None | dict[str, Any] | ProbeArgs]
    kinds += [str | None, pulumi.Output[int], pulumi.Input[str]]
    expected = [types.unwrap_type(kind) for kind in kinds]
    assert kinds[0] == kinds[1]
    assert expected[0] != expected[1]
    with lean_sdk():
        assert [types.unwrap_type(kind) for kind in kinds] == expected
