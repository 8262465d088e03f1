"""What stands in the settings is what a service finds, after the kubelet has read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kubernetes.workload_container import workload_environment
from nexus.plan.plan import Plan, make_plan
from tests.kubelet import arriving, expanded
from tests.projects import copy_project, set_config
from tests.stacks.test_secret_settings import needing

KINDS = ("Deployment", "StatefulSet", "Job", "DaemonSet")

EXPANSIONS = [
    ("$(VAR_A)", "A"),
    ("___$(VAR_B)___", "___B___"),
    ("$(VAR_A)-$(VAR_B)", "A-B"),
    ("$(MISSING)", "$(MISSING)"),
    ("$$(VAR_A)", "$(VAR_A)"),
    ("$$$(VAR_A)", "$A"),
    ("$$$$$(VAR_A)", "$$A"),
    ("pa$$word", "pa$word"),
    ("costs $5", "costs $5"),
    ("$(VAR_A", "$(VAR_A"),
    ("$()", "$()"),
    ("$(VAR_A))", "A)"),
    ("$(VAR_$(VAR_A))", "$(VAR_$(VAR_A))"),
    ("f$", "f$"),
    ("$VAR_A", "$VAR_A"),
]
"""As Kubernetes' own expansion answers, with VAR_A = A and VAR_B = B."""


@pytest.mark.parametrize(("text", "wanted"), EXPANSIONS)
def test_the_kubelet_of_these_tests_expands_as_the_real_one(text: str, wanted: str) -> None:
    """A kinder kubelet would prove nothing."""
    assert expanded(text, {"VAR_A": "A", "VAR_B": "B"}) == wanted


@given(st.dictionaries(st.sampled_from("ABCD"), st.text("$()ABPORT{} x", max_size=12)))
def test_variables_arrive_as_they_are_written(variables: Mapping[str, str]) -> None:
    """A password with two dollars arrived with one."""
    env, _ = arriving({"env": workload_environment("cart", (), variables, {})})
    assert {name: env[name] for name in variables} == variables


def test_settings_arrive_as_they_are_written(tmp_path: Path) -> None:
    """The same through the whole program, in the check before the service too."""
    project = needing(copy_project(tmp_path / "project"), "GREETING", "LOGIN")
    values = {"LOGIN": "pa$$word", "GREETING": "costs $(PORT), $5 or $"}
    set_config(project, "dev", variables={"puaboai-sdk": values})
    found = [
        container
        for resource, container in containers(make_plan(project, "dev"))
        if resource == "puaboai-sdk"
    ]
    assert len(found) == 2
    for container in found:
        env, _ = arriving(container)
        assert {name: env[name] for name in values} == values


def test_nothing_else_is_expanded(plan: Plan, clouds: Mapping[str, Plan]) -> None:
    """A dollar in one of the program's own commands would be eaten too."""
    for each in (plan, *clouds.values()):
        for name, container in containers(each):
            env, line = arriving(container)
            written = {each["name"]: each["value"] for each in container.get("env", ())}
            assert env == written, name
            assert line == [*container.get("command", ()), *container.get("args", ())], name


def containers(plan: Plan) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every container of the plan's pods, by the resource's name."""
    for each in plan.resources:
        if each.type.rpartition(":")[2] in KINDS and each.type.startswith("kubernetes:"):
            pod = each.inputs["spec"]["template"]["spec"]
            for container in (*pod.get("initContainers", ()), *pod["containers"]):
                yield each.name, container
