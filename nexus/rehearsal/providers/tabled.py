"""A provider whose resource types are a table of what they compute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from typing_extensions import override

from nexus.pulumi.replacement import immutable
from nexus.pulumi.wire import UNKNOWN, Properties, Secret, plain, table
from nexus.rehearsal.providers.answer import Difference, Made, RefusedError, Resource
from nexus.rehearsal.providers.base import SimulatedProvider
from nexus.rehearsal.providers.difference import changes
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import INSTANT, TIMES, Clock, Times


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """One resource type.

    Args:
        compute: from the inputs (secrets opened, defaults filled in) to the outputs
            that a real provider would choose.
        computed: the names of those outputs; they are unknown in a preview.
        id: the name of the output that is the id, or a fixed id.
        secret: names of outputs that are always secret.
        defaults: inputs that the provider fills in.
    """

    compute: Callable[[Properties], Properties]
    computed: tuple[str, ...]
    id: str
    secret: frozenset[str] = frozenset()
    defaults: Properties = field(default_factory=dict)


class TabledProvider(SimulatedProvider):
    """Resources that exist only as inputs and computed outputs.

    Args:
        package: the provider's name.
        types: what it simulates, by type token.
        clock, recorder: how fast it goes, and the record of operations.
    """

    def __init__(
        self, package: str, types: Mapping[str, Simulated], clock: Clock, recorder: Recorder
    ) -> None:
        super().__init__(package, clock, recorder)
        self._types = types
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Properties] = {}

    @override
    def check(
        self, resource: Resource, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        return {**self._type(resource).defaults, **resource.inputs}, {}

    @override
    def diff(self, resource: Resource, old: Properties, old_inputs: Properties) -> Difference:
        new = table(plain(resource.inputs))
        before = table(plain(old_inputs))
        return Difference(changes=changes(before, new, immutable(resource.type, before, new, {})))

    @override
    def preview(self, resource: Resource, old: Properties) -> Properties:
        known = {name: old.get(name, UNKNOWN) for name in self._type(resource).computed}
        return {**resource.inputs, **known}

    @override
    def create(self, resource: Resource) -> Made:
        simulated = self._type(resource)
        self.spend(times(resource).create)
        computed = simulated.compute(table(plain(resource.inputs)))
        resource_id = computed.get(simulated.id, simulated.id)
        hidden = {
            name: Secret(value) if name in simulated.secret else value
            for name, value in computed.items()
        }
        return self._keep(
            Made(id=str(resource_id), outputs={**resource.inputs, **hidden}), resource
        )

    @override
    def update(self, resource: Resource, old: Properties) -> Made:
        self.spend(times(resource).update)
        kept = {name: old[name] for name in self._type(resource).computed if name in old}
        return self._keep(Made(id=resource.id, outputs={**resource.inputs, **kept}), resource)

    @override
    def read(self, resource: Resource, old: Properties) -> tuple[Made, Properties] | None:
        with self._lock:
            outputs = self._made.get((resource.urn, resource.id))
        if outputs is None:
            return None
        return Made(id=resource.id, outputs=outputs), resource.inputs

    @override
    def delete(self, resource: Resource, old: Properties) -> None:
        self.spend(times(resource).delete)
        with self._lock:
            self._made.pop((resource.urn, resource.id), None)

    def _keep(self, made: Made, resource: Resource) -> Made:
        with self._lock:
            self._made[resource.urn, made.id] = made.outputs
        return made

    def _type(self, resource: Resource) -> Simulated:
        try:
            return self._types[resource.type]
        except KeyError:
            raise RefusedError(
                f"The simulated {self.package} provider does not know the type {resource.type}; "
                f"add it to the table in nexus/rehearsal/providers/{self.package}.py."
            ) from None


def times(resource: Resource) -> Times:
    """Simulated times of the resource's type."""
    return TIMES.get(resource.type, INSTANT)
