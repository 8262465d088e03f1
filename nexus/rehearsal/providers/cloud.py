"""The simulated `aws` and `cloudflare` providers: what they answer is in the package simulation."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, cast

from typing_extensions import override

from nexus.pulumi.clouds.answer import AUTOMATIC_DIGITS, Answer, Place
from nexus.pulumi.clouds.clouds import CLOUDS, made_outputs, named, place_of
from nexus.pulumi.urn import urn_of
from nexus.pulumi.wire import Properties, Property, plain, table, text
from nexus.rehearsal.providers.answer import Made, RefusedError, Resource
from nexus.rehearsal.providers.tabled import Simulated, TabledProvider, times
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import Clock

_GUARDS = ("deletionProtection", "enableDeletionProtection")


class CloudProvider(TabledProvider):
    """Resources of a cloud: automatic names, ids that exist once, deletion protection.

    Args:
        package: `aws` or `cloudflare`.
        clock, recorder: how fast it goes, and the record of operations.
    """

    def __init__(self, package: str, clock: Clock, recorder: Recorder) -> None:
        self._answers: Mapping[str, Answer] = CLOUDS[package]
        types = {
            token: Simulated(
                compute=lambda _: {},
                computed=("id", *answer.computed),
                id="id",
            )
            for token, answer in self._answers.items()
        }
        super().__init__(package, types, clock, recorder)
        self._place = Place()
        self._keys: dict[tuple[str, str], str] = {}

    def ids(self, kind: str) -> frozenset[str]:
        """Ids of what is there of the type `kind`, such as `aws:rds/cluster:Cluster`."""
        with self._lock:
            return frozenset(own for type_, own in self._keys if type_ == kind)

    def made(self, kind: str) -> tuple[Properties, ...]:
        """Outputs of what is there of the type `kind`."""
        with self._lock:
            return tuple(
                outputs for (urn, _), outputs in self._made.items() if urn_of(urn).type == kind
            )

    @override
    def configure(self, settings: Properties) -> None:
        """Take the account and the region, for ARNs."""
        self._place = place_of(table(plain(settings)))

    @override
    def check(
        self, resource: Resource, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        inputs, problems = super().check(resource, old, seed)
        answer = self._answers[resource.type]
        kept = text(old.get(answer.named)) if answer.named else ""
        if kept and answer.named is not None and answer.named not in inputs:
            return {**inputs, answer.named: kept}, problems
        suffix = hashlib.sha256(seed or secrets.token_bytes(8)).hexdigest()
        made = named(answer, resource.name, suffix, inputs)
        if answer.named is not None and len(str(made[answer.named])) > answer.longest:
            # In the words of the engine's own library for unique names.
            raise RefusedError(
                f"could not make instance of '{resource.type}': name '{resource.name}-' plus "
                f"{AUTOMATIC_DIGITS} random chars is longer than maximum length {answer.longest}"
            )
        return _properties(made), problems

    @override
    def create(self, resource: Resource) -> Made:
        answer = self._answers[resource.type]
        key = f"{resource.urn} {secrets.token_hex(8)}"
        self._find_source(resource)
        made = self._answered(resource, key)
        with self._lock:
            if (resource.type, made.id) in self._keys and not answer.repeatable:
                raise RefusedError(
                    f"creating {resource.type} ({made.id}): {answer.taken.format(made.id)}"
                )
            self._keys[resource.type, made.id] = key
        self._keep(made, resource)
        # It is there from the first call on; the rest is waiting until it is ready.
        self.spend(times(resource).create)
        return made

    @override
    def update(self, resource: Resource, old: Properties) -> Made:
        self.spend(times(resource).update)
        with self._lock:
            key = self._keys[resource.type, resource.id]
        answered = self._answered(resource, key)
        return self._keep(Made(id=resource.id, outputs=answered.outputs), resource)

    @override
    def delete(self, resource: Resource, old: Properties) -> None:
        inputs = table(plain(old))
        for guard in _GUARDS:
            if inputs.get(guard) is True:
                raise RefusedError(
                    f"deleting {resource.type} ({resource.id}): {guard} is on; switch it off first."
                )
        super().delete(resource, old)
        with self._lock:
            self._keys.pop((resource.type, resource.id), None)

    def _find_source(self, resource: Resource) -> None:
        """Refuse to make a copy of what is not there."""
        source = self._answers[resource.type].source(table(plain(resource.inputs)))
        if source is not None and source not in self.ids(resource.type):
            raise RefusedError(
                f"creating {resource.type}: there is no {source} to make it from; give the name "
                "of one that is there."
            )

    def _answered(self, resource: Resource, key: str) -> Made:
        inputs = table(plain(resource.inputs))
        outputs = dict(made_outputs(self._answers[resource.type], self._place, key, inputs))
        resource_id = str(outputs.pop("id"))
        return Made(id=resource_id, outputs={**resource.inputs, **_properties(outputs)})


def _properties(values: Mapping[str, Any]) -> Properties:
    return {key: cast("Property", value) for key, value in values.items()}
