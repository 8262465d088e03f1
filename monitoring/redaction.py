"""What of a log line is a secret: by the name in front of it, or by what it looks like.

Everything is a regular expression of RE2, which the collector has, so nothing here looks ahead or
back. What is found becomes `****`; the name stays, so that people see what stood there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

MASK = "****"

_WORDS = (
    "password",
    "passwd",
    "passphrase",
    "pwd",
    r"(?:\b|_)pass",
    "(?:db|user|require)pass",
    "secrets?",
    "token",
    "jwt",
    "authorization",
    "credentials?",
    "signature",
    "cookie",
    r"(?:api|access|account|client|encryption|master)[-_. ]?key",
    r"(?:private|secret|session|shared|signing)[-_. ]?key",
    r"session[-_. ]?id",
    r"connection[-_. ]?string",
    "dsn",
)
"""Ends of names whose value is a secret. `token_count` and `secret_name` do not end so."""

_SCHEMES = "Bearer|Basic|Digest|Negotiate|Token|AWS4-HMAC-SHA256"

_FORMATS = (
    # A key, however much of it there is, with real or written line breaks.
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
    # JSON Web Tokens (RFC 7519) begin with `{"` in Base64.
    r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?",
    # AWS, GitHub, Slack, Stripe, Google.
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\bgh[opsur]_\w{36,}",
    r"\bxox[abeprs]-[\w-]{10,}",
    r"\b[rs]k_(?:live|test)_\w{10,}",
    r"\bAIza[\w-]{35}",
)
"""What is a secret wherever it stands."""

KEY_LINES = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----\s*$|^[A-Za-z0-9+/]{64,76}\s*$"
"""Lines that a key in several lines goes on after: its first one, and full ones of Base64."""


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """What is looked for in a text, and what is written for it (`$1` is the first group)."""

    pattern: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """How secrets are told, on a platform whose own have `names`.

    Args:
        names: of secret environment variables, such as `SIGNING_SEED`. They are found in any
            spelling: `signingSeed`, `signing-seed`.
    """

    names: Collection[str] = ()

    @property
    def key(self) -> str:
        """Of a field, with those that it is in (`a.b.c`): whether it holds a secret."""
        return rf"(?i)(?:{self._name})(?:[-_]?(?:hash|value))?[0-9]*(?:\.|$)"

    def replacements(self) -> tuple[Replacement, ...]:
        """What is done to each text, in this order."""
        called = rf"(?:{self._name})(?:[-_]?(?:hash|value))?[0-9]*"
        # Of JSON in a text, too, whose quotes are escaped as often as it was wrapped up.
        value = rf"""(?:\\+"[^"]*|"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:{_SCHEMES})\s+[^\r\n"']+|\S+)"""
        return (
            *(Replacement(pattern=each, by=MASK) for each in _FORMATS),
            Replacement(
                pattern=r"([A-Za-z][A-Za-z0-9+.-]*://[^\s:@/?#]*:)[^\s/?#]+@", by=f"$1{MASK}@"
            ),
            # A header with several values, which end with the line.
            Replacement(pattern=r"(?i)(\bcookie[\"'\\]*\s*:\s*)[^\r\n\"]+", by=f"$1{MASK}"),
            Replacement(
                pattern=rf"(?i)({called}[\"'\\\]]*\s*(?:=>|[:=])\s*){value}", by=f"$1{MASK}"
            ),
            # SQL, and options of a command.
            Replacement(pattern=r"(?i)(\b(?:password|identified by)\s+)'[^']*'", by=f"$1{MASK}"),
            Replacement(pattern=rf"(?i)(--[\w-]*(?:{self._name})\s+)\S+", by=f"$1{MASK}"),
            Replacement(pattern=r"(?i)(\b(?:bearer|basic)\s+)[\w.~+/-]{16,}=*", by=f"$1{MASK}"),
        )

    @property
    def _name(self) -> str:
        own = sorted({"[-_. ]?".join(map(re.escape, _parts(each))) for each in self.names})
        return "|".join((*_WORDS, *own))


def _parts(name: str) -> list[str]:
    """The words of a name in capitals, or in any other spelling."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [part.lower() for part in re.split(r"[-_. ]+", split) if part]
