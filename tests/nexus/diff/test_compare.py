"""Property by property: what is a change, and which changes may replace the object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.diff.compare import compare
from nexus.diff.plan_diff import diff_plans
from nexus.diff.secrecy import HIDDEN
from nexus.pulumi.resource import Resource

from .plans import DEPLOYMENT, resource, side, urn

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("abc{[\"", max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["a", "b", "name", "x.y"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip
TABLES = st.dictionaries(st.sampled_from(["a", "b", "name"]), VALUES, max_size=3)


def plan(*resources: dict[str, Any]) -> tuple[Resource, ...]:
    return side(*resources).stacks["dev"].resources


def paths(old: Any, new: Any) -> dict[str, str]:
    return {each.path: each.kind for each in compare(old, new)}


@given(TABLES, TABLES)
def test_two_inputs_differ_if_and_only_if_a_path_does(old: Any, new: Any) -> None:
    """A change without a path is one that no reviewer sees."""
    equal = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert (not compare(old, new)) == equal
    assert compare(old, old) == ()


@given(TABLES)
def test_the_order_of_keys_does_not_count(value: Any) -> None:
    """A formatter must not look like a change of every resource."""
    turned = json.loads(json.dumps(value), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert compare(value, turned) == ()


def test_paths() -> None:
    """A path that leads nowhere sends the reviewer to the wrong field."""
    assert paths({"a": {"b": 1}, "l": [1, 2]}, {"a": {"b": 2}, "l": [1]}) == {
        "a.b": "changed",
        "l[1]": "removed",
    }
    assert paths(
        {"data": {"a.json": '{"k": {"x": 1}}'}}, {"data": {"a.json": '{"k": {"x": 2}}'}}
    ) == {'data["a.json"] > k.x': "changed"}
    assert paths({"a": True}, {"a": 1}) == {"a": "changed"}
    assert paths({"a": None}, {}) == {"a": "removed"}


def test_named_items_are_matched_by_name() -> None:
    """One new variable in front must not look like a change of all that follow."""
    old = {"env": [{"name": "B", "value": "1"}, {"name": "C", "value": "1"}]}
    new = {"env": [{"name": "A", "value": "1"}, *old["env"]]}
    assert paths(old, new) == {"env[name=A]": "added"}
    assert paths(old, {"env": list(reversed(old["env"]))}) == {"env[order]": "changed"}


@pytest.mark.parametrize(
    ("key", "old", "new", "found"),
    [
        ("values", ["a", "b", "c", "d"], ["a", "c", "d"], {"values[]": "removed"}),
        ("values", ["b", "c"], ["c", "a", "b"], {"values[]": "added"}),
        ("values", ["a", "b"], ["b", "a"], {}),
        ("values", ["a", "b"], ["b", "c"], {"values[]": "changed"}),
        ("values", ["a", "a"], ["a"], {"values[]": "removed"}),
        ("values", [], ["a"], {"values[]": "added"}),
        ("finalizers", ["a", "b"], ["b", "a"], {}),
        ("verbs", ["get", "list"], ["list"], {"verbs[]": "removed"}),
        ("subnetIds", ["a", "b"], ["b", "a"], {}),
        ("ports", [{"port": 1}, {"port": 2}], [{"port": 2}, {"port": 1}], {}),
        ("ports", [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}], {}),
        (
            "to",
            [{"ns": {"name": "a"}, "pods": 1}, {"ns": {"name": "b"}, "pods": 1}],
            [{"ns": {"name": "b"}, "pods": 2}, {"ns": {"name": "a"}, "pods": 1}],
            {"to[].pods": "changed"},
        ),
        ("to", [{"a": 1}, {"b": 1}], [{"b": 1}], {"to[]": "removed"}),
        (
            "policy",
            '{"Action": ["a", "b", "c"]}',
            '{"Action": ["c", "b"]}',
            {"policy > Action[]": "removed"},
        ),
        (
            "policy",
            '{"values": ["a", "b"]}',
            '{"values": ["b"]}',
            {"policy > values[0]": "changed", "policy > values[1]": "removed"},
        ),
        ("args", ["a", "b"], ["b", "a"], {"args[0]": "changed", "args[1]": "changed"}),
    ],
)
def test_lists_that_are_sets(key: str, old: Any, new: Any, found: Mapping[str, str]) -> None:
    """One database less must not look like five selectors that changed, nor hide among them."""
    assert paths({key: old}, {key: new}) == found


def test_a_secret_of_a_set_is_hidden_wherever_it_stands() -> None:
    """The lists of secrets go by position, which is another one on either side."""
    secrets = frozenset({"values[0]"})
    (change,) = compare({"values": ["hush", "b"]}, {"values": ["b"]}, secrets)
    assert (change.kind, change.old) == ("removed", HIDDEN)
    (change,) = compare(
        {"to": [{"v": 1}, {"v": "hush"}]}, {"to": [{"v": 2}, {"v": 1}]}, frozenset({"to[1].v"})
    )
    assert (change.old, change.new) == (HIDDEN, HIDDEN)


@pytest.mark.parametrize(
    ("type_", "old", "new", "replaces"),
    [
        (DEPLOYMENT, {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, False),
        (DEPLOYMENT, {"spec": {"selector": {"a": "1"}}}, {"spec": {"selector": {"a": "2"}}}, True),
        (DEPLOYMENT, {"spec": {"selector": {"a": "1"}}}, {}, True),
        (DEPLOYMENT, {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, True),
        ("kubernetes:core/v1:ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, True),
        ("kubernetes:batch/v1:Job", {"spec": {"template": 1}}, {"spec": {"template": 2}}, True),
        ("kubernetes:core/v1:Pod", {"spec": {"containers": [{"image": "a"}]}},
         {"spec": {"containers": [{"image": "b"}]}}, True),
        ("random:index/randomPassword:RandomPassword", {"length": 1}, {"length": 2}, True),
        ("aws:rds/cluster:Cluster", {"engine": "a"}, {"engine": "b"}, True),
        ("aws:rds/cluster:Cluster", {"engineVersion": "16"}, {"engineVersion": "17"}, False),
    ],
)  # fmt: skip
def test_which_changes_replace(type_: str, old: Any, new: Any, replaces: bool) -> None:
    """A replacement of a database that is called a change gets approved."""
    found = diff_plans(
        plan(resource(type_=type_, inputs=old)), plan(resource(type_=type_, inputs=new))
    )
    assert bool(found.replaced) == replaces
    assert bool(found.changed) != replaces


def test_ignored_changes_are_none_and_asked_replacements_are() -> None:
    """`ignore_changes` on the broker's users keeps it; `replace_on_changes` does the opposite."""
    ignored = {"ignoreChanges": ["spec.users"]}
    old = resource(inputs={"spec": {"users": [1], "x": 1}}, options=ignored)
    new = resource(inputs={"spec": {"users": [2], "x": 1}}, options=ignored)
    assert diff_plans(plan(old), plan(new)).is_empty
    asked = {"replaceOnChanges": ["spec.x"]}
    new = resource(inputs={"spec": {"users": [1], "x": 2}}, options=asked)
    assert diff_plans(plan({**old, "options": asked}), plan(new)).replaced


def test_unprotecting_is_dangerous() -> None:
    """The pull request before the one that deletes the database takes its protection away."""
    found = diff_plans(plan(resource(options={"protect": True})), plan(resource()))
    assert [each.danger for each in found.warned] == ["unprotected"]


REPOSITORY = "aws:ecr/repository:Repository"


@pytest.mark.parametrize("type_", [REPOSITORY, "aws:rds/cluster:Cluster"])
def test_what_pulumi_refuses_to_delete_is_dangerous(type_: str) -> None:
    """A merged pull request whose `pulumi up` fails in prod holds up every one after it."""

    def told(base: list[dict[str, Any]], head: list[dict[str, Any]]) -> list[str]:
        return [each.danger for each in diff_plans(plan(*base), plan(*head)).warned]

    kept: dict[str, Any] = {"type_": type_, "options": {"protect": True}}
    top = resource("top", "nexus:data:Bucket")
    child = resource("a", parent=top["urn"], **kept)
    assert "protected" in told([top, child], [])
    assert "protected" not in told([top, resource("a", type_, parent=top["urn"])], [])
    # Asked for, so that a type without a table entry may be replaced too.
    asked = {"protect": True, "replaceOnChanges": ["x"]}
    old = resource(type_=type_, inputs={"x": 1}, options=asked)
    new = resource(type_=type_, inputs={"x": 2}, options=asked)
    assert "protected" in told([old], [new])
    # The engine replaces what the program protects no more: that is told as unprotected.
    free = resource(type_=type_, inputs={"x": 2}, options={"replaceOnChanges": ["x"]})
    assert "protected" not in told([old], [free])
    assert "unprotected" in told([old], [free])
    # Changed in place: nothing is refused.
    assert told([resource(**kept)], [resource(inputs={"y": 1}, **kept)]) == []


REFUSED = [
    ("scheduling.k8s.io/v1:PriorityClass", {"value": 1}, {"value": 2}, True),
    ("scheduling.k8s.io/v1:PriorityClass", {"preemptionPolicy": "Never"}, {}, True),
    ("scheduling.k8s.io/v1:PriorityClass", {"description": "a"}, {"description": "b"}, False),
    ("storage.k8s.io/v1:StorageClass", {"reclaimPolicy": "Retain"}, {}, True),
    ("networking.k8s.io/v1:IngressClass", {"spec": {"controller": "a"}}, {"spec": {}}, True),
    ("apps/v1:Deployment", {"value": 1}, {"value": 2}, False),
]


@pytest.mark.parametrize(("kind", "old", "new", "refused"), REFUSED)
def test_what_the_cluster_refuses_to_change_is_dangerous(
    kind: str, old: Any, new: Any, refused: bool
) -> None:
    """The preview of the pull request says so hours later, or `pulumi up` in the middle."""
    named: dict[str, Any] = {"metadata": {"name": "a"}}

    def told(after: dict[str, Any]) -> list[str]:
        base = resource(type_=f"kubernetes:{kind}", inputs=named | old)
        head = resource(type_=f"kubernetes:{kind}", inputs=after)
        return [each.danger for each in diff_plans(plan(base), plan(head)).warned]

    assert ("refused" in told(named | new)) == refused
    # Another name is another object, which may have what it likes.
    assert "refused" not in told({"metadata": {"name": "b"}} | new)


def test_aliases_of_a_parent_hold_for_its_children() -> None:
    """A renamed component with an alias keeps its database, so it must not look deleted."""
    top, child = "nexus:data:X", "kubernetes:apps/v1:StatefulSet"

    def family(name: str, **fields: Any) -> list[dict[str, Any]]:
        parent = resource(name, top, **fields)
        below = resource(f"{name}-set", child, parent=parent["urn"])
        return [parent, {**below, "urn": urn(f"{top}${child}", f"{name}-set")}]

    found = diff_plans(plan(*family("old")), plan(*family("new", aliases=[{"name": "old"}])))
    assert [each.alias for each in found.renamed] == [True, True]
    assert not found.added
    assert not found.removed
    assert not found.warned
    without = diff_plans(plan(*family("old")), plan(*family("new")))
    assert {each.danger for each in without.warned} == {"removed", "renamed"} or without.warned
    as_urn = family("new", aliases=[urn(top, "old")])
    assert not diff_plans(plan(*family("old")), plan(*as_urn)).removed
