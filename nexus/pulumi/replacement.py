"""Whether a change of properties replaces the object: one answer for plans and for rehearsals.

AWS and Cloudflare: `replacement.json`, which tools/replacement.py makes from what the running
providers say of themselves, and beside it what their code decides from case to case. Kubernetes:
the paths of pulumi-kubernetes 4 (diff.go). A plan knows no provider, so what follows from this
for a plan is called 'possibly replaced'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from nexus.pulumi.resource import HELM_RELEASE, KUBERNETES

Inputs = Mapping[str, Any]

_CONTAINER = """
args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources
securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty
volumeDevices volumeMounts workingDir
"""

_POD = """
affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC
hostNetwork hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy
priority priorityClassName readinessGates restartPolicy runtimeClassName schedulerName
securityContext serviceAccount serviceAccountName shareProcessNamespace subdomain
terminationGracePeriodSeconds volumes
"""

_VOLUME = """
awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker
gcePersistentDisk glusterfs hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte
rbd scaleIO storageos vsphereVolume
"""


def _spec(fields: str, below: str = "spec") -> tuple[str, ...]:
    return tuple(f"{below}.{field}" for field in fields.split())


_KUBERNETES_IDENTITY = ("metadata.name", "metadata.namespace")
"""Of every Kubernetes object."""

_KUBERNETES_PATHS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): _spec("selector"),
    ("apps", "Deployment"): _spec("selector"),
    ("apps", "StatefulSet"): _spec(
        "podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates"
    ),
    ("batch", "Job"): _spec("completions parallelism selector template"),
    ("", "PersistentVolume"): _spec(_VOLUME),
    ("", "PersistentVolumeClaim"): _spec("accessModes selector storageClassName volumeName"),
    ("", "Pod"): _spec(_POD)
    + _spec(_CONTAINER, below="spec.containers[]")
    + _spec(_CONTAINER, below="spec.initContainers[]"),
    ("", "ResourceQuota"): _spec("scopes"),
    ("", "Service"): _spec("clusterIP"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}
"""By API group and kind; `[]` stands for any element of a list."""

KUBERNETES_REFUSED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("networking.k8s.io", "IngressClass"): ("spec.controller",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("storage.k8s.io", "StorageClass"): ("reclaimPolicy", "volumeBindingMode"),
}
"""What the API server refuses to change although the provider replaces nothing for it, so that
preview and update fail. Source: the `Validate…Update` functions of Kubernetes 1.36, pkg/apis."""

_KUBERNETES_CONTENT: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": ("binaryData", "data"),
    "Secret": ("type", "stringData", "data"),
}
"""By kind, in the core group: what replaces the object unless the provider is told that
content is mutable (`enableConfigMapMutable`, `enableSecretMutable`)."""

_MUTABLE_CONTENT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ConfigMap": ("enableConfigMapMutable", ()),
    "Secret": ("enableSecretMutable", ("type",)),
}
"""By kind: the provider's setting, and what is immutable all the same."""

_RELEASE = ("name", "namespace")
"""Of a Helm release: what it is installed as (pulumi-kubernetes, helm_release.go)."""

_PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "pulumi:providers:kubernetes": ("context", "cluster", "kubeconfig"),
    "pulumi:providers:aws": ("region",),
}
"""Settings of providers that lead elsewhere, by Pulumi type."""


@dataclass(frozen=True, kw_only=True)
class Conditional:
    """A property whose change makes a new resource in some cases.

    Args:
        when: from the inputs as they were and as they are wanted to whether it does.
        source: where the provider for Terraform decides it.
    """

    path: str
    when: Callable[[Inputs, Inputs], bool]
    source: str


def _falls(name: str) -> Callable[[Inputs, Inputs], bool]:
    """Whether a version becomes a lower one."""

    def version(inputs: Inputs) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", str(inputs.get(name)))]

    return lambda old, new: version(new) < version(old)


CONDITIONAL: Mapping[str, tuple[Conditional, ...]] = {
    "aws:eks/cluster:Cluster": (
        Conditional(
            path="encryptionConfig",
            when=lambda old, new: "encryptionConfig" in old and "encryptionConfig" not in new,
            source="internal/service/eks/cluster.go, CustomizeDiff",
        ),
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        Conditional(
            path="engine",
            when=lambda _, new: new.get("engine") == "redis",
            source="internal/service/elasticache/diff.go, customizeDiffEngineForceNewOnDowngrade",
        ),
        Conditional(
            path="engineVersion",
            when=_falls("engineVersion"),
            source="internal/service/elasticache/diff.go, engineVersionForceNewOnDowngrade",
        ),
    ),
    "aws:rds/cluster:Cluster": (
        Conditional(
            path="storageType",
            when=lambda _, new: not str(new.get("engine")).startswith("aurora"),
            source="internal/service/rds/cluster.go, CustomizeDiff",
        ),
    ),
}
"""Of single types of AWS, by Pulumi type: what `CustomizeDiff` decides in hashicorp/aws 6."""

_EVERY_AWS_TYPE = "region"
"""Of every regional type (internal/provider/sdkv2, forceNewIfRegionChanges); no other has it."""

ALWAYS = ("random:",)
"""Starts of types that hold a value once made: any change of an input makes a new one."""


@cache
def cloud_paths() -> Mapping[str, tuple[str, ...]]:
    """The paths of `replacement.json` by Pulumi type."""
    text = (files("nexus.pulumi") / "replacement.json").read_text("utf-8")
    return {
        token: tuple(paths)
        for provider in json.loads(text).values()
        for token, paths in provider["types"].items()
    }


@dataclass(frozen=True, kw_only=True)
class Immutable:
    """What of one object cannot be changed in place.

    Args:
        paths: such as `spec.selector`; `[]` in them stands for any element of a list, and `*`
            alone for every property.
        gone_holds_all: whether the provider takes a value that goes for one that holds every
            path below it. That of Kubernetes looks for its paths in a merge patch, in which
            what goes is null; the others compare the old value.
    """

    paths: tuple[str, ...]
    gone_holds_all: bool = False

    def replaces(self, steps: Sequence[str | int], old: object, new: object) -> bool:
        """Whether a change makes a new object: at or below a path, or of a value that holds one.

        Args:
            steps: keys and positions down to what changed.
            old: what was there; None for nothing.
            new: what is wanted there; None for nothing, and what is neither text, number, list
                nor mapping for a value that nobody knows yet, which may hold every path.
        """
        place = tuple("[]" if isinstance(step, int) else step for step in steps)
        values = (new,) if self.gone_holds_all else (old, new)
        known = [each for each in values if each is not None or self.gone_holds_all]
        return any(
            path == ("*",)
            or place[: len(path)] == path
            or (
                path[: len(place)] == place
                and any(_holds(value, path[len(place) :]) for value in known)
            )
            for path in map(tuple, map(_split, self.paths))
        )


def immutable(type_: str, old: Inputs, new: Inputs, settings: Inputs) -> Immutable:
    """What of an object cannot be changed in place; `settings` are its provider's inputs."""
    if type_.startswith(ALWAYS):
        return Immutable(paths=("*",))
    if type_.startswith(KUBERNETES):
        return Immutable(paths=tuple(_kubernetes(type_, new, settings)), gone_holds_all=True)
    return Immutable(
        paths=(
            *_PROVIDERS.get(type_, ()),
            *cloud_paths().get(type_, ()),
            *(each.path for each in CONDITIONAL.get(type_, ()) if each.when(old, new)),
            *((_EVERY_AWS_TYPE,) if type_.startswith("aws:") else ()),
        )
    )


def refused(type_: str) -> Immutable:
    """What of a Kubernetes object the API server refuses to change, though nothing replaces it."""
    return Immutable(paths=KUBERNETES_REFUSED.get(_group_kind(type_), ()))


def _kubernetes(type_: str, new: Inputs, settings: Inputs) -> tuple[str, ...]:
    if type_ == HELM_RELEASE:
        return _RELEASE
    group, kind = _group_kind(type_)
    if group == "" and kind in _MUTABLE_CONTENT:
        setting, all_the_same = _MUTABLE_CONTENT[kind]
        mutable = settings.get(setting) in (True, "true") and new.get("immutable") is not True
        return _KUBERNETES_IDENTITY + (all_the_same if mutable else _KUBERNETES_CONTENT[kind])
    return _KUBERNETES_IDENTITY + _KUBERNETES_PATHS.get((group, kind), ())


def _group_kind(type_: str) -> tuple[str, str]:
    """API group and kind of a Kubernetes object; of anything else what no table has."""
    package, _, kind = type_.rpartition(":")
    group = package.removeprefix(KUBERNETES).rpartition("/")[0]
    return "" if group == "core" else group, kind


def _holds(value: object, path: Sequence[str]) -> bool:
    if not path:
        return True
    if isinstance(value, list):
        return path[0] == "[]" and any(_holds(item, path[1:]) for item in value)
    if isinstance(value, dict):
        return path[0] in value and _holds(value[path[0]], path[1:])
    return not isinstance(value, str | int | float)


def _split(path: str) -> Iterator[str]:
    for part in path.split("."):
        name, bracket, _ = part.partition("[")
        yield name
        if bracket:
            yield "[]"
