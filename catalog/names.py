"""Names and texts that the catalog's files may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, StringConstraints

MAX_SERVICE_NAME = 40
"""Longest service name. The longest name derived from it is that of its bootstrap
Job, `<service>-database-<8 hex digits>`, which Kubernetes copies into a label
value of at most 63 characters; 40 leaves room for it and for longer suffixes."""

MAX_MIGRATED_NAME = 38
"""Longest name of a database that a migration changes: of `<name>-database-access-<8 hex digits>`
Kubernetes takes 63 characters, as of other Jobs."""

MAX_DOMAIN_NAME = 30
"""Longest name of a domain or tier; a namespace and a priority class have a prefix, and at most 63
characters."""

VARIABLE = r"^[A-Z][A-Z0-9_]*$"
"""Name of an environment variable."""

PLAIN_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
"""Name of an environment variable that an image knows already, which may be of any case."""

RESERVED_VARIABLES = r"^(PORT$|NEXUS_)"
"""Environment variables that every service has from this program."""

ResourceName = Literal[
    "alerting",
    "cdn",
    "gpu",
    "hsm",
    "load-balancer",
    "logging",
    "ml-models",
    "monitoring",
    "postgres",
    "queue",
    "redis",
    "storage",
]
"""Platform resources that mean something to this program; the environment table says what
provides each, and where nothing does yet."""

RESOURCES: tuple[ResourceName, ...] = get_args(ResourceName)

EnvironmentName = Literal["dev", "staging", "prod"]
"""Environments that this program can build."""

RESERVED_DOMAINS = frozenset({"data", "logging", "system"})
"""Domains whose namespaces belong to the servers, to what reads logs and to the platform itself."""

EXTERNAL_TIER = "external"
"""What pictures call the group of external APIs, beside those of the tiers."""

RESERVED_SERVICES = frozenset({"default"})
"""Services whose ServiceAccount every namespace has already."""

RESERVED_ON: Mapping[ResourceName, frozenset[str]] = {
    # Key of a service beside those of the platform's own layers.
    "hsm": frozenset({"cluster", "data", "logs", "registry", "storage"}),
    # Databases and roles that PostgreSQL or Aurora has, and words that are no role's name. Source:
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.html
    "postgres": frozenset(
        {
            *("none", "public", "template0", "template1"),
            *("rdsadmin", "rdsrepladmin", "rdstopmgr", "rdswriteforwarduser"),
        }
    ),
    # RabbitMQ lets `guest` in from its own machine alone, and Amazon MQ deletes it. Source:
    # https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/best-practices-broker-setup.html
    "queue": frozenset({"guest"}),
    # Users of health checks, operators and clients without a name.
    "redis": frozenset({"admin", "default", "probe"}),
    # Password of the administrator, beside those of the services.
    "storage": frozenset({"master"}),
}
"""Names that a service cannot have on a server of this kind, which has or refuses them itself."""

DNS_LABEL = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label, as Kubernetes demands it for the name of a Service."""

PORT_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
"""Name of a port (RFC 6335), with a letter first."""

PATH = r"^(/[-A-Za-z0-9._]+)+$"
"""Path in a container, absolute and without blanks."""

URL_PATH = r"^/[!-~]*$"
"""Path of a URL, perhaps with a query."""

QUANTITY = r"^[1-9][0-9]{0,5}(Ki|Mi|Gi)$"
"""Size of a folder."""

API_VERSION = r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$"
"""Name of a version of an API, as people write it into paths."""

CRON = r"^[0-9A-Za-z*,/-]+( +[0-9A-Za-z*,/-]+){4}$"
"""Five fields of the characters that Kubernetes takes."""

CPUS = r"^[1-9][0-9]{0,8}m?$"
BYTES = r"^[1-9][0-9]{0,12}(k|M|G|T|Ki|Mi|Gi|Ti)$"
"""Kubernetes quantities. Bytes have a unit: 512 alone would be too few for any process."""

HTTPS = r"^https://[!-~]+$"
"""Address for people."""

WHOLE_IMAGE = (
    r"(?=[^/]*[.:]|localhost/)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?"
    r"(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})"
)
"""A whole image with its registry, name and version. Source: the grammar in
https://github.com/distribution/reference, with a registry that is told from a name."""

ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]*$"
"""Text without line breaks and control characters; it goes into annotations and pictures."""


Name = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=63)]
ServiceName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=MAX_SERVICE_NAME)]
DomainName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=MAX_DOMAIN_NAME)]
TierName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=MAX_DOMAIN_NAME)]
VariableName = Annotated[str, StringConstraints(pattern=VARIABLE, max_length=63)]
PlainVariableName = Annotated[str, StringConstraints(pattern=PLAIN_VARIABLE, max_length=63)]
PortName = Annotated[str, StringConstraints(pattern=PORT_NAME, max_length=15)]
ContainerPath = Annotated[str, StringConstraints(pattern=PATH, max_length=255)]
UrlPath = Annotated[str, StringConstraints(pattern=URL_PATH, max_length=255)]
Quantity = Annotated[str, StringConstraints(pattern=QUANTITY)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Sentence = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=ONE_LINE),
]

DEDICABLE: tuple[ResourceName, ...] = ("postgres", "redis", "queue")
"""Resources of which this program makes further servers. Buckets are apart already, and what
else there is comes once per platform."""


def dedicated_name(data_name: str, resource: str) -> str:
    """Name of the server of `resource` that a service has to itself, by what its data is called."""
    return f"{data_name}-{resource}"


def part_name(data_name: str, part: str | None) -> str:
    """Name of a service's database or vhost, by what its data is called; and of further logins."""
    return data_name if part is None else f"{data_name}-{part}"


def _version_range(text: str) -> str:
    bounds = ",".join(text.replace(",", " ").split())
    try:
        # One that only compares texts holds for what is no version, too.
        plain = bool(bounds) and "===" not in bounds and len(SpecifierSet(bounds)) > 0
    except InvalidSpecifier:
        plain = False
    if not plain:
        raise ValueError("is no range of versions; write bounds such as '>=2.3,<4'.")
    return bounds


VersionRange = Annotated[str, AfterValidator(_version_range)]
"""Versions such as `>=2.3,<4`, in the words of Python's packages; a space does for a comma."""
