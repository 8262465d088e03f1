"""What Pulumi's SDK does for each resource, faster: for plans and rehearsals.

All that this project replaces in the SDK to save time is here. It belongs to the pinned version of
the SDK; tests/nexus/test_sdk.py holds what it records against the SDK as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any, cast
from unittest import mock

from pulumi import Output, output
from pulumi.runtime import known_types, resource, rpc
from pulumi.runtime.proto import source_pb2

_SCALARS = frozenset({str, int, float, bool, type(None)})

# What is private in the SDK has no types to rely on.
_Output: Any = Output
_Data: Any = vars(output)["_OutputData"]
_types: Any = vars(rpc)["_types"]


@contextmanager
def lean_sdk() -> Generator[None]:
    """The SDK registers the same with two thirds of the work while the block runs.

    It looks up no line of code for the engine, for which it walks the whole stack. A value without
    an output in it becomes one output at once, not one for each of its parts, and an output of a
    resource is one future, not four and a task.
    """
    with ExitStack() as replaced:
        for owner, name, new in (
            (resource, "_get_stack_trace", source_pb2.StackTrace),
            (rpc, "contains_unknowns", _contains_unknowns),
            (output, "contains_unknowns", _contains_unknowns),
            (rpc, "transfer_properties", _transfer_properties),
            (_types, "unwrap_type", _Unwrapped().of),
            (Output, "from_input", staticmethod(_from_input)),
        ):
            replaced.enter_context(mock.patch.object(owner, name, new))
        yield


def _contains_unknowns(value: Any) -> bool:
    """The SDK's, without a set and a function of its own for each text and number."""
    seen = set[int]()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if type(each) in _SCALARS:
            continue
        if known_types.is_unknown(each):
            return True
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, dict):
            # Objects of providers are dictionaries that may have a property called `values`.
            waiting.extend(dict.values(cast("dict[str, Any]", each)))
        elif isinstance(each, list):
            waiting.extend(cast("list[Any]", each))
    return False


class _Unwrapped:
    """The SDK's `unwrap_type`, asked once for each type object.

    Not by equality: unions of the same types in another order are equal, and are unwrapped
    differently.
    """

    _ask = staticmethod(_types.unwrap_type)

    def __init__(self) -> None:
        # With the type itself, so that no other gets its id.
        self._known: dict[int, tuple[Any, Any]] = {}

    def of(self, kind: Any) -> Any:
        found = self._known.get(id(kind))
        if found is None:
            found = self._known[id(kind)] = (kind, self._ask(kind))
        return found[1]


_output_of: Callable[[Any], Output[Any]] = Output.from_input


def _from_input(val: Any) -> Output[Any]:
    """The SDK's, at once for a value of lists, dictionaries, texts and numbers alone."""
    if not _is_plain(val):
        return _output_of(val)
    known: asyncio.Future[Any] = asyncio.Future()
    known.set_result(_Data(set(), _copy(val), is_known=True, is_secret=False))
    made = object.__new__(_Output)
    made._data = known
    return made


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(key) in _SCALARS and _is_plain(each) for key, each in value.items())
    if kind is list:
        return all(map(_is_plain, value))
    return kind in _SCALARS


def _copy(value: Any) -> Any:
    """As the SDK has it: who changes the original afterwards does not change the output."""
    kind = type(value)
    if kind is dict:
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if kind is list else value


def _transfer_properties(res: Any, props: Any, custom: bool) -> dict[str, Any]:
    """The SDK's: sets an output for each property; returns what resolves each."""
    own = {"urn", "id"} if custom else {"urn"}
    resolvers: dict[str, Any] = {}
    for name in props:
        if name not in own:
            resolver = _Resolver(res)
            res.__dict__[name] = _Output._from_data(resolver.data)
            resolvers[name] = resolver
    return resolvers


class _Resolver:
    """Gives an output its value, or the reason that there is none."""

    def __init__(self, res: Any) -> None:
        self._resource = res
        self.data: asyncio.Future[Any] = asyncio.Future()

    def __call__(
        self, value: Any, is_known: bool, is_secret: bool, deps: Any, failed: Exception | None
    ) -> None:
        if failed is not None:
            self.data.set_exception(failed)
            return
        resources = {*(deps or ()), self._resource}
        self.data.set_result(_Data(resources, value, is_known, is_secret))
