"""Nothing of ours has a name that belongs to the cluster, or to another stack in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from catalog import InputError
from nexus.plan.plan import Plan, make_plan
from tests.projects import copy_project, set_config, small_project


@pytest.mark.parametrize("prefix", ["kube", "kube-x", "openshift", "openshift-x", "system"])
def test_a_prefix_of_the_clusters_own_names_is_refused(tmp_path: Path, prefix: str) -> None:
    """The prefix `kube` made kube-system ours: shut off, limited, and deleted by a destroy."""
    project = copy_project(tmp_path / "project")
    set_config(project, "dev", namespacePrefix=prefix)
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    assert (
        f"setting 'nexus-cos:namespacePrefix': '{prefix}' begins names with "
        f"'{prefix.partition('-')[0]}-', which a cluster keeps for itself; write another one."
    ) in str(caught.value)


@pytest.mark.parametrize("prefix", ["kubernetes", "k", "my-kube", "systems", "default"])
def test_every_name_that_the_whole_cluster_sees_has_the_prefix(
    tmp_path: Path, prefix: str, plan: Plan
) -> None:
    """The check of the prefix covers what is made from it, and nothing else is made."""
    project = small_project(tmp_path / "project")
    set_config(project, "dev", namespacePrefix=prefix)
    names = cluster_wide(make_plan(project, "dev"))
    assert {kind for kind, _ in names} == {kind for kind, _ in cluster_wide(plan)}
    assert {kind: name for kind, name in names if not name.startswith(f"{prefix}-")} == {}


def test_the_same_in_aws(clouds: Mapping[str, Plan], other_clouds: Mapping[str, Plan]) -> None:
    """A cluster that is shared has a node pool and classes of its own."""
    for plan in (*clouds.values(), *other_clouds.values()):
        names = cluster_wide(plan)
        assert {kind: name for kind, name in names if not name.startswith("nexus-")} == {}


def cluster_wide(plan: Plan) -> list[tuple[str, str]]:
    """Kind and name of every object of the plan that is in no namespace."""
    return [
        (each.type, each.inputs["metadata"]["name"])
        for each in plan.resources
        if each.type.startswith("kubernetes:")
        and "namespace" not in each.inputs.get("metadata", {"namespace": "of a release"})
    ]
