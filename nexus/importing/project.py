"""What a project needs beside its catalog: Pulumi's files, settings of dev, schemas for editors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.files import schema_files
from nexus.importing.draft import Draft
from stacks.settings import PROJECT

DEV = "Pulumi.dev.yaml"
RELEASE = "releases/dev.yaml"
PLATFORM = "catalog/platform.yaml"

TIERS = ("core", "platform", "domain", "frontend")
"""Tiers that services are put into, behind that of the platform resources."""

FIRST_TIER = "infrastructure"
WINDOW_SECONDS = 30

_MAIN = '''"""Entry point of `pulumi up`."""

from pathlib import Path

from stacks.program import run

run(Path(__file__).parent)
'''

_IGNORED = """.venv/
__pycache__/
out/
"""


def begin_project(description: str) -> Draft:
    """The files that every project has, and no catalog yet."""
    draft = Draft()
    draft.values["Pulumi.yaml"] = {
        "name": PROJECT,
        "description": description,
        "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}},
    }
    draft.values[DEV] = {
        "config": {
            f"{PROJECT}:environment": "dev",
            f"{PROJECT}:releaseFile": RELEASE,
            f"{PROJECT}:ordering": "tiers",
            "pulumi:disable-default-providers": ["*"],
        }
    }
    draft.heads[DEV] = "# Settings of the dev stack; `nexus settings --help` tells of them all.\n"
    draft.values[RELEASE] = {"services": {}}
    draft.heads[RELEASE] = (
        "# Version of every service: tag or digest of its image in 'nexus-cos:registry', or\n"
        "# a whole image with its registry. A service that is not listed runs as a stand-in.\n"
    )
    draft.texts["__main__.py"] = _MAIN
    draft.texts[".gitignore"] = _IGNORED
    draft.texts.update(schema_files())
    return draft


def platform_values(
    resources: Mapping[str, str],
    *,
    tiers: Sequence[str] = TIERS,
    buckets: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Content of `catalog/platform.yaml`."""
    names = (FIRST_TIER, *tiers)
    return {
        "tiers": [
            {
                "name": name,
                "starts_at": WINDOW_SECONDS * index,
                "ends_at": WINDOW_SECONDS * (index + 1),
            }
            for index, name in enumerate(names)
        ],
        "resources": {
            name: {"summary": summary} | ({"gate": True} if name in _GATES else {})
            for name, summary in resources.items()
        },
        "external": {},
        **({"buckets": dict(buckets)} if buckets else {}),
        "circuit_breaker": {
            "open_after_failures": 5,
            "half_open_after_seconds": 30,
            "close_after_successes": 3,
        },
        "calls": {"timeout_ms": 2000, "retries": 2, "retry_percent": 20},
    }


_GATES = frozenset({"postgres", "redis", "queue"})

RESOURCE_WORDS: Mapping[str, str] = {
    "postgres": "PostgreSQL with one database per service",
    "redis": "Cache with one key namespace per service",
    "queue": "Message queue with one vhost per service",
    "storage": "Object storage",
}


def put_platform(draft: Draft, values: dict[str, Any]) -> None:
    """Puts the platform into the draft."""
    draft.values[PLATFORM] = values
    draft.heads[PLATFORM] = (
        "# yaml-language-server: $schema=schema/platform.schema.json\n"
        "# What the services stand on. The first tier is that of the resources.\n"
    )


def put_services(draft: Draft, domain: str, services: Mapping[str, Any]) -> str:
    """Puts the services of a domain into the draft; returns their file."""
    file = f"catalog/services/{domain}.yaml"
    draft.values[file] = {"domain": domain, "services": dict(services)}
    draft.heads[file] = "# yaml-language-server: $schema=../schema/services.schema.json\n"
    return file


def new_project(service: str) -> Draft:
    """A project with one service that needs a database."""
    draft = begin_project("A platform whose infrastructure is generated from its catalog")
    put_platform(draft, platform_values({"postgres": RESOURCE_WORDS["postgres"]}))
    put_services(
        draft,
        service,
        {service: {"summary": "Says what it does here", "tier": "core", "needs": ["postgres"]}},
    )
    return draft
