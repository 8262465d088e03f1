"""One resource type of a simulated cloud."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a resource is, for its ARN.

    Args:
        account: id of the account, 12 digits.
        region: region of the resource.
    """

    account: str = "000000000000"
    region: str = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that the simulated cloud was asked for.

    Args:
        place: where it is.
        key: tells it from every other one, in all their lives.
        inputs: what was asked for, its automatic name included.
    """

    place: Place
    key: str
    inputs: Values

    def text(self, name: str) -> str:
        """An input as text; empty if it was not given or is not known."""
        value = self.inputs.get(name)
        return value if isinstance(value, str) else ""

    def arn(self, service: str, resource: str, *, everywhere: bool = False) -> str:
        """ARN of a resource; `everywhere` for services without regions, such as IAM."""
        region = "" if everywhere else self.text("region") or self.place.region
        return f"arn:aws:{service}:{region}:{self.place.account}:{resource}"

    def hexadecimal(self, length: int, salt: str = "") -> str:
        """Hexadecimal digits that look random."""
        return hashlib.sha256(f"{self.key}{salt}".encode()).hexdigest()[:length]

    def uuid(self) -> str:
        """A UUID."""
        digits = self.hexadecimal(32)
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return "-".join(parts)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the cloud adds to the inputs of one resource type.

    Args:
        outputs: from the resource to its computed outputs; `id` is among them.
        computed: names of those outputs that are not inputs at the same time.
        named: the input that gets an automatic name; None if there is none.
        longest: most characters of an automatic name.
        repeatable: whether making it again changes nothing, as for the settings of something else.
        taken: what the cloud says when the name is taken, with `{}` for it.
        source: from the inputs to the id of the resource of the same type that it is a
            copy of and that has to be there; None for one that is made from nothing.
    """

    outputs: Callable[[Made], Values]
    computed: tuple[str, ...] = ()
    named: str | None = None
    longest: int = 255
    repeatable: bool = False
    taken: str = "it already exists"
    source: Callable[[Values], str | None] = lambda _: None


AUTOMATIC_DIGITS = 7


def automatic_name(start: str, suffix: str) -> str:
    """A name as the bridged providers make them: logical name, hyphen, 7 digits.

    It is never cut: a provider refuses what becomes too long.
    """
    return f"{start}-{suffix[:AUTOMATIC_DIGITS]}"
