"""Which Kubernetes fields cannot be changed, so that a change makes a new object.

The paths are those of the real provider (pulumi-kubernetes 4, diff.go).
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.providers.wire import Properties, table, text

_IDENTITY = ("metadata.name", "metadata.namespace")

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


IMMUTABLE: Mapping[tuple[str, str], tuple[str, ...]] = {
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

_CONTENT: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "ConfigMap": ("enableConfigMapMutable", ("binaryData", "data"), ()),
    "Secret": ("enableSecretMutable", ("type", "stringData", "data"), ("type",)),
}
"""By kind: the provider setting that makes content mutable, what is immutable without
and with it."""


def immutable_paths(manifest: Properties, settings: Properties) -> tuple[str, ...]:
    """Return the paths whose change replaces this object.

    Args:
        manifest: the object's new inputs, secrets opened.
        settings: the provider's settings.
    """
    group, _, _ = text(manifest.get("apiVersion")).rpartition("/")
    kind = text(manifest.get("kind"))
    if group == "" and kind in _CONTENT:
        setting, without, with_it = _CONTENT[kind]
        mutable = settings.get(setting) in (True, "true") and manifest.get("immutable") is not True
        return _IDENTITY + (with_it if mutable else without)
    return _IDENTITY + IMMUTABLE.get((group, kind), ())


def is_autonamed(manifest: Properties) -> bool:
    """Return whether the provider chose the object's name."""
    annotations = table(table(manifest.get("metadata")).get("annotations"))
    return annotations.get("pulumi.com/autonamed") == "true"
