"""The setting `logging`: how long logs are kept, and where the cluster's API server is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from stacks.setting_types import Block, Nested


class Logging(Nested):
    """A collector of logs on each node, and where they are kept.

    `days` is for how long, in AWS with others for single `domains`. `nodes` is where the API server
    of a cluster outside of AWS is, which tells pods' labels.
    """

    days: Annotated[int, Field(ge=1, le=3653)] | None = None
    domains: Mapping[str, Annotated[int, Field(ge=1, le=3653)]] = {}
    nodes: Annotated[tuple[Block, ...], Field(strict=False)] = ()
