"""What a stack is built from, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

from catalog import Catalog, Tier
from components.context import Context
from stacks.environment import Environment
from stacks.release import Release
from stacks.services import Services
from stacks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything the program read, checked, before it makes anything.

    Args:
        opened: tiers whose gate is there already; those that come after do not wait for it.
    """

    settings: Settings
    environment: Environment
    catalog: Catalog
    release: Release
    context: Context
    opened: frozenset[Tier]


@dataclass(frozen=True, kw_only=True)
class Built:
    """What was made.

    Args:
        url: where people reach the platform; None without a gateway.
        services: what runs.
    """

    url: str | None
    services: Services
