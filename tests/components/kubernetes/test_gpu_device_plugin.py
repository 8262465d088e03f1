"""NVIDIA's device plugin, made alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.aws.node_groups import GPU_LABEL
from components.kubernetes.charts import GpuDevicePlugin, GpuDevicePluginArgs
from components.kubernetes.size import GPU
from tests.components.recording import Recording, assert_makes_what_it_says, given, record


def made(label: tuple[str, str] = GPU_LABEL) -> Recording:
    return record(
        lambda: GpuDevicePlugin("gpu", GpuDevicePluginArgs(label=label, nodes=given("nodes")))
    )


def values(plugin: Recording) -> dict[str, Any]:
    return plugin.one("Release").inputs["values"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(GpuDevicePlugin, made())


def test_chart_is_the_makers_own_and_pinned() -> None:
    """A chart without a version, or of somebody else, is another one in every run."""
    release = made().one("Release").inputs
    assert (release["name"], release["chart"]) == ("nvidia-device-plugin", "nvidia-device-plugin")
    assert release["repositoryOpts"] == {"repo": "https://nvidia.github.io/k8s-device-plugin"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", release["version"])


def test_it_runs_where_devices_of_the_node_are_allowed() -> None:
    """The platform's namespaces refuse its directory of the node, so it would have no pods."""
    release = made().one("Release").inputs
    assert release["namespace"] == "kube-system"
    assert not release["createNamespace"]
    assert release["values"]["priorityClassName"] == "system-node-critical"


def test_release_is_awaited_and_taken_away_where_it_fails() -> None:
    """Services that need a GPU would be rolled out where none is offered."""
    plugin = made()
    release = plugin.one("Release").inputs
    assert release["atomic"] is True
    assert not release.get("skipAwait")
    assert release["timeout"] == 600
    assert plugin.outputs["handle"] == "Release gpu"


def test_it_waits_for_the_nodes() -> None:
    """On no node a DaemonSet is ready at once, and the handle says that there are GPUs."""
    assert made().waits("Release") == {"ConfigMap given-nodes"}


@pytest.mark.parametrize("label", [GPU_LABEL, ("nexus.example/accelerator", "l4")])
def test_its_pods_go_to_the_nodes_with_that_label_alone(label: tuple[str, str]) -> None:
    """On no node, no GPU is offered; on every node, a pod fails wherever there is none."""
    assert values(made(label))["affinity"] == {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {
                        "matchExpressions": [
                            {"key": label[0], "operator": "In", "values": [label[1]]}
                        ]
                    }
                ]
            }
        }
    }


def test_its_pods_are_let_onto_nodes_that_others_keep_off() -> None:
    """The taint that keeps other pods off would keep off what offers the GPU."""
    [toleration] = values(made())["tolerations"]
    assert toleration == {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}


def test_it_is_bounded() -> None:
    """A plugin that leaks takes the memory of the model beside it."""
    resources = values(made())["resources"]
    assert resources["requests"] == {"cpu": "10m", "memory": "64Mi"}
    assert resources["limits"] == {"cpu": "100m", "memory": "256Mi"}
