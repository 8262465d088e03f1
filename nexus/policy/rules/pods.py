"""Rules of pods: what a container may do on its node, and what it may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nexus.policy.violation import Finding, Rule
from nexus.pulumi.resource import Resource, mapping, sequence

LEAST_UID = 10_000
"""User IDs below it may be those of users of the node."""

OWN_USER = "nexus-cos/user"
"""Annotation of pods whose image runs as one user alone, with that user's ID. The rules find it in
the pod's spec too, which has no such key of its own."""

_PINNED = re.compile(r".+(@sha256:[0-9a-f]{64}|:[\w][\w.-]*)")
_VOLUMES = frozenset({"name", "configMap", "emptyDir", "secret", "projected", "csi", "ephemeral"})
_HOST = ("hostNetwork", "hostPID", "hostIPC")
_QUANTITIES = ("cpu", "memory", "ephemeral-storage")

Pod = Mapping[str, Any]


def containers(pod: Pod) -> Iterator[Mapping[str, Any]]:
    """Containers of a pod spec, init containers too."""
    for key in ("initContainers", "containers"):
        yield from map(mapping, sequence(pod.get(key)))


def pods(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Pod]]:
    """Every resource that makes pods, with their spec, and the user that they say they need."""
    for resource in resources:
        if resource.pod is not None:
            annotations = mapping(mapping(resource.pod.get("metadata")).get("annotations"))
            meant = str(annotations.get(OWN_USER, ""))
            spec = mapping(resource.pod.get("spec"))
            yield resource, {**spec, OWN_USER: int(meant)} if meant.isdigit() else spec


def _of_pods(check: Callable[[Pod], Iterator[str]]) -> Callable[..., Iterator[Finding]]:
    def run(resources: Sequence[Resource]) -> Iterator[Finding]:
        for resource, pod in pods(resources):
            for message in check(pod):
                yield resource, message

    return run


def _of_containers(
    check: Callable[[Mapping[str, Any], Pod], Iterator[str]],
) -> Callable[..., Iterator[Finding]]:
    def run(pod: Pod) -> Iterator[str]:
        for container in containers(pod):
            for message in check(container, pod):
                yield f"container '{container.get('name')}' {message}"

    return _of_pods(run)


def _unprivileged(container: Mapping[str, Any], pod: Pod) -> Iterator[str]:
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


def _off_the_host(pod: Pod) -> Iterator[str]:
    for field in _HOST:
        if pod.get(field):
            yield f"the pod uses its node's namespaces; remove {field}."
    for volume in map(mapping, sequence(pod.get("volumes"))):
        for kind in sorted(set(volume) - _VOLUMES):
            if volume[kind] is not None:
                yield f"volume '{volume.get('name')}' is of kind {kind}; use another kind."
    for container in containers(pod):
        for port in map(mapping, sequence(container.get("ports"))):
            if port.get("hostPort"):
                yield f"container '{container.get('name')}' takes a port of its node; remove it."


def _without_token(pod: Pod) -> Iterator[str]:
    if pod.get("automountServiceAccountToken") is not False:
        yield (
            "the pod gets a token of the Kubernetes API; set automountServiceAccountToken: false."
        )


def _sized(container: Mapping[str, Any], _: Pod) -> Iterator[str]:
    resources = mapping(container.get("resources"))
    for bound in ("requests", "limits"):
        given = mapping(resources.get(bound))
        missing = [quantity for quantity in _QUANTITIES if not given.get(quantity)]
        if missing:
            yield f"states no {bound} for {', '.join(missing)}; add them."


def _pinned(container: Mapping[str, Any], _: Pod) -> Iterator[str]:
    image = str(container.get("image"))
    if not _PINNED.fullmatch(image) or image.endswith(":latest"):
        yield f"runs '{image}', which can be another image tomorrow; name a version or digest."


POD_RULES = (
    Rule(
        name="pods-are-unprivileged",
        description="No container runs as root, gains privileges or writes to its image",
        check=_of_containers(_unprivileged),
    ),
    Rule(
        name="pods-stay-off-their-host",
        description="No pod uses the namespaces, files or ports of its node",
        check=_of_pods(_off_the_host),
    ),
    Rule(
        name="pods-have-no-token",
        description="No pod gets a token of the Kubernetes API",
        check=_of_pods(_without_token),
    ),
    Rule(
        name="containers-are-sized",
        description="Every container states requests and limits",
        check=_of_containers(_sized),
    ),
    Rule(
        name="images-are-pinned",
        description="Every image has a version or a digest",
        check=_of_containers(_pinned),
    ),
)
