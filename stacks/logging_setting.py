"""The setting `logging`: how long logs are kept, and where the cluster's API server is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.setting_types import Block, Nested


class Logging(Nested):
    """A collector of logs on each node, and where they are kept.

    `days` is for how long, `nodes` where the cluster's API server is, which tells pods' labels.
    """

    days: Annotated[int, Field(ge=1, le=400)] = 7
    nodes: Annotated[tuple[Block, ...], Field(strict=False)] = ()
