"""Rules of pods: what a container may do on its node, and what it may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any

from components.kubernetes.quantity import thousandths
from nexus.policy.rule import OWN_USER, Check, Finding, Pod, containers, of_kind, pods, rule
from nexus.pulumi.resource import Resource, mapping, sequence

LEAST_UID = 10_000
"""User IDs below it may be those of users of the node."""

_PINNED = re.compile(r".+(@sha256:[0-9a-f]{64}|:[\w][\w.-]*)")
_VOLUMES = frozenset({"name", "configMap", "emptyDir", "secret", "projected", "csi", "ephemeral"})
_HOST = ("hostNetwork", "hostPID", "hostIPC")
LOGS = "/var/log/pods"
"""Folder of a node with what its containers print: who collects that has no other way to it."""

_QUANTITIES = ("cpu", "memory", "ephemeral-storage")


def _of_pods(check: Callable[[Pod], Iterator[str]]) -> Check:
    @wraps(check)
    def run(resources: Sequence[Resource]) -> Iterator[Finding]:
        for resource, pod in pods(resources):
            for message in check(pod):
                yield resource, message

    return run


def _of_containers(check: Callable[[Mapping[str, Any], Pod], Iterator[str]]) -> Check:
    @wraps(check)
    def run(pod: Pod) -> Iterator[str]:
        for container in containers(pod):
            for message in check(container, pod):
                yield f"container '{container.get('name')}' {message}"

    return _of_pods(run)


@rule
@_of_containers
def pods_are_unprivileged(container: Mapping[str, Any], pod: Pod) -> Iterator[str]:
    """No container runs as root, gains privileges or writes to its image."""
    own, common = mapping(container.get("securityContext")), mapping(pod.get("securityContext"))
    if own.get("privileged"):
        yield "is privileged; remove that."
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges; set allowPrivilegeEscalation: false."
    if own.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root; set readOnlyRootFilesystem: true and mount an emptyDir."
    capabilities = mapping(own.get("capabilities"))
    if "ALL" not in sequence(capabilities.get("drop")) or sequence(capabilities.get("add")):
        yield "has capabilities; drop ALL and add none."
    if own.get("runAsNonRoot", common.get("runAsNonRoot")) is not True:
        yield "may run as root; set runAsNonRoot: true."
    uid = own.get("runAsUser", common.get("runAsUser"))
    meant = uid == pod.get(OWN_USER) != 0
    if not isinstance(uid, (int, float)) or (uid < LEAST_UID and not meant):
        yield f"has user ID {uid}; set runAsUser to {LEAST_UID} or more."
    seccomp = mapping(own.get("seccompProfile") or common.get("seccompProfile"))
    if seccomp.get("type") not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile; set seccompProfile: {type: RuntimeDefault}."


@rule
@_of_pods
def pods_stay_off_their_host(pod: Pod) -> Iterator[str]:
    """No pod uses the namespaces, files or ports of its node, but to read the logs there."""
    for field in _HOST:
        if pod.get(field):
            yield f"the pod uses its node's namespaces; remove {field}."
    for volume in map(mapping, sequence(pod.get("volumes"))):
        for kind in sorted(set(volume) - _VOLUMES):
            if volume[kind] is not None and not reads_logs(volume, pod):
                yield f"volume '{volume.get('name')}' is of kind {kind}; use another kind."
    for container in containers(pod):
        for port in map(mapping, sequence(container.get("ports"))):
            if port.get("hostPort"):
                yield f"container '{container.get('name')}' takes a port of its node; remove it."


def reads_logs(volume: Mapping[str, Any], pod: Pod) -> bool:
    """Whether a volume of a pod is its node's folder of logs, and no container may write there."""
    mounts = [
        mapping(mount)
        for container in containers(pod)
        for mount in sequence(container.get("volumeMounts"))
        if mapping(mount).get("name") == volume.get("name")
    ]
    return mapping(volume.get("hostPath")).get("path") == LOGS and all(
        mount.get("readOnly") is True for mount in mounts
    )


@rule
@_of_pods
def pods_have_no_token(pod: Pod) -> Iterator[str]:
    """No pod gets a token of the Kubernetes API."""
    if pod.get("automountServiceAccountToken") is not False:
        yield (
            "the pod gets a token of the Kubernetes API; set automountServiceAccountToken: false."
        )


@rule
@_of_containers
def containers_are_sized(container: Mapping[str, Any], _: Pod) -> Iterator[str]:
    """Every container states requests and limits."""
    resources = mapping(container.get("resources"))
    for bound in ("requests", "limits"):
        given = mapping(resources.get(bound))
        missing = [quantity for quantity in _QUANTITIES if not given.get(quantity)]
        if missing:
            yield f"states no {bound} for {', '.join(missing)}; add them."


@rule
@_of_containers
def images_are_pinned(container: Mapping[str, Any], _: Pod) -> Iterator[str]:
    """Every image has a version or a digest."""
    image = str(container.get("image"))
    if not _PINNED.fullmatch(image) or image.endswith(":latest"):
        yield f"runs '{image}', which can be another image tomorrow; name a version or digest."


@rule
def pods_fit_their_namespace(resources: Sequence[Resource]) -> Iterator[Finding]:
    """No container may use more than a LimitRange of its namespace admits.

    The API server's own check of pods, init containers too.

    It refuses pods and not what makes them: a Deployment or Job whose pods do not fit is
    accepted, and then waits for pods that never come.
    Source: https://kubernetes.io/docs/concepts/policy/limit-range/
    """
    most = {
        each.namespace: mapping(item.get("max"))
        for each in of_kind(resources, "LimitRange")
        for item in map(mapping, sequence(each.spec.get("limits")))
        if item.get("type") == "Container"
    }
    for resource, pod in pods(resources):
        for container in containers(pod):
            for name, limit, admitted in _beyond(container, most.get(resource.namespace, {})):
                yield (
                    resource,
                    f"container '{container.get('name')}' may use {limit} of {name}, but a "
                    f"LimitRange of its namespace admits {admitted}; raise that, or ask for less.",
                )


def _beyond(
    container: Mapping[str, Any], most: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    limits = mapping(mapping(container.get("resources")).get("limits"))
    for name in sorted(limits.keys() & most.keys()):
        if thousandths(str(limits[name])) > thousandths(str(most[name])):
            yield name, str(limits[name]), str(most[name])
