"""The whole comparison of two sides, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

from catalog import Catalog
from nexus.diff.catalog_diff import (
    BlastRadius,
    CatalogDiff,
    ServiceRename,
    blast_radius,
    diff_catalogs,
)
from nexus.diff.picture import picture
from nexus.diff.plan_diff import PlanDiff, diff_plans
from nexus.diff.snapshot import Snapshot

WORKLOADS = ("kubernetes:apps/v1:Deployment", "kubernetes:batch/v1:CronJob")
"""Types of what runs a service."""


class Status(StrEnum):
    """What could be said of a stack."""

    COMPARED = "compared"
    NEW = "new"
    GONE = "gone"
    UNREADABLE = "unreadable"


class ExitCode(IntEnum):
    """What `nexus diff` ends with; 1 is for what could not be planned."""

    NONE = 0
    UNREADABLE = 2
    CHANGES = 10
    DANGEROUS = 11


@dataclass(frozen=True, kw_only=True)
class StackReport:
    """One stack: what differs, or why that cannot be said.

    `note` is what to know of it, in own words; `errors` what its program said where it could not
    be planned, by side: foreign words.
    """

    stack: str
    status: Status
    diff: PlanDiff = field(default_factory=PlanDiff)
    note: str = ""
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything there is to tell a reviewer.

    Args:
        base, head: what the user calls the two sides.
        catalog: what differs in the catalog; None if a side has no readable graph.
        picture: the changed neighbourhood as Mermaid.
        touched: services whose workloads change, though the catalog does not say so.
    """

    base: str
    head: str
    stacks: tuple[StackReport, ...]
    catalog: CatalogDiff | None = None
    picture: str | None = None
    touched: tuple[str, ...] = ()
    touched_blast: BlastRadius = field(default_factory=BlastRadius)
    notes: tuple[str, ...] = ()
    incomplete: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What the comparison comes to; what is dangerous counts before what is unreadable."""
        broken = self.catalog is not None and any(each.broken for each in self.catalog.apis)
        if broken or any(stack.diff.warned for stack in self.stacks):
            return ExitCode.DANGEROUS
        if self.incomplete or any(s.status is Status.UNREADABLE for s in self.stacks):
            return ExitCode.UNREADABLE
        changed = any(
            not stack.diff.is_empty or stack.status is not Status.COMPARED for stack in self.stacks
        )
        catalog = self.catalog is not None and not self.catalog.is_empty
        return ExitCode.CHANGES if changed or catalog else ExitCode.NONE


def make_report(base: Snapshot, head: Snapshot) -> Report:
    """Compares two snapshots. Whatever they hold, there is a report: what is unreadable is said."""
    notes = [*base.notes, *(note for note in head.notes if note not in base.notes)]
    notes += _notes(base, "base") + _notes(head, "head")
    if not base.has_program:
        notes.append("The base has nothing to plan yet, so everything is new.")
    if not head.has_program:
        notes.append("The head has nothing to plan; what runs stays until `pulumi destroy`.")
    before, after = base.graph, head.graph
    found = None if before is None or after is None else diff_catalogs(before, after)
    renames = () if found is None else found.look_renamed
    stacks = tuple(
        _stack(stack, base, head, renames) for stack in sorted({*base.stacks, *head.stacks})
    )
    report = Report(
        base=base.label,
        head=head.label,
        stacks=stacks,
        notes=tuple(notes),
        incomplete=any(side.fault or side.graph_fault for side in (base, head)),
    )
    if found is None or before is None or after is None:
        return report
    touched = _touched(stacks, before, after, found)
    return replace(
        report,
        catalog=found,
        picture=picture(before, after, found),
        touched=touched,
        touched_blast=blast_radius((before, after), touched),
    )


def _notes(side: Snapshot, name: str) -> list[str]:
    """What a snapshot leaves unsaid."""
    faults = [fault for fault in (side.fault, side.graph_fault) if fault]
    if faults or side.graph is not None or not side.has_program:
        return faults
    return [
        f"There is no graph of the {name}, whose stacks say what is wrong; so nothing is said of "
        "the catalog."
    ]


def _stack(
    stack: str, base: Snapshot, head: Snapshot, renames: Sequence[ServiceRename]
) -> StackReport:
    sides = {"base": base.stacks.get(stack), "head": head.stacks.get(stack)}
    found = {name: side for name, side in sides.items() if side is not None}
    errors = {name: side.said for name, side in found.items() if side.said}
    if errors:
        note = f"Its plan cannot be made at the {' and the '.join(errors)}, so it is not compared."
        return StackReport(stack=stack, status=Status.UNREADABLE, note=note, errors=errors)
    faults = [side.fault for side in found.values() if side.fault]
    if base.fault or head.fault:
        faults.append("One side cannot be read at all, so the stack is not compared.")
    if faults:
        return StackReport(stack=stack, status=Status.UNREADABLE, note=faults[0])
    before, after = sides["base"], sides["head"]
    if after is None:
        note = (
            "The stack is no longer in the project. Nothing is deleted by that: what runs stays, "
            "unmanaged, until somebody runs `pulumi destroy` with the old program."
        )
        return StackReport(stack=stack, status=Status.GONE, note=note)
    if before is None:
        diff = diff_plans((), after.resources)
        return StackReport(stack=stack, status=Status.NEW, diff=diff, note="The stack is new.")
    diff = diff_plans(before.resources, after.resources, renames)
    return StackReport(stack=stack, status=Status.COMPARED, diff=diff)


def _touched(
    stacks: tuple[StackReport, ...], base: Catalog, head: Catalog, found: CatalogDiff
) -> tuple[str, ...]:
    """Services that are rolled out anew in any stack, those that the catalog's part names left out.

    What only rolls because its configuration changed is left out too: the cause is told.
    """
    known = base.services.keys() | head.services.keys()
    names = {
        change.after.name
        for stack in stacks
        for change in (*stack.diff.changed, *stack.diff.replaced)
        if change.after.type in WORKLOADS and not change.because
    }
    return tuple(sorted((names & known) - set(found.changed)))
