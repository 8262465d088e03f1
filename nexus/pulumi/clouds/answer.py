"""One resource type of a simulated cloud, and ids and ARNs of the usual shapes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]

ID_DIGITS = 17
"""Hexadecimal digits of an id in AWS."""

AUTOMATIC_DIGITS = 7
"""Hexadecimal digits at the end of an automatic name."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where a resource is, for its ARN: number of the account, of 12 digits, and the region."""

    number: str = "000000000000"
    region: str = "us-east-1"

    @classmethod
    def of(cls, provider: Values) -> Account:
        """Where an AWS provider with these settings makes things."""
        accounts = provider.get("allowedAccountIds") or []
        if isinstance(accounts, str):
            # Provider settings travel as JSON text.
            accounts = json.loads(accounts)
        region = provider.get("region")
        return cls(
            number=str(accounts[0]) if accounts else cls.number,
            region=region if isinstance(region, str) else cls.region,
        )


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that the simulated cloud was asked for.

    Args:
        key: tells it from every other one, in all their lives.
        inputs: what was asked for, its automatic name included.
    """

    account: Account
    key: str
    inputs: Values

    def text(self, name: str) -> str:
        """An input as text; empty if it was not given or is not known."""
        value = self.inputs.get(name)
        return value if isinstance(value, str) else ""

    def arn(self, service: str, resource: str, *, everywhere: bool = False) -> str:
        """ARN of a resource; `everywhere` for services without regions, such as IAM."""
        region = "" if everywhere else self.text("region") or self.account.region
        return f"arn:aws:{service}:{region}:{self.account.number}:{resource}"

    def hexadecimal(self, length: int, salt: str = "") -> str:
        """Hexadecimal digits that look random."""
        return hashlib.sha256(f"{self.key}{salt}".encode()).hexdigest()[:length]

    def uuid(self) -> str:
        """A UUID."""
        digits = self.hexadecimal(32)
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return "-".join(parts)


Outputs = Callable[[Made], Values]
"""From a resource to what the cloud adds to its inputs: `id`, and the computed outputs."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the cloud adds to the inputs of one resource type.

    Args:
        named: the input that gets an automatic name; None if there is none.
        longest: most characters of an automatic name.
        repeatable: whether making it again changes nothing, as for the settings of something else.
        taken: what the cloud says when the name is taken, with `{}` for it.
        source: from the inputs to the id of the resource of the same type that it is a
            copy of and that has to be there; None for one that is made from nothing.
    """

    outputs: Outputs = field(kw_only=False)
    named: str | None = None
    longest: int = 255
    repeatable: bool = False
    taken: str = "it already exists"
    source: Callable[[Values], str | None] = lambda _: None

    @property
    def computed(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.made(Account(), "", {}))

    def made(self, account: Account, key: str, inputs: Values) -> Values:
        """The outputs of a resource in an account; `key` tells it from every other one."""
        return self.outputs(Made(account=account, key=key, inputs=inputs))

    def with_name(self, inputs: Values, name: str, suffix: str) -> dict[str, Any]:
        """The inputs with an automatic name, where the type has one and none was given.

        As the bridged providers make them: the logical name, a hyphen, and the first digits of
        `suffix`. It is never cut: a provider refuses what becomes too long.
        """
        if self.named is None or inputs.get(self.named) is not None:
            return dict(inputs)
        start = name.lower() if self.named == "bucket" else name
        return {**inputs, self.named: f"{start}-{suffix[:AUTOMATIC_DIGITS]}"}

    def id_from(self, inputs: Values) -> str | None:
        """The id where it follows from the inputs; None where the cloud draws one."""
        ids = {str(self.made(Account(), key, inputs)["id"]) for key in ("one", "another")}
        return ids.pop() if len(ids) == 1 else None


def numbered(prefix: str, service: str = "", kind: str = "", also: str = "") -> Outputs:
    """Ids such as `vpc-0123456789abcdef0`, with an ARN where `service` is given.

    `also` is another output that repeats the id.
    """

    def outputs(made: Made) -> Values:
        own = f"{prefix}-{made.hexadecimal(ID_DIGITS)}"
        arn = {"arn": made.arn(service, f"{kind}/{own}")} if service else {}
        return {"id": own, **arn, **({also: own} if also else {})}

    return outputs


def called(name: str, service: str, kind: str) -> Outputs:
    """Ids that are the resource's name, which also ends the ARN."""
    return lambda made: {
        "id": made.text(name),
        "arn": made.arn(service, f"{kind}{made.text(name)}"),
    }


def joined(*names: str) -> Outputs:
    """Ids that consist of inputs."""
    return lambda made: {"id": ":".join(made.text(name) for name in names) or made.key}
