"""The simulated `random` provider. Its values are really random and really secret."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import SystemRandom

from typing_extensions import override

from nexus.pulumi.wire import Properties, Property, Secret, plain, table, text
from nexus.rehearsal.providers.base import Made, Requested
from nexus.rehearsal.providers.cloud import TabledProvider
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import Clock

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
"""The real provider's special characters, unless `overrideSpecial` says others."""

_ALPHABETS = (
    ("lower", "minLower", string.ascii_lowercase),
    ("upper", "minUpper", string.ascii_uppercase),
    ("numeric", "minNumeric", string.digits),
)
_PET_WORDS = ("ant", "bee", "cod", "doe", "elk", "fox", "gnu", "hen", "ibis", "jay", "koi", "lynx")


def _number(value: Property) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _text(inputs: Properties) -> str:
    """Characters as asked for: at least so many of each kind, the rest of any kind allowed."""
    kinds = [
        (inputs.get(flag), _number(inputs.get(minimum)), letters)
        for flag, minimum, letters in _ALPHABETS
    ]
    special = text(inputs.get("overrideSpecial")) or SPECIAL
    kinds.append((inputs.get("special"), _number(inputs.get("minSpecial")), special))
    allowed = "".join(letters for wanted, _, letters in kinds if wanted is not False)
    characters = [secrets.choice(letters) for _, least, letters in kinds for _ in range(least)]
    missing = _number(inputs.get("length")) - len(characters)
    characters += [secrets.choice(allowed) for _ in range(missing)]
    SystemRandom().shuffle(characters)
    return "".join(characters)


def _password(inputs: Properties) -> Properties:
    # A stand-in of the right shape: nothing may log in with what a rehearsal made up.
    return {"result": _text(inputs), "bcryptHash": f"$2a$10${secrets.token_urlsafe(40)[:53]}"}


def _bytes(inputs: Properties) -> Properties:
    value = secrets.token_bytes(_number(inputs.get("length")))
    return {"base64": base64.b64encode(value).decode(), "hex": value.hex()}


def _id(inputs: Properties) -> Properties:
    value = secrets.token_bytes(_number(inputs.get("byteLength")))
    prefix = text(inputs.get("prefix"))
    url = base64.urlsafe_b64encode(value).decode().rstrip("=")
    return {
        "b64Std": prefix + base64.b64encode(value).decode(),
        "b64Url": prefix + url,
        "dec": f"{prefix}{int.from_bytes(value)}",
        "hex": prefix + value.hex(),
    }


def _pet(inputs: Properties) -> Properties:
    words = [secrets.choice(_PET_WORDS) for _ in range(_number(inputs.get("length")))]
    prefix = [text(inputs.get("prefix"))] if inputs.get("prefix") else []
    return {"name": text(inputs.get("separator")).join(prefix + words)}


def _integer(inputs: Properties) -> Properties:
    low, high = _number(inputs.get("min")), _number(inputs.get("max"))
    return {"result": low + secrets.randbelow(high - low + 1)}


_TEXT_DEFAULTS: Properties = {
    **{flag: True for flag, _, _ in _ALPHABETS},
    **{minimum: 0 for _, minimum, _ in _ALPHABETS},
    "special": True,
    "minSpecial": 0,
}


@dataclass(frozen=True, kw_only=True)
class _Type:
    """A resource type: how it is drawn, and the names of the outputs that are.

    `id` is the name of the one that is the id, or a fixed id; `defaults` are inputs that the
    provider fills in.
    """

    draw: Callable[[Properties], Properties]
    drawn: tuple[str, ...]
    id: str
    secret: bool = False
    defaults: Properties = field(default_factory=dict)


_TYPES: Mapping[str, _Type] = {
    "random:index/randomBytes:RandomBytes": _Type(
        draw=_bytes, drawn=("base64", "hex"), id="none", secret=True
    ),
    "random:index/randomId:RandomId": _Type(
        draw=_id, drawn=("b64Std", "b64Url", "dec", "hex"), id="b64Url"
    ),
    "random:index/randomInteger:RandomInteger": _Type(
        draw=_integer, drawn=("result",), id="result"
    ),
    "random:index/randomPassword:RandomPassword": _Type(
        draw=_password,
        drawn=("result", "bcryptHash"),
        id="none",
        secret=True,
        defaults=_TEXT_DEFAULTS,
    ),
    "random:index/randomPet:RandomPet": _Type(
        draw=_pet, drawn=("name",), id="name", defaults={"length": 2, "separator": "-"}
    ),
    "random:index/randomString:RandomString": _Type(
        draw=lambda inputs: {"result": _text(inputs)},
        drawn=("result",),
        id="result",
        defaults=_TEXT_DEFAULTS,
    ),
    "random:index/randomUuid:RandomUuid": _Type(
        draw=lambda _: {"result": str(uuid.uuid4())}, drawn=("result",), id="result"
    ),
}
"""Every change of an input, `keepers` included, makes a new value."""


class RandomProvider(TabledProvider):
    """Values that are drawn once and kept."""

    def __init__(self, clock: Clock, recorder: Recorder) -> None:
        drawn = {token: each.drawn for token, each in _TYPES.items()}
        super().__init__("random", "nexus/rehearsal/providers/random.py", drawn, clock, recorder)

    @override
    def check(
        self, resource: Requested, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        inputs, problems = super().check(resource, old, seed)
        return {**_TYPES[resource.type].defaults, **inputs}, problems

    @override
    def create(self, resource: Requested) -> Made:
        type_ = _TYPES[resource.type]
        drawn = type_.draw(table(plain(resource.inputs)))
        own_id = str(drawn.get(type_.id, type_.id))
        marked = {name: Secret(each) if type_.secret else each for name, each in drawn.items()}
        return self._keep(Made(id=own_id, outputs={**resource.inputs, **marked}), resource)

    @override
    def update(self, resource: Requested, old: Properties) -> Made:
        kept = {name: old[name] for name in _TYPES[resource.type].drawn if name in old}
        return self._keep(Made(id=resource.id, outputs={**resource.inputs, **kept}), resource)
