"""What a look at a stack found: every operation that was under way, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from nexus.pulumi.urn import urn_of
from nexus.repair.identity import Identity, Kind, State, identity, marks, table
from nexus.repair.lock import Lock

CREATING = "creating"
UPDATING = "updating"
DELETING = "deleting"

NOWHERE = "none"
"""What a user writes in place of the id of what does not exist."""


class Verdict(Enum):
    """What became of an operation, and so what a repair does with it."""

    ADOPTED = "it exists and is taken into the state"
    SUPERFLUOUS = "it exists beside the one in the state; the next 'pulumi up' deletes it"
    ABSENT = "it does not exist and is forgotten"
    REPEATABLE = "it is made again without harm and is forgotten"
    KNOWN = "the state has it already"
    UNFINISHED = "the next 'pulumi up' updates it once more"
    STILL_THERE = "it exists; the next run deletes it"
    GONE = "it is gone and leaves the state"
    UNDECIDED = "nobody can tell from here whether it exists"
    FOREIGN = "something of that name exists, but does not carry its labels or tags"


UNANSWERED = frozenset({Verdict.UNDECIDED, Verdict.FOREIGN})
"""Verdicts that only the user can turn into others."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One operation that was under way.

    Args:
        operation: `creating`, `updating`, `deleting`, `reading` or `importing`.
        resource: what it was about, as the state lists it.
        id: its id outside of the state; empty if it is not known.
        verdict: what became of it.
    """

    operation: str
    resource: State
    verdict: Verdict
    id: str = ""

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return str(self.resource["urn"])

    @property
    def title(self) -> str:
        """The resource's type and name."""
        return f"{self.resource['type']} {urn_of(self.urn).name}"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What state a stack is in, and the sound state that a repair would write.

    Args:
        locks: who holds it.
        unsound: why the CLI refuses its state; None if it does not.
        findings: the operations that were under way.
        unready: names of resources that did not get ready, with the reasons.
        before: its state as it was found.
        after: the same in order, to be written; None where it needs no writing.
    """

    locks: tuple[Lock, ...]
    unsound: str | None
    findings: tuple[Finding, ...]
    unready: Mapping[str, tuple[str, ...]]
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None

    @property
    def sound(self) -> bool:
        """Whether there is nothing to repair."""
        return not self.locks and self.after is None

    @property
    def unanswered(self) -> tuple[Finding, ...]:
        """What the user has to say before anything is repaired."""
        return tuple(each for each in self.findings if each.verdict in UNANSWERED)


def pending(state: State) -> tuple[Mapping[str, Any], ...]:
    """The operations that a state lists as under way, each once."""
    listed = state["deployment"].get("pending_operations") or ()
    last = {(each["type"], each["resource"]["urn"], _name(each)): each for each in listed}
    return tuple(last.values())


def unready(state: State) -> dict[str, tuple[str, ...]]:
    """The resources that did not get ready, by type and name, with the reasons."""
    return {
        f"{each['type']} {str(each['urn']).split('::', 3)[3]}": tuple(each["initErrors"])
        for each in resources(state)
        if each.get("initErrors")
    }


def resources(state: State) -> Sequence[dict[str, Any]]:
    """The resources of a state."""
    return state["deployment"].get("resources") or ()


def live(entries: Iterable[Mapping[str, Any]], urn: str) -> Mapping[str, Any] | None:
    """The resource of that URN that is not about to be deleted; None if there is none."""
    return next((e for e in entries if e["urn"] == urn and not e.get("delete")), None)


def identified(resource: State, given: Mapping[str, str]) -> Identity | None:
    """How a resource is found again, what the user says first; None for what is nowhere."""
    said = given.get(str(resource["urn"]))
    if said is not None:
        return None if said == NOWHERE else Identity(Kind.NAMED, said)
    return identity(resource)


def is_foreign(entry: State) -> bool:
    """Whether what was found does not carry the labels or tags that it was to be made with."""
    wanted, found = marks(entry, table(entry["inputs"])), marks(entry, table(entry["outputs"]))
    return any(found.get(key) != value for key, value in wanted.items())


def _name(operation: Mapping[str, Any]) -> str:
    return identity(operation["resource"]).id
