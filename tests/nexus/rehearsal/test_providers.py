"""The simulated providers answer as the real ones, asked without an engine."""

from __future__ import annotations

import string
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from nexus.pulumi.wire import UNKNOWN, Properties, Property, Secret, plain, table, text
from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.providers import kubernetes
from nexus.rehearsal.providers.base import NotReadyError, RefusedError, Requested
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.providers.kubernetes import KubernetesProvider
from nexus.rehearsal.providers.random import SPECIAL, RandomProvider
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import CancelledError, Clock

CLOCK = Clock()


PASSWORD = "random:index/randomPassword:RandomPassword"


def _password(**inputs: Property) -> tuple[str, Properties]:
    """Id and outputs of a password of the simulated random provider."""
    provider = RandomProvider(CLOCK, Recorder())
    asked = _resource(PASSWORD, inputs)
    checked, problems = provider.check(asked, {}, b"")
    assert problems == {}
    made = provider.create(_resource(PASSWORD, checked))
    return made.id, made.outputs


def _resource(token: str, inputs: Mapping[str, Property], resource_id: str = "") -> Requested:
    return Requested(
        urn=f"urn:pulumi:dev::shop::{token}::it",
        type=token,
        name="it",
        inputs=dict(inputs),
        id=resource_id,
    )


def _kubernetes() -> KubernetesProvider:
    return KubernetesProvider(Cluster(), CLOCK, Recorder())


@pytest.mark.parametrize(
    ("inputs", "allowed"),
    [
        ({}, string.ascii_letters + string.digits + SPECIAL),
        ({"special": False}, string.ascii_letters + string.digits),
        ({"special": False, "upper": False, "numeric": False}, string.ascii_lowercase),
        ({"lower": False, "upper": False, "numeric": False, "overrideSpecial": "_-"}, "_-"),
    ],
)
def test_password_has_only_what_is_allowed(inputs: Properties, allowed: str) -> None:
    """A character that a server's protocol cannot carry locks everybody out."""
    _, outputs = _password(length=4000, **inputs)
    assert set(text(plain(outputs["result"]))) == set(allowed)
    assert len(text(plain(outputs["result"]))) == 4000


def test_password_has_at_least_what_is_asked_for() -> None:
    """A server's password policy refuses what lacks a digit, one time in a hundred."""
    least: Properties = {"minUpper": 2, "minLower": 2, "minNumeric": 2, "minSpecial": 2}
    for _ in range(20):
        _, outputs = _password(length=8, **least)
        password = text(plain(outputs["result"]))
        for kind in (string.ascii_uppercase, string.ascii_lowercase, string.digits, SPECIAL):
            assert sum(character in kind for character in password) == 2


def test_random_values_are_secret_where_the_real_ones_are() -> None:
    """A password that is no secret to the provider is no secret in the state."""
    resource_id, password = _password(length=8)
    assert resource_id == "none"
    assert isinstance(password["result"], Secret)
    assert isinstance(password["bcryptHash"], Secret)


def test_random_values_stay_when_read_and_updated() -> None:
    """A refresh that draws again would change every password."""
    provider = RandomProvider(CLOCK, Recorder())
    made = provider.create(_resource(PASSWORD, {"length": 8}))
    there = _resource(PASSWORD, {"length": 8}, made.id)
    assert provider.read(there, {}) == (made, there.inputs)
    assert provider.update(there, made.outputs).outputs["result"] == made.outputs["result"]
    assert provider.preview(there, made.outputs)["result"] == made.outputs["result"]
    assert provider.preview(there, {})["result"] is UNKNOWN
    provider.delete(there, made.outputs)
    assert provider.read(there, {}) is None


def test_content_of_a_secret_is_always_secret() -> None:
    """A password written without a mark must not reach the state in the clear."""
    provider = _kubernetes()
    inputs: Properties = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "default"},
        "stringData": {"a": "b"},
    }
    token = "kubernetes:core/v1:Secret"
    checked, _ = provider.check(_resource(token, inputs), {}, b"")
    assert checked["stringData"] == Secret({"a": "b"})
    made = provider.create(_resource(token, checked))
    assert made.id == "default/s"
    assert made.outputs["data"] == Secret({"a": "Yg=="})
    assert "stringData" not in made.outputs
    assert made.outputs["type"] == "Opaque"


def test_secret_in_any_object_stays_secret() -> None:
    """A token in an annotation is as secret as one in a Secret."""
    provider = _kubernetes()
    inputs: Properties = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "a",
            "annotations": {"token": Secret("t"), "plain": "p"},
            "finalizers": [Secret("x"), "y"],
        },
    }
    outputs = provider.create(_resource("kubernetes:core/v1:ServiceAccount", inputs)).outputs
    metadata = table(outputs["metadata"])
    assert table(metadata["annotations"]) == {"token": Secret("t"), "plain": "p"}
    assert metadata["finalizers"] == Secret(["x", "y"])


def test_names_come_from_the_seed() -> None:
    """An engine that plans a name must get the one it planned."""
    provider = _kubernetes()
    token = "kubernetes:core/v1:ConfigMap"
    asked = _resource(token, {"apiVersion": "v1", "kind": "ConfigMap"})
    first, _ = provider.check(asked, {}, b"seed")
    assert provider.check(asked, {}, b"seed")[0] == first
    assert provider.check(asked, {}, b"other")[0] != first
    assert provider.check(asked, first, b"other")[0] == first, "the old name is kept"
    metadata = table(first["metadata"])
    assert table(metadata["annotations"]) == {"pulumi.com/autonamed": "true"}
    name = text(metadata["name"])
    assert name.startswith("it-")
    int(name.removeprefix("it-"), 16)
    unknown = _resource(token, {"metadata": {"name": UNKNOWN}})
    assert provider.check(unknown, {}, b"")[0] == unknown.inputs
    with pytest.raises(RefusedError, match="generateName"):
        provider.check(_resource(token, {"metadata": {"generateName": "x"}}), {}, b"")


def test_workload_waits_for_what_it_mounts_and_is_kept_if_that_never_comes() -> None:
    """A misspelt Secret must fail the rehearsal, as it would fail the rollout."""
    provider = _kubernetes()
    pod: Properties = {
        "containers": [{"name": "app", "image": "app:1"}],
        "volumes": [{"name": "login", "secret": {"secretName": "s"}}],
    }
    workload: Properties = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"selector": {}, "template": {"spec": pod}},
    }
    asked = _resource("kubernetes:apps/v1:Deployment", workload)
    with pytest.raises(NotReadyError, match='secret "s" not found') as error:
        provider.create(asked)
    assert error.value.made.id == "default/d"
    assert "status" not in error.value.made.outputs
    provider.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})
    assert "status" in provider.update(asked, error.value.made.outputs).outputs


def test_unready_job_is_made_anew_where_asked() -> None:
    """A Job that failed once would otherwise stay failed for ever."""
    provider = _kubernetes()
    job: Properties = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j", "annotations": {"pulumi.com/replaceUnready": "true"}},
        "spec": {"template": {"spec": {"containers": [{"name": "sql", "image": "sql:1"}]}}},
    }
    there = _resource("kubernetes:batch/v1:Job", job)
    live = provider.cluster.create(job)
    difference = provider.diff(there, live, job)
    assert difference.replaces == ['metadata.annotations["pulumi.com/replaceUnready"]']
    assert difference.deleteBeforeReplace
    provider.cluster.delete(next(iter(provider.cluster.contents())))
    made = provider.create(there)
    assert not provider.diff(there, made.outputs, job).replaces


@pytest.mark.parametrize(
    ("field", "value"),
    [("value", 2), ("preemptionPolicy", "PreemptLowerPriority"), ("description", "other")],
)
def test_what_the_api_server_refuses_to_change_is_refused(field: str, value: Property) -> None:
    """The rehearsal of another priority succeeds, and the deployment ends at it."""
    provider = _kubernetes()
    token = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
    core: Properties = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "nexus-core"},
        "value": 1.0,
        "preemptionPolicy": "Never",
        "description": "Core",
    }
    made = provider.create(_resource(token, core))
    changed = _resource(token, core | {field: value})
    if field == "description":
        provider.preview(changed, made.outputs)
        provider.update(changed, made.outputs)
        return
    words = {
        "value": "Forbidden: may not be changed in an update",
        "preemptionPolicy": 'Invalid value: "PreemptLowerPriority": field is immutable',
    }
    said = f'PriorityClass.scheduling.k8s.io "nexus-core" is invalid: {field}: {words[field]}'
    assert not provider.diff(changed, made.outputs, core).replaces
    with pytest.raises(NotReadyError, match=said):
        provider.preview(changed, made.outputs)
    with pytest.raises(NotReadyError, match=said):
        provider.update(changed, made.outputs)


def test_unknown_function_says_where_to_add_it() -> None:
    """A function call that is not simulated must not look like a bug of the program."""
    with pytest.raises(RefusedError, match=r"no function kubernetes:yaml:decode .*text"):
        _kubernetes().invoke("kubernetes:yaml:decode", {"text": "a"})


CLUSTER = "aws:rds/cluster:Cluster"


def test_a_cloud_copies_only_what_is_there() -> None:
    """A restore from a misspelt cluster that is rehearsed as a success fails when it is needed."""
    aws = CloudProvider("aws", CLOCK, Recorder())
    moment: Properties = {"sourceClusterIdentifier": "first", "restoreToTime": "…"}
    copy: Properties = {"clusterIdentifier": "second", "restoreToPointInTime": moment}
    with pytest.raises(RefusedError, match="there is no first to make it from"):
        aws.create(_resource(CLUSTER, copy))
    assert aws.ids(CLUSTER) == set()
    aws.create(_resource(CLUSTER, {"clusterIdentifier": "first"}))
    made = aws.create(_resource(CLUSTER, copy))
    assert aws.ids(CLUSTER) == {"first", "second"}
    aws.delete(_resource(CLUSTER, copy, made.id), made.outputs)
    assert aws.ids(CLUSTER) == {"first"}


def _pod_that_mounts(name: str) -> Requested:
    labels: Properties = {"app": "it"}
    pod: Properties = {
        "containers": [{"name": "it", "image": "it:1"}],
        "volumes": [{"name": "it", "configMap": {"name": name}}],
    }
    return _resource(
        "kubernetes:apps/v1:Deployment",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "app"},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
    )


def test_what_another_operation_is_about_to_make_is_waited_for() -> None:
    """The engine makes side by side what does not depend on each other; pods wait for both."""
    provider = _kubernetes()
    config: Properties = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}}
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(provider.create, _pod_that_mounts("late"))
        while not (made.done() or provider.cluster.contents()):
            pass
        provider.cluster.create(config)
        assert made.result().id == "default/app"


def test_what_nobody_makes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference to what is not there must fail the rehearsal, not hang it."""
    monkeypatch.setattr(kubernetes, "_STILL_SECONDS", 0.01)
    with pytest.raises(NotReadyError, match='configmap "never" not found'):
        _kubernetes().create(_pod_that_mounts("never"))


def test_what_a_dead_engine_asked_for_is_not_done_later() -> None:
    """What arrives after the kill would be made behind the back of whoever looks what there is."""
    recorder = Recorder()
    recorder.begin("up")
    recorder.stop()
    for op in ("create", "update", "delete"):
        with pytest.raises(CancelledError), recorder.running("urn", op):
            pytest.fail("it was done")
    with recorder.running("urn", "read"):
        pass
    recorder.begin("up-2")
    with recorder.running("urn", "create"):
        pass
