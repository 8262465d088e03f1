"""Shape of the catalog's YAML files. Unknown keys are refused; the JSON Schemas come from here."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from catalog.model import Fallback, Order, Tier

MAX_SERVICE_NAME = 40
"""Longest service name. The longest name derived from it is that of its bootstrap
Job, `<service>-database-<8 hex digits>`, which Kubernetes copies into a label
value of at most 63 characters; 40 leaves room for it and for longer suffixes."""

DNS_LABEL = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label, as Kubernetes demands it for the name of a Service."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Name = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=63)]
ServiceName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=MAX_SERVICE_NAME)]
DomainName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=30)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]




class NeedEntry(_File):
    """One dependency of a service, or one rule that stands for several.

    Exactly one of `target` and `above_tier` is given: a target names one
    service, platform resource or external API; `above_tier: core` stands for
    every service of a later tier but the declaring one, so that a gateway
    gets its route when a service is added. A named target wins over the rule.
    """

    target: Name | None = Field(default=None, description="Name of the node this service needs")
    above_tier: Tier | None = Field(
        default=None,
        strict=False,
        description="Every service of a tier after this one, instead of one target",
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


def _need_from_name(value: Any) -> Any:
    return {"target": value} if isinstance(value, str) else value


def _needs_schema(schema: dict[str, Any]) -> None:
    schema["items"] = {"anyOf": [{"type": "string", "pattern": DNS_LABEL}, schema["items"]]}


class ServiceEntry(_File):
    """One service: what it is, when it starts and what it needs."""

    summary: Sentence = Field(description="One line that says what the service does")
    tier: Tier = Field(strict=False, description="Tier the service starts in")
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


class ServicesFile(_File):
    """A file of catalog/services: the services of one domain."""

    domain: DomainName = Field(description="Failure domain of these services; one namespace")
    services: dict[ServiceName, ServiceEntry] = Field(min_length=1)


class TierEntry(_File):
    """A tier and its documented window in seconds."""

    name: Tier = Field(strict=False)
    starts_at: int = Field(ge=0)
    ends_at: int = Field(gt=0)


class ResourceEntry(_File):
    """A platform resource."""

    summary: Sentence
    providers: list[Sentence] = []
    gate: bool = Field(default=False, description="The infrastructure tier waits for it")


class ExternalEntry(_File):
    """An API outside the platform."""

    summary: Sentence
    providers: list[Sentence] = []


class BucketEntry(_File):
    """A bucket of the `storage` resource."""

    owner: Name
    granted: list[Name] = []


class PlatformFile(_File):
    """catalog/platform.yaml: what the services stand on."""

    tiers: list[TierEntry]
    resources: dict[Name, ResourceEntry]
    external: dict[Name, ExternalEntry]
    buckets: dict[Name, BucketEntry] = {}
    flows: dict[Name, list[Name]] = {}
