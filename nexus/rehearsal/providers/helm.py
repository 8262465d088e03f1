"""Helm releases in the simulated cluster, beside its objects."""

from __future__ import annotations

from contextlib import suppress

from pulumi.runtime.proto import provider_pb2 as rpc
from typing_extensions import override

from nexus.pulumi.replacement import immutable
from nexus.pulumi.resource import HELM_RELEASE
from nexus.pulumi.wire import UNKNOWN, Properties, plain, table, text
from nexus.rehearsal.cluster import AlreadyExistsError, ApiError, NotFoundError, key_of
from nexus.rehearsal.providers.base import Existing, RefusedError, Requested, difference
from nexus.rehearsal.providers.kubernetes import KubernetesProvider
from nexus.rehearsal.timing import times


class HelmProvider(KubernetesProvider):
    """The simulated Kubernetes provider, with releases of Helm charts.

    A release is one thing with a name, in a namespace that is there or that it makes. What is in
    its chart is not simulated: the chart is not there.
    """

    @override
    def check(
        self, resource: Requested, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        if resource.type != HELM_RELEASE:
            return super().check(resource, old, seed)
        nameless = {"name": "is not given, and names of releases are not simulated"}
        return resource.inputs, nameless if resource.inputs.get("name") is None else {}

    @override
    def diff(
        self, resource: Requested, old: Properties, old_inputs: Properties
    ) -> rpc.DiffResponse:
        if resource.type != HELM_RELEASE:
            return super().diff(resource, old, old_inputs)
        before, new = table(plain(old_inputs)), table(plain(resource.inputs))
        fixed = immutable(HELM_RELEASE, before, new, {})
        return difference(before, new, fixed, delete_first=True)

    @override
    def preview(self, resource: Requested, old: Properties) -> Properties:
        if resource.type != HELM_RELEASE:
            return super().preview(resource, old)
        return {**resource.inputs, "status": UNKNOWN}

    @override
    def create(self, resource: Requested) -> Existing:
        if resource.type != HELM_RELEASE:
            return super().create(resource)
        inputs = table(plain(resource.inputs))
        if inputs.get("createNamespace") is True:
            # As Helm does: it belongs to no release and outlives all of them.
            with suppress(AlreadyExistsError):
                name = key_of(_manifest(inputs)).namespace
                self.cluster.create(
                    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
                )
        try:
            self.cluster.create(_manifest(inputs))
        except AlreadyExistsError:
            raise RefusedError("cannot re-use a name that is still in use") from None
        except ApiError as error:
            raise RefusedError(f"create: failed to create: {error}") from error
        return self._install(resource, revision=1, seconds=times(resource.type).create)

    @override
    def update(self, resource: Requested, old: Properties) -> Existing:
        if resource.type != HELM_RELEASE:
            return super().update(resource, old)
        revision = table(plain(old.get("status"))).get("revision")
        try:
            self.cluster.update(_manifest(table(plain(resource.inputs))))
        except NotFoundError as error:
            raise RefusedError(f"update: failed to update: {error}") from error
        return self._install(
            resource,
            revision=revision + 1 if isinstance(revision, int) else 1,
            seconds=times(resource.type).update,
        )

    @override
    def read(self, resource: Requested, old: Properties) -> tuple[Existing, Properties] | None:
        if resource.type != HELM_RELEASE:
            return super().read(resource, old)
        inputs = resource.inputs or {k: v for k, v in old.items() if k != "status"}
        try:
            self.cluster.get(key_of(_manifest(table(plain(inputs)))))
        except NotFoundError:
            return None
        return Existing(id=resource.id, outputs=old), inputs

    @override
    def delete(self, resource: Requested, old: Properties) -> None:
        if resource.type != HELM_RELEASE:
            super().delete(resource, old)
            return
        self.spend(times(resource.type).delete)
        self.cluster.delete(key_of(_manifest(table(plain(old)))))

    def _install(self, resource: Requested, *, revision: int, seconds: float) -> Existing:
        """Waits until all in the chart is ready; a first install that fails is taken away again."""
        inputs = table(plain(resource.inputs))
        key = key_of(_manifest(inputs))
        self.spend(seconds)
        if self.fail & {resource.name, key.name}:
            if revision == 1:
                self.cluster.delete(key)
            raise RefusedError(f"release {key.name} failed: context deadline exceeded")
        status: Properties = {
            "name": key.name,
            "namespace": key.namespace,
            "chart": text(inputs.get("chart")),
            "version": text(inputs.get("version")),
            "revision": revision,
            "status": "deployed",
        }
        return Existing(id=key.id, outputs={**resource.inputs, "status": status})


def _manifest(inputs: Properties) -> Properties:
    """The release as an object of the cluster."""
    metadata: Properties = {"name": inputs.get("name"), "namespace": inputs.get("namespace")}
    return {"apiVersion": "helm.sh/v3", "kind": "Release", "metadata": metadata}
