"""Changes of the program do to simulated objects what they would do to real ones."""

from __future__ import annotations

from .conftest import Start
from .small import changes, lonely, mounting
from .toy import NEEDS, Toy


def test_changes_replace_and_update_as_the_real_provider_does(start: Start) -> None:
    """An update that is a replacement in truth takes a service down without warning."""
    session = start(Toy())
    first = session.up()
    assert first.succeeded, first.error
    name = session.outputs()["config"]
    assert isinstance(name, str)
    assert name.startswith("settings-")
    assert len(name) == len("settings-") + 8

    # An image changes in place; a Job's pod template cannot.
    session.program = Toy(image="app:2")
    found = changes(session.up())
    assert found == {"update": set(NEEDS), "replace": {"schema"}, "delete": {"schema"}}

    # Labels change in place, and the automatic names stay.
    session.program = Toy(image="app:2", labels={"team": "core"})
    labelled = session.up()
    assert changes(labelled) == {"update": {"account"}}
    assert session.outputs()["config"] == name

    # New content is a new ConfigMap with a new name, which rolls the pods that mount it.
    session.program = Toy(image="app:2", labels={"team": "core"}, settings={"mode": "b"})
    replaced = session.up()
    assert changes(replaced) == {
        "replace": {"settings"},
        "update": set(NEEDS),
        "delete": {"settings"},
    }
    assert session.outputs()["config"] != name
    [created] = [each for each in replaced.operations if each.op == "replace"]
    [deleted] = [each for each in replaced.operations if each.op == "delete"]
    assert created.ended is not None
    assert created.ended < (deleted.began or 0), "pods must not lose the file they mount"


def test_fixed_name_goes_before_it_comes(start: Start) -> None:
    """Two objects cannot share a name: creating the new one first would fail every time."""
    session = start(Toy())
    assert session.up().succeeded
    session.program = Toy(fixed={"mode": "b"})
    outcome = session.up()
    assert changes(outcome) == {"replace": {"fixed"}, "delete": {"fixed"}}
    [created] = [each for each in outcome.operations if each.op == "replace"]
    [deleted] = [each for each in outcome.operations if each.op == "delete"]
    assert deleted.ended is not None
    assert deleted.ended < (created.began or 0)
    assert deleted.end <= created.start

    session.program = Toy(fixed={"mode": "b"}, service_name="other")
    assert "postgres" in changes(session.up())["replace"]


def test_object_deleted_first_takes_along_what_mounts_it(start: Start) -> None:
    """A rehearsal that only updates the pods hides that the service is away for a while."""
    session = start(lambda: mounting("a"))
    assert session.up().succeeded
    session.program = lambda: mounting("b")
    both = {"login", "app"}
    assert changes(session.up()) == {"replace": both, "delete": both}


def test_keepers_draw_a_new_password(start: Start) -> None:
    """A rotation that keeps the old password is none."""
    session = start(Toy())
    assert session.up().succeeded
    session.program = Toy(keepers={"turn": "2"})
    found = changes(session.up())
    assert found["replace"] == {"postgres"}, "the password and the Secret that holds it"
    assert found["update"] == {"postgres"}, "the StatefulSet that mounts the Secret"


def test_refresh_forgets_what_is_gone(start: Start) -> None:
    """An object that somebody deleted by hand must come back with the next run."""
    session = start(Toy())
    assert session.up().succeeded
    [key] = [each for each in session.cluster.contents() if each.name == "account"]
    session.cluster.delete(key)
    assert session.refresh().succeeded
    assert changes(session.up()) == {"create": {"account"}}


def test_services_without_pods_get_ready(start: Start) -> None:
    """An awaited Service that a rehearsal gives up, the real provider brings up."""
    outcome = start(lonely).up()
    assert {"lonely", "headless", "manual"} <= changes(outcome)["create"]
