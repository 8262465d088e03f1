"""What an environment demands of a stack's settings, beyond their types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from pydantic import SecretStr

from catalog import Catalog, InputError, NodeKind, Problem
from catalog.wording import did_you_mean, one_of, service_hint
from stacks.aws_names import name_problems
from stacks.cluster_requirements import cluster_problems
from stacks.environment import Environment, Managed
from stacks.ingress_requirements import ingress_problems
from stacks.setting_types import Edge, ExistingCluster, ExternalApi
from stacks.settings import PROJECT, Settings, written

IN_AWS = ("owner", "awsAccount", "awsRegion", "registry", "edge", "domain", "route53Zone")
"""Settings that every stack in AWS gives."""

BEHIND_CLOUDFLARE = ("cloudflareAccount", "cloudflareZone", "failoverDomain")
"""Settings that it gives besides, where Cloudflare is in front."""


@dataclass(frozen=True, kw_only=True)
class CloudflareSettings:
    """Where Cloudflare's part of the edge goes."""

    account: str
    zone: str
    token: SecretStr


@dataclass(frozen=True, kw_only=True)
class AwsSettings:
    """The settings of a stack in AWS, all of them there.

    Args:
        account, region: the account and region of everything.
        zones: names of the three availability zones.
        owner: team in the tags.
        registry: registry and path of the images; None to make the repositories here.
        existing_cluster: the cluster to use; None to make one.
        edge, domain, failover_domain, route53_zone: the way in.
        cloudflare: None for an edge without Cloudflare.
    """

    account: str
    region: str
    zones: tuple[str, ...]
    owner: str
    registry: str | None
    existing_cluster: ExistingCluster | None
    edge: Edge
    domain: str
    failover_domain: str
    route53_zone: str
    cloudflare: CloudflareSettings | None

    def repositories(self, stack: str) -> str:
        """Registry and path of the repositories that are made here."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{PROJECT}-{stack}"


def check_settings(
    settings: Settings, environment: Environment, catalog: Catalog, stack: str
) -> None:
    """Holds the settings against the environment and the catalog.

    Raises:
        InputError: one problem per missing or contradictory setting, each with
            the YAML or the command that mends it.
    """
    problems = [*_rotations(settings, catalog), *_externals(settings, catalog)]
    if isinstance(environment.platform, Managed):
        problems += [
            *name_problems(settings, catalog, stack),
            *_managed(settings, environment.platform, catalog),
        ]
    else:
        problems += ingress_problems(settings)
    if problems:
        file = f"Pulumi.{stack}.yaml"
        raise InputError([Problem(file, problem) for problem in problems])


def aws_settings(settings: Settings) -> AwsSettings:
    """The settings of a stack in AWS, once `check_settings` has passed."""
    cloudflare = None
    if settings.edge in ("cloudflare", "both"):
        cloudflare = CloudflareSettings(
            account=_there(settings.cloudflare_account),
            zone=_there(settings.cloudflare_zone),
            token=settings.cloudflare_token or SecretStr(""),
        )
    region = _there(settings.aws_region)
    domain = _there(settings.domain)
    return AwsSettings(
        account=_there(settings.aws_account),
        region=region,
        zones=tuple(f"{region}{letter}" for letter in settings.aws_zones),
        owner=_there(settings.owner),
        registry=None if settings.registry == "ecr" else settings.registry,
        existing_cluster=settings.existing_cluster,
        edge=settings.edge or "both",
        domain=domain,
        failover_domain=settings.failover_domain or domain,
        route53_zone=_there(settings.route53_zone),
        cloudflare=cloudflare,
    )


def _there(value: str | None) -> str:
    if value is None:
        raise ValueError("A setting is missing that check_settings demands; call that first.")
    return value


def _rotations(settings: Settings, catalog: Catalog) -> Iterator[str]:
    for name in sorted(set(settings.rotations) - set(catalog.services)):
        hint = service_hint(name, catalog) or "remove it."
        yield f"setting '{PROJECT}:rotations.{name}': there is no such service; {hint}"


def _externals(settings: Settings, catalog: Catalog) -> Iterator[str]:
    for name, api in sorted(settings.externals.items()):
        place = f"setting '{PROJECT}:externals.{name}'"
        if name not in catalog.external:
            hint = did_you_mean(name, catalog.external) or "remove it."
            yield f"{place}: there is no such external API; {hint}"
            continue
        yield from _addresses(place, api)
        known = catalog.external[name].providers
        if known and api.provider not in known:
            hint = did_you_mean(api.provider, known) or f"write {one_of(known)}."
            yield f"{place}: '{api.provider}' does not provide it; {hint}"


_NOT_PUBLIC = re.compile(r"[^.]+|.+\.(internal|local|home\.arpa)")
"""Names that nobody finds in the internet's DNS. Source:
https://www.iana.org/assignments/special-use-domain-names"""


def _addresses(place: str, api: ExternalApi) -> Iterator[str]:
    if api.address is not None:
        if api.addresses:
            yield f"{place} has addresses, but its url says the only one; remove 'addresses'."
    elif not api.addresses and _NOT_PUBLIC.fullmatch(api.host):
        yield (
            f"{place}: '{api.host}' has no address in the internet, and no other is let through; "
            'write the networks it leads to, such as addresses: ["10.20.0.0/16"].'
        )


def _managed(settings: Settings, platform: Managed, catalog: Catalog) -> Iterator[str]:
    keys = [*IN_AWS, *(BEHIND_CLOUDFLARE if settings.edge in ("cloudflare", "both") else ())]
    values: Mapping[str, object] = settings.model_dump(by_alias=True)
    for key in keys:
        if values[key] is None:
            yield f"setting '{PROJECT}:{key}' is missing; {written(key)}"
    if settings.edge in ("cloudflare", "both") and settings.cloudflare_token is None:
        yield (
            f"setting '{PROJECT}:cloudflareToken' is missing; run: "
            f"pulumi config set --secret {PROJECT}:cloudflareToken"
        )
    if settings.certificates == "letsEncrypt" and settings.edge == "cloudfront":
        yield (
            f"setting '{PROJECT}:certificates' is letsEncrypt, but CloudFront takes AWS' own "
            "certificates alone; write acm, or an edge with Cloudflare."
        )
    yield from cluster_problems(settings, platform)
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
    yield from _needed_externals(settings, catalog)


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


def _needed_externals(settings: Settings, catalog: Catalog) -> Iterator[str]:
    users: dict[str, str] = {}
    for edge in catalog.edges:
        if catalog.kind(edge.target) is NodeKind.EXTERNAL:
            users.setdefault(edge.target, edge.source)
    for name, service in sorted(users.items()):
        api: ExternalApi | None = settings.externals.get(name)
        place = f"setting '{PROJECT}:externals.{name}'"
        if api is None:
            vendors = catalog.external[name].providers
            vendor = vendors[0] if vendors else "vendor of your choice"
            yield (
                f"{place} is missing, but '{service}' needs it; write:\nconfig:\n"
                f"  {PROJECT}:externals:\n    {name}: "
                f'{{provider: "{vendor}", url: "https://…"}}'
            )
        elif api.credential is None:
            yield (
                f"{place} has no credential, but '{service}' needs one; run: pulumi config set "
                f"--secret --path '{PROJECT}:externals.{name}.credential'"
            )
