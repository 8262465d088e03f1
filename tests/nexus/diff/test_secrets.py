"""No secret in a report, whoever forgot to mark it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nexus.diff.render import as_json, as_markdown
from nexus.diff.report import ExitCode, make_report

from .plans import resource, side
from .test_hostile import terminal

OLD, NEW = "hunter2-old-value", "hunter2-new-value"

SECRET = "kubernetes:core/v1:Secret"


def told(old: dict[str, Any], new: dict[str, Any]) -> str:
    """All three formats of what differs."""
    report = make_report(side(old), side(new))
    assert report.exit_code is not ExitCode.UNREADABLE
    return as_markdown(report) + as_json(report) + terminal(report)


def both(make: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return make(OLD), make(NEW)


@pytest.mark.parametrize(
    "inputs",
    [
        lambda v: {"password": v},
        lambda v: {"masterPassword": v, "x": {"api_key": v, "clientSecret": v}},
        lambda v: {"env": [{"name": "DB_PASSWORD", "value": v}]},
        lambda v: {"config": json.dumps({"database": {"password": v}})},
        lambda v: {"url": f"postgres://user:{v}@host/db"},
        lambda v: {"text": f"# settings\npassword={v}\n"},
        lambda v: {"items": [{"name": "b", "token": v}, {"name": "a", "token": v}]},
        lambda v: {"passwords": [v], "password": {"value": v}},
        lambda v: {"x": {"4dabf18193072939515e22adb298388d": "1b47", "value": v}},
    ],
    ids=range(9),
)
def test_what_looks_secret_is_hidden(inputs: Any) -> None:
    """A password in a public comment has to be rotated everywhere at once."""
    for old, new in (both(inputs), ({}, inputs(NEW)), (inputs(OLD), {})):
        text = told(resource(inputs=old), resource(inputs=new))
        assert "hunter2" not in text


@pytest.mark.parametrize("type_", [SECRET, "kubernetes:core/v1:SecretPatch"])
def test_content_of_a_secret_is_hidden(type_: str) -> None:
    """Keys of a Secret are free, so none of its values may be shown."""
    old, new = ({"stringData": {"a": v}, "data": {"b": v}} for v in (OLD, NEW))
    assert "hunter2" not in told(
        resource(type_=type_, inputs=old), resource(type_=type_, inputs=new)
    )


def test_marked_paths_are_hidden_on_either_side_and_wherever_an_item_moved() -> None:
    """A value that was marked secret once is one, even if the new program forgets it."""
    old = resource(
        inputs={"a": {"b.c": OLD}, "l": [{"name": "x", "v": OLD}]}, secrets=['a["b.c"]', "l[0].v"]
    )
    new = resource(
        inputs={"a": {"b.c": NEW}, "l": [{"name": "y", "v": "1"}, {"name": "x", "v": NEW}]}
    )
    text = told(old, new)
    assert "hunter2" not in text
    assert "another value, which is secret" in text


def test_a_marked_path_hides_all_below_it() -> None:
    """A whole map can be secret."""
    old, new = (resource(inputs={"m": {"k": v}}, secrets=["m"]) for v in (OLD, NEW))
    assert "hunter2" not in told(old, new)
    assert "hunter2" not in told(resource(), new)


def test_a_marked_item_is_hidden_wherever_it_moved() -> None:
    """The same for an item that is secret as a whole."""
    old = resource(inputs={"l": [{"name": "x", "v": OLD}]}, secrets=["l[0]"])
    new = resource(inputs={"l": [{"name": "y", "v": "1"}, {"name": "x", "v": NEW}]})
    assert "hunter2" not in told(old, new)


def test_what_only_sounds_secret_is_shown() -> None:
    """Hiding names of Secrets would hide which one a pod mounts."""
    old, new = (
        resource(inputs={"secretName": v, "automountServiceAccountToken": v == "b"}) for v in "ab"
    )
    text = told(old, new)
    assert "`spec" in text or '`secretName`: `"a"` → `"b"`' in text
    assert "automountServiceAccountToken`: `false` → `true`" in text
