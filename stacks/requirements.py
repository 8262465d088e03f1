"""What an environment demands of a stack's settings, beyond their types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from pydantic import ValidationError

from catalog import Catalog, InputError, Problem
from catalog.errors import one_of
from stacks.attached import attachment_problems, missing_externals
from stacks.environment import Environment, InAws
from stacks.logged import logging_problems
from stacks.monitoring_files import monitoring_problems
from stacks.setting_sentences import missing, written
from stacks.setting_types import ExistingCluster
from stacks.settings import PROJECT, AwsSettings, ClusterSettings, Settings, demanded

LONGEST_STACK = 40
"""Longest name of a stack, in characters: a longer one hides what comes after it in a name."""

LONGEST_DOMAINS = {"domain": 64, "failoverDomain": 212}
"""Longest domains, in characters. The first is the first name of a certificate, of which ACM takes
64 (https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html); below the
second is `_<32 digits>.origin`, the proof of its certificate, and a host's name has at most 253."""

_WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

RESERVED = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}
)
"""Last parts of names that belong to nobody, so that nobody signs for them. Source:
https://www.iana.org/assignments/special-use-domain-names"""

_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")


def check_settings(
    settings: Settings, environment: Environment, catalog: Catalog, stack: str, file: str
) -> ClusterSettings | AwsSettings:
    """Holds the settings against the environment and the catalog.

    Args:
        file: path of its file, relative to the project.

    Returns:
        The settings, with all that the environment demands.

    Raises:
        InputError: one problem per missing or contradictory setting, each with
            the YAML or the command that mends it.
    """
    found = [
        *_rotations(settings, catalog),
        *attachment_problems(settings, catalog),
        *monitoring_problems(settings, environment, catalog),
        *logging_problems(settings, environment, catalog),
    ]
    if isinstance(environment.platform, InAws):
        found += [
            *_names(settings, catalog, stack),
            *_in_aws(settings, environment.platform, catalog),
        ]
    else:
        found += _ingress(settings)
    try:
        complete = demanded(settings)
    except ValidationError as error:
        found += [missing(str(each["loc"][0])) for each in error.errors(include_url=False)]
        raise _refused(file, found) from None
    if found:
        raise _refused(file, found)
    return complete


def _refused(file: str, found: list[str]) -> InputError:
    return InputError([Problem(file, message) for message in found])


def _rotations(settings: Settings, catalog: Catalog) -> Iterator[str]:
    for name in sorted(set(settings.rotations) - set(catalog.services)):
        hint = catalog.service_hint(name) or "remove it."
        yield f"setting '{PROJECT}:rotations.{name}': there is no such service; {hint}"


def _names(settings: Settings, catalog: Catalog, stack: str) -> Iterator[str]:
    """Names that a service of AWS would refuse half-way through the first run, a sentence each.

    RDS, ElastiCache, ECR, ELB and Amazon MQ take different characters; lower-case letters, digits
    and single hyphens are what all of them take.
    """
    if not _WORDS.fullmatch(stack) or len(stack) > LONGEST_STACK:
        yield (
            f"the stack's name '{stack}' goes into names in AWS, which take lower-case letters, "
            f"digits and single hyphens, and of a stack at most {LONGEST_STACK} characters; call "
            f"it '{_possible(stack)}', for example, and this file Pulumi.{_possible(stack)}.yaml."
        )
    services = catalog.services.values()
    for service in sorted({name for each in services for name in (each.name, each.data_name)}):
        if not _WORDS.fullmatch(service):
            yield (
                f"service '{service}' of the catalog goes into names in AWS, which take single "
                f"hyphens between letters or digits; call it '{_possible(service)}', for example."
            )
    domains = {"domain": settings.domain, "failoverDomain": settings.failover_domain}
    for key, longest in LONGEST_DOMAINS.items():
        domain = domains[key]
        if domain is not None and len(domain) > longest:
            yield (
                f"setting '{PROJECT}:{key}' has {len(domain)} characters, but a certificate takes "
                f"at most {longest}; choose a shorter one. For example, {written(key)}"
            )


def _possible(name: str) -> str:
    """A name like `name` that AWS takes."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "-".join(words)[:LONGEST_STACK].strip("-") or "prod"


def _ingress(settings: Settings) -> Iterator[str]:
    """What is missing or contradictory, a sentence each."""
    signer = settings.lets_encrypt
    if settings.certificates != "letsEncrypt":
        if signer is not None:
            yield (
                f"setting '{PROJECT}:letsEncrypt' is there, but nothing asks for a certificate; "
                f"set {PROJECT}:certificates to letsEncrypt, or remove it."
            )
        return
    if signer is None:
        yield missing("letsEncrypt")
    if not _HOST.fullmatch(settings.host) or settings.host.rpartition(".")[2] in RESERVED:
        yield (
            f"setting '{PROJECT}:host': Let's Encrypt signs nothing for '{settings.host}'; write a "
            "name in a domain of yours, such as 'nexus.example.com'."
        )
    if signer is not None and signer.challenge == "dns01" and settings.cloudflare_token is None:
        yield (
            f"setting '{PROJECT}:cloudflareToken' is missing, but the challenge dns01 needs it; "
            f"run: pulumi config set --secret {PROJECT}:cloudflareToken"
        )


def _in_aws(settings: Settings, platform: InAws, catalog: Catalog) -> Iterator[str]:
    if settings.certificates == "letsEncrypt" and settings.edge == "cloudfront":
        yield (
            f"setting '{PROJECT}:certificates' is letsEncrypt, but CloudFront takes AWS' own "
            "certificates alone; write acm, or an edge with Cloudflare."
        )
    yield from _cluster(settings, platform)
    if settings.edge_addresses:
        yield (
            f"setting '{PROJECT}:edgeAddresses' is for an ingress controller, but this environment "
            "has a load balancer of its own; remove it."
        )
    if settings.lets_encrypt is not None:
        yield (
            f"setting '{PROJECT}:letsEncrypt' is for the ingress of a cluster outside of AWS, but "
            "this environment has a load balancer of its own; remove it."
        )
    yield from _network(settings)
    yield from _failover(settings)
    yield from _restore(settings, catalog)
    yield from missing_externals(settings, catalog)


def _cluster(settings: Settings, platform: InAws) -> Iterator[str]:
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
        yield missing("existingCluster")
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


def _made(settings: Settings, platform: InAws) -> Iterator[str]:
    """What is wrong with the settings of a cluster that is made here."""
    if settings.existing_cluster is not None:
        yield (
            f"setting '{PROJECT}:existingCluster' is there, but a cluster is made here; remove "
            f"it, or set {PROJECT}:cluster to existing."
        )
    if not settings.cluster_admins:
        yield missing("clusterAdmins")
    if platform.public_api and not settings.api_cidrs:
        yield missing("apiCidrs")
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


def _network(settings: Settings) -> Iterator[str]:
    network = IPv4Network(settings.vpc_cidr)
    for other in settings.reserved_cidrs:
        if network.overlaps(IPv4Network(other)):
            yield (
                f"setting '{PROJECT}:vpcCidr': {network} overlaps {other}, which "
                f"{PROJECT}:reservedCidrs lists; choose another network."
            )
    if len(set(settings.aws_zones)) != len(settings.aws_zones):
        yield f"setting '{PROJECT}:awsZones' names a zone twice; name three different ones."


def _failover(settings: Settings) -> Iterator[str]:
    domain, failover = settings.domain, settings.failover_domain
    if domain is None or failover is None:
        return
    if settings.edge == "cloudfront":
        if failover != domain:
            yield (
                f"setting '{PROJECT}:failoverDomain' is '{failover}', but without Cloudflare "
                f"people reach the platform under '{domain}' in Route 53 itself; remove it, or "
                "write an edge with Cloudflare."
            )
    elif failover == domain or failover.endswith(f".{domain}"):
        yield (
            f"setting '{PROJECT}:failoverDomain': '{failover}' is in the Cloudflare zone of "
            f"'{domain}' and fails with it; choose a domain that Route 53 serves."
        )


def _restore(settings: Settings, catalog: Catalog) -> Iterator[str]:
    restore, servers = settings.restore, [*catalog.servers("postgres")]
    named = {"databaseServers": [*settings.database_servers]}
    named["restore.server"] = [] if restore is None else [restore.server]
    for setting, names in named.items():
        for name in names:
            if name not in servers:
                yield (
                    f"setting '{PROJECT}:{setting}': there is no server '{name}' of PostgreSQL; "
                    + (f"write {one_of(servers)}." if servers else "remove it.")
                )
    if restore is None:
        return
    if restore.server in servers and restore.server not in settings.database_servers:
        yield (
            f"setting '{PROJECT}:restore' makes a new database server beside the old one, which "
            "needs a name of its own; run: "
            f"pulumi config set --path {PROJECT}:databaseServers.{restore.server} r1"
        )
    moment = restore.cluster is not None and restore.time is not None
    half = (restore.cluster is None) != (restore.time is None)
    if half or moment == (restore.snapshot is not None):
        yield (
            f"setting '{PROJECT}:restore' must say either 'snapshot' or both 'cluster' and "
            "'time'; write one of the two."
        )
    elif moment and restore.version is not None:
        yield (
            f"setting '{PROJECT}:restore.version' is for a snapshot; a moment has the version of "
            "its cluster, so remove it."
        )
