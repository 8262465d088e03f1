"""The settings of a stack, and what an environment demands of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from catalog.names import EnvironmentName
from components.context import PROJECT
from stacks.attachment import AttachedResource, ExternalApi
from stacks.logging_setting import Logging
from stacks.monitoring_setting import Monitoring
from stacks.setting_types import (
    AccountId,
    Addresses,
    ApiClient,
    Block,
    DomainName,
    EdgeProvider,
    ExistingCluster,
    HexId,
    HostedZone,
    HostName,
    Label,
    LetsEncrypt,
    NamespacePrefix,
    Network,
    Ordering,
    Owner,
    ProjectPath,
    Region,
    RegistryLogin,
    RegistryPath,
    Restore,
    RoleArn,
    ServerName,
    ZoneLetter,
    media_host,
)


class Settings(BaseModel, frozen=True):
    """Typed settings of one stack, each a key `nexus-cos:<name>` of `Pulumi.<stack>.yaml`.

    Every stack may write all of them. Which of the optional ones its environment demands say the
    classes below; what contradicts another one, `stacks.requirements`.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True)

    environment: EnvironmentName = Field(
        description="column of the environment table", examples=["dev"]
    )
    release_file: ProjectPath = Field(
        description="file with the version of every service, relative to the project",
        examples=["releases/dev.yaml"],
    )
    ordering: Ordering = Field(
        default="tiers",
        description="tiers: each tier waits for the one before; edges: dependencies alone decide",
    )
    kube_context: str | None = Field(
        default=None,
        description="context of the kubeconfig to deploy to; without it the current one is used",
        examples=["kind-nexus"],
    )
    namespace_prefix: NamespacePrefix = Field(
        default="nexus",
        description="start of every namespace; two stacks in one cluster need two prefixes",
    )
    registry: RegistryPath | None = Field(
        default=None,
        description="registry and path in front of every service's own image; ecr: made here",
        examples=["registry.example.com/nexus"],
    )
    registry_login: RegistryLogin | None = Field(
        default=None,
        description="login to a registry that asks for one",
        examples=[{"username": "nexus", "password": {"secure": "…"}}],
    )
    host: HostName = Field(
        default="nexus.localhost", description="host name of the gateway's ingress"
    )
    edge_namespace: Label = Field(
        default="ingress-nginx",
        description="namespace of the ingress controller; only it reaches the gateway from outside",
        examples=["kube-system"],
    )
    edge_addresses: tuple[Block, ...] = Field(
        default=(),
        strict=False,
        description="blocks of the nodes with an ingress controller on the host's network: its "
        "packets come from there, not from a namespace",
        examples=[["172.18.0.0/16"]],
    )
    monitoring_namespace: Label | None = Field(
        default=None,
        description="namespace of a Prometheus of yours, which then reaches every service's port "
        "`metrics`, or its HTTP port, and what critical flows pass",
        examples=["monitoring"],
    )
    monitoring: Monitoring | None = Field(
        default=None,
        description="Prometheus, Alertmanager and Grafana of the stack's own, with what `nexus "
        "monitoring` writes; where the nodes are that it reads, and whom it tells; see "
        "docs/monitoring.md",
        examples=[
            {"nodes": ["172.18.0.0/16"], "receivers": {"page-platform": {"url": {"secure": "…"}}}}
        ],
    )
    logging: Logging | None = Field(
        default=None,
        description="a collector of logs on each node, and a store for them: how many days they "
        "are kept, and where the cluster's API server is; see docs/logs.md",
        examples=[{"nodes": ["172.18.0.0/16"]}],
    )
    ingress_class: Label | None = Field(
        default=None,
        description="class of the gateway's ingress; without it the cluster's default one",
        examples=["nginx"],
    )
    dns_resolvers: tuple[Block, ...] = Field(
        default=(),
        strict=False,
        description="blocks of DNS resolvers that are no pods of the cluster's DNS: a node-local "
        "cache, or the cluster address of a resolver on the node itself",
        examples=[["169.254.20.10/32"]],
    )
    variables: Mapping[str, Mapping[str, str]] = Field(
        default={},
        description="per service, the values of the environment variables its catalog entry lists",
        examples=[{"user-auth": {"LOG_LEVEL": "info"}}],
    )
    secret_variables: Mapping[str, Mapping[str, SecretStr]] = Field(
        default={},
        description="the same for values that are secret: the service finds each in a file, and "
        "the file's path in the variable `<NAME>_FILE`",
        examples=[{"user-auth": {"SIGNING_KEY": {"secure": "…"}}}],
    )
    rotations: Mapping[str, Annotated[int, Field(ge=0)]] = Field(
        default={},
        description="per service, a number; a higher one replaces the service's passwords",
        examples=[{"user-auth": 1}],
    )
    owner: Owner | None = Field(
        default=None,
        description="team that every AWS resource is tagged with",
        examples=["platform"],
    )
    aws_account: AccountId | None = Field(
        default=None,
        description="the only AWS account this stack may touch",
        examples=["123456789012"],
    )
    aws_region: Region | None = Field(
        default=None, description="AWS region of everything regional", examples=["eu-central-1"]
    )
    aws_zones: Annotated[
        tuple[ZoneLetter, ...], Field(strict=False, min_length=3, max_length=3)
    ] = Field(default=("a", "b", "c"), description="letters of the region's three zones to use")
    vpc_cidr: Network = Field(
        default="10.0.0.0/16", description="addresses of the network, /16 to /20"
    )
    reserved_cidrs: Annotated[tuple[Addresses, ...], Field(strict=False)] = Field(
        default=(),
        description="networks that are routed to this one and that it must not overlap",
        examples=[["10.20.0.0/16"]],
    )
    cluster: Literal["create", "existing"] = Field(
        default="create", description="create: EKS is made here; existing: see existingCluster"
    )
    existing_cluster: ExistingCluster | None = Field(
        default=None,
        description="the cluster to use, with cluster: existing",
        examples=[
            {
                "arn": "arn:aws:eks:eu-central-1:123456789012:cluster/nexus",
                "endpoint": "https://ABC.gr7.eu-central-1.eks.amazonaws.com",
                "certificateAuthority": "LS0t…",
                "securityGroup": "sg-0123",
                "vpc": "vpc-0123",
                "serviceCidr": "172.20.0.0/16",
                "publicSubnets": ["subnet-01", "subnet-02", "subnet-03"],
                "dataSubnets": ["subnet-04", "subnet-05", "subnet-06"],
                "publicCidrs": ["10.0.192.0/22", "10.0.196.0/22", "10.0.200.0/22"],
                "privateCidrs": ["10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19"],
                "dataCidrs": ["10.0.224.0/22", "10.0.228.0/22", "10.0.232.0/22"],
            }
        ],
    )
    nodes: Literal["auto", "managed"] = Field(
        default="auto", description="auto: EKS Auto Mode; managed: node groups made here"
    )
    cluster_admins: Annotated[tuple[RoleArn, ...], Field(strict=False)] = Field(
        default=(),
        description="IAM roles that administer the cluster; the one that deploys must be in it",
        examples=[["arn:aws:iam::123456789012:role/deployer"]],
    )
    api_cidrs: Annotated[tuple[Addresses, ...], Field(strict=False)] = Field(
        default=(),
        description="networks that may reach the cluster's API from outside",
        examples=[["198.51.100.0/24"]],
    )
    api_clients: Annotated[tuple[ApiClient, ...], Field(strict=False)] = Field(
        default=(),
        description="networks and security groups that may reach the cluster's API inside of its "
        "network: those of the runner or VPN that deploys, and of whoever uses kubectl",
        examples=[["10.60.0.0/24", "sg-0123456789abcdef0"]],
    )
    cloud_hsm: bool = Field(
        default=False,
        description="a CloudHSM cluster for keys instead of KMS; its certificate is signed by hand",
    )
    cloud_hsm_modules: Annotated[int, Field(ge=1, le=3)] = Field(
        default=1,
        description="modules of that cluster, each in another zone; more than one only once it is "
        "activated, see docs/runbook.md",
        examples=[2],
    )
    database_servers: Mapping[str, ServerName] = Field(
        default={},
        description="name of a database server since its restore, by server; another name is "
        "another server, an empty one without restore",
        examples=[{"postgres": "r1"}],
    )
    restore: Restore | None = Field(
        default=None,
        description="what a server under a new name is made from, a snapshot or a moment of "
        "another server; needed once, see docs/runbook.md",
        examples=[{"snapshot": "arn:aws:rds:…"}],
    )
    edge: EdgeProvider | None = Field(
        default=None, description="cloudflare, cloudfront or both", examples=["both"]
    )
    domain: DomainName | None = Field(
        default=None,
        description="domain under which people reach the platform; with Cloudflare the zone's name",
        examples=["nexus.example.com"],
    )
    failover_domain: DomainName | None = Field(
        default=None,
        description="with Cloudflare, a domain in Route 53 that works while Cloudflare does not",
        examples=["nexus-direct.example.net"],
    )
    route53_zone: HostedZone | None = Field(
        default=None,
        description="id of the Route 53 zone of the failover domain, or of the domain itself",
        examples=["Z0123456789ABC"],
    )
    cloudflare_account: HexId | None = Field(
        default=None, description="id of the Cloudflare account", examples=["0" * 32]
    )
    cloudflare_zone: HexId | None = Field(
        default=None,
        description="id of the domain's Cloudflare zone, which this stack needs for itself",
        examples=["0" * 32],
    )
    cloudflare_token: SecretStr | None = Field(
        default=None,
        description="API token that may edit the zone and its load balancers; for dns01 in dev, "
        "one that may read the zone and edit its DNS",
    )
    certificates: Literal["acm", "letsEncrypt"] = Field(
        default="acm",
        description="who signs what visitors see: at Cloudflare; in dev, letsEncrypt is the "
        "ingress with cert-manager, and acm is no certificate",
    )
    lets_encrypt: LetsEncrypt | None = Field(
        default=None,
        description="how cert-manager gets the ingress' certificate; see docs/certificates.md",
        examples=[{"email": "platform@nexus.example.com", "challenge": "http01"}],
    )
    externals: Mapping[str, ExternalApi] = Field(
        default={},
        description="vendor, address and credential of each external API; `addresses` where its "
        "name leads to networks of your own",
        examples=[{"payments": {"provider": "Stripe", "url": "https://api.stripe.com"}}],
    )
    attached: Mapping[str, AttachedResource] = Field(
        default={},
        description="platform resources that others make, by name: where each is and the login of "
        "all that need it, or of each; see docs/attached.md",
        examples=[
            {
                "mongodb": {
                    "host": "mongo.db.internal",
                    "port": 27017,
                    "tls": True,
                    "addresses": ["10.20.0.0/16"],
                    "username": "shop",
                    "password": {"secure": "…"},
                    "facts": {"database": "shop"},
                }
            }
        ],
    )

    @property
    def other_registry(self) -> str | None:
        """Registry and path of the images; None without one, or with repositories made here."""
        return None if self.registry == "ecr" else self.registry


class ClusterSettings(Settings, frozen=True):
    """The settings of a stack inside of any cluster."""

    environment: Literal["dev"]

    @property
    def signer(self) -> LetsEncrypt | None:
        """How the ingress gets its certificate; None for an ingress without TLS."""
        return self.lets_encrypt if self.certificates == "letsEncrypt" else None


class AwsSettings(Settings, frozen=True):
    """The settings of a stack in AWS. What every such stack gives is not optional."""

    environment: Literal["staging", "prod"]
    owner: Owner = Field(default=...)
    aws_account: AccountId = Field(default=...)
    aws_region: Region = Field(default=...)
    registry: RegistryPath = Field(default=...)
    edge: EdgeProvider = Field(default=...)
    domain: DomainName = Field(default=...)
    route53_zone: HostedZone = Field(default=...)

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the three availability zones."""
        return tuple(f"{self.aws_region}{letter}" for letter in self.aws_zones)

    def images(self, stack: str) -> str:
        """Registry and path of the images of the stack called `stack`."""
        own = f"{self.aws_account}.dkr.ecr.{self.aws_region}.amazonaws.com/{PROJECT}-{stack}"
        return self.other_registry or own

    @property
    def direct_domain(self) -> str:
        """The domain whose zone is in Route 53."""
        return self.failover_domain or self.domain

    @property
    def media_host(self) -> str:
        """Name of the media."""
        return media_host(self.domain)


class CloudflareSettings(AwsSettings, frozen=True):
    """The settings of a stack in AWS with Cloudflare in front."""

    edge: Literal["cloudflare", "both"] = Field(default=...)
    cloudflare_account: HexId = Field(default=...)
    cloudflare_zone: HexId = Field(default=...)
    cloudflare_token: SecretStr = Field(default=...)
    failover_domain: DomainName = Field(default=...)


def demanded(settings: Settings) -> ClusterSettings | AwsSettings:
    """The settings as their environment, and what is in front of it, demand them.

    Raises:
        pydantic.ValidationError: what is missing.
    """
    given = {to_camel(name): getattr(settings, name) for name in settings.model_fields_set}
    if settings.environment == "dev":
        return ClusterSettings.model_validate(given)
    if settings.edge in ("cloudflare", "both"):
        return CloudflareSettings.model_validate(given)
    return AwsSettings.model_validate(given)
