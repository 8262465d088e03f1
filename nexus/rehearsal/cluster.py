"""The simulated Kubernetes cluster: what exists in it, and what it refuses."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass

from nexus.pulumi.wire import Properties, table, text
from nexus.rehearsal.schema import applied, repeated
from nexus.rehearsal.validation import change_refusal, refusal

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


class InvalidError(ApiError):
    """The object is not one that the API allows, or the change of it is not."""


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
    """Objects by API group, kind, namespace and name; any thread may call it.

    The real provider makes an object by POST and applies it on the server from then on. The
    server takes the two for different owners of the object's fields. A real update first takes
    the fields over; a dry run cannot, so what it is not given any more stays in the object.
    """

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._changes = 0
        self._objects: dict[Key, Properties] = {}
        self._posted: set[Key] = set()
        for name in _PREDEFINED:
            self._objects[Key("", "Namespace", "", name)] = {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "uid": str(uuid.uuid4())},
            }

    @property
    def changes(self) -> int:
        """How often anything was made, changed or removed."""
        return self._changes

    def wait_for_change(self, seen: int, seconds: float) -> int:
        """Return `changes` as soon as it is not `seen` any more, or after `seconds`, real ones."""
        with self._lock:
            self._lock.wait_for(lambda: self._changes != seen, seconds)
            return self._changes

    def create(self, manifest: Properties) -> Properties:
        """Add an object by POST and return it with the metadata that a server adds.

        Raises:
            AlreadyExistsError: it is there.
            InvalidError: the API does not allow it.
            NotFoundError: its namespace is not there.
        """
        key = key_of(manifest)
        with self._lock:
            self._admit(manifest)
            if key in self._objects:
                raise AlreadyExistsError(f'{key.resource} "{key.name}" already exists')
            live = _live(manifest, uid=str(uuid.uuid4()), generation=1)
            self._posted.add(key)
            return self._keep(key, live)

    def try_create(self, manifest: Properties) -> None:
        """Find out what `create` would refuse; that the object is there is no obstacle.

        Raises:
            InvalidError, NotFoundError: as `create` does.
        """
        with self._lock:
            self._admit(manifest)

    def update(self, manifest: Properties) -> Properties:
        """Apply an object as its only owner, and return it.

        Raises:
            InvalidError: the API does not allow it, or not this change.
            NotFoundError: no object of that kind, namespace and name is there.
        """
        key = key_of(manifest)
        with self._lock:
            _check_change(self._found(key), manifest, manifest)
            self._posted.discard(key)
            metadata = table(self._found(key).get("metadata"))
            generation = metadata.get("generation")
            live = _live(
                manifest,
                uid=text(metadata.get("uid")),
                generation=generation + 1 if isinstance(generation, int) else 1,
            )
            return self._keep(key, live)

    def try_update(self, manifest: Properties) -> Properties:
        """Apply an object in a dry run, and return what would become of it.

        Raises:
            InvalidError, NotFoundError: as `update` does. What POST has given the object and
                the manifest does not is there beside the new, and may be one too many.
        """
        key = key_of(manifest)
        with self._lock:
            live = self._found(key)
            given: Properties = {name: live[name] for name in live if name != "status"}
            wanted = applied(given, manifest) if key in self._posted else manifest
            _check_change(live, manifest, wanted)
            return {**live, **wanted}

    def report(self, key: Key, status: Properties) -> Properties:
        """Set an object's status and return the object. Raises NotFoundError."""
        with self._lock:
            return self._keep(key, {**self._found(key), "status": status})

    def get(self, key: Key) -> Properties:
        """Return the object. Raises NotFoundError."""
        with self._lock:
            return self._found(key)

    def delete(self, key: Key) -> None:
        """Remove the object if it is there; a namespace goes with all it holds."""
        with self._lock:
            self._forget(key)
            if key.kind == "Namespace":
                inside = [each for each in self._objects if each.namespace == key.name]
                for each in inside:
                    self._forget(each)
            self._note_change()

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

    def _admit(self, manifest: Properties) -> None:
        namespace = key_of(manifest).namespace
        if namespace and Key("", "Namespace", "", namespace) not in self._objects:
            raise NotFoundError(f'namespaces "{namespace}" not found')
        _refuse(refusal(manifest))

    def _forget(self, key: Key) -> None:
        self._objects.pop(key, None)
        self._posted.discard(key)

    def _keep(self, key: Key, live: Properties) -> Properties:
        self._objects[key] = live
        self._note_change()
        return live

    def _note_change(self) -> None:
        self._changes += 1
        self._lock.notify_all()

    def _found(self, key: Key) -> Properties:
        if key not in self._objects:
            raise NotFoundError(f'{key.resource} "{key.name}" not found')
        return self._objects[key]


def _refuse(problem: str | None) -> None:
    if problem is not None:
        raise InvalidError(problem)


def _check_change(live: Properties, manifest: Properties, result: Properties) -> None:
    """Refuse a manifest that cannot be merged into an object, and what becomes of that."""
    twice = repeated(manifest)
    if twice is not None:
        key = key_of(manifest)
        version = text(manifest.get("apiVersion"))
        api = version if "/" in version else f"/{version}"
        _refuse(f"failed to create typed patch object ({key.id}; {api}, Kind={key.kind}): {twice}")
    _refuse(refusal(result))
    _refuse(change_refusal(live, result))


def _live(manifest: Properties, *, uid: str, generation: int) -> Properties:
    metadata = {**table(manifest.get("metadata")), "uid": uid, "generation": generation}
    return {**manifest, "metadata": metadata}


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "ch")):
        return f"{word}es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"
