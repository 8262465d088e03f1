"""The simulated Kubernetes cluster: what exists in it, and what it refuses."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass

from rehearsal.providers.wire import Properties, table, text

NAMESPACES = "namespaces"

CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "NodePool",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)
"""Kinds that live outside of namespaces."""

_PREDEFINED = ("default", "kube-node-lease", "kube-public", "kube-system")
_UNCOUNTABLE = {"Endpoints": "endpoints"}


class ApiError(Exception):
    """The simulated API server refused a request, in the real one's words."""


class AlreadyExistsError(ApiError):
    """There is an object of that kind, namespace and name."""


class NotFoundError(ApiError):
    """There is no such object, or no such namespace."""


@dataclass(frozen=True, order=True)
class Key:
    """What identifies an object: API group, kind, namespace (empty if it has none), name."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def resource(self) -> str:
        """The kind as the API server's messages have it: `deployments.apps`."""
        plural = _UNCOUNTABLE.get(self.kind) or _plural(self.kind.lower())
        return f"{plural}.{self.group}" if self.group else plural

    @property
    def id(self) -> str:
        """The id that the engine's state keeps: `namespace/name`, or `name`."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def key_of(manifest: Properties) -> Key:
    """Return the key of a manifest; a namespaced kind without namespace is in `default`."""
    group, _, _ = text(manifest.get("apiVersion")).rpartition("/")
    kind = text(manifest.get("kind"))
    metadata = table(manifest.get("metadata"))
    namespace = "" if kind in CLUSTER_SCOPED else text(metadata.get("namespace")) or "default"
    return Key(group, kind, namespace, text(metadata.get("name")))


class Cluster:
    """Objects by API group, kind, namespace and name; any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._objects: dict[Key, Properties] = {}
        for name in _PREDEFINED:
            self._objects[Key("", "Namespace", "", name)] = {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name},
            }

    def create(self, manifest: Properties) -> Properties:
        """Add an object and return it with the metadata that a server adds.

        Raises:
            AlreadyExistsError: an object of that kind, namespace and name is there.
            NotFoundError: the namespace is not there.
        """
        key = key_of(manifest)
        with self._lock:
            if key.namespace and not self._has_namespace(key.namespace):
                raise NotFoundError(f'{NAMESPACES} "{key.namespace}" not found')
            if key in self._objects:
                raise AlreadyExistsError(f'{key.resource} "{key.name}" already exists')
            live = _live(manifest, uid=str(uuid.uuid4()), generation=1)
            self._objects[key] = live
            return live

    def update(self, manifest: Properties) -> Properties:
        """Put new content into an object and return it.

        Raises:
            NotFoundError: no object of that kind, namespace and name is there.
        """
        key = key_of(manifest)
        with self._lock:
            metadata = table(self._found(key).get("metadata"))
            generation = metadata.get("generation")
            live = _live(
                manifest,
                uid=text(metadata.get("uid")),
                generation=generation + 1 if isinstance(generation, int) else 1,
            )
            self._objects[key] = live
            return live

    def report(self, key: Key, status: Properties) -> Properties:
        """Set an object's status and return the object.

        Raises:
            NotFoundError: it was deleted in the meantime.
        """
        with self._lock:
            live: Properties = {**self._found(key), "status": status}
            self._objects[key] = live
            return live

    def get(self, key: Key) -> Properties:
        """Return the object.

        Raises:
            NotFoundError: it is not there.
        """
        with self._lock:
            return self._found(key)

    def delete(self, key: Key) -> None:
        """Remove the object if it is there; a namespace goes with all it holds."""
        with self._lock:
            self._objects.pop(key, None)
            if key.kind == "Namespace":
                inside = [each for each in self._objects if each.namespace == key.name]
                for each in inside:
                    del self._objects[each]

    def contents(self) -> tuple[Key, ...]:
        """Return the keys of all objects but the namespaces every cluster has, sorted."""
        with self._lock:
            return tuple(
                sorted(
                    key
                    for key in self._objects
                    if not (key.kind == "Namespace" and key.name in _PREDEFINED)
                )
            )

    def _has_namespace(self, name: str) -> bool:
        return Key("", "Namespace", "", name) in self._objects

    def _found(self, key: Key) -> Properties:
        if key not in self._objects:
            raise NotFoundError(f'{key.resource} "{key.name}" not found')
        return self._objects[key]


def _live(manifest: Properties, *, uid: str, generation: int) -> Properties:
    metadata = {**table(manifest.get("metadata")), "uid": uid, "generation": generation}
    return {**manifest, "metadata": metadata}


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch")):
        return f"{word}es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"
