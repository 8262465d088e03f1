"""Shape of the catalog's YAML files. Unknown keys are refused; the JSON Schemas come from here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from catalog.access import Access, ExchangeName, GrantEntry, PartName, RoutingKeys
from catalog.api import Api, ApiVersionName
from catalog.call_entry import BreakerEntry, CallsEntry, OwnBreakerEntry, OwnCallsEntry
from catalog.document import Location
from catalog.edge import Fallback, Order
from catalog.flow import FlowOrSteps, flows_schema
from catalog.job import Migration, Task
from catalog.names import (
    DEDICABLE,
    DNS_LABEL,
    RESERVED_DOMAINS,
    RESERVED_VARIABLES,
    DomainName,
    Name,
    PortName,
    Sentence,
    ServiceName,
    TierName,
    VariableName,
    VersionRange,
)
from catalog.run import LEAST_PORT
from catalog.run_entry import RunEntry
from catalog.size import SizesFile, SizingEntry, Sizings
from catalog.validation import Entry, Read
from catalog.who import Who

MAX_TIERS = 20
"""Most tiers; a platform waits at every one for its slowest service."""


def _need_from_name(value: Any) -> Any:
    if isinstance(value, str):
        return {"target": value}
    if not isinstance(value, dict):
        raise PydanticCustomError("need_type", "no need")
    return cast("dict[object, object]", value)


class NeedEntry(Entry, title="Dependency"):
    """One dependency of a service, or one rule that stands for several.

    Exactly one of `target` and `above_tier` is given: a target names one
    service, platform resource or external API; `above_tier: core` stands for
    every service of a later tier but the declaring one, so that a gateway
    gets its route when a service is added. A named target wins over the rule.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["target"]}, {"required": ["above_tier"]}],
            "if": {
                "properties": {"dedicated": {"const": True, "description": "A further server"}},
                "required": ["dedicated"],
            },
            "then": {
                "properties": {"target": {"enum": [*DEDICABLE], "description": "Of which"}},
                "required": ["target"],
            },
        }
    )

    target: Name | None = Field(
        default=None,
        description="Service, platform resource or external API that this service needs",
    )
    above_tier: TierName | None = Field(
        default=None,
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
    port: PortName | None = Field(
        default=None,
        description="Name of the service's port that is called; its first one if none is given",
    )
    ports: list[PortName] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        json_schema_extra={"uniqueItems": True},
        description="Instead of one port: names of all that are called, the usual one first",
    )
    versions: VersionRange | None = Field(
        default=None,
        description="Versions of the service that this one can work with, as >=2.3,<4",
    )
    api: ApiVersionName | None = Field(
        default=None,
        description="Version of the service's API that is called; named where it has several",
    )
    reason: Sentence | None = Field(
        default=None, description="Why the edge is as it is; required for runtime edges"
    )
    dedicated: bool = Field(
        default=False,
        description="Whether the service gets a server of its own (postgres, redis, queue)",
    )
    any_key: bool = Field(
        default=False,
        description="Whether keys have no prefix, for software that knows none (a dedicated redis)",
    )
    part: PartName | None = Field(
        default=None,
        description="Of postgres and queue: which database or vhost, where one service has "
        "several; with its own, the name of a further one",
    )
    of: ServiceName | None = Field(
        default=None,
        description="Service whose database, keys or vhost these are, where they are not its "
        "own; that grants them",
    )
    access: Access | None = Field(
        default=None,
        strict=False,
        description="What it does there: read (if none is given) or read-write in a database "
        "and of keys; "
        "publish or consume in a vhost",
    )
    exchange: ExchangeName | None = Field(
        default=None, description="Of another's vhost: the exchange that is used"
    )
    routing_keys: RoutingKeys | None = Field(
        default=None, description="With which routing keys, as in a binding"
    )
    circuit_breaker: OwnBreakerEntry | None = Field(
        default=None, description="What differs from the circuit breaker of all dependencies"
    )
    calls: OwnCallsEntry | None = Field(
        default=None, description="What differs from the timeouts and retries of all dependencies"
    )


def _needs_schema(schema: dict[str, Any]) -> None:
    name = {"type": "string", "pattern": DNS_LABEL, "maxLength": 63, "description": "The target"}
    schema["items"] = {"anyOf": [name, schema["items"]]}


def _environment_schema(schema: dict[str, Any]) -> None:
    schema["uniqueItems"] = True
    schema["items"] = {**schema["items"], "not": {"pattern": RESERVED_VARIABLES}}


class ServiceEntry(SizingEntry, Who, title="Service"):
    """One service: what it is, when it starts and what it needs."""

    summary: Sentence = Field(description="One line that says what the service does")
    tier: TierName = Field(
        description="Tier the service starts in: one of catalog/platform.yaml but its first"
    )
    port: Annotated[int, Field(ge=LEAST_PORT, le=65535)] | None = Field(
        default=None,
        description="TCP port it answers HTTP on, where it has no other; 8080 if none is given",
    )
    start_seconds: int = Field(
        default=30,
        ge=1,
        le=1800,
        description="Longest time from container start to ready, in seconds",
    )
    renamed_from: ServiceName | None = Field(
        default=None,
        description="What it was called when its data was made; database, users, queues, keys "
        "and images stay where they are under that name",
    )
    environment: list[VariableName] = Field(
        default=[],
        json_schema_extra=_environment_schema,
        description="Environment variables it does not start without; a stack's settings give "
        "their values, as 'nexus-cos:variables'",
    )
    run: RunEntry = Field(
        default_factory=RunEntry,
        description="What its container really is, where that is not the usual",
    )
    migrate: Migration | None = Field(
        default=None, description="What changes its database before the pods of a release start"
    )
    tasks: dict[ServiceName, Task] = Field(
        default={}, description="What runs once for each release, or by hand, by name"
    )
    apis: dict[ApiVersionName, Api] = Field(
        default={}, description="Versions of its API by name, and when each of them ends"
    )
    needs: list[Annotated[NeedEntry, BeforeValidator(_need_from_name)]] = Field(
        default=[],
        description="Dependencies: a name, or a mapping with target and more",
        json_schema_extra=_needs_schema,
    )
    grants: list[GrantEntry] = Field(
        default=[], description="Other services that may use its database, keys or vhost"
    )
    environments: Sizings = Field(default={})


class ServicesFile(Who, title="Services of a domain"):
    """A file of catalog/services: the services of one domain."""

    domain: DomainName = Field(
        description="Failure domain of these services; one namespace",
        json_schema_extra={"not": {"enum": [*sorted(RESERVED_DOMAINS)]}},
    )
    services: dict[ServiceName, ServiceEntry] = Field(
        min_length=1, description="The domain's services by name"
    )


@dataclass(frozen=True)
class DeclaredService:
    """A service as a file declares it."""

    name: str
    entry: ServiceEntry
    file: Read[ServicesFile]

    @property
    def data_name(self) -> str:
        """What all that outlives its pods is called by."""
        return self.entry.renamed_from or self.name

    def at(self, *at: str | int) -> Location:
        """Where the service says something."""
        return self.file.document.at("services", self.name, *at)


def services_of(files: Iterable[Read[ServicesFile]]) -> tuple[DeclaredService, ...]:
    """Every service of the files; two of one name where two files declare it."""
    return tuple(
        DeclaredService(name, entry, file)
        for file in files
        for name, entry in file.content.services.items()
    )


class TierEntry(Entry, title="Tier"):
    """A tier and its documented window."""

    name: TierName = Field(description="The tier")
    starts_at: int = Field(
        ge=0, description="Start of its window, in seconds since the platform resources exist"
    )
    ends_at: int = Field(
        gt=0, description="End of its window, in seconds since the platform resources exist"
    )
    priority: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000,
        description="Priority of its pods on a full cluster, less than that of the tier before; "
        "given for every tier or for none",
    )


Providers = Annotated[
    list[Sentence], Field(description="Products or third parties that can provide it")
]


class ResourceEntry(Entry, title="Platform resource"):
    """A platform resource."""

    summary: Sentence = Field(description="One line that says what it is")
    providers: Providers = Field(default=[])
    gate: bool = Field(default=False, description="Whether the infrastructure tier waits for it")


class ExternalEntry(Entry, title="External API"):
    """An API outside the platform."""

    summary: Sentence = Field(description="One line that says what it is")
    providers: Providers = Field(default=[])


class BucketEntry(Entry, title="Bucket"):
    """A bucket of the `storage` resource."""

    owner: Name = Field(description="Service that administers the content")
    granted: list[Name] = Field(
        default=[], description="Other services that may read and write the content"
    )
    readers: list[Name] = Field(
        default=[], description="Other services that may read the content and not change it"
    )
    served: bool = Field(
        default=False, description="Whether the CDN serves its objects, as of one bucket at most"
    )


class PlatformFile(Entry, title="Platform"):
    """catalog/platform.yaml: what the services stand on."""

    circuit_breaker: BreakerEntry = Field(description="Circuit breaker of every dependency")
    calls: CallsEntry = Field(description="Timeouts and retries of every dependency")
    tiers: list[TierEntry] = Field(
        json_schema_extra={"minItems": 2, "maxItems": MAX_TIERS},
        description="All tiers, in startup order: the first is that of the platform resources, "
        "services are in the others",
    )
    resources: dict[Name, ResourceEntry] = Field(
        description="Platform resources by name: those that environments make, and any that "
        "settings attach",
    )
    external: dict[Name, ExternalEntry] = Field(description="APIs outside the platform by name")
    buckets: dict[ServiceName, BucketEntry] = Field(
        default={}, description="Buckets of the object storage by name"
    )
    flows: dict[Name, FlowOrSteps] = Field(
        default={},
        description="Critical paths by name: their steps, or a mapping",
        json_schema_extra=flows_schema,
    )


SCHEMA_FOLDER = "catalog/schema"


def schema_files() -> Mapping[str, str]:
    """Path of each schema file, relative to the project, and its text."""
    return {
        f"{SCHEMA_FOLDER}/services.schema.json": _schema_text(ServicesFile),
        f"{SCHEMA_FOLDER}/platform.schema.json": _schema_text(PlatformFile),
        f"{SCHEMA_FOLDER}/sizes.schema.json": _schema_text(SizesFile),
    }


def _schema_text(model: type[BaseModel]) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_closed(model.model_json_schema()),
    }
    return json.dumps(schema, indent=2) + "\n"


def _closed(node: Any) -> Any:
    """The schema with every mapping of names closed.

    pydantic leaves names that do not match open, so that an editor would
    accept them.
    """
    if isinstance(node, list):
        return [_closed(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in cast("dict[str, Any]", node).items()}
    return closed | {"additionalProperties": False} if "patternProperties" in closed else closed
