"""Which change of a Kubernetes object is an update and which is a new object."""

from __future__ import annotations

import pytest
from pulumi.runtime.proto.provider_pb2 import PropertyDiff

from nexus.pulumi.replacement import Immutable, immutable
from nexus.pulumi.wire import (
    UNKNOWN,
    Properties,
    Secret,
    has_unknown,
    plain,
    read,
    write,
)
from nexus.rehearsal.providers.base import difference


def _changes(old: Properties, new: Properties, fixed: Immutable) -> dict[str, str]:
    """The engine's word for what happened to each property."""
    found = difference(old, new, fixed).detailedDiff
    return {path: PropertyDiff.Kind.Name(change.kind) for path, change in found.items()}


def _fixed(manifest: Properties, settings: Properties | None = None) -> Immutable:
    """What of an object cannot be changed in place."""
    version = "core/v1" if manifest["apiVersion"] == "v1" else manifest["apiVersion"]
    return immutable(f"kubernetes:{version}:{manifest['kind']}", manifest, manifest, settings or {})


def _pod(image: str) -> Properties:
    return {"containers": [{"name": "main", "image": image}], "nodeName": "a"}


@pytest.mark.parametrize(
    ("api", "kind", "old", "new", "path", "replaces"),
    [
        ("apps/v1", "Deployment", {"replicas": 1}, {"replicas": 2}, "spec.replicas", False),
        (
            "apps/v1",
            "Deployment",
            {"selector": {"matchLabels": {"app.kubernetes.io/name": "a"}}},
            {"selector": {"matchLabels": {"app.kubernetes.io/name": "b"}}},
            'spec.selector.matchLabels["app.kubernetes.io/name"]',
            True,
        ),
        ("apps/v1", "Deployment", {}, {"selector": {}}, "spec.selector", True),
        ("apps/v1", "StatefulSet", {"serviceName": "a"}, {}, "spec.serviceName", True),
        (
            "apps/v1",
            "StatefulSet",
            {"volumeClaimTemplates": [{"spec": {"size": 1}}]},
            {"volumeClaimTemplates": [{"spec": {"size": 2}}]},
            "spec.volumeClaimTemplates[0].spec.size",
            True,
        ),
        ("apps/v1", "StatefulSet", {"replicas": 1}, {"replicas": 3}, "spec.replicas", False),
        (
            "batch/v1",
            "Job",
            {"template": {"spec": _pod("a")}},
            {"template": {"spec": _pod("b")}},
            "spec.template.spec.containers[0].image",
            True,
        ),
        ("batch/v1", "Job", {"suspend": True}, {"suspend": False}, "spec.suspend", False),
        ("v1", "Pod", _pod("a"), _pod("b"), "spec.containers[0].image", True),
        ("v1", "Service", {"clusterIP": "a"}, {"clusterIP": "b"}, "spec.clusterIP", True),
        ("v1", "Service", {"type": "a"}, {"type": "b"}, "spec.type", False),
        (
            "v1",
            "PersistentVolumeClaim",
            {"resources": {"requests": {"storage": "1Gi"}}},
            {"resources": {"requests": {"storage": "2Gi"}}},
            "spec.resources.requests.storage",
            False,
        ),
        (
            "v1",
            "PersistentVolumeClaim",
            {"accessModes": ["a"]},
            {"accessModes": ["b"]},
            "spec.accessModes[0]",
            True,
        ),
        (
            "policy/v1",
            "PodDisruptionBudget",
            {"maxUnavailable": 1},
            {"maxUnavailable": 2},
            "spec.maxUnavailable",
            False,
        ),
    ],
)
def test_change_of_a_spec(
    api: str, kind: str, old: Properties, new: Properties, path: str, replaces: bool
) -> None:
    """A replacement that a rehearsal calls an update takes the service down in production."""
    manifest: Properties = {"apiVersion": api, "kind": kind}
    found = _changes({**manifest, "spec": old}, {**manifest, "spec": new}, _fixed(manifest))
    assert list(found) == [path]
    assert found[path].endswith("_REPLACE") is replaces


@pytest.mark.parametrize(
    ("kind", "settings", "extra", "replaces"),
    [
        ("ConfigMap", {}, {}, True),
        ("ConfigMap", {"enableConfigMapMutable": True}, {}, False),
        ("ConfigMap", {"enableConfigMapMutable": "true"}, {}, False),
        ("ConfigMap", {"enableConfigMapMutable": True}, {"immutable": True}, True),
        ("ConfigMap", {"enableSecretMutable": True}, {}, True),
        ("Secret", {}, {}, True),
        ("Secret", {"enableSecretMutable": True}, {}, False),
    ],
)
def test_content_is_replaced_unless_the_provider_is_told_otherwise(
    kind: str, settings: Properties, extra: Properties, replaces: bool
) -> None:
    """Pods keep an old configuration if its ConfigMap changes under the same name."""
    manifest: Properties = {"apiVersion": "v1", "kind": kind, **extra}
    found = _changes(
        {**manifest, "data": {"a": "1"}},
        {**manifest, "data": {"a": "2"}},
        _fixed(manifest, settings),
    )
    assert found["data.a"].endswith("_REPLACE") is replaces


def test_identity_always_replaces() -> None:
    """An object cannot be renamed or moved."""
    manifest: Properties = {"apiVersion": "v1", "kind": "ServiceAccount"}
    old: Properties = {"metadata": {"name": "a", "namespace": "x", "labels": {"l": "1"}}}
    new: Properties = {"metadata": {"name": "b", "namespace": "y", "labels": {"l": "2"}}}
    found = _changes(old, new, _fixed(manifest))
    assert {path for path, change in found.items() if change.endswith("_REPLACE")} == {
        "metadata.name",
        "metadata.namespace",
    }


def test_kinds_of_change() -> None:
    """The preview that people read is made from these."""
    old: Properties = {"gone": 1, "same": [1, {"a": True}], "list": [1, 2], "number": 1}
    new: Properties = {"new": 1, "same": [1.0, {"a": True}], "list": [1], "number": True}
    found = _changes(old, new, Immutable(paths=()))
    assert found == {
        "gone": "DELETE",
        "new": "ADD",
        "list[1]": "DELETE",
        "number": "UPDATE",
    }


def test_unknown_counts_as_changed() -> None:
    """A preview that takes an unknown for unchanged hides what the run will do."""
    assert _changes({"a": "1"}, {"a": UNKNOWN}, Immutable(paths=("a",)))["a"] == "UPDATE_REPLACE"


@pytest.mark.parametrize(
    ("old", "new", "path", "replaces"),
    [
        ({"spec": {"replicas": 1}}, {"spec": UNKNOWN}, "spec", True),
        ({"spec": {"replicas": 1}}, {}, "spec", True),
        ({}, {"spec": UNKNOWN}, "spec", True),
        ({"metadata": {"name": "a"}}, {"metadata": UNKNOWN}, "metadata", True),
        ({"spec": {"replicas": 1}}, {"spec": {"replicas": UNKNOWN}}, "spec.replicas", False),
        ({"spec": {"template": {}}}, {"spec": {"template": UNKNOWN}}, "spec.template", False),
        ({"status": {"replicas": 1}}, {"status": UNKNOWN}, "status", False),
    ],
)
def test_what_is_unknown_or_gone_may_hold_an_immutable_path(
    old: Properties, new: Properties, path: str, *, replaces: bool
) -> None:
    """A Secret that is deleted first takes the Deployments that mount it along."""
    manifest: Properties = {"apiVersion": "apps/v1", "kind": "Deployment"}
    found = _changes({**manifest, **old}, {**manifest, **new}, _fixed(manifest))
    assert {each: change.endswith("_REPLACE") for each, change in found.items()} == {path: replaces}


def test_values_survive_the_wire() -> None:
    """A secret that loses its mark on the way is written to the state in the clear."""
    values: Properties = {
        "text": "a",
        "number": 3,
        "fraction": 0.5,
        "flag": False,
        "empty": "",
        "list": [1, [], {}, Secret("inner")],
        "secret": Secret({"a": ["b", UNKNOWN]}),
        "unknown": UNKNOWN,
        "table": {},
    }
    assert read(write(values)) == values
    assert read(write({"null": None, "kept": [None]})) == {"kept": [None]}
    assert has_unknown(values)
    assert not has_unknown({"a": Secret([1])})
    assert plain(values["secret"]) == {"a": ["b", UNKNOWN]}
    assert "b" not in repr(Secret("b"))[len("Secret") :].replace("[secret]", "")
