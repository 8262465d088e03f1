"""Shape of the catalog's YAML files. Unknown keys are refused; the JSON Schemas come from here."""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from catalog.model import SERVICE_TIERS, Fallback, Order, Tier

MAX_SERVICE_NAME = 40
"""Longest service name. The longest name derived from it is that of its bootstrap
Job, `<service>-database-<8 hex digits>`, which Kubernetes copies into a label
value of at most 63 characters; 40 leaves room for it and for longer suffixes."""

MAX_DOMAIN_NAME = 30
"""Longest domain name; its namespace has a prefix, and a namespace at most 63 characters."""

RESERVED_DOMAINS = frozenset({"data", "system"})
"""Domains whose namespaces belong to the servers and to the platform itself."""

RESERVED_SERVICES = frozenset(
    {"admin", "default", "none", "probe", "public", "template0", "template1"}
)
"""Services whose user, role or database a server has already, or refuses."""

DNS_LABEL = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label, as Kubernetes demands it for the name of a Service."""

ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]*$"
"""Text without line breaks and control characters; it goes into annotations and pictures."""


def _service_tier(tier: Any) -> Any:
    """Only platform resources start in the infrastructure tier."""
    if tier not in SERVICE_TIERS:
        raise PydanticCustomError("enum", "no tier", {"expected": ", ".join(SERVICE_TIERS)})
    return tier


def _need_from_name(value: Any) -> Any:
    if isinstance(value, str):
        return {"target": value}
    if not isinstance(value, dict):
        raise PydanticCustomError("need_type", "no need")
    return cast("dict[object, object]", value)


Name = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=63)]
ServiceName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=MAX_SERVICE_NAME)]
DomainName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=MAX_DOMAIN_NAME)]
Sentence = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=ONE_LINE),
]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NeedEntry(_File, title="Dependency"):
    """One dependency of a service, or one rule that stands for several.

    Exactly one of `target` and `above_tier` is given: a target names one
    service, platform resource or external API; `above_tier: core` stands for
    every service of a later tier but the declaring one, so that a gateway
    gets its route when a service is added. A named target wins over the rule.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["target"]}, {"required": ["above_tier"]}]}
    )

    target: Name | None = Field(
        default=None,
        description="Service, platform resource or external API that this service needs",
    )
    above_tier: Tier | None = Field(
        default=None,
        strict=False,
        description="Instead of one target: every service of a tier after this one",
    )
    order: Order = Field(
        default=Order.STARTUP,
        strict=False,
        description="startup: roll out after the target; runtime: call it, never wait for it",
    )
    fallback: Fallback | None = Field(
        default=None,
        strict=False,
        description="What the service does while the target is down; makes the edge degradable",
    )
    reason: Sentence | None = Field(
        default=None, description="Why the edge is as it is; required for runtime edges"
    )


def _needs_schema(schema: dict[str, Any]) -> None:
    name = {"type": "string", "pattern": DNS_LABEL, "maxLength": 63, "description": "The target"}
    schema["items"] = {"anyOf": [name, schema["items"]]}


class ServiceEntry(_File, title="Service"):
    """One service: what it is, when it starts and what it needs."""

    summary: Sentence = Field(description="One line that says what the service does")
    tier: Annotated[Tier, BeforeValidator(_service_tier)] = Field(
        strict=False,
        description="Tier the service starts in",
        json_schema_extra={"enum": list(SERVICE_TIERS)},
    )
    port: int = Field(default=8080, ge=1024, le=65535, description="TCP port it listens on")
    start_seconds: int = Field(
        default=30,
        ge=1,
        le=1800,
        description="Longest time from container start to ready, in seconds",
    )
    needs: list[Annotated[NeedEntry, BeforeValidator(_need_from_name)]] = Field(
        default=[],
        description="Dependencies: a name, or a mapping with target and more",
        json_schema_extra=_needs_schema,
    )


class ServicesFile(_File, title="Services of a domain"):
    """A file of catalog/services: the services of one domain."""

    domain: DomainName = Field(
        description="Failure domain of these services; one namespace",
        json_schema_extra={"not": {"enum": [*sorted(RESERVED_DOMAINS)]}},
    )
    services: dict[ServiceName, ServiceEntry] = Field(
        min_length=1, description="The domain's services by name"
    )


class TierEntry(_File, title="Tier"):
    """A tier and its documented window."""

    name: Tier = Field(strict=False, description="The tier")
    starts_at: int = Field(
        ge=0, description="Start of its window, in seconds since the platform resources exist"
    )
    ends_at: int = Field(
        gt=0, description="End of its window, in seconds since the platform resources exist"
    )


Providers = Annotated[
    list[Sentence], Field(description="Products or third parties that can provide it")
]


class ResourceEntry(_File, title="Platform resource"):
    """A platform resource."""

    summary: Sentence = Field(description="One line that says what it is")
    providers: Providers = []
    gate: bool = Field(default=False, description="Whether the infrastructure tier waits for it")


class ExternalEntry(_File, title="External API"):
    """An API outside the platform."""

    summary: Sentence = Field(description="One line that says what it is")
    providers: Providers = []


class BucketEntry(_File, title="Bucket"):
    """A bucket of the `storage` resource."""

    owner: Name = Field(description="Service that administers the content")
    granted: list[Name] = Field(
        default=[], description="Other services that may read and write the content"
    )


class PlatformFile(_File, title="Platform"):
    """catalog/platform.yaml: what the services stand on."""

    tiers: list[TierEntry] = Field(description="All tiers, in startup order")
    resources: dict[Name, ResourceEntry] = Field(description="Platform resources by name")
    external: dict[Name, ExternalEntry] = Field(description="APIs outside the platform by name")
    buckets: dict[ServiceName, BucketEntry] = Field(
        default={}, description="Buckets of the object storage by name"
    )
    flows: dict[Name, list[Name]] = Field(
        default={},
        description="Critical paths by name: each step after the first is needed by one before it",
    )
