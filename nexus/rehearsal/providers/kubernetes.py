"""The simulated Kubernetes provider: naming, replacement and waiting as the real one does."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pulumi.runtime.proto import provider_pb2 as rpc
from typing_extensions import override

from nexus.pulumi.replacement import immutable
from nexus.pulumi.resource import AUTONAMED
from nexus.pulumi.wire import Properties, has_unknown, plain, table, text
from nexus.rehearsal.cluster import (
    AlreadyExistsError,
    ApiError,
    Cluster,
    InvalidError,
    NotFoundError,
    key_of,
)
from nexus.rehearsal.providers.base import (
    Existing,
    NotReadyError,
    RefusedError,
    Requested,
    SimulatedProvider,
    difference,
)
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.providers.manifest import (
    content_hidden,
    is_annotated,
    named,
    normal,
    outputs_of,
    shaped,
    with_defaults,
    with_secrets,
)
from nexus.rehearsal.providers.readiness import failure_of, is_awaited, obstacle, ready_status
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import FAILURE_SECONDS, CancelledError, Clock, times

REPLACE_UNREADY = "pulumi.com/replaceUnready"

_STILL_SECONDS = 20.0
"""Real seconds without any change in the cluster after which nothing is expected any more."""

_YES = ("true", True)
"""Settings of a provider travel as JSON text."""

_HTTPS = 443
_EKS = "aws:eks/cluster:Cluster"
_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def _named_by_id(resource: Requested) -> Properties:
    """The object that a program asks for by its id alone."""
    _, version, kind = resource.type.split(":")
    namespace, _, name = resource.id.rpartition("/")
    metadata: Properties = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version.removeprefix("core/"), "kind": kind, "metadata": metadata}


class KubernetesProvider(SimulatedProvider):
    """Kubernetes objects in a simulated cluster, of EKS or another.

    An API of EKS answers outside of its network where that is switched on, and inside of it
    whom its security group lets in; every other cluster answers. Its nodes are members of that
    group, whoever deploys is not.

    Clusters of EKS are made in `aws`. Between runs may be changed: `cluster`; `fail`, the Pulumi or
    object names of workloads that never get ready; `durations`, the simulated seconds until others
    are, by Pulumi name, where the table of times is not to hold; and `inside`, whether whoever
    deploys is inside of the network.
    """

    def __init__(
        self,
        cluster: Cluster,
        clock: Clock,
        recorder: Recorder,
        aws: CloudProvider | None = None,
    ) -> None:
        super().__init__("kubernetes", clock, recorder)
        self.cluster = cluster
        self.fail: frozenset[str] = frozenset()
        self.inside = True
        self._aws = aws
        self.durations: Mapping[str, float] = {}
        self._settings: Properties = {}

    @override
    def configure(self, settings: Properties) -> None:
        """Take the settings that change what is replaced, and the default namespace."""
        self._settings = table(plain(settings))

    @override
    def reach(self) -> None:
        """Refuse what the API server never hears of."""
        server = _server(text(self._settings.get("kubeconfig")))
        clusters = () if self._aws is None else self._aws.made(_EKS)
        eks = next((each for each in clusters if text(each.get("endpoint")) == server), None)
        if self._aws is None or eks is None:
            return
        network = table(plain(eks.get("vpcConfig")))
        group = text(network.get("clusterSecurityGroupId"))
        admitted = any(_admits(rule, group) for rule in self._aws.made(_INGRESS))
        if network.get("endpointPublicAccess") is not True and not (self.inside and admitted):
            raise RefusedError(
                "configured Kubernetes cluster is unreachable: unable to load schema information "
                f'from the API server: Get "{server}/openapi/v2?timeout=32s": i/o timeout'
            )

    @override
    def check(
        self, resource: Requested, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        inputs = named(resource.inputs, old, resource.name, seed)
        return content_hidden(inputs), {}

    @override
    def diff(
        self, resource: Requested, old: Properties, old_inputs: Properties
    ) -> rpc.DiffResponse:
        new = normal(resource.inputs)
        before = table(shaped(table(plain(old)), normal(old_inputs)))
        live_name = table(table(plain(old)).get("metadata")).get("name")
        metadata = table(new.get("metadata"))
        unready = is_annotated(new, REPLACE_UNREADY) and self._is_unready(new)
        return difference(
            before,
            new,
            immutable(resource.type, before, new, self._settings),
            replaces=(f'metadata.annotations["{REPLACE_UNREADY}"]',) if unready else (),
            delete_first=not is_annotated(new, AUTONAMED)
            and metadata.get("name") == live_name
            and key_of(before).namespace == key_of(new).namespace,
        )

    @override
    def preview(self, resource: Requested, old: Properties) -> Properties:
        if has_unknown(resource.inputs):
            return resource.inputs
        manifest = with_defaults(table(plain(resource.inputs)))
        if old:
            return outputs_of(resource.inputs, self._changed(resource, manifest, dry_run=True))
        try:
            self.cluster.try_create(manifest)
        except InvalidError as error:
            raise _not_created(resource, error) from error
        except NotFoundError:
            pass  # Its namespace may be made in the same run.
        return outputs_of(resource.inputs, manifest)

    @override
    def create(self, resource: Requested) -> Existing:
        manifest = with_defaults(table(plain(resource.inputs)))
        try:
            live = self._created(manifest)
        except ApiError as error:
            raise _not_created(resource, error) from error
        return self._await(resource, live, times(resource.type).create)

    @override
    def update(self, resource: Requested, old: Properties) -> Existing:
        live = self._changed(resource, with_defaults(table(plain(resource.inputs))), dry_run=False)
        return self._await(resource, live, times(resource.type).update)

    @override
    def read(self, resource: Requested, old: Properties) -> tuple[Existing, Properties] | None:
        known = resource.inputs or table(plain(old))
        if "metadata" not in known:
            known = _named_by_id(resource)
        try:
            live = self.cluster.get(key_of(table(plain(known))))
        except NotFoundError:
            return None
        inputs = table(shaped(live, normal(known))) if resource.inputs else live
        outputs = outputs_of(resource.inputs, live)
        return Existing(id=resource.id, outputs=outputs), table(
            with_secrets(resource.inputs, inputs)
        )

    @override
    def delete(self, resource: Requested, old: Properties) -> None:
        self.spend(times(resource.type).delete)
        self.cluster.delete(key_of(table(plain(old))))

    def _created(self, manifest: Properties) -> Properties:
        """Make the object, or take over what has its name where the provider's setting says so."""
        try:
            return self.cluster.create(manifest)
        except AlreadyExistsError:
            if self._settings.get("upsertExistingObjects") not in _YES:
                raise
            return self.cluster.update(manifest)

    def _changed(self, resource: Requested, manifest: Properties, *, dry_run: bool) -> Properties:
        change = self.cluster.try_update if dry_run else self.cluster.update
        try:
            return change(manifest)
        except NotFoundError as error:
            raise RefusedError(f'update of resource "{resource.urn}" failed: {error}') from error
        except InvalidError as error:
            # The object is there, so the provider takes it for one that does not get ready.
            key = key_of(manifest)
            outputs = outputs_of(resource.inputs, self.cluster.get(key))
            raise NotReadyError(
                Existing(id=key.id, outputs=outputs),
                f'the Kubernetes API server reported that "{key.id}" failed to fully initialize '
                f"or become live: {error}",
            ) from error

    def _await(self, resource: Requested, live: Properties, seconds: float) -> Existing:
        """Wait until the object is ready, as the real provider does, unless told not to."""
        key = key_of(live)
        if seconds > 0 and is_awaited(live):
            self.spend(self.durations.get(resource.name, seconds))
            problem = self._lasting_obstacle(resource, live)
            if problem:
                raise NotReadyError(
                    Existing(id=key.id, outputs=outputs_of(resource.inputs, live)),
                    f'resource "{resource.urn}" was successfully created, but the Kubernetes '
                    f"API server reported that it failed to fully initialize or become live: "
                    f"{problem}",
                )
        status = ready_status(live)
        live = self.cluster.report(key, status) if status else live
        return Existing(id=key.id, outputs=outputs_of(resource.inputs, live))

    def _lasting_obstacle(self, resource: Requested, live: Properties) -> str | None:
        """Return what keeps the object from getting ready for too long, or None.

        What another operation is about to make is waited for, as long as anything in the
        cluster changes; that takes no simulated time.
        """
        patience = min(FAILURE_SECONDS, resource.timeout or FAILURE_SECONDS)
        name = key_of(live).name
        if self.fail & {resource.name, name}:
            self.spend(patience)
            return failure_of(live)
        changes = self.cluster.changes
        while problem := obstacle(self.cluster, live):
            if self.clock.cancelled:
                raise CancelledError
            seen, changes = changes, self.cluster.wait_for_change(changes, _STILL_SECONDS)
            if changes == seen:
                self.spend(patience)
                return problem
        return None

    def _is_unready(self, job: Properties) -> bool:
        try:
            live = self.cluster.get(key_of(job))
        except NotFoundError:
            return False
        return table(live.get("status")).get("succeeded") is None


def _not_created(resource: Requested, error: ApiError) -> RefusedError:
    return RefusedError(
        f'resource "{resource.urn}" was not successfully created by the Kubernetes API server: '
        f"{error}"
    )


def _admits(rule: Properties, group: str) -> bool:
    """Whether a rule lets anybody reach HTTPS behind a security group."""
    values = table(plain(rule))
    return values.get("securityGroupId") == group and values.get("fromPort") == _HTTPS


def _server(kubeconfig: str) -> str:
    """Address of the API of the only cluster in a kubeconfig in JSON; "" without one."""
    try:
        clusters = json.loads(kubeconfig or "{}").get("clusters") or [{}]
    except ValueError:
        return ""
    return str(clusters[0].get("cluster", {}).get("server", ""))
