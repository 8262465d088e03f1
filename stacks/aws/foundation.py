"""Foundation in AWS: keys, network, cluster, image registry, providers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Network

import pulumi
import pulumi_aws
import pulumi_kubernetes
import pulumi_random

from components.aws.auto_mode import (
    GpuNodePool,
    GpuNodePoolArgs,
    PolicyController,
    PolicyControllerArgs,
)
from components.aws.aws_context import AwsContext
from components.aws.container_registry import ContainerRegistry, ContainerRegistryArgs
from components.aws.eks_cluster import EksCluster, EksClusterArgs, kubeconfig
from components.aws.kms_key import KmsKey, KmsKeyArgs
from components.aws.node_groups import GPU_LABEL, NodeGroups, NodeGroupsArgs
from components.aws.vpc import FlowLogs, FlowLogsArgs, Vpc, VpcArgs
from components.aws.vpc_endpoints import VpcEndpoints, VpcEndpointsArgs
from stacks.foundation import Foundation, make_foundation
from stacks.inputs import AwsProgram
from stacks.nodes import sized_nodes
from stacks.setting_types import SERVICE_CIDR, ExistingCluster
from stacks.settings import AwsSettings, CloudflareSettings


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The cluster and the network it is in, made here or not.

    Args:
        security_group: id of the group of all its nodes.
        public, data: ids of the subnets for load balancers and for servers.
        needs: what the pods need, where it is made here: the nodes and their ways to AWS. What
            runs in the cluster waits for it, and in a `destroy` goes before it.
        gpu: the GPU nodes, where they are made here before anything is in the cluster.
    """

    name: pulumi.Input[str]
    arn: pulumi.Input[str]
    kubeconfig: pulumi.Input[str]
    security_group: pulumi.Input[str]
    vpc: pulumi.Input[str]
    public: tuple[pulumi.Input[str], ...]
    data: tuple[pulumi.Input[str], ...]
    needs: tuple[pulumi.Resource, ...] = ()
    gpu: pulumi.Resource | None = None


def make_cluster(
    program: AwsProgram,
    aws: AwsContext,
    logs_key: pulumi.Output[str],
    options: pulumi.ResourceOptions,
) -> Cluster:
    """Makes the network and the cluster.

    Args:
        options: with a provider for AWS.
    """
    settings, platform = program.settings, program.platform
    vpc = Vpc(
        "network",
        VpcArgs(aws=aws, cidr=settings.vpc_cidr, nat_gateways=platform.nat_gateways),
        options,
    )
    FlowLogs("flow-logs", FlowLogsArgs(aws=aws, vpc=vpc.id, key=logs_key), options)
    endpoints = VpcEndpoints(
        "endpoints",
        VpcEndpointsArgs(
            aws=aws,
            vpc=vpc.id,
            cidr=settings.vpc_cidr,
            subnets=vpc.private,
            route_tables=vpc.route_tables,
            more=() if settings.logging is None else ("logs",),
        ),
        options,
    ).handles
    key = KmsKey(
        "cluster-key",
        KmsKeyArgs(aws=aws, layer="foundation", purpose="Kubernetes Secrets"),
        options,
    ).arn
    cluster = EksCluster(
        "cluster",
        EksClusterArgs(
            aws=aws,
            subnets=vpc.private,
            service_cidr=SERVICE_CIDR,
            secrets_key=key,
            logs_key=logs_key,
            admins=tuple(sorted(settings.cluster_admins)),
            public_from=tuple(sorted(settings.api_cidrs)),
            private_from=tuple(sorted(settings.api_clients)),
            auto=settings.nodes == "auto",
        ),
        options,
    )
    nodes: NodeGroups | None = None
    if settings.nodes == "managed":
        nodes = NodeGroups(
            "nodes",
            NodeGroupsArgs(
                aws=aws,
                cluster=cluster.name,
                subnets=vpc.private,
                nodes=platform.nodes,
                after=endpoints,
            ),
            options,
        )
    return Cluster(
        name=cluster.name,
        arn=cluster.arn,
        kubeconfig=cluster.kubeconfig,
        security_group=cluster.security_group,
        vpc=vpc.id,
        public=vpc.public,
        data=vpc.data,
        needs=endpoints if nodes is None else (*endpoints, nodes.handle),
        gpu=None if nodes is None else nodes.gpu,
    )


def existing_cluster(given: ExistingCluster, region: str) -> Cluster:
    """The cluster that the settings name; nothing is asked of AWS, so the plan needs no account."""
    return Cluster(
        name=given.name,
        arn=given.arn,
        kubeconfig=kubeconfig(given.name, given.endpoint, given.certificate_authority, region),
        security_group=given.security_group,
        vpc=given.vpc,
        public=given.public_subnets,
        data=given.data_subnets,
    )


def make_addons(
    program: AwsProgram, aws: AwsContext, cluster: Cluster, options: pulumi.ResourceOptions
) -> pulumi.Resource | None:
    """Makes what the nodes need inside of the cluster.

    Args:
        options: with a provider for it.

    Returns:
        What is done when pods can ask for GPUs; None where none are made here.
    """
    settings, nodes = program.settings, program.platform.nodes
    if settings.nodes == "auto":
        if settings.existing_cluster is None:
            PolicyController(
                "policy-controller", PolicyControllerArgs(context=aws.context), options
            )
        if not nodes.gpu_families:
            return None
        return GpuNodePool(
            "gpu",
            GpuNodePoolArgs(
                context=aws.context,
                families=nodes.gpu_families,
                limit=nodes.gpu_limit,
            ),
            options,
        ).handle
    if settings.existing_cluster is not None:
        return None
    # Only here, because the SDK's part for Helm takes a while to load.
    from components.aws.controllers import ClusterAutoscaler, ClusterAutoscalerArgs
    from components.kubernetes.charts import GpuDevicePlugin, GpuDevicePluginArgs

    ClusterAutoscaler(
        "cluster-autoscaler", ClusterAutoscalerArgs(aws=aws, cluster=cluster.name), options
    )
    if cluster.gpu is None:
        return None
    return GpuDevicePlugin(
        "gpu-plugin", GpuDevicePluginArgs(label=GPU_LABEL, nodes=cluster.gpu), options
    ).handle


DNS_NUMBER = 10
"""Which address of its Services a cluster of EKS has its DNS at. Source:
nodeadm/internal/api of https://github.com/awslabs/amazon-eks-ami, which tells the nodes so."""


@dataclass(frozen=True, kw_only=True)
class AwsFoundation(Foundation):
    """The foundation, and what only AWS has.

    Args:
        gpu: done when pods can ask for GPUs; None where nobody does, or an existing cluster
            has its own.
    """

    aws: AwsContext
    cluster: Cluster
    logs_key: pulumi.Output[str]
    gpu: pulumi.Resource | None


def build_foundation(program: AwsProgram) -> AwsFoundation:
    """Makes everything below the data layer."""
    settings, catalog = program.settings, program.catalog
    nodes = sized_nodes(program.platform.nodes, catalog, program.environment.name)
    if "gpu" not in catalog.needed:
        nodes = replace(nodes, gpu_families=(), gpu_types=())
    program = replace(program, platform=replace(program.platform, nodes=nodes))
    aws = AwsContext(
        context=program.context,
        account=settings.aws_account,
        region=settings.aws_region,
        zones=settings.zones,
        owner=settings.owner,
        retained=program.platform.retained,
        log_days=program.platform.log_days,
    )
    provider = pulumi_aws.Provider(
        "aws", region=settings.aws_region, allowed_account_ids=[settings.aws_account]
    )
    options = pulumi.ResourceOptions(providers=[provider])
    logs_key = KmsKey(
        "logs-key",
        KmsKeyArgs(aws=aws, layer="foundation", purpose="logs", log_groups=""),
        options,
    ).arn
    if settings.existing_cluster is None:
        cluster = make_cluster(program, aws, logs_key, options)
    else:
        cluster = existing_cluster(settings.existing_cluster, settings.aws_region)
    if settings.other_registry is None:
        key = KmsKey(
            "registry-key",
            KmsKeyArgs(aws=aws, layer="foundation", purpose="images"),
            options,
        ).arn
        ContainerRegistry(
            "registry",
            ContainerRegistryArgs(
                aws=aws,
                services=tuple(
                    sorted(
                        each.data_name
                        for each in catalog.services.values()
                        if each.run.image_of is None
                    )
                ),
                key=key,
            ),
            options,
        )
    providers: tuple[pulumi.ProviderResource, ...] = (
        pulumi_kubernetes.Provider(
            "kubernetes",
            kubeconfig=cluster.kubeconfig,
            # A new kubeconfig of the same cluster must not replace everything in it.
            cluster_identifier=cluster.arn,
            opts=pulumi.ResourceOptions(depends_on=list(cluster.needs)),
        ),
        pulumi_random.Provider("random"),
        provider,
    )
    if isinstance(settings, CloudflareSettings):
        import pulumi_cloudflare

        token = pulumi.Output.secret(settings.cloudflare_token.get_secret_value())
        providers += (pulumi_cloudflare.Provider("cloudflare", api_token=token),)
    in_cluster = make_foundation(program, providers, _resolvers(settings))
    return AwsFoundation(
        providers=providers,
        namespaces=in_cluster.namespaces,
        priorities=in_cluster.priorities,
        pull_secrets=in_cluster.pull_secrets,
        aws=aws,
        cluster=cluster,
        logs_key=logs_key,
        gpu=make_addons(program, aws, cluster, pulumi.ResourceOptions(providers=list(providers))),
    )


def _resolvers(settings: AwsSettings) -> tuple[str, ...]:
    """Blocks of DNS resolvers that are no pods: Auto Mode runs the cluster's DNS on the nodes."""
    if settings.nodes != "auto":
        return settings.dns_resolvers
    existing = settings.existing_cluster
    services = None if existing is None else existing.service_cidr
    network = IPv4Network(services or SERVICE_CIDR)
    return (*settings.dns_resolvers, f"{network[DNS_NUMBER]}/32")
