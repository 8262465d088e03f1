"""What a certificate for the ingress of a cluster demands of the settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stacks.settings import PROJECT, Settings, written

RESERVED = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}
)
"""Last parts of names that belong to nobody, so that nobody signs for them. Source:
https://www.iana.org/assignments/special-use-domain-names"""

_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")


def ingress_problems(settings: Settings) -> Iterator[str]:
    """What is missing or contradictory, a sentence each."""
    wanted = settings.lets_encrypt
    if settings.certificates != "letsEncrypt":
        if wanted is not None:
            yield (
                f"setting '{PROJECT}:letsEncrypt' is there, but nothing asks for a certificate; "
                f"set {PROJECT}:certificates to letsEncrypt, or remove it."
            )
        return
    if wanted is None:
        yield f"setting '{PROJECT}:letsEncrypt' is missing; {written('letsEncrypt')}"
    if not _HOST.fullmatch(settings.host) or settings.host.rpartition(".")[2] in RESERVED:
        yield (
            f"setting '{PROJECT}:host': Let's Encrypt signs nothing for '{settings.host}'; write a "
            "name in a domain of yours, such as 'nexus.example.com'."
        )
    if wanted is not None and wanted.challenge == "dns01" and settings.cloudflare_token is None:
        yield (
            f"setting '{PROJECT}:cloudflareToken' is missing, but the challenge dns01 needs it; "
            f"run: pulumi config set --secret {PROJECT}:cloudflareToken"
        )
