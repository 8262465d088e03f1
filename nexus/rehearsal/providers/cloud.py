"""Providers whose resources are no more than inputs and outputs; `aws` and `cloudflare` are such.

What those two answer stands in nexus/pulumi/clouds.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Mapping
from typing import cast

from pulumi.runtime.proto import provider_pb2 as rpc
from typing_extensions import override

from nexus.pulumi.clouds import CLOUDS
from nexus.pulumi.clouds.answer import AUTOMATIC_DIGITS, Account, Answer
from nexus.pulumi.replacement import immutable
from nexus.pulumi.urn import urn_of
from nexus.pulumi.wire import UNKNOWN, Properties, plain, table, text
from nexus.rehearsal.providers.base import (
    Existing,
    RefusedError,
    Requested,
    SimulatedProvider,
    difference,
)
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import Clock, times

_GUARDS = ("deletionProtection", "enableDeletionProtection")


class TabledProvider(SimulatedProvider):
    """Resources that exist only as inputs and computed outputs.

    Args:
        table_of: where its table of types stands, for who has to add one.
        computed: by type, the names of the outputs that only the provider knows.
    """

    def __init__(
        self,
        package: str,
        table_of: str,
        computed: Mapping[str, tuple[str, ...]],
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        super().__init__(package, clock, recorder)
        self._table_of = table_of
        self._computed = computed
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Properties] = {}

    @override
    def check(
        self, resource: Requested, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        if resource.type not in self._computed:
            raise RefusedError(
                f"The simulated {self.package} provider does not know the type {resource.type}; "
                f"add it to the table in {self._table_of}."
            )
        return resource.inputs, {}

    @override
    def diff(
        self, resource: Requested, old: Properties, old_inputs: Properties
    ) -> rpc.DiffResponse:
        new = table(plain(resource.inputs))
        before = table(plain(old_inputs))
        return difference(before, new, immutable(resource.type, before, new, {}))

    @override
    def preview(self, resource: Requested, old: Properties) -> Properties:
        known = {name: old.get(name, UNKNOWN) for name in self._computed[resource.type]}
        return {**resource.inputs, **known}

    @override
    def read(self, resource: Requested, old: Properties) -> tuple[Existing, Properties] | None:
        with self._lock:
            outputs = self._made.get((resource.urn, resource.id))
        if outputs is None:
            return None
        return Existing(id=resource.id, outputs=outputs), resource.inputs

    @override
    def delete(self, resource: Requested, old: Properties) -> None:
        self.spend(times(resource.type).delete)
        with self._lock:
            self._made.pop((resource.urn, resource.id), None)

    def _keep(self, made: Existing, resource: Requested) -> Existing:
        with self._lock:
            self._made[resource.urn, made.id] = made.outputs
        return made


class CloudProvider(TabledProvider):
    """Resources of a cloud: automatic names, ids that exist once, deletion protection."""

    def __init__(self, package: str, clock: Clock, recorder: Recorder) -> None:
        self._answers: Mapping[str, Answer] = CLOUDS[package]
        computed = {token: answer.computed for token, answer in self._answers.items()}
        super().__init__(package, "nexus/pulumi/clouds", computed, clock, recorder)
        self._account = Account()
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
        self._account = Account.of(table(plain(settings)))

    @override
    def check(
        self, resource: Requested, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        inputs, problems = super().check(resource, old, seed)
        answer = self._answers[resource.type]
        kept = text(old.get(answer.named)) if answer.named else ""
        if kept and answer.named is not None and answer.named not in inputs:
            return {**inputs, answer.named: kept}, problems
        suffix = hashlib.sha256(seed or secrets.token_bytes(8)).hexdigest()
        made = answer.with_name(inputs, resource.name, suffix)
        if answer.named is not None and len(str(made[answer.named])) > answer.longest:
            # In the words of the engine's own library for unique names.
            raise RefusedError(
                f"could not make instance of '{resource.type}': name '{resource.name}-' plus "
                f"{AUTOMATIC_DIGITS} random chars is longer than maximum length {answer.longest}"
            )
        return cast("Properties", made), problems

    @override
    def create(self, resource: Requested) -> Existing:
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
        self.spend(times(resource.type).create)
        return made

    @override
    def update(self, resource: Requested, old: Properties) -> Existing:
        self.spend(times(resource.type).update)
        with self._lock:
            key = self._keys[resource.type, resource.id]
        answered = self._answered(resource, key)
        return self._keep(Existing(id=resource.id, outputs=answered.outputs), resource)

    @override
    def delete(self, resource: Requested, old: Properties) -> None:
        inputs = table(plain(old))
        for guard in _GUARDS:
            if inputs.get(guard) is True:
                raise RefusedError(
                    f"deleting {resource.type} ({resource.id}): {guard} is on; switch it off first."
                )
        super().delete(resource, old)
        with self._lock:
            self._keys.pop((resource.type, resource.id), None)

    def _find_source(self, resource: Requested) -> None:
        """Refuse to make a copy of what is not there."""
        source = self._answers[resource.type].source(table(plain(resource.inputs)))
        if source is not None and source not in self.ids(resource.type):
            raise RefusedError(
                f"creating {resource.type}: there is no {source} to make it from; give the name "
                "of one that is there."
            )

    def _answered(self, resource: Requested, key: str) -> Existing:
        inputs = table(plain(resource.inputs))
        outputs = dict(self._answers[resource.type].made(self._account, key, inputs))
        own_id = str(outputs.pop("id"))
        return Existing(id=own_id, outputs={**resource.inputs, **cast("Properties", outputs)})
