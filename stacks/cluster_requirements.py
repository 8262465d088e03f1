"""What a stack in AWS demands of the settings of its cluster."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from stacks.environment import Managed
from stacks.setting_types import ExistingCluster
from stacks.settings import PROJECT, Settings, written


def cluster_problems(settings: Settings, platform: Managed) -> Iterator[str]:
    """What is missing or contradictory, a sentence each."""
    if settings.kube_context is not None:
        yield (
            f"setting '{PROJECT}:kubeContext' names '{settings.kube_context}', but this "
            "environment deploys to its own EKS cluster alone; remove it."
        )
    if settings.cloud_hsm_modules > 1 and not settings.cloud_hsm:
        yield (
            f"setting '{PROJECT}:cloudHsmModules' is {settings.cloud_hsm_modules}, but there is no "
            f"CloudHSM cluster; remove it, or set {PROJECT}:cloudHsm to true."
        )
    if settings.cluster == "existing":
        yield from _existing(settings)
    else:
        yield from _made(settings, platform)


def _existing(settings: Settings) -> Iterator[str]:
    """What is wrong with a cluster that others made."""
    existing = settings.existing_cluster
    for key, listed in (("apiCidrs", settings.api_cidrs), ("apiClients", settings.api_clients)):
        if listed:
            yield (
                f"setting '{PROJECT}:{key}' is there, but who reaches the API of an existing "
                "cluster is its owners' to say; remove it."
            )
    if existing is None:
        key = "existingCluster"
        yield f"setting '{PROJECT}:{key}' is missing; {written(key)}"
        return
    if settings.aws_account and settings.aws_region:
        _, _, _, region, account, _ = existing.arn.split(":", 5)
        if (region, account) != (settings.aws_region, settings.aws_account):
            yield (
                f"setting '{PROJECT}:existingCluster.arn' is in account {account}, region "
                f"{region}, but this stack is in {settings.aws_account}, "
                f"{settings.aws_region}; correct one of them."
            )
    if settings.nodes == "auto" and existing.service_cidr is None:
        yield (
            f"setting '{PROJECT}:existingCluster.serviceCidr' is missing, but in Auto Mode names "
            "are resolved at an address in it; write what this says: aws eks describe-cluster "
            f"--name {existing.name} --query cluster.kubernetesNetworkConfig.serviceIpv4Cidr"
        )
    yield from _overlaps(existing)


def _made(settings: Settings, platform: Managed) -> Iterator[str]:
    """What is wrong with the settings of a cluster that is made here."""
    if settings.existing_cluster is not None:
        yield (
            f"setting '{PROJECT}:existingCluster' is there, but a cluster is made here; remove "
            f"it, or set {PROJECT}:cluster to existing."
        )
    if not settings.cluster_admins:
        key = "clusterAdmins"
        yield f"setting '{PROJECT}:{key}' is missing; {written(key)}"
    if platform.public_api and not settings.api_cidrs:
        key = "apiCidrs"
        yield f"setting '{PROJECT}:{key}' is missing; {written(key)}"
    if not platform.public_api and not settings.api_clients:
        key = "apiClients"
        yield (
            f"setting '{PROJECT}:{key}' is missing, and nobody could deploy: the cluster's API of "
            f"this environment answers inside of its network only, and only whom it lists; "
            f"{written(key)}"
        )
    if settings.api_cidrs and not platform.public_api:
        yield (
            f"setting '{PROJECT}:apiCidrs' is there, but the cluster's API of this environment "
            f"answers inside of the network only; remove it, or see {PROJECT}:apiClients."
        )


def _overlaps(existing: ExistingCluster) -> Iterator[str]:
    """Subnets never overlap, so blocks that do are written into the wrong list."""
    blocks = [
        (f"{kind}Cidrs", IPv4Network(block))
        for kind, listed in (
            ("public", existing.public_cidrs),
            ("private", existing.private_cidrs),
            ("data", existing.data_cidrs),
        )
        for block in listed
    ]
    for (kind, block), (other_kind, other) in combinations(blocks, 2):
        if block.overlaps(other):
            yield (
                f"setting '{PROJECT}:existingCluster.{other_kind}': {other} overlaps {block} in "
                f"'{kind}', but subnets of a network never do; correct one of them."
            )
