"""The simulated `random` provider: passwords that are really random and really secret."""

from __future__ import annotations

import secrets
import string
from random import SystemRandom

from typing_extensions import override

from nexus.pulumi.wire import Properties, Property, Secret, plain, table, text
from nexus.rehearsal.providers.base import Existing, Requested
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


_DEFAULTS: Properties = {
    **{flag: True for flag, _, _ in _ALPHABETS},
    **{minimum: 0 for _, minimum, _ in _ALPHABETS},
    "special": True,
    "minSpecial": 0,
}


_PASSWORD = "random:index/randomPassword:RandomPassword"
_DRAWN = ("result", "bcryptHash")
"""The one type that the program uses, and what is drawn of it. Every change of an input, `keepers`
included, makes a new value."""


class RandomProvider(TabledProvider):
    """Passwords that are drawn once and kept."""

    def __init__(self, clock: Clock, recorder: Recorder) -> None:
        table_of = "nexus/rehearsal/providers/random.py"
        super().__init__("random", table_of, {_PASSWORD: _DRAWN}, clock, recorder)

    @override
    def check(
        self, resource: Requested, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        inputs, problems = super().check(resource, old, seed)
        return {**_DEFAULTS, **inputs}, problems

    @override
    def create(self, resource: Requested) -> Existing:
        # A stand-in of the right shape: nothing may log in with what a rehearsal made up.
        code = f"$2a$10${secrets.token_urlsafe(40)[:53]}"
        drawn = {
            "result": Secret(_text(table(plain(resource.inputs)))),
            "bcryptHash": Secret(code),
        }
        return self._keep(Existing(id="none", outputs={**resource.inputs, **drawn}), resource)

    @override
    def update(self, resource: Requested, old: Properties) -> Existing:
        kept = {name: old[name] for name in _DRAWN if name in old}
        return self._keep(Existing(id=resource.id, outputs={**resource.inputs, **kept}), resource)
