"""Changes of the program do to simulated objects what they would do to real ones."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from rehearsal.outcome import Outcome

from .conftest import Start
from .toy import NEEDS, Toy


def _changes(outcome: Outcome) -> dict[str, set[str]]:
    """Names of the provider resources that each operation but `same` was done to."""
    assert outcome.succeeded, outcome.error
    changes: dict[str, set[str]] = {}
    for each in outcome.operations:
        if each.op != "same":
            changes.setdefault(each.op, set()).add(each.name)
    return changes


def test_changes_replace_and_update_as_the_real_provider_does(start: Start) -> None:
    """An update that is a replacement in truth takes a service down without warning."""
    session = start(Toy())
    first = session.up()
    assert first.succeeded, first.error
    name = first.outputs["config"]
    assert isinstance(name, str)
    assert name.startswith("settings-")
    assert len(name) == len("settings-") + 8

    # An image changes in place; a Job's pod template cannot.
    session.program = Toy(image="app:2")
    changes = _changes(session.up())
    assert changes == {"update": set(NEEDS), "replace": {"schema"}, "delete": {"schema"}}

    # Labels change in place, and the automatic names stay.
    session.program = Toy(image="app:2", labels={"team": "core"})
    labelled = session.up()
    assert _changes(labelled) == {"update": {"account"}}
    assert labelled.outputs["config"] == name

    # New content is a new ConfigMap with a new name, which rolls the pods that mount it.
    session.program = Toy(image="app:2", labels={"team": "core"}, settings={"mode": "b"})
    replaced = session.up()
    assert _changes(replaced) == {
        "replace": {"settings"},
        "update": set(NEEDS),
        "delete": {"settings"},
    }
    assert replaced.outputs["config"] != name
    [created] = [each for each in replaced.operations if each.op == "replace"]
    [deleted] = [each for each in replaced.operations if each.op == "delete"]
    assert created.end is not None
    assert created.end <= deleted.start, "pods must not lose the file they mount"


def test_fixed_name_goes_before_it_comes(start: Start) -> None:
    """Two objects cannot share a name: creating the new one first would fail every time."""
    session = start(Toy())
    assert session.up().succeeded
    session.program = Toy(fixed={"mode": "b"})
    outcome = session.up()
    assert _changes(outcome) == {"replace": {"fixed"}, "delete": {"fixed"}}
    [created] = [each for each in outcome.operations if each.op == "replace"]
    [deleted] = [each for each in outcome.operations if each.op == "delete"]
    assert deleted.end is not None
    assert deleted.end <= created.start

    session.program = Toy(fixed={"mode": "b"}, service_name="other")
    assert "postgres" in _changes(session.up())["replace"]


def _mounting(content: str) -> None:
    """A Deployment that mounts a Secret with a fixed name."""
    cluster = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig="{}"))
    secret = k8s.core.v1.Secret(
        "login", metadata={"name": "login"}, string_data={"password": content}, opts=cluster
    )
    k8s.apps.v1.Deployment(
        "app",
        metadata={"name": "app"},
        spec={
            "selector": {"match_labels": {"app": "app"}},
            "template": {
                "metadata": {"labels": {"app": "app"}},
                "spec": {
                    "containers": [{"name": "app", "image": "app:1"}],
                    "volumes": [{"name": "login", "secret": {"secret_name": secret.metadata.name}}],
                },
            },
        },
        opts=cluster,
    )


def test_object_deleted_first_takes_along_what_mounts_it(start: Start) -> None:
    """A rehearsal that only updates the pods hides that the service is away for a while."""
    session = start(lambda: _mounting("a"))
    assert session.up().succeeded
    session.program = lambda: _mounting("b")
    both = {"login", "app"}
    assert _changes(session.up()) == {"replace": both, "delete": both}


def test_keepers_draw_a_new_password(start: Start) -> None:
    """A rotation that keeps the old password is none."""
    session = start(Toy())
    assert session.up().succeeded
    session.program = Toy(keepers={"turn": "2"})
    changes = _changes(session.up())
    assert changes["replace"] == {"postgres"}, "the password and the Secret that holds it"
    assert changes["update"] == {"postgres"}, "the StatefulSet that mounts the Secret"


def test_refresh_forgets_what_is_gone(start: Start) -> None:
    """An object that somebody deleted by hand must come back with the next run."""
    session = start(Toy())
    assert session.up().succeeded
    [key] = [each for each in session.cluster.contents() if each.name == "account"]
    session.cluster.delete(key)
    assert session.refresh().succeeded
    assert _changes(session.up()) == {"create": {"account"}}
