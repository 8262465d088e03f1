"""Foundation in AWS: keys, network, cluster, image registry, providers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Network

import pulumi
import pulumi_aws
import pulumi_kubernetes
import pulumi_random

from catalog import Catalog
from components.aws.aws_context import AwsContext
from components.aws.container_registry import ContainerRegistry, ContainerRegistryArgs
from components.aws.kms_key import KmsKey, KmsKeyArgs
from components.context import Context
from stacks.aws.cluster import Cluster, existing_cluster, make_addons, make_cluster
from stacks.environment import Managed
from stacks.foundation import (
    Foundation,
    make_namespaces,
    make_priorities,
    make_pull_secrets,
)
from stacks.requirements import AwsSettings
from stacks.setting_types import SERVICE_CIDR
from stacks.settings import Settings

DNS_NUMBER = 10
"""Which address of its Services a cluster of EKS has its DNS at. Source:
nodeadm/internal/api of https://github.com/awslabs/amazon-eks-ami, which tells the nodes so."""


@dataclass(frozen=True, kw_only=True)
class AwsFoundation(Foundation):
    """The foundation, and what only AWS has.

    Args:
        aws: source of names and tags.
        cluster: the cluster and its network.
        logs_key: ARN of the key that encrypts logs.
        gpu: done when pods can ask for GPUs; None where nobody does, or an existing cluster
            has its own.
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
    if "gpu" not in catalog.needed:
        platform = replace(platform, nodes=replace(platform.nodes, gpu_families=(), gpu_types=()))
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
        cluster = make_cluster(settings, platform, aws, logs_key, options)
    else:
        cluster = existing_cluster(managed.existing_cluster, managed.region)
    if managed.registry is None:
        key = KmsKey(
            "registry-key",
            KmsKeyArgs(aws=aws, layer="foundation", purpose="images"),
            options,
        ).arn
        ContainerRegistry(
            "registry",
            ContainerRegistryArgs(
                aws=aws,
                services=tuple(sorted(each.data_name for each in catalog.services.values())),
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
    if managed.cloudflare is not None:
        import pulumi_cloudflare

        token = pulumi.Output.secret(managed.cloudflare.token.get_secret_value())
        providers += (pulumi_cloudflare.Provider("cloudflare", api_token=token),)
    namespaces = make_namespaces(context, catalog, providers, _resolvers(settings))
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
        gpu=make_addons(
            settings, platform, aws, cluster, pulumi.ResourceOptions(providers=list(providers))
        ),
    )


def _resolvers(settings: Settings) -> tuple[str, ...]:
    """Blocks of DNS resolvers that are no pods: Auto Mode runs the cluster's DNS on the nodes."""
    if settings.nodes != "auto":
        return settings.dns_resolvers
    existing = settings.existing_cluster
    services = SERVICE_CIDR if existing is None else existing.service_cidr or SERVICE_CIDR
    return (*settings.dns_resolvers, f"{IPv4Network(services)[DNS_NUMBER]}/32")
