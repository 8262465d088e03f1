"""The setting `logging`: how long logs are kept, and where the cluster's API server is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from stacks.setting_types import Block, Nested, RoleArn


class Logging(Nested):
    """A collector of logs on each node, and where they are kept.

    `days` is for how long, in AWS with others for single `domains`. `readers` are, by domain, who
    may take on the role that reads its logs in AWS. `nodes` is where the API server of a cluster
    outside of AWS is, which tells pods' labels.
    """

    days: Annotated[int, Field(ge=1, le=3653)] | None = None
    domains: Mapping[str, Annotated[int, Field(ge=1, le=3653)]] = {}
    readers: Mapping[str, Annotated[tuple[RoleArn, ...], Field(strict=False, min_length=1)]] = {}
    nodes: Annotated[tuple[Block, ...], Field(strict=False)] = ()
