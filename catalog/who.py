"""Who answers for a service, and where its code and its runbook are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from catalog.names import HTTPS, Name, Sentence
from catalog.validation import Entry

Url = Annotated[str, StringConstraints(pattern=HTTPS, max_length=500)]


class Who(Entry):
    """What a domain's file or a service says of who answers for it; None for what nobody said."""

    owner: Name | None = Field(default=None, description="Team that answers for it")
    on_call: Sentence | None = Field(default=None, description="Whom to call when it is down")
    repository: Url | None = Field(default=None, description="Address of its repository")
    runbook: Url | None = Field(default=None, description="Address of its runbook")

    @property
    def words(self) -> str:
        """Who answers, and where to read on: `shop-team, on call: Anna, https://…`; or nothing."""
        on_call = None if self.on_call is None else f"on call: {self.on_call}"
        return ", ".join(filter(None, (self.owner, on_call, self.runbook)))

    def annotations(self) -> Mapping[str, str]:
        """What is known, as annotations of Kubernetes objects and of Backstage's entities."""
        said = {
            "owner": self.owner,
            "on-call": self.on_call,
            "repository": self.repository,
            "runbook": self.runbook,
        }
        return {f"nexus-cos/{name}": text for name, text in said.items() if text is not None}


def who_of(domain: Who, service: Who) -> Who:
    """Who answers for a service: what it says itself, and for the rest its domain's file."""
    return Who(**{key: getattr(service, key) or getattr(domain, key) for key in Who.model_fields})
