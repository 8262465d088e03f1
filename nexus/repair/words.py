"""A diagnosis in words: what state the stack is in, and what a repair would do."""

from __future__ import annotations

from collections.abc import Iterator

from graph.figures import counted
from nexus.repair.findings import DELETING, NOWHERE, UPDATING, Diagnosis, Finding, Verdict
from nexus.repair.identity import table, text

_BEING = {UPDATING: "updated", DELETING: "deleted", "reading": "read", "importing": "imported"}
_AWS = "aws:"


def state_in_words(stack: str, diagnosis: Diagnosis) -> str:
    """What state a stack is in, over several lines."""
    return "\n".join(_state(stack, diagnosis))


def plan_in_words(diagnosis: Diagnosis) -> str:
    """What a repair of a stack would do, over several lines."""
    return "\n".join(_plan(diagnosis))


def questions(diagnosis: Diagnosis) -> str:
    """What the user has to say first, over several lines."""
    return "\n".join(_questions(diagnosis))


def _state(stack: str, diagnosis: Diagnosis) -> Iterator[str]:
    yield f"Stack '{stack}':"
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
    for name, reasons in diagnosis.unready.items():
        yield f"- {name} did not get ready: {' '.join(reasons)} The next 'pulumi up' tries again"


def _plan(diagnosis: Diagnosis) -> Iterator[str]:
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


def _questions(diagnosis: Diagnosis) -> Iterator[str]:
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
    tags = table(table(finding.resource.get("inputs")).get("tags"))
    name = text(tags.get("Name"))
    if str(finding.resource["type"]).startswith(_AWS) and name:
        yield (
            "  aws resourcegroupstaggingapi get-resources --output text --tag-filters "
            f"Key=Name,Values={name} --query 'ResourceTagMappingList[].ResourceARN'"
        )
