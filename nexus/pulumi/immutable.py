"""Which properties cannot be changed in place, so that a change makes a new object.

AWS and Cloudflare: `replacement.json`, which tools/replacement.py makes from what the running
providers say of themselves, and beside it what their code decides from case to case. Kubernetes:
the paths of pulumi-kubernetes 4 (diff.go). A plan knows no provider, so what follows from this
for a plan is called 'possibly replaced'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

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


KUBERNETES_IDENTITY = ("metadata.name", "metadata.namespace")
"""Of every Kubernetes object."""

KUBERNETES: Mapping[tuple[str, str], tuple[str, ...]] = {
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

KUBERNETES_CONTENT: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": ("binaryData", "data"),
    "Secret": ("type", "stringData", "data"),
}
"""By kind, in the core group: what replaces the object unless the provider is told that
content is mutable (`enableConfigMapMutable`, `enableSecretMutable`)."""

MUTABLE_CONTENT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ConfigMap": ("enableConfigMapMutable", ()),
    "Secret": ("enableSecretMutable", ("type",)),
}
"""By kind: the provider's setting, and what is immutable all the same."""

RELEASE = ("name", "namespace")
"""Of a Helm release: what it is installed as (pulumi-kubernetes, helm_release.go)."""

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "pulumi:providers:kubernetes": ("context", "cluster", "kubeconfig"),
    "pulumi:providers:aws": ("region",),
}
"""Settings of providers that lead elsewhere, by Pulumi type."""


@dataclass(frozen=True, kw_only=True)
class Conditional:
    """A property whose change makes a new resource in some cases.

    Args:
        path: the property.
        when: from the inputs as they were and as they are wanted to whether it does.
        source: where the provider for Terraform decides it.
    """

    path: str
    when: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
    source: str


def _falls(name: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], bool]:
    """Whether a version becomes a lower one."""

    def version(inputs: Mapping[str, Any]) -> list[int]:
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

EVERY_AWS_TYPE = "region"
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
