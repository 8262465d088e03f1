"""Foundation in AWS: keys, network, cluster, image registry, providers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Network

import pulumi
import pulumi_aws
import pulumi_kubernetes
import pulumi_random

from components.aws.aws_context import AwsContext
from components.aws.container_registry import ContainerRegistry, ContainerRegistryArgs
from components.aws.kms_key import KmsKey, KmsKeyArgs
from stacks.aws.cluster import Cluster, existing_cluster, make_addons, make_cluster
from stacks.foundation import Foundation, make_foundation
from stacks.inputs import AwsProgram
from stacks.setting_types import SERVICE_CIDR
from stacks.settings import AwsSettings, CloudflareSettings

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


def build_foundation(program: AwsProgram) -> AwsFoundation:
    """Makes everything below the data layer."""
    settings, catalog = program.settings, program.catalog
    if "gpu" not in catalog.needed:
        without = replace(program.platform.nodes, gpu_families=(), gpu_types=())
        program = replace(program, platform=replace(program.platform, nodes=without))
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
