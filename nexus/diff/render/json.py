"""A report for scripts. Its shape is a promise: keys are added, never changed."""

from __future__ import annotations

import json
from typing import Any

from nexus.diff.catalog_diff import CatalogDiff
from nexus.diff.catalog_words import catalog_sentences
from nexus.diff.changes import ABSENT, Changed, PropertyChange
from nexus.diff.report import Report, StackReport
from nexus.diff.wording import plain
from nexus.pulumi.resource import Resource

VERSION = 1


def as_json(report: Report) -> str:
    """The report, in ASCII; docs/pull-requests.md says what each key holds."""
    document = {
        "version": VERSION,
        "base": report.base,
        "head": report.head,
        "verdict": report.exit_code.name.lower(),
        "exit_code": int(report.exit_code),
        "notes": list(report.notes),
        "catalog": None if report.catalog is None else _catalog(report.catalog),
        "stacks": [_stack(stack) for stack in report.stacks],
    }
    return json.dumps(document, indent=2) + "\n"


def _catalog(diff: CatalogDiff) -> dict[str, Any]:
    return {
        "sentences": [plain(sentence) for sentence in catalog_sentences(diff)],
        "added": dict(diff.added),
        "removed": dict(diff.removed),
        "renamed": [
            {"from": each.former, "to": each.name, "data": each.data_name} for each in diff.renamed
        ],
        "look_renamed": [{"from": e.former, "to": e.name} for e in diff.look_renamed],
        "data_moves": [{"name": m.name, "from": m.before, "to": m.after} for m in diff.data],
        "tier_moves": [{"name": m.name, "from": m.before, "to": m.after} for m in diff.tiers],
        "domain_moves": [{"name": m.name, "from": m.before, "to": m.after} for m in diff.domains],
        "server_moves": [{"name": m.name, "from": m.before, "to": m.after} for m in diff.servers],
        "edges_added": [[edge.source, edge.target] for edge in diff.edges_added],
        "edges_removed": [[edge.source, edge.target] for edge in diff.edges_removed],
        "edges_changed": [
            {
                "source": change.after.source,
                "target": change.after.target,
                "order": [str(change.before.order), str(change.after.order)],
                "fallback": [change.before.fallback, change.after.fallback],
            }
            for change in diff.edges_changed
        ],
        "flows_changed": [flow.name for flow in diff.flows],
        "flows_touched": list(diff.flows_touched),
        "longest_chain": {"before": list(diff.chain_before), "after": list(diff.chain_after)},
        "steps": {"before": diff.waves_before, "after": diff.waves_after},
        "earlier": list(diff.earlier),
        "later": list(diff.later),
        "blast_radius": {"down": list(diff.blast.down), "degraded": list(diff.blast.degraded)},
    }


def _stack(stack: StackReport) -> dict[str, Any]:
    diff = stack.diff
    return {
        "stack": stack.stack,
        "status": str(stack.status),
        "note": stack.note or None,
        "errors": [{"side": side, "lines": list(said)} for side, said in stack.errors.items()],
        "dangers": [
            {"urn": each.urn, "kind": str(each.danger), "reason": plain(each.reason)}
            for each in diff.warned
        ],
        "added": [_identity(each) for each in diff.added],
        "removed": [_identity(each) for each in diff.removed],
        "changed": [_change(each) for each in diff.changed],
        "replaced": [_change(each) for each in diff.replaced],
        "renamed": [{"from": r.old, "to": r.new, "alias": r.alias} for r in diff.renamed],
        "reordered": [
            {"urn": each.urn, "gained": list(each.gained), "lost": list(each.lost)}
            for each in diff.reordered
        ],
    }


def _identity(resource: Resource) -> dict[str, str]:
    return {"urn": resource.urn, "type": resource.type, "name": resource.name}


def _change(change: Changed) -> dict[str, Any]:
    return {
        **_identity(change.after),
        "properties": [_property(each) for each in change.properties],
        "options": [_property(each) for each in change.options],
        "replacing": list(change.replacing),
        "harmless": change.harmless,
        "config": list(change.because),
    }


def _property(change: PropertyChange) -> dict[str, Any]:
    document: dict[str, Any] = {"path": change.path, "kind": change.kind}
    if change.old is not ABSENT:
        document["old"] = change.old
    if change.new is not ABSENT:
        document["new"] = change.new
    return document
