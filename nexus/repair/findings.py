"""What a look at a stack found: every operation that was under way, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from catalog.errors import counted
from nexus.pulumi.resource import mapping
from nexus.pulumi.urn import Urn, urn_of
from nexus.pulumi.wire import text
from nexus.repair.identity import Identity, Kind, State, identity, marks
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
    """One operation that was under way: which, on what, and what became of it.

    `operation` is `creating`, `updating`, `deleting`, `reading` or `importing`; an `id` that is not
    known is empty.
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
        unready: URNs of resources that did not get ready, with the reasons.
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
    last = {(e["type"], e["resource"]["urn"], identity(e["resource"]).id): e for e in listed}
    return tuple(last.values())


def unready(state: State) -> dict[str, tuple[str, ...]]:
    """The resources that did not get ready, by URN, with the reasons."""
    return {
        str(each["urn"]): tuple(each["initErrors"])
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
    wanted, found = marks(entry, mapping(entry["inputs"])), marks(entry, mapping(entry["outputs"]))
    return any(found.get(key) != value for key, value in wanted.items())


_BEING = {UPDATING: "updated", DELETING: "deleted", "reading": "read", "importing": "imported"}


def state_in_words(stack: str, diagnosis: Diagnosis) -> Iterator[str]:
    """What state a stack is in, line by line."""
    lines = tuple(_state_of(diagnosis))
    verdict = " needs no repair" if diagnosis.sound else ""
    yield f"Stack '{stack}'{verdict}{':' if lines else '.'}"
    yield from lines


def _state_of(diagnosis: Diagnosis) -> Iterator[str]:
    for lock in diagnosis.locks:
        yield (
            f"- locked since {lock.since:%Y-%m-%d %H:%M:%S %Z} by {lock.user} on {lock.host}, "
            f"process {lock.pid}, which {lock.holder().value}"
        )
    if diagnosis.unsound:
        yield f"- its state is not sound: {diagnosis.unsound}"
    for finding in diagnosis.findings:
        own = f" ({finding.id})" if finding.id else ""
        being = _BEING.get(finding.operation, "created")
        yield f"- {finding.title}{own} was being {being}: {finding.verdict.value}"
    for urn, reasons in diagnosis.unready.items():
        yield f"- {_not_ready(urn_of(urn), ' '.join(reasons).removesuffix('.'))}"


_SERVICE_JOB = "nexus:services:ServiceJob$"
"""What a migration or task is part of; the component's own module takes a second to load."""


def _not_ready(urn: Urn, reasons: str) -> str:
    if _SERVICE_JOB in urn.types:
        return (
            f"{urn.name} failed: {reasons}. The pods of its service run on in the version before; "
            "mend what it says and release that, or run 'pulumi up', which makes the Job anew "
            "(docs/runbook.md#a-failed-migration)"
        )
    return f"{urn.type} {urn.name} did not get ready: {reasons}. The next 'pulumi up' tries again"


def plan_in_words(diagnosis: Diagnosis) -> Iterator[str]:
    """What a repair of a stack would do, line by line."""
    yield "The repair changes the state alone, nothing in a cluster or a cloud:"
    if diagnosis.locks:
        yield f"- {counted(len(diagnosis.locks), 'lock')} removed (pulumi cancel)"
    if diagnosis.unsound:
        yield "- the resources put in order (pulumi state repair)"
    for verdicts, what in _GROUPS:
        number = sum(each.verdict in verdicts for each in diagnosis.findings)
        if number:
            yield f"- {counted(number, 'resource')} {what}"
    if diagnosis.after is not None:
        yield "All of the state is written at once (pulumi stack import)."


_GROUPS = (
    ({Verdict.ADOPTED}, "taken into the state; the next 'pulumi up' completes them"),
    ({Verdict.SUPERFLUOUS}, "taken into the state to be deleted by the next 'pulumi up'"),
    ({Verdict.UNFINISHED}, "marked, so that the next 'pulumi up' updates them once more"),
    ({Verdict.GONE}, "removed from the state"),
    (
        {Verdict.ABSENT, Verdict.REPEATABLE, Verdict.KNOWN, Verdict.STILL_THERE},
        "no longer listed as under way",
    ),
)


def questions(diagnosis: Diagnosis) -> Iterator[str]:
    """What the user has to say first, line by line."""
    for finding in diagnosis.unanswered:
        yield f"{finding.title}: {finding.verdict.value}."
        yield from _advice(finding)
    options = " ".join(f"--id '{each.urn}=…'" for each in diagnosis.unanswered)
    yield (
        "Nothing was changed. Look, and run this again with the id of each, or "
        f"'{NOWHERE}' for what does not exist:\n  nexus repair {options}"
    )


def _advice(finding: Finding) -> Iterator[str]:
    if finding.verdict is Verdict.FOREIGN:
        yield (
            f"  With --id …={finding.id} it is taken over, and changed by the next 'pulumi up'; "
            f"with --id …={NOWHERE} it is left alone, and 'pulumi up' is refused the name."
        )
        return
    tags = mapping(mapping(finding.resource.get("inputs")).get("tags"))
    name = text(tags.get("Name"))
    if str(finding.resource["type"]).startswith("aws:") and name:
        yield (
            "  aws resourcegroupstaggingapi get-resources --output text --tag-filters "
            f"Key=Name,Values={name} --query 'ResourceTagMappingList[].ResourceARN'"
        )
