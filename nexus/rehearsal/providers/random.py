"""The simulated `random` provider. Its values are really random and really secret."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Mapping
from random import SystemRandom

from nexus.pulumi.wire import Properties, Property, text
from nexus.rehearsal.providers.tabled import Simulated, TabledProvider
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


def _string(inputs: Properties) -> Properties:
    return {"result": _text(inputs)}


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


def _uuid(_: Properties) -> Properties:
    return {"result": str(uuid.uuid4())}


def _integer(inputs: Properties) -> Properties:
    low, high = _number(inputs.get("min")), _number(inputs.get("max"))
    return {"result": low + secrets.randbelow(high - low + 1)}


_TEXT_DEFAULTS: Properties = {
    **{flag: True for flag, _, _ in _ALPHABETS},
    **{minimum: 0 for _, minimum, _ in _ALPHABETS},
    "special": True,
    "minSpecial": 0,
}

TYPES: Mapping[str, Simulated] = {
    "random:index/randomBytes:RandomBytes": Simulated(
        compute=_bytes,
        computed=("base64", "hex"),
        id="none",
        secret=frozenset({"base64", "hex"}),
    ),
    "random:index/randomId:RandomId": Simulated(
        compute=_id, computed=("b64Std", "b64Url", "dec", "hex"), id="b64Url"
    ),
    "random:index/randomInteger:RandomInteger": Simulated(
        compute=_integer, computed=("result",), id="result"
    ),
    "random:index/randomPassword:RandomPassword": Simulated(
        compute=_password,
        computed=("result", "bcryptHash"),
        id="none",
        secret=frozenset({"result", "bcryptHash"}),
        defaults=_TEXT_DEFAULTS,
    ),
    "random:index/randomPet:RandomPet": Simulated(
        compute=_pet, computed=("name",), id="name", defaults={"length": 2, "separator": "-"}
    ),
    "random:index/randomString:RandomString": Simulated(
        compute=_string, computed=("result",), id="result", defaults=_TEXT_DEFAULTS
    ),
    "random:index/randomUuid:RandomUuid": Simulated(
        compute=_uuid, computed=("result",), id="result"
    ),
}
"""Every change of an input, `keepers` included, makes a new value."""


def random_provider(clock: Clock, recorder: Recorder) -> TabledProvider:
    """Return the provider of package `random`."""
    return TabledProvider("random", TYPES, clock, recorder)
