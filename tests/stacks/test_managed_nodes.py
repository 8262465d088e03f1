"""With managed node groups the program installs what Auto Mode would bring."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import cast

import pytest
from lint_manifests import manifests

from catalog.names import EnvironmentName
from nexus.plan.plan import Plan, make_plan
from nexus.plan.recorder import Registration
from nexus.plan.terraform import configuration
from nexus.policy.rules import violations
from nexus.pulumi.resource import HELM_RELEASE
from nexus.rehearsal.schema import validate
from stacks.environment import ENVIRONMENTS, InAws
from stacks.nodes import SYSTEM, Asked, for_services
from tests.projects import copy_project, set_config
from tests.stacks.cloud_resources import STACKS, of_type, one, policies
from tests.stacks.test_cloud_iam import unexplained_wildcards
from tests.stacks.test_pods import amount

pytestmark = pytest.mark.xdist_group("clouds")

CONTROLLER, PLUGIN = "load-balancer-controller", "gpu-plugin"
AUTOSCALER = "cluster-autoscaler"
BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"


@pytest.fixture(scope="module")
def managed(other_clouds: Mapping[str, Plan]) -> Plan:
    return other_clouds["cloudflare"]


def named(plan: Plan, kind: str, name: str) -> Registration:
    return one(plan, kind, name)


@pytest.mark.parametrize("stack", STACKS)
def test_auto_mode_brings_its_own(clouds: Mapping[str, Plan], stack: str) -> None:
    """Two controllers for one target group take each other's pods out of it."""
    assert not of_type(clouds[stack], HELM_RELEASE)


def test_charts_are_pinned(managed: Plan) -> None:
    """A chart without a version is another one in every run."""
    releases = of_type(managed, HELM_RELEASE)
    assert set(releases) == {CONTROLLER, PLUGIN, AUTOSCALER}
    for release in releases.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", release.inputs["version"])
        assert release.inputs["repositoryOpts"]["repo"].startswith("https://")
        assert release.inputs["namespace"] == "kube-system"
        assert release.inputs["atomic"] is True
        assert str(release.provider).endswith("pulumi:providers:kubernetes::kubernetes")


def test_controller_knows_where_it_is(managed: Plan) -> None:
    """Nodes answer no pod, so a controller that asks them for its network never starts."""
    values = named(managed, HELM_RELEASE, CONTROLLER).inputs["values"]
    cluster = one(managed, "aws:eks/cluster:Cluster", "cluster").made["id"]
    network = one(managed, "aws:ec2/vpc:Vpc", "network").made["id"]
    assert (values["clusterName"], values["region"]) == (cluster, "eu-central-1")
    assert values["vpcId"] == network
    template = one(managed, "aws:ec2/launchTemplate:LaunchTemplate", "nodes-template")
    assert template.inputs["metadataOptions"]["httpPutResponseHopLimit"] == 1


def test_route_waits_for_the_controller_and_that_for_its_role(managed: Plan) -> None:
    """A binding is of an unknown kind before, and a pod that starts early never gets its role."""
    controller = named(managed, HELM_RELEASE, CONTROLLER)
    [route] = of_type(managed, BINDING).values()
    assert controller.urn in route.dependencies
    association = one(
        managed,
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        f"{CONTROLLER}-role-association",
    )
    assert association.urn in controller.dependencies
    assert association.inputs["namespace"] == controller.inputs["namespace"]
    account = controller.inputs["values"]["serviceAccount"]
    assert account == {"create": True, "name": association.inputs["serviceAccount"]}
    provider = one(managed, "pulumi:providers:kubernetes", "kubernetes")
    assert any("NodeGroups" in urn for urn in provider.dependencies)


def test_nodes_are_started_by_an_autoscaler(managed: Plan) -> None:
    """Without one the number of nodes stays what it was, and pods that scale up stay pending."""
    cluster = one(managed, "aws:eks/cluster:Cluster", "cluster").made["id"]
    values = named(managed, HELM_RELEASE, AUTOSCALER).inputs["values"]
    assert values["autoDiscovery"] == {"clusterName": cluster}
    rights = {
        statement["Sid"]: statement
        for resource, key, statement in policies(managed)
        if resource.name == f"{AUTOSCALER}-role-policy" and key == "policy"
    }
    own = {"StringEquals": {"aws:ResourceTag/eks:cluster-name": cluster}}
    assert rights["NodeGroupScale"]["Condition"] == own
    reads = rights["NodeGroupRead"]["Action"]
    assert all(action.partition(":")[2].startswith(("Describe", "Get")) for action in reads)


@pytest.mark.parametrize("stack", STACKS)
def test_the_first_nodes_hold_the_platform(clouds: Mapping[str, Plan], stack: str) -> None:
    """Pods that wait for a node that is still to start let the first deployment fail."""
    environment = ENVIRONMENTS[cast("EnvironmentName", stack)]
    assert isinstance(environment.platform, InAws)
    nodes, needed, gpus = environment.platform.nodes, SYSTEM, 0
    scalers = of_type(clouds[stack], "kubernetes:autoscaling/v2:HorizontalPodAutoscaler")
    for kind in ("kubernetes:apps/v1:Deployment", "kubernetes:batch/v1:Job"):
        for name, each in of_type(clouds[stack], kind).items():
            [container] = each.inputs["spec"]["template"]["spec"]["containers"]
            asked = container["resources"]["requests"]
            count = 1
            if kind.endswith("Deployment"):
                count = scalers[f"{name}-autoscaler"].inputs["spec"]["minReplicas"]
            cpu, memory = int(amount(asked["cpu"]) * 1000), int(amount(asked["memory"]))
            needed += Asked(cpu=cpu, memory=memory, pods=1) * count
            gpus += count * int(asked.get("nvidia.com/gpu", 0))
    room = for_services(nodes.instance_types)
    for there, wanted in zip(astuple(room), astuple(needed), strict=True):
        assert nodes.least * there >= wanted
    assert 0 < gpus <= nodes.gpu_least


@pytest.mark.parametrize("stack", STACKS)
def test_there_are_gpus_for_every_pod_that_wants_one(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """A pod more than GPUs stays pending, in Auto Mode too."""
    scalers = of_type(clouds[stack], "kubernetes:autoscaling/v2:HorizontalPodAutoscaler")
    wanted = 0
    for name, each in of_type(clouds[stack], "kubernetes:apps/v1:Deployment").items():
        spec = each.inputs["spec"]
        [container] = spec["template"]["spec"]["containers"]
        if "nvidia.com/gpu" in container["resources"]["limits"]:
            most = scalers[f"{name}-autoscaler"].inputs["spec"]["maxReplicas"]
            wanted += most + spec["strategy"]["rollingUpdate"]["maxSurge"]
    platform = ENVIRONMENTS[cast("EnvironmentName", stack)].platform
    assert isinstance(platform, InAws)
    assert 0 < wanted <= platform.nodes.gpu_limit


def test_services_do_not_wait_for_the_controller(managed: Plan) -> None:
    """A chart's registry that is down must not keep the platform from starting."""
    controller = named(managed, HELM_RELEASE, CONTROLLER).urn
    waiting = {each.type for each in managed.resources if controller in each.dependencies}
    assert waiting == {BINDING}


def test_controller_may_fill_one_target_group(managed: Plan) -> None:
    """Its usual rights delete any balancer and open any security group of the account."""
    statements = {
        statement["Sid"]: statement
        for resource, key, statement in policies(managed)
        if resource.name == f"{CONTROLLER}-role-policy" and key == "policy"
    }
    assert set(statements) == {"TargetGroupRead", "TargetGroupFill"}
    targets = one(managed, "aws:lb/targetGroup:TargetGroup", "balancer-targets").made["arn"]
    assert statements["TargetGroupFill"]["Resource"] == [targets]
    assert set(statements["TargetGroupFill"]["Action"]) == {
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
    }
    reads = statements["TargetGroupRead"]["Action"]
    assert len(reads) == 5
    assert all(action.partition(":")[2].startswith("Describe") for action in reads)
    assert unexplained_wildcards(managed) == []


def test_controller_has_no_say_in_services_and_ingresses(managed: Plan) -> None:
    """A webhook that is down refuses every Service of the cluster, the controller's own too."""
    values = named(managed, HELM_RELEASE, CONTROLLER).inputs["values"]
    assert values["enableServiceMutatorWebhook"] is False
    assert values["webhookConfig"] == {"disableIngressValidation": True}
    assert values["createIngressClassResource"] is False
    assert values["ingressClassParams"] == {"create": False}
    assert values["enableBackendSecurityGroup"] is False


def test_plugin_runs_on_the_gpu_nodes(managed: Plan) -> None:
    """A plugin on no node offers no GPU, and nothing says why."""
    group = one(managed, "aws:eks/nodeGroup:NodeGroup", "nodes-gpu").inputs
    values = named(managed, HELM_RELEASE, PLUGIN).inputs["values"]
    wanted = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    [term] = wanted["nodeSelectorTerms"]
    [expression] = term["matchExpressions"]
    assert group["labels"].items() >= {expression["key"]: expression["values"][0]}.items()
    assert expression["operator"] == "In"
    [taint] = group["taints"]
    [toleration] = values["tolerations"]
    assert toleration["key"] == taint["key"]
    assert toleration["operator"] == "Exists"
    assert (taint["effect"], toleration["effect"]) == ("NO_SCHEDULE", "NoSchedule")
    general = one(managed, "aws:eks/nodeGroup:NodeGroup", "nodes").inputs
    assert "labels" not in general


def test_gpu_services_wait_for_the_plugin(managed: Plan) -> None:
    """A pod that asks for a GPU before any is offered stays pending until the rollout fails."""
    plugin = named(managed, HELM_RELEASE, PLUGIN)
    group = one(managed, "aws:eks/nodeGroup:NodeGroup", "nodes-gpu")
    assert group.urn in plugin.dependencies
    service = one(managed, "kubernetes:apps/v1:Deployment", "ai-service")
    assert plugin.urn in service.dependencies


def test_rules_and_schemas_hold(managed: Plan) -> None:
    """Another kind of nodes must not be a way around the rules."""
    assert [str(each) for each in violations(managed.named())] == []
    for each in managed.resources:
        if each.type.startswith("kubernetes:") and each.type not in (BINDING, HELM_RELEASE):
            validate(each.inputs)
    assert "eks-charts" not in manifests(managed)


def test_translation_keeps_the_keys_of_labels(managed: Plan) -> None:
    """A label in snake case selects no node; what is in a chart is no resource of a cloud."""
    text = configuration(managed)
    block = text[text.index('resource "aws_eks_node_group" "nodes-gpu"') :].partition("\n}\n")[0]
    assert '"nvidia.com/gpu.present" = "true"' in block
    assert "helm" not in text


def test_an_existing_cluster_keeps_its_controller(tmp_path: Path) -> None:
    """A cluster has one such controller, and that of a shared one is its owners'."""
    project = copy_project(tmp_path / "project")
    arn = "arn:aws:eks:eu-central-1:123456789012:cluster/shared"
    existing = {
        "arn": arn,
        "endpoint": "https://shared.example.com",
        "certificateAuthority": "c2hhcmVk",
        "securityGroup": "sg-0000000000000shar",
        "vpc": "vpc-0000000000000shar",
        "publicSubnets": ["subnet-p1", "subnet-p2", "subnet-p3"],
        "dataSubnets": ["subnet-d1", "subnet-d2", "subnet-d3"],
    }
    set_config(
        project,
        "staging",
        nodes="managed",
        cluster="existing",
        clusterAdmins=None,
        apiCidrs=None,
        existingCluster=existing,
    )
    plan = make_plan(project, "staging")
    assert not of_type(plan, HELM_RELEASE)
    assert len(of_type(plan, BINDING)) == 1
