"""Looking at a stack, on a copy of its state with the providers' own eyes, and making it sound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalog.errors import InputError, counted
from nexus.pulumi.command import Pulumi, PulumiError
from nexus.pulumi.wire import text
from nexus.repair.findings import (
    CREATING,
    DELETING,
    UPDATING,
    Diagnosis,
    Finding,
    Verdict,
    identified,
    is_foreign,
    live,
    pending,
    resources,
    unready,
)
from nexus.repair.identity import Kind, State, field_manager, is_automatic
from nexus.repair.lock import Holder, locks

_MANAGER = "__fieldManager"
"""Where pulumi-kubernetes keeps the name under which it applies an object on the server."""

_UNSOUND = "state file contains errors: "

INTERRUPTED = "The run that was at work on it was killed."
"""Why a resource counts as not ready after a repair: the next `up` then updates it."""


class ChangedError(Exception):
    """Somebody else was at the stack since it was looked at."""


def examine(pulumi: Pulumi, given: Mapping[str, str]) -> Diagnosis:
    """Look at a stack and work out how it is made sound. Nothing is changed.

    Args:
        pulumi: the CLI on the stack.
        given: by URN, the ids of what was being created, as the user knows them; `none`
            for what does not exist.

    Raises:
        PulumiError: the backend, a secret or a provider cannot be reached.
        InputError: `given` names what was not under way.
    """
    before = pulumi.export()
    found = Diagnosis(
        locks=locks(pulumi),
        unsound=None,
        findings=(),
        unready=unready(before),
        before=before,
        after=None,
    )
    if any(lock.holder() is Holder.ALIVE for lock in found.locks):
        # What is under way there is not over, and says nothing.
        return found
    operations = pending(before)
    for urn in given.keys() - {str(each["resource"]["urn"]) for each in operations}:
        raise InputError(
            f"Nothing was under way at '{urn}'; copy the URN from what 'nexus repair' prints."
        )
    with pulumi.copied(before) as copy:
        if not operations:
            unsound = _load(copy, before)
            return replace(found, unsound=unsound, after=copy.export() if unsound else None)
        state, unsound = before, None
        findings = _placed(resources(state), operations, given)
        if _load(copy, _to_look_at(state, findings)) is not None:
            unsound = _load(copy, before)
            state = copy.export()
            findings = _placed(resources(state), operations, given)
            _load(copy, _to_look_at(state, findings))
        seen = _look(copy, state, findings)
        findings = tuple(_judged(*pair, given) for pair in zip(findings, seen, strict=True))
        entries = resources(state)
        repaired = _repaired(entries, zip(findings, seen, strict=True))
        after = _with_resources(state, repaired)
        if not _only_grown(entries, repaired):
            # What depends on each other may stand in another order now, or have lost the other.
            _load(copy, after)
            after = copy.export()
        return replace(found, unsound=unsound, findings=findings, after=after)


def mend(pulumi: Pulumi, diagnosis: Diagnosis) -> None:
    """Repair a stack as its diagnosis says.

    However this ends, the state is the one before or the one after, and a repair that is
    begun anew goes on from there.

    Raises:
        ChangedError: the stack is not any more as it was looked at; nothing was done.
        PulumiError: the backend cannot be reached, or is not to be written.
    """
    if pulumi.export() != diagnosis.before or locks(pulumi) != diagnosis.locks:
        raise ChangedError(
            f"Somebody else changed or locked the stack '{pulumi.stack}' while it was looked at, "
            "so nothing was repaired; run 'nexus repair' again."
        )
    if diagnosis.locks:
        pulumi.on_stack("cancel", "--yes")
    if diagnosis.after is not None:
        pulumi.load(diagnosis.after)


def _load(copy: Pulumi, state: Mapping[str, Any]) -> str | None:
    """Take a state into a copy and return why it is not sound; then it is put in order, too.

    Raises:
        PulumiError: its secrets cannot be read, or it is beyond repair.
    """
    try:
        copy.load(state)
    except PulumiError as error:
        lines = [line.strip(" *\t") for line in str(error).splitlines() if _UNSOUND in line]
        if not lines:
            raise
        copy.load(state, "--force")
        copy.on_stack("state", "repair", "--yes")
        return lines[0].partition(_UNSOUND)[2]
    return None


def _placed(
    entries: Sequence[State], operations: Iterable[State], given: Mapping[str, str]
) -> tuple[Finding, ...]:
    """What the operations were about, with the verdicts that hold if that exists."""
    findings: list[Finding] = []
    for each in operations:
        taken = any(
            other.urn == each["resource"]["urn"] and other.verdict is Verdict.ADOPTED
            for other in findings
        )
        findings.append(_found(entries, each, given, taken=taken))
    return tuple(findings)


def _found(
    entries: Sequence[State], operation: State, given: Mapping[str, str], *, taken: bool
) -> Finding:
    resource, kind = operation["resource"], str(operation["type"])
    known = live(entries, resource["urn"])
    finding = Finding(
        operation=kind,
        resource=resource,
        verdict=_OF_OTHERS.get(kind, Verdict.REPEATABLE),
        # What is being updated is listed without its id until that is over.
        id=text(resource.get("id")) or text((known or {}).get("id")),
    )
    if kind != CREATING:
        return finding
    identity = identified(resource, given)
    if identity is None:
        return replace(finding, verdict=Verdict.ABSENT)
    if identity.kind is not Kind.NAMED:
        drawn = identity.kind is Kind.DRAWN
        return replace(finding, verdict=Verdict.UNDECIDED if drawn else Verdict.REPEATABLE)
    finding = replace(finding, id=identity.id, verdict=Verdict.ADOPTED)
    if known is not None and known.get("id") == identity.id and not _is_replaced(known):
        return replace(finding, verdict=Verdict.KNOWN)
    # What has an automatic name was never heard of: others use the one that the state has.
    # What has a fixed one cannot be made twice, so it takes that one's place.
    superfluous = taken or (known is not None and not _is_replaced(known))
    if superfluous and is_automatic(resource):
        return replace(finding, verdict=Verdict.SUPERFLUOUS)
    return finding


_OF_OTHERS = {UPDATING: Verdict.UNFINISHED, DELETING: Verdict.STILL_THERE}
_CREATED = frozenset({Verdict.ADOPTED, Verdict.SUPERFLUOUS})
_LOOKED_AT = _CREATED | frozenset(_OF_OTHERS.values())


def _to_look_at(state: State, findings: Sequence[Finding]) -> dict[str, Any]:
    """The state in which what was being created stands for what there was of the same URN."""
    made = {each.urn: _entry(each) for each in findings if each.verdict is Verdict.ADOPTED}
    placed: list[State] = [
        *(e for e in resources(state) if e.get("delete") or e["urn"] not in made),
        *made.values(),
    ]
    spare = [_entry(each) for each in findings if each.verdict is Verdict.SUPERFLUOUS]
    return _with_resources(state, [*placed, *({**each, "delete": True} for each in spare)])


def _look(copy: Pulumi, state: State, findings: Sequence[Finding]) -> tuple[State | None, ...]:
    """What there is of what was under way, in the findings' order; None for what is not there."""
    placed = resources(_to_look_at(state, findings))
    wanted = {each.urn for each in findings if each.verdict in _LOOKED_AT}
    targets = [urn for urn in sorted(wanted) if live(placed, urn) is not None]
    try:
        # One that does not exist leaves the state.
        if targets:
            options = [part for urn in targets for part in ("--target", urn)]
            copy.on_stack("refresh", "--yes", "--skip-preview", *options)
    except PulumiError as error:
        raise PulumiError(
            f"Whether {counted(len(wanted), 'resource')} exist cannot be seen, so nothing was "
            f"changed; give this command the access that 'pulumi up' has.\n{error}"
        ) from error
    after = resources(copy.export())
    adopted = {each.urn for each in findings if each.verdict is Verdict.ADOPTED}
    return tuple(
        # Another stood in its place in the copy, so nobody looked: it is as the state has it.
        _seen(resources(state), each)
        if each.verdict in _OF_OTHERS.values() and each.urn in adopted
        else _seen(after, each)
        for each in findings
    )


def _seen(entries: Sequence[State], finding: Finding) -> State | None:
    if finding.verdict is Verdict.ADOPTED:
        return live(entries, finding.urn)
    same = (e for e in entries if e["urn"] == finding.urn and e.get("id") == finding.id)
    return next(same, None)


def _judged(finding: Finding, seen: State | None, given: Mapping[str, str]) -> Finding:
    """The finding after the look."""
    if seen is None:
        gone = {Verdict.STILL_THERE: Verdict.GONE} | dict.fromkeys(_CREATED, Verdict.ABSENT)
        return replace(finding, verdict=gone.get(finding.verdict, finding.verdict))
    if finding.verdict in _CREATED and finding.urn not in given and is_foreign(seen):
        return replace(finding, verdict=Verdict.FOREIGN)
    return finding


def _repaired(
    entries: Sequence[State], findings: Iterable[tuple[Finding, State | None]]
) -> list[State]:
    """The resources of the sound state: as they were, but for what was under way."""
    repaired = list(entries)
    for finding, seen in findings:
        place = _place(repaired, finding)
        if finding.verdict is Verdict.GONE and place is not None:
            del repaired[place]
        elif finding.verdict is Verdict.UNFINISHED and place is not None:
            if seen is None:
                # Somebody deleted it meanwhile: the next `up` makes it again.
                del repaired[place]
            else:
                known = {**repaired[place], "outputs": seen["outputs"]}
                repaired[place] = {**known, "initErrors": [INTERRUPTED]}
        elif seen is not None and finding.verdict is Verdict.ADOPTED:
            # The inputs are what was asked for, with its secrets marked; a look may lose marks.
            entry = {**_entry(finding), **_what_exists(seen), "initErrors": [INTERRUPTED]}
            if place is not None and _is_replaced(repaired[place]):
                del repaired[place]
            elif place is not None:
                repaired[place] = {**repaired[place], "delete": True}
            repaired.append(entry)
        elif seen is not None and finding.verdict is Verdict.SUPERFLUOUS:
            free = {"delete": True, "protect": False, "retainOnDelete": False}
            repaired.append({**_entry(finding), **_what_exists(seen), **free})
    return repaired


def _place(entries: Sequence[State], finding: Finding) -> int | None:
    """Where the resource of a finding stands in the state; what was created, whose place it takes.

    What was deleted may have a replacement of the same URN, which stays.
    """
    known = finding.verdict in {Verdict.GONE, Verdict.UNFINISHED}
    for place, entry in enumerate(entries):
        same = entry.get("id") == finding.id if known else not entry.get("delete")
        if entry["urn"] == finding.urn and same:
            return place
    return None


def _entry(finding: Finding) -> State:
    return {**finding.resource, "id": finding.id, "outputs": {}}


def _what_exists(seen: State) -> State:
    outputs = seen.get("outputs") or {}
    manager = field_manager(outputs)
    # A look draws another name than the killed run did, and is refused what that one owns.
    own = {_MANAGER: manager} if manager and _MANAGER in outputs else {}
    return {"id": seen["id"], "outputs": {**outputs, **own}}


def _is_replaced(entry: State) -> bool:
    """Whether a resource was deleted already, to be made again."""
    return bool(entry.get("pendingReplacement"))


def _only_grown(before: Sequence[State], after: Sequence[State]) -> bool:
    """Whether all stand where they stood, others behind them."""
    was, is_now = ([(e["urn"], bool(e.get("delete"))) for e in each] for each in (before, after))
    return is_now[: len(was)] == was


def _with_resources(state: State, entries: Iterable[State]) -> dict[str, Any]:
    """A state with other resources, and nothing under way."""
    deployment = {**state["deployment"], "resources": list(entries), "pending_operations": []}
    return {**state, "deployment": deployment}
