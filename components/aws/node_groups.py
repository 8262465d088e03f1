"""Nodes of a cluster without Auto Mode."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, eks

from components.aws.aws_context import AwsContext
from components.aws.iam import ServiceRole, ServiceRoleArgs
from components.aws.sizes import Nodes
from components.component import Component
from components.kubernetes.size import GPU

POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKS_CNI_Policy",
)

ADDON_SETTINGS = {"vpc-cni": json.dumps({"enableNetworkPolicy": "true"})}
"""Without it the network policies are accepted and hold nobody back. Source:
https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html"""

NETWORK_ADDONS = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Needed before a node gets ready."""

POD_ADDONS = ("coredns", "metrics-server")
"""Need a node to run on."""

AMI, GPU_AMI = "AL2023_x86_64_STANDARD", "AL2023_x86_64_NVIDIA"

GPU_LABEL = ("nvidia.com/gpu.present", "true")
"""Label of the nodes with a GPU, name and value: the one that NVIDIA's device plugin takes for
a node that nothing has looked into. Source: deployments/helm/nvidia-device-plugin/values.yaml
of https://github.com/NVIDIA/k8s-device-plugin"""

ACCELERATOR_LABEL = ("k8s.amazonaws.com/accelerator", "nvidia")
"""Tells the autoscaler that a GPU is to come: while the device plugin starts, a node offers none,
and it would start another one. The value only names a metric. Source: "Special note on GPU
instances" of cluster-autoscaler/cloudprovider/aws/README.md of
https://github.com/kubernetes/autoscaler"""

DISK_GB = 50


@dataclass(frozen=True, kw_only=True)
class NodeGroupsArgs:
    """What the nodes are made from.

    Args:
        after: what the nodes reach AWS through.
    """

    aws: AwsContext
    cluster: pulumi.Input[str]
    subnets: tuple[pulumi.Input[str], ...]
    nodes: Nodes
    after: tuple[pulumi.Resource, ...]


class NodeGroups(Component[NodeGroupsArgs]):
    """Managed node groups and the add-ons that Auto Mode would bring.

    GPUs show up once a device plugin runs, which is in the cluster and not made here.

    Makes:
        `{name}-role`: ServiceRole of the nodes.
        `{name}-template`: launch template: encrypted disks, session tokens demanded.
        `{name}-{addon}`: add-ons.
        `{name}`, `{name}-gpu`: node groups.

    Outputs:
        handle: the general nodes and what needs them to run.
        gpu: the GPU nodes, which only pods that ask for a GPU are put on; None without.
    """

    TOKEN = "nexus:foundation:NodeGroups"

    handle: pulumi.Resource
    gpu: pulumi.Resource | None

    def _make(self, name: str, args: NodeGroupsArgs) -> None:
        aws = args.aws
        role = ServiceRole(
            f"{name}-role",
            ServiceRoleArgs(
                aws=aws, layer="foundation", service="ec2.amazonaws.com", managed=POLICIES
            ),
            self.child,
        )
        template = ec2.LaunchTemplate(
            f"{name}-template",
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                # Pods get at AWS through Pod Identity, never through their node.
                "http_put_response_hop_limit": 1,
            },
            block_device_mappings=[
                {
                    "device_name": "/dev/xvda",
                    "ebs": {
                        "encrypted": "true",
                        "volume_size": DISK_GB,
                        "volume_type": "gp3",
                        "delete_on_termination": "true",
                    },
                }
            ],
            update_default_version=True,
            tags=aws.tags(f"{name}-template", "foundation"),
            opts=self.child,
        )

        def addon(each: str, after: list[pulumi.Resource]) -> eks.Addon:
            return eks.Addon(
                f"{name}-{each}",
                cluster_name=args.cluster,
                addon_name=each,
                configuration_values=ADDON_SETTINGS.get(each),
                resolve_conflicts_on_create="OVERWRITE",
                resolve_conflicts_on_update="OVERWRITE",
                tags=aws.tags(f"{name}-{each}", "foundation"),
                opts=pulumi.ResourceOptions(parent=self, depends_on=after),
            )

        network: list[pulumi.Resource] = [addon(each, []) for each in NETWORK_ADDONS]

        def group(
            own: str, *, types: tuple[str, ...], ami: str, least: int, most: int, gpu: bool
        ) -> eks.NodeGroup:
            return eks.NodeGroup(
                own,
                cluster_name=args.cluster,
                node_role_arn=role.arn,
                subnet_ids=list(args.subnets),
                ami_type=ami,
                instance_types=list(types),
                launch_template={
                    "id": template.id,
                    "version": template.latest_version.apply(str),
                },
                scaling_config={"min_size": least, "max_size": most, "desired_size": least},
                update_config={"max_unavailable": 1},
                node_repair_config={"enabled": True},
                labels=dict([GPU_LABEL, ACCELERATOR_LABEL]) if gpu else None,
                taints=[{"key": GPU, "value": "true", "effect": "NO_SCHEDULE"}] if gpu else None,
                tags=aws.tags(own, "foundation"),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[*network, *args.after],
                    # The autoscaler changes the number of nodes.
                    ignore_changes=["scalingConfig.desiredSize"],
                ),
            )

        general = group(
            name,
            types=args.nodes.instance_types,
            ami=AMI,
            least=args.nodes.least,
            most=args.nodes.most,
            gpu=False,
        )
        pods = [addon(each, [general]) for each in POD_ADDONS]
        self.handle = pods[0]
        self.gpu = None
        if args.nodes.gpu_types:
            self.gpu = group(
                f"{name}-gpu",
                types=args.nodes.gpu_types,
                ami=GPU_AMI,
                least=args.nodes.gpu_least,
                most=args.nodes.gpu_limit,
                gpu=True,
            )
