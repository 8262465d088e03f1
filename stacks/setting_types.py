"""Types of the settings: what a value must look like, and what to write instead."""

from __future__ import annotations

import datetime as dt
import re
from ipaddress import IPv4Network, ip_network
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from pydantic.alias_generators import to_camel

from catalog.names import DNS_LABEL
from catalog.validation import matching

Ordering = Literal["tiers", "edges"]
EdgeProvider = Literal["cloudflare", "cloudfront", "both"]

SERVICE_CIDR = "172.20.0.0/16"
"""Addresses of Kubernetes Services on EKS; nothing else may use them."""

_PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
HOST = r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
SMALLEST, LARGEST = 20, 16
"""Prefix lengths of the network: a /20 leaves 512 addresses for the pods of a zone."""


def _inside_project(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("is not below the project; write a relative path without '..'.")
    return path


def _ipv4(value: str, example: str) -> IPv4Network:
    try:
        return IPv4Network(value)
    except ValueError:
        raise ValueError(f"is no IPv4 network; write one such as '{example}'.") from None


def _network(value: str) -> str:
    network = _ipv4(value, "10.0.0.0/16")
    if network.prefixlen > SMALLEST:
        raise ValueError(
            f"is too small for three zones; write a network of /{LARGEST} to /{SMALLEST}."
        )
    if network.prefixlen < LARGEST:
        raise ValueError(f"is larger than AWS allows; write a network of /{LARGEST} or less.")
    if not any(network.subnet_of(block) for block in _PRIVATE):
        raise ValueError("is no private network; write one inside of 10.0.0.0/8, for example.")
    if network.overlaps(IPv4Network(SERVICE_CIDR)):
        raise ValueError(
            f"overlaps {SERVICE_CIDR}, the addresses of Kubernetes Services; write another."
        )
    return value


def _block(cidr: str) -> str:
    try:
        block = ip_network(cidr)
    except ValueError as error:
        raise ValueError("is no address block; write one such as '169.254.20.10/32'.") from error
    if block.prefixlen == 0:
        raise ValueError("is everybody; list the networks that are meant.")
    return str(block)


_CLUSTERS_OWN = ("kube", "openshift", "system")
"""Starts of names, before a hyphen, that a cluster keeps for itself: namespaces of Kubernetes and
of OpenShift, and priority classes. Sources: the page 'Namespaces' of Kubernetes' documentation,
'Working with projects' of OpenShift's, and ValidatePriorityClass of pkg/apis/scheduling."""


def _prefix(value: str) -> str:
    own = value.partition("-")[0]
    if own in _CLUSTERS_OWN:
        raise ValueError(
            f"begins names with '{own}-', which a cluster keeps for itself; write another one."
        )
    return value


def _addresses(value: str) -> str:
    network = _ipv4(value, "198.51.100.0/24")
    if network.prefixlen == 0:
        raise ValueError("is everybody; list the networks that may reach the cluster's API.")
    return value


def _api_client(value: str) -> str:
    if not value.startswith("sg-"):
        return _addresses(value)
    if not re.fullmatch(r"sg-[0-9a-f]{8,17}", value):
        raise ValueError("is no security group; write its id, such as 'sg-0123456789abcdef0'.")
    return value


def _subnet(value: str) -> str:
    block = _ipv4(value, "10.0.96.0/24")
    if not 16 <= block.prefixlen <= 28:
        raise ValueError("is no subnet of AWS; write a network of /16 to /28.")
    return value


def _services(value: str) -> str:
    block = _ipv4(value, "172.20.0.0/16")
    if not 12 <= block.prefixlen <= 24:
        raise ValueError("is no range of Services; EKS has them of /12 to /24.")
    return value


def _moment(value: str) -> str:
    fault = "is no moment in UTC; write one such as '2026-01-31T09:00:00Z'."
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(fault) from None
    if moment.utcoffset() != dt.timedelta(0):
        raise ValueError(fault)
    return value


Owner = Annotated[
    str,
    # What all services of AWS take for the value of a tag. Source:
    # https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    matching(
        r"[\w .:/=+@-]{1,256}",
        "is no value of a tag in AWS; write up to 256 letters, digits, spaces and _ . : / = + - @.",
    ),
]
ProjectPath = Annotated[str, AfterValidator(_inside_project)]
AccountId = Annotated[
    str, matching(r"\d{12}", "is no AWS account id; write its 12 digits in quotes.")
]
Region = Annotated[
    str,
    matching(r"[a-z]{2}(-[a-z]+)+-\d", "is no AWS region; write its name, such as 'eu-central-1'."),
]
ZoneLetter = Annotated[
    str, matching(r"[a-z]", "is no availability zone of a region; write its letter, such as 'a'.")
]
Label = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=63)]
Network = Annotated[str, AfterValidator(_network)]
Block = Annotated[str, AfterValidator(_block)]
NamespacePrefix = Annotated[
    str, StringConstraints(pattern=DNS_LABEL, max_length=20), AfterValidator(_prefix)
]
Addresses = Annotated[str, AfterValidator(_addresses)]
ApiClient = Annotated[str, AfterValidator(_api_client)]
SubnetBlock = Annotated[str, AfterValidator(_subnet)]
"""Addresses of a subnet. Sizes: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""
ServiceBlock = Annotated[str, AfterValidator(_services)]
"""Addresses of a cluster's Services. Sizes:
https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html"""
Moment = Annotated[str, AfterValidator(_moment)]
ServerName = Annotated[
    str,
    # RDS refuses two hyphens side by side, and one at the end.
    matching(
        r"(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "is no short name; write one such as 'r1'.",
    ),
]
EngineVersion = Annotated[
    str, matching(r"\d+\.\d+", "is no version of PostgreSQL; write one such as '17.7'.")
]
HexId = Annotated[
    str, matching(r"[0-9a-f]{32}", "is no Cloudflare id; write its 32 hexadecimal digits.")
]
HostedZone = Annotated[
    str,
    matching(r"Z[A-Z0-9]{3,31}", "is no Route 53 zone id; write one such as 'Z0123456789ABC'."),
]
DomainName = Annotated[
    str,
    matching(
        r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
        "is no domain name; write one such as 'nexus.example.com'.",
    ),
]
HostName = Annotated[str, matching(HOST, "is no host name; write one such as 'nexus.example.com'.")]
RegistryPath = Annotated[
    str,
    matching(
        r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*",
        "is no registry; write it without a scheme, such as 'registry.example.com/nexus', or ecr.",
    ),
]
EmailAddress = Annotated[
    str,
    matching(
        r"[^@\s]+@([a-zA-Z0-9-]+\.)+[a-zA-Z]{2,63}",
        "is no e-mail address; write one such as 'platform@nexus.example.com'.",
    ),
]
Endpoint = Annotated[
    str, matching(r"https://[^\s/]+(/\S*)?", "is no https address; write 'https://…'.")
]
RoleArn = Annotated[
    str,
    matching(
        r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+",
        "is no ARN of an IAM role or user; write one such as "
        "'arn:aws:iam::123456789012:role/deployer'.",
    ),
]
ClusterArn = Annotated[
    str,
    matching(
        r"arn:aws[a-z-]*:eks:[a-z0-9-]+:\d{12}:cluster/[A-Za-z0-9_-]+",
        "is no ARN of an EKS cluster; write one such as "
        "'arn:aws:eks:eu-central-1:123456789012:cluster/nexus'.",
    ),
]


class Nested(BaseModel):
    """A setting with fields of its own."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


class ExistingCluster(Nested):
    """An EKS cluster that others made, and the network it is in.

    Without the blocks of addresses of a kind of subnet, network policies take the whole
    network (`vpcCidr`) for it. `private_cidrs` are where interface endpoints are. In Auto Mode
    `service_cidr` must be there: pods ask an address in it for names.
    """

    arn: ClusterArn
    endpoint: Endpoint
    certificate_authority: str = Field(min_length=1)
    security_group: str = Field(min_length=1)
    vpc: str = Field(min_length=1)
    public_subnets: Annotated[tuple[str, ...], Field(strict=False, min_length=2)]
    data_subnets: Annotated[tuple[str, ...], Field(strict=False, min_length=2)]
    service_cidr: ServiceBlock | None = None
    public_cidrs: Annotated[tuple[SubnetBlock, ...], Field(strict=False)] = ()
    private_cidrs: Annotated[tuple[SubnetBlock, ...], Field(strict=False)] = ()
    data_cidrs: Annotated[tuple[SubnetBlock, ...], Field(strict=False)] = ()

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.arn.rpartition("/")[2]


class LetsEncrypt(Nested):
    """How the ingress of a cluster without AWS gets its certificate.

    `http01` needs a name that Let's Encrypt reaches on port 80, `dns01` a Cloudflare zone.
    """

    email: EmailAddress
    challenge: Literal["http01", "dns01"] = "http01"
    cert_manager: Literal["install", "present"] = "install"
    directory: Literal["production", "staging"] = "production"


class RegistryLogin(Nested):
    """Login to a registry outside of AWS, such as Docker Hub."""

    username: str = Field(min_length=1)
    password: SecretStr


class Restore(Nested):
    """What a new database server is made from: a snapshot, or a moment of another cluster.

    `server` is which server of PostgreSQL, `version` the engine's, for a snapshot of a server
    that is newer than the program says.
    """

    server: Annotated[str, Field(min_length=1)] = "postgres"
    snapshot: Annotated[str, Field(min_length=1)] | None = None
    cluster: Annotated[str, Field(min_length=1)] | None = None
    time: Moment | None = None
    version: EngineVersion | None = None


def media_host(domain: str) -> str:
    """Host name under which the CDN serves the media of a domain."""
    # One level below the domain: no deeper goes Cloudflare's certificate.
    return f"media.{domain}"
