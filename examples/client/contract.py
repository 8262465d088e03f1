"""The file at NEXUS_CONFIG, read and checked."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = 1


class ContractError(Exception):
    """The file cannot be used; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """One thing that the service needs.

    Args:
        name: its name.
        kind: `service`, `resource` or `external`.
        endpoint: where it is; None where the environment does not provide it.
        credentials: folder with its credentials; None if there are none.
        fallback: what to do while it is unavailable; None if nothing stands in for it.
        timeout_seconds: longest time of one attempt.
        retries: further attempts of one call at most.
        retry_percent: retries of all calls together, in percent of the calls.
        open_after_failures: consecutive failures after which the breaker opens.
        half_open_after_seconds: how long it stays open.
        close_after_successes: successes in a row, one at a time, after which it closes.
    """

    name: str
    kind: str
    endpoint: Mapping[str, str] | None
    credentials: Path | None
    fallback: str | None
    timeout_seconds: float
    retries: int
    retry_percent: int
    open_after_failures: int
    half_open_after_seconds: float
    close_after_successes: int


def read_contract(path: str | os.PathLike[str] | None = None) -> Mapping[str, Dependency]:
    """Everything the service needs, by name.

    Args:
        path: the file; without, the one that the environment variable NEXUS_CONFIG names.

    Raises:
        ContractError: if there is no such file or it is of another version.
    """
    file = path or os.environ.get("NEXUS_CONFIG")
    if not file:
        raise ContractError("NEXUS_CONFIG is not set, so there is no list of dependencies.")
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise ContractError(
                f"{file} has version {document['version']}, this client reads version {VERSION}."
            )
        entries = document["dependencies"].items()
        return {name: _dependency(name, entry) for name, entry in entries}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ContractError(f"{file} cannot be read: {error!r}") from error


def _dependency(name: str, entry: Mapping[str, Any]) -> Dependency:
    breaker, retry, credentials = entry["circuit_breaker"], entry["retry"], entry["credentials"]
    return Dependency(
        name=name,
        kind=entry["kind"],
        endpoint=entry["endpoint"],
        credentials=None if credentials is None else Path(credentials),
        fallback=entry["fallback"],
        timeout_seconds=entry["timeout_ms"] / 1000,
        retries=retry["attempts"],
        retry_percent=retry["budget_percent"],
        open_after_failures=breaker["open_after_failures"],
        half_open_after_seconds=breaker["half_open_after_seconds"],
        close_after_successes=breaker["close_after_successes"],
    )
