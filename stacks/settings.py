"""The settings of a stack. The only place that reads Pulumi's configuration."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pulumi import get_project
from pulumi.runtime import config as runtime_config
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from catalog import InputError, Problem
from catalog.document import At
from catalog.names import DNS_LABEL
from catalog.validation import is_secret, secrets_below, sentence
from stacks.environment import EnvironmentName
from stacks.secrecy import unkept_secrets
from stacks.setting_types import (
    AccountId,
    Addresses,
    ApiClient,
    Block,
    DomainName,
    Edge,
    ExistingCluster,
    ExternalApi,
    HexId,
    HostedZone,
    HostName,
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
)

PROJECT = "nexus-cos"
"""Namespace of the settings, however the Pulumi project is called."""


class Settings(BaseModel):
    """Typed settings of one stack, each a key `nexus-cos:<name>` of `Pulumi.<stack>.yaml`.

    Which of the optional ones an environment demands is said in `stacks.requirements`.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)

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
    edge_namespace: Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=63)] = Field(
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
    monitoring_namespace: Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=63)] | (
        None
    ) = Field(
        default=None,
        description="namespace of a Prometheus of yours, which then reaches every service's port",
        examples=["monitoring"],
    )
    ingress_class: Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=63)] | None = (
        Field(
            default=None,
            description="class of the gateway's ingress; without it the cluster's default one",
            examples=["nginx"],
        )
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
    edge: Edge | None = Field(
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


@cache
def _texts() -> frozenset[str]:
    """Settings whose value is text; Pulumi hands every other one over as JSON."""
    fields = Settings.model_json_schema()["properties"]
    return frozenset(
        key
        for key, field in fields.items()
        if "string" in {option.get("type") for option in (field, *field.get("anyOf", ()))}
    )


def read_settings(stack: str, encrypted: Collection[At] = ()) -> Settings:
    """Settings of the running stack.

    Args:
        stack: its name.
        encrypted: places of the encrypted values in its file.

    Raises:
        InputError: one problem per wrong, missing or unknown setting, each with
            the YAML to write into `Pulumi.<stack>.yaml`.
    """
    file = f"Pulumi.{stack}.yaml"
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    configuration = _configuration(file)
    secret = [
        key
        for key in configuration
        for namespace in namespaces(get_project())
        if runtime_config.is_config_secret(f"{namespace}:{key}")
    ]
    unkept = [*unkept_secrets(Settings, PROJECT, encrypted, secret)]
    if unkept:
        # Before anything is read, so that no other message repeats them.
        raise InputError([Problem(file, message) for message in unkept])
    for key, text in sorted(configuration.items()):
        values[key] = text
        if key in _fields() and key not in _texts():
            try:
                values[key] = json.loads(text)
            except ValueError:
                message = f"setting '{PROJECT}:{key}' is no {_kind(key)}; {written(key)}"
                problems.append(Problem(file, message))
                values.pop(key)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += [Problem(file, _sentence(detail)) for detail in details]
        raise InputError(problems) from error
    if problems:
        raise InputError(problems)
    return settings


def shown(value: object) -> str:
    """A value as it stands in a stack's file."""
    return json.dumps(value, ensure_ascii=False)


def written(key: str) -> str:
    """The YAML to write for the setting `key`: its first example, or its default."""
    field = _fields()[key]
    value = field.examples[0] if field.examples else field.default
    return f"write:\nconfig:\n  {PROJECT}:{key}: {shown(value)}  # {field.description}"


def namespaces(project: str) -> tuple[str, ...]:
    """What stands before the colon of a setting's key: our own, or the name of the project.

    Pulumi gives the project's name to a key without a namespace.
    """
    return tuple(dict.fromkeys((PROJECT, project)))


def _configuration(file: str) -> dict[str, str]:
    """All settings of this program: the running one's, else those of its environment."""
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for namespace in namespaces(get_project()):
        prefix = f"{namespace}:"
        for full, text in sorted(values.items()):
            key = full.removeprefix(prefix)
            if key != full and key in found:
                message = f"setting '{full}' stands there as '{PROJECT}:{key}' too; remove one."
                problems.append(Problem(file, message))
            elif key != full:
                found[key] = text
    if problems:
        raise InputError(problems)
    return found


def _fields() -> dict[str, FieldInfo]:
    """The settings' fields by their key in the file."""
    return {to_camel(name): field for name, field in Settings.model_fields.items()}


def _kind(key: str) -> str:
    default = _fields()[key].default
    kinds = {bool: "truth value", int: "number", tuple: "list"}
    return kinds.get(type(default), "mapping")


def _sentence(detail: ErrorDetails) -> str:
    key = str(detail["loc"][0])
    place = f"setting '{PROJECT}:{'.'.join(str(part) for part in detail['loc'])}'"
    if detail["type"] == "missing":
        return f"{place} is missing; {written(key)}"
    if is_secret(Settings, detail["loc"]):
        path = place.removeprefix("setting ")
        return f"{place} is not text; run: pulumi config set --secret --path {path}"
    if any(secrets_below(Settings, detail["loc"])):
        return f"{place} is not a mapping; {written(key)}"
    given = detail["input"]
    if detail["type"] == "string_type" and isinstance(given, (bool, int, float)):
        path = place.removeprefix("setting ")
        return (
            f"{sentence(place, detail, ()).removesuffix('.')}, or run: pulumi config set --path "
            f"--type string {path} {json.dumps(given)}"
        )
    text = sentence(place, detail, tuple(_fields()))
    return f"{text} For example, {written(key)}" if key in _fields() else text
