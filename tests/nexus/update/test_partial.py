"""What of an update some services need, and what speaks against moving it alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from nexus.diff.plan_diff import diff_plans
from nexus.plan.plan import make_plan
from nexus.pulumi.command import Pulumi, PulumiError
from nexus.pulumi.resource import Resource
from nexus.pulumi.urn import STACK_TYPE, last_part
from nexus.pulumi.wire import NOT_KNOWN, SECRET_SIGNATURE, SIGNATURE, UNKNOWN_TEXT
from nexus.update.changes import Changes, affected, differences, in_order, preview, stands_on
from nexus.update.partial import PartialUpdate, part_in_words, partial_update, refusal_in_words
from tests.nexus.diff.copies import SIX, cut, edit_service, edit_yaml, remove_service, set_need
from tests.projects import copy_project, set_config

Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_project(tmp_path_factory.mktemp("part") / "project")
    cut(made, SIX)
    return made


@pytest.fixture(scope="module")
def before(project: Path) -> Sequence[Resource]:
    return make_plan(project, "dev").named()


def copy_of(project: Path, target: Path, *edits: Edit) -> Path:
    """A copy of a project after some edits."""
    shutil.copytree(project, target)
    for edit in edits:
        edit(target)
    return target


def update(before: Sequence[Resource], project: Path, tmp_path: Path, *edits: Edit) -> Changes:
    """What a whole update would do after some edits."""
    after = make_plan(copy_of(project, tmp_path / "changed", *edits), "dev").named()
    diff = diff_plans(before, after)
    return Changes(
        before={each.urn: each for each in before},
        after={each.urn: each for each in after},
        operations={
            **{each.urn: "create" for each in diff.added},
            **{each.urn: "delete" for each in diff.removed},
            **{each.after.urn: "update" for each in diff.changed},
            **{each.after.urn: "replace" for each in diff.replaced},
        },
    )


def release(**versions: str) -> Edit:
    """The versions of some services, as whole images."""
    return lambda project: edit_yaml(
        project / "releases" / "dev.yaml",
        lambda file: file.update(
            services={
                name.replace("_", "-"): f"docker.io/a/{name}:{v}" for name, v in versions.items()
            }
        ),
    )


def told(urns: Any) -> set[str]:
    return {last_part(urn) for urn in urns}


def words(changes: Changes, part: PartialUpdate) -> str:
    return "\n".join((*part_in_words(changes, part), *refusal_in_words(changes, part)))


def test_a_release_moves_one_deployment(
    before: Sequence[Resource], project: Path, tmp_path: Path
) -> None:
    changes = update(before, project, tmp_path, release(user_auth="2", token_mgr="2"))
    part = partial_update(changes, {"user-auth"}, with_needed=False)
    assert told(part.moved) == {"Deployment user-auth"}
    assert not part.shared
    assert not part.broken
    assert part.left == {"token-mgr": 1}
    assert "which stay: token-mgr (1)" in words(changes, part)


def test_what_starts_after_it_and_changes_too_is_no_reason(
    before: Sequence[Resource], project: Path, tmp_path: Path
) -> None:
    """Services deploy apart: `user-auth` starts after `session-mgr`, whose pods run."""
    changes = update(before, project, tmp_path, release(user_auth="2", session_mgr="2"))
    assert not partial_update(changes, {"user-auth"}, with_needed=False).shared


def test_a_server_that_others_use_is_a_reason(
    before: Sequence[Resource], project: Path, tmp_path: Path
) -> None:
    """Redis would not know the login with which the new pods come."""
    changes = update(
        before,
        project,
        tmp_path,
        lambda it: set_need(it, "user-auth", "redis"),
        release(token_mgr="2"),
    )
    part = partial_update(changes, {"user-auth"}, with_needed=False)
    assert {"Secret redis-acl", "StatefulSet redis"} <= told(part.shared)
    assert "NetworkPolicy redis-isolation" in told(part.shared)
    assert "user-auth cannot be updated alone" in words(changes, part)
    assert "--with-dependencies" in words(changes, part)
    whole = partial_update(changes, {"user-auth"}, with_needed=True)
    assert told(part.shared) <= told(whole.moved)
    assert not whole.shared
    assert whole.left == {"token-mgr": 1}


def test_a_callee_that_does_not_let_it_in_is_a_reason(
    before: Sequence[Resource], project: Path, tmp_path: Path
) -> None:
    """The caller's own policy would let it out, and the callee's would not let it in."""
    changes = update(
        before,
        project,
        tmp_path,
        lambda it: set_need(it, "user-auth", "scheduler", order="runtime", reason="asks it"),
    )
    part = partial_update(changes, {"user-auth"}, with_needed=False)
    assert told(part.shared) == {"NetworkPolicy scheduler-network"}
    whole = partial_update(changes, {"user-auth"}, with_needed=True)
    assert whole.services == ("scheduler", "user-auth")
    assert "NetworkPolicy scheduler-network" in told(whole.moved)


def test_a_quota_is_a_reason(before: Sequence[Resource], project: Path, tmp_path: Path) -> None:
    """Nothing depends on a quota, and the new pods would not be let in."""
    changes = update(
        before,
        project,
        tmp_path,
        lambda it: edit_service(
            it, "user-auth", lambda e: e.update(replicas={"least": 9, "most": 9})
        ),
    )
    part = partial_update(changes, {"user-auth"}, with_needed=False)
    assert not part.shared
    assert {each.rule for each in part.broken} == {"quotas-hold-rollouts"}
    assert "until the rest moves, rules would be broken" in words(changes, part)


def test_versions_that_do_not_meet_are_a_reason(project: Path, tmp_path: Path) -> None:
    """The gateway that runs cannot work with the version that comes."""

    def works_with(versions: str) -> Edit:
        return lambda it: set_need(it, "backend-api", "user-auth", versions=versions)

    older = copy_of(
        project, tmp_path / "older", works_with("<4"), release(user_auth="3", backend_api="1")
    )
    running = make_plan(older, "dev").named()
    changes = update(
        running, older, tmp_path, works_with(">=4"), release(user_auth="4", backend_api="1")
    )
    part = partial_update(changes, {"user-auth"}, with_needed=False)
    assert {each.rule for each in part.broken} == {"versions-fit"}
    assert "can work with 'user-auth' <4, which 4 is not" in words(changes, part)
    assert not partial_update(changes, {"user-auth", "backend-api"}, with_needed=False).broken


def test_a_range_that_is_new_is_held_against_what_runs(project: Path, tmp_path: Path) -> None:
    """A caller that needs a new version says so in the same change."""
    images = release(user_auth="3", backend_api="1")
    older = copy_of(project, tmp_path / "older", images)
    running = make_plan(older, "dev").named()
    changes = update(
        running,
        older,
        tmp_path,
        lambda it: set_need(it, "backend-api", "user-auth", versions=">=4"),
        release(user_auth="4", backend_api="2"),
    )
    part = partial_update(changes, {"backend-api"}, with_needed=False)
    assert {each.rule for each in part.broken} == {"versions-fit"}


def test_what_is_renamed_is_a_reason(before: Sequence[Resource]) -> None:
    """The engine makes the new one of a target, and leaves the old one."""
    user = next(each for each in before if last_part(each.urn) == "Deployment user-auth")
    holder = next(each for each in before if each.urn == user.parent)
    old = {"urn": user.urn.replace("user-auth", "auth"), "type": user.type, "parent": holder.urn}
    new = {**old, "urn": user.urn, "inputs": user.inputs}
    same = {"urn": holder.urn, "type": holder.type}
    steps = (
        {"op": "same", "urn": holder.urn, "newState": same, "oldState": same},
        {"op": "replace", "urn": user.urn, "newState": new, "oldState": old},
    )
    changes = preview(cast("Pulumi", Told(*steps)))
    part = partial_update(changes, {"user-auth"}, with_needed=True)
    assert part.renamed == {user.urn}
    assert "has to change with it: auth. Update" in words(changes, part)


def test_a_service_that_is_gone_goes_with_what_holds_it(
    before: Sequence[Resource], project: Path, tmp_path: Path
) -> None:
    changes = update(before, project, tmp_path, lambda it: remove_service(it, "backend-api"))
    part = partial_update(changes, {"backend-api"}, with_needed=True)
    assert "Deployment backend-api" in told(part.moved)
    kept = {each.urn for each in changes.with_only(part.moved)}
    for each in changes.with_only(part.moved):
        assert {*stands_on(each)} & changes.before.keys() <= kept


def test_nothing_changes(before: Sequence[Resource], project: Path, tmp_path: Path) -> None:
    changes = update(before, project, tmp_path, release(token_mgr="2"))
    part = partial_update(changes, {"user-auth"}, with_needed=False)
    assert not part.moved
    assert words(changes, part).startswith("Nothing of user-auth changes.")


def test_affected_are_those_that_stand_alone_on_it(
    before: Sequence[Resource], project: Path, tmp_path: Path
) -> None:
    changes = update(
        before,
        project,
        tmp_path,
        release(token_mgr="2"),
        lambda it: set_config(it, "dev", domain="other.localhost"),
    )
    assert affected(before, [*changes.after.values()]) == {"token-mgr"}


def test_a_lost_dependency_leaves_the_state(
    before: Sequence[Resource], project: Path, tmp_path: Path
) -> None:
    """The engine takes what it stood on for registered, and refuses it when it comes."""
    changes = update(before, project, tmp_path, release(user_auth="2"))
    urn = next(iter(partial_update(changes, {"user-auth"}, with_needed=False).moved))
    other = next(each for each in before if last_part(each.urn) == "Deployment scheduler")
    lost = next(each.urn for each in before if last_part(each.urn) == "Deployment key-service")
    gone = "urn:pulumi:dev::nexus-cos::a:b:C::gone"

    def state(dependencies: list[str]) -> dict[str, Any]:
        entries = [
            {"urn": name, "dependencies": dependencies, "propertyDependencies": {"a": dependencies}}
            for name in (other.urn, urn)
        ]
        return {"version": 3, "deployment": {"resources": entries}}

    kept = [*other.dependencies, gone]
    assert in_order(state(kept), changes, {urn, other.urn}) is None
    assert in_order(state([*other.dependencies]), changes, {urn}) is None
    ordered = in_order(state([*kept, lost]), changes, {urn})
    assert ordered is not None
    first, second = ordered["deployment"]["resources"]
    assert first["dependencies"] == first["propertyDependencies"]["a"] == kept
    assert second["dependencies"] == [*kept, lost]


class Told:
    """The engine, with a preview of these steps."""

    def __init__(self, *steps: dict[str, Any]) -> None:
        self.steps = steps

    def on_stack(self, *arguments: str) -> str:
        assert arguments[:2] == ("preview", "--json")
        return json.dumps({"steps": self.steps})


def test_what_a_preview_does_not_know_is_no_reason(before: Sequence[Resource]) -> None:
    """A first preview in AWS knows neither names nor addresses."""
    user = next(each for each in before if last_part(each.urn) == "Deployment user-auth")
    policy = next(
        each for each in before if last_part(each.urn) == "NetworkPolicy user-auth-network"
    )
    unknown = json.loads(json.dumps(policy.inputs))
    unknown["spec"]["egress"] = [{"to": [{"ipBlock": {"cidr": UNKNOWN_TEXT}}]}]

    def step(operation: str, resource: Resource, inputs: Any) -> dict[str, Any]:
        new = {
            "urn": resource.urn,
            "type": resource.type,
            "inputs": inputs,
            "parent": resource.parent,
        }
        return {"op": operation, "urn": resource.urn, "newState": new, "oldState": new}

    holder = next(each for each in before if each.urn == user.parent)
    steps = (
        step("same", holder, {}),
        step("update", user, {**user.inputs, "spec": {**user.spec, "paused": UNKNOWN_TEXT}}),
        step("update", policy, unknown),
        {**step("read", user, {}), "newState": {"external": True}, "urn": "urn:read"},
    )
    changes = preview(cast("Pulumi", Told(*steps)))
    assert changes.after[user.urn].spec["paused"] == NOT_KNOWN
    part = partial_update(changes, {"user-auth"}, with_needed=False)
    assert part.moved == {user.urn, policy.urn}
    assert not part.shared


def test_the_errors_of_a_preview_are_told() -> None:
    """They are the last lines of thousands."""

    class Failing:
        def on_stack(self, *_: str) -> str:
            said = [{"severity": "info", "message": "a"}, {"severity": "error", "message": "bad\n"}]
            raise PulumiError(json.dumps({"steps": [], "diagnostics": said}))

    with pytest.raises(PulumiError, match=r"^bad$"):
        preview(cast("Pulumi", Failing()))


def test_what_moved_is_seen_in_the_state(before: Sequence[Resource]) -> None:
    """But not in secrets, which every write encrypts anew, nor in what the program alone says."""
    urn = before[1].urn

    def state(**fields: object) -> dict[str, Any]:
        stack = {"urn": "s", "type": STACK_TYPE, "outputs": {"at": str(fields)}}
        entry = {"urn": urn, "type": "a:b:C", "inputs": {"a": [1]}, "modified": "monday", **fields}
        return {"deployment": {"resources": [stack, entry]}}

    def secret(text: str) -> object:
        return {"a": [{SIGNATURE: SECRET_SIGNATURE, "ciphertext": text}]}

    assert not differences(state(), state())
    assert not differences(state(outputs=secret("x")), state(outputs=secret("y")))
    looked = state(external=True), state(external=True, modified="tuesday")
    assert not differences(*looked)
    assert not differences(state(), state(dependencies=["b"], sourcePosition="here"))
    assert differences(state(), state(modified="tuesday")) == {urn}
    assert differences(state(), state(inputs={"a": [2]})) == {urn}
    assert differences(state(), state(outputs=secret("x"))) == {urn}
    assert differences(state(), {"deployment": {}}) == {urn}
    assert differences({"deployment": {}}, state(delete=True)) == {urn}
