"""The parts of a URN: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`."""

from __future__ import annotations

from dataclasses import dataclass

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Urn:
    """A URN in its parts; `types` are those of all parents but the stack, then its own."""

    stack: str
    project: str
    types: str
    name: str

    def __str__(self) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::{self.types}::{self.name}"

    @property
    def type(self) -> str:
        """The resource's own type token, without those of its parents."""
        return self.types.rpartition("$")[2]

    def child(self, type_: str, name: str) -> Urn:
        """The URN that the engine gives a child; the stack's own type stands in front of none."""
        types = type_ if self.types == STACK_TYPE else f"{self.types}${type_}"
        return Urn(self.stack, self.project, types, name)


def parse_urn(text: str) -> Urn | None:
    """The parts of `text`; None if it is no URN."""
    parts = text.removeprefix("urn:pulumi:").split("::", 3)
    if not text.startswith("urn:pulumi:") or len(parts) < 4:
        return None
    return Urn(*parts)


def urn_of(text: str) -> Urn:
    """The parts of a URN that the engine or the program made.

    Raises:
        ValueError: it is none.
    """
    urn = parse_urn(text)
    if urn is None:
        raise ValueError(f"'{text}' is no URN.")
    return urn


def provider_urn(reference: str) -> str:
    """The URN in a reference to a provider, behind which its id stands; empty for none."""
    return reference.rpartition("::")[0]


def last_part(text: str) -> str:
    """Type and name in short, for people: `Deployment auth-service`. Other texts as they are."""
    urn = parse_urn(text)
    return text if urn is None else f"{short_type(urn.types)} {urn.name}"


def short_type(type_: str) -> str:
    """The last word of a type: `Deployment` of `kubernetes:apps/v1:Deployment`."""
    own = type_.rpartition("$")[2]
    short = own.rpartition(":")[2]
    return f"{short} provider" if own.startswith("pulumi:providers:") else short
