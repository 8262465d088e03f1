"""Stacks of which state and updates are made up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

STATE = "urn:pulumi:dev::nexus-cos::nexus:services:Workload$kubernetes:apps/v1:Deployment::"


def deployment(name: str, image: str, **further: Any) -> dict[str, Any]:
    pod = {"containers": [{"image": image}]}
    annotations = further.pop("annotations", {})
    return {
        "urn": STATE + name,
        "type": "kubernetes:apps/v1:Deployment",
        "inputs": {
            "metadata": {"name": name, "annotations": annotations},
            "spec": {"template": {"spec": pod}},
        },
        **further,
    }


def state_of(*resources: dict[str, Any], pending: Iterable[str] = ()) -> dict[str, Any]:
    operations = [{"resource": deployment(name, ""), "type": "updating"} for name in pending]
    return {"deployment": {"resources": [*resources], "pending_operations": operations}}


class Answers:
    """A stack of which the state and the updates are given, in place of Pulumi's answers."""

    project = "nexus-cos"
    stack = "dev"

    def __init__(self, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
        self._state, self._history = state, history

    def selected(self) -> Answers:
        return self

    def export(self) -> dict[str, Any]:
        return self._state

    def on_stack(self, *_arguments: str) -> str:
        return json.dumps(self._history)


def entry(commit: str, **further: Any) -> dict[str, Any]:
    """An update in Pulumi's history."""
    return {
        "kind": "update",
        "result": "succeeded",
        "endTime": "2026-11-28T12:00:00.000Z",
        "environment": {"git.head": commit, "git.dirty": "false", "git.committer": "Ann"},
        "config": {"nexus-cos:releaseFile": {"value": "releases/dev.yaml"}},
        **further,
    }
