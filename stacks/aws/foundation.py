"""Foundation in AWS: keys, network, cluster, image registry, providers."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws
import pulumi_kubernetes
import pulumi_random

from catalog import Catalog
from components.aws_context import AwsContext
from components.container_registry import ContainerRegistry, ContainerRegistryArgs
from components.context import Context
from components.eks_cluster import EksCluster, EksClusterArgs, kubeconfig
from components.flow_logs import FlowLogs, FlowLogsArgs
from components.gpu_node_pool import GpuNodePool, GpuNodePoolArgs
from components.kms_key import KmsKey, KmsKeyArgs
from components.node_groups import GPU_LABEL, NodeGroups, NodeGroupsArgs
from components.policy_controller import PolicyController, PolicyControllerArgs
from components.vpc import Vpc, VpcArgs
from components.vpc_endpoints import VpcEndpoints, VpcEndpointsArgs
from stacks.environment import Managed
from stacks.foundation import (
    Foundation,
    make_namespaces,
    make_priorities,
    make_pull_secrets,
)
from stacks.requirements import AwsSettings
from stacks.setting_types import SERVICE_CIDR, ExistingCluster
from stacks.settings import Settings

CLUSTER_DNS = f"{IPv4Network(SERVICE_CIDR)[10]}/32"
"""Address of the cluster's DNS, which Auto Mode runs on the nodes and not in pods."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The cluster and the network it is in, made here or not.

    Args:
        name, arn, kubeconfig: of the cluster.
        security_group: id of the group of all its nodes.
        vpc: id of the network.
        public, data: ids of the subnets for load balancers and for servers.
        nodes: the nodes, where they are made here; what runs in the cluster waits for them.
        gpu: the GPU nodes, where they are made here before anything is in the cluster.
    """

    name: pulumi.Input[str]
    arn: pulumi.Input[str]
    kubeconfig: pulumi.Input[str]
    security_group: pulumi.Input[str]
    vpc: pulumi.Input[str]
    public: tuple[pulumi.Input[str], ...]
    data: tuple[pulumi.Input[str], ...]
    nodes: pulumi.Resource | None = None
    gpu: pulumi.Resource | None = None


@dataclass(frozen=True, kw_only=True)
class AwsFoundation(Foundation):
    """The foundation, and what only AWS has.

    Args:
        aws: source of names and tags.
        cluster: the cluster and its network.
        logs_key: ARN of the key that encrypts logs.
        gpu: done when pods can ask for GPUs; None where an existing cluster has its own.
    """

    aws: AwsContext
    cluster: Cluster
    logs_key: pulumi.Output[str]
    gpu: pulumi.Resource | None


def build_foundation(
    settings: Settings,
    managed: AwsSettings,
    platform: Managed,
    context: Context,
    catalog: Catalog,
) -> AwsFoundation:
    """Makes everything below the data layer."""
    aws = AwsContext(
        context=context,
        account=managed.account,
        region=managed.region,
        zones=managed.zones,
        owner=managed.owner,
        retained=platform.retained,
        log_days=platform.log_days,
    )
    provider = pulumi_aws.Provider(
        "aws", region=managed.region, allowed_account_ids=[managed.account]
    )
    options = pulumi.ResourceOptions(providers=[provider])
    logs_key = KmsKey(
        "logs-key",
        KmsKeyArgs(aws=aws, layer="foundation", purpose="logs", log_groups=""),
        options,
    ).arn
    if managed.existing_cluster is None:
        cluster = _made(settings, platform, aws, logs_key, options)
    else:
        cluster = _existing(managed.existing_cluster, managed.region)
    if managed.registry is None:
        key = KmsKey(
            "registry-key",
            KmsKeyArgs(aws=aws, layer="foundation", purpose="images"),
            options,
        ).arn
        ContainerRegistry(
            "registry",
            ContainerRegistryArgs(aws=aws, services=tuple(sorted(catalog.services)), key=key),
            options,
        )
    providers: tuple[pulumi.ProviderResource, ...] = (
        pulumi_kubernetes.Provider(
            "kubernetes",
            kubeconfig=cluster.kubeconfig,
            # A new kubeconfig of the same cluster must not replace everything in it.
            cluster_identifier=cluster.arn,
            opts=pulumi.ResourceOptions(
                depends_on=[] if cluster.nodes is None else [cluster.nodes]
            ),
        ),
        pulumi_random.Provider("random"),
        provider,
    )
    if managed.cloudflare is not None:
        import pulumi_cloudflare

        token = pulumi.Output.secret(managed.cloudflare.token.get_secret_value())
        providers += (pulumi_cloudflare.Provider("cloudflare", api_token=token),)
    resolvers = settings.dns_resolvers
    if settings.nodes == "auto":
        resolvers += (CLUSTER_DNS,)
    namespaces = make_namespaces(context, catalog, providers, resolvers)
    gpu = cluster.gpu
    if settings.nodes == "auto" and managed.existing_cluster is None:
        PolicyController(
            "policy-controller",
            PolicyControllerArgs(context=context),
            pulumi.ResourceOptions(providers=list(providers)),
        )
    if settings.nodes == "auto":
        gpu = GpuNodePool(
            "gpu",
            GpuNodePoolArgs(
                context=context,
                families=platform.nodes.gpu_families,
                limit=platform.nodes.gpu_limit,
            ),
            pulumi.ResourceOptions(providers=list(providers)),
        ).handle
    elif gpu is not None:
        # Only here, because the SDK's part for Helm takes a while to load.
        from components.gpu_device_plugin import GpuDevicePlugin, GpuDevicePluginArgs

        gpu = GpuDevicePlugin(
            "gpu-plugin",
            GpuDevicePluginArgs(label=GPU_LABEL, nodes=gpu),
            pulumi.ResourceOptions(providers=list(providers)),
        ).handle
    return AwsFoundation(
        context=context,
        providers=providers,
        namespaces=namespaces,
        priorities=make_priorities(context, providers),
        pull_secrets=make_pull_secrets(
            context,
            catalog,
            providers,
            namespaces,
            login=settings.registry_login,
            registry=managed.registry,
        ),
        aws=aws,
        cluster=cluster,
        logs_key=logs_key,
        gpu=gpu,
    )


def _made(
    settings: Settings,
    platform: Managed,
    aws: AwsContext,
    logs_key: pulumi.Output[str],
    options: pulumi.ResourceOptions,
) -> Cluster:
    """Makes the network and the cluster."""
    vpc = Vpc(
        "network",
        VpcArgs(aws=aws, cidr=settings.vpc_cidr, nat_gateways=platform.nat_gateways),
        options,
    )
    FlowLogs("flow-logs", FlowLogsArgs(aws=aws, vpc=vpc.id, key=logs_key), options)
    VpcEndpoints(
        "endpoints",
        VpcEndpointsArgs(
            aws=aws,
            vpc=vpc.id,
            cidr=settings.vpc_cidr,
            subnets=vpc.private,
            route_tables=vpc.route_tables,
        ),
        options,
    )
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
                instance_types=platform.nodes.instance_types,
                least=platform.nodes.least,
                most=platform.nodes.most,
                gpu_types=platform.nodes.gpu_types,
                gpu_most=platform.nodes.gpu_limit,
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
        nodes=None if nodes is None else nodes.handle,
        gpu=None if nodes is None else nodes.gpu,
    )


def _existing(given: ExistingCluster, region: str) -> Cluster:
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
