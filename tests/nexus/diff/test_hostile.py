"""A plan from a fork: whatever it holds, the comment stays ours, and there is one."""

from __future__ import annotations

import json
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from nexus.diff import bounded_json
from nexus.diff.bounded_json import LARGEST_FILE
from nexus.diff.render import LONGEST, as_json, as_markdown, code, print_report
from nexus.diff.report import ExitCode, Report, Status, make_report
from nexus.diff.snapshot import MOST_RESOURCES, read_snapshot

from .markdown_view import faults, headings
from .plans import DEPLOYMENT, document, read, resource, side, urn

PAYLOADS = (
    "@octocat @org/team",
    "#123 GH-123 octo/repo#1 https://github.com/octo/repo/issues/1",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "www.evil.example https://evil.example evil@evil.example <https://evil.example>",
    "</summary></details><h1>approved</h1><img src=x onerror=alert(1)>",
    "<!-- nexus-diff -->\n<!--",
    "``` \n# No changes\n```",
    "`a` ``b`` ```c``` ````",
    "`" * 200,
    "a|b|c\n|---|---|\n|x|y|",
    "\n\n# heading\n\n- item\n\n> quote\n\n---\n",
    "\r\n\x1b[31mred\x1b[0m\x07\x00\x08",
    "\u202egnp.exe \u2066\u2069\u200b\u200d\ufeff\u00ad",
    "a" + "\u0301" * 50,
    "\U000e0041\U000e0042",
    "\ud800 lone surrogate",
    "$\\color{red}{x}$ $$x$$ :tada: &lt;b&gt; &#64;octocat",
    "[x]: https://evil.example\n[^1]: note",
    "x" * 300_000,
    "   ",
    "",
    "\\",
    "- [ ] task",
    "dev</td></table>",
    "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
)


NODE = {"name": "a", "kind": "service", "tier": "core", "domain": "a"}
TOLD = ["Nexus plan: dangerous changes", "⚠️ Dangerous: look at these first"]
UNREAD = ["Nexus plan: not everything could be compared", "Stacks"]


def report_of(payload: str) -> Report:
    """A report in which the payload stands wherever a plan can put it."""
    named = payload[:600] or "empty"
    inside = {"labels": {payload: payload}, "spec": {"x": [payload, {"name": payload, "v": 1}]}}
    old = [
        resource("app", inputs={**inside, "text": "a\nb", "spec": {"x": []}}),
        resource(f"gone {named}", "random:index/randomPassword:RandomPassword"),
        resource(f"old {named}", f"t:{named}", inputs={"a": payload, "b": 1, "c": 2}),
        resource("waits", dependencies=[urn(DEPLOYMENT, "app")]),
    ]
    new = [
        resource("app", inputs={**inside, "text": f"a\n{payload}\nb"}, options={payload: payload}),
        resource(f"come {named}", f"type:{named}"),
        resource(f"new {named}", f"t:{named}", inputs={"a": payload, "b": 1, "c": 2}),
        resource(f"alias {named}", aliases=[payload, {"name": payload}], secrets=[payload]),
        resource("waits", dependencies=[urn(f"type:{named}", f"come {named}")]),
    ]
    return make_report(side(*old), side(*new))


def terminal(report: Report) -> str:
    console = Console(file=StringIO(), width=100, force_terminal=False)
    print_report(report, console)
    return console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_payload_stays_in_its_place(payload: str) -> None:
    """A comment that mentions a team or shows a false heading gets a pull request approved."""
    report = report_of(payload)
    comment = as_markdown(report)
    assert faults(comment) == []
    assert headings(comment) == (TOLD)
    assert len(comment.encode()) <= LONGEST
    assert "\x1b" not in terminal(report)
    json.loads(as_json(report))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_what_a_program_says_stays_in_its_place(payload: str) -> None:
    """A fork's program may end with any words, and they stand in our comment."""
    said = {"dev": {"error": f"first: {payload}\nlast"}, "prod": {"error": "\n" * 300_000}}
    head = read({"graph": None, "stacks": said}, "head")
    report = make_report(side(), head)
    comment = as_markdown(report)
    assert faults(comment) == []
    assert headings(comment) == UNREAD
    assert len(comment.encode()) <= LONGEST
    assert "\x1b" not in terminal(report)
    [error] = json.loads(as_json(report))["stacks"][0]["errors"]
    assert (error["side"], error["lines"][-1]) == ("head", "last")
    assert report.exit_code is ExitCode.UNREADABLE


def test_a_long_error_is_one_span() -> None:
    """A sentence in two pieces cannot be searched for, or copied."""
    sentence = "setting 'x' is missing; write " + ", ".join(f"'name-{n}'" for n in range(66)) + "."
    assert len(sentence) > 700
    report = make_report(side(), read({"graph": None, "stacks": {"dev": {"error": sentence}}}))
    assert f"`{sentence}`" in as_markdown(report)
    assert sentence in terminal(report)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), min_size=1, max_size=80))
def test_any_text_stays_in_its_place(payload: str) -> None:
    """The same for what nobody thought of."""
    comment = as_markdown(report_of(payload))
    assert faults(comment) == []
    assert headings(comment) in (UNREAD, TOLD)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="`|\\<>[]()*_~#@: \n\r\tab$&;!", max_size=40))
def test_a_code_span_cannot_be_left(text: str) -> None:
    """One that can is a hole for everything else."""
    span = code(text)
    assert "\n" not in span
    assert "\r" not in span
    assert span.count("`") in (0, 2)
    assert faults(f"- before {span} after\n") == []


@pytest.mark.parametrize(
    "stack",
    [
        [],
        None,
        "text",
        {},
        {"resources": {}},
        {"resources": [1]},
        {"resources": None},
        {"error": ["@octocat"]},
        {"resources": [resource(), resource()]},
        {"resources": [resource(inputs=[])]},
        {"resources": [resource(dependencies=[1])]},
        {"resources": [resource("n" * 3000)]},
        {"resources": [{**resource(), "inputs": {}, "@octocat": 1, "urn": 1}]},
    ],
    ids=range(13),
)
def test_an_unreadable_plan_is_said_and_the_others_are_told(stack: Any) -> None:
    """A fork must not be able to keep the report from appearing."""
    base = document(stack="prod")
    head = document(resource(), stack="prod")
    base["stacks"]["dev"], head["stacks"]["dev"] = {"resources": []}, stack
    report = make_report(read(base), read(head))
    assert [stack.status for stack in report.stacks] == [Status.UNREADABLE, Status.COMPARED]
    assert report.exit_code is ExitCode.UNREADABLE
    comment = as_markdown(report)
    assert "`prod` | 1 |" in comment
    assert faults(comment) == []
    assert "@octocat" not in comment


DEEP = b'{"graph": null, "stacks": {"dev": {"resources": ' + b"[" * 200 + b"]" * 200 + b"}}}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        DEEP,
        b'{"stacks": {}, "graph": null',
        b'{"stacks": {}, "graph": null} x',
        b'{"stacks": {}, "graph": null}{}',
        b'{"stacks": {}, "stacks": {}, "graph": null}',
        b'{"stacks": {"dev": {"error": ""}, "dev": {"error": ""}}, "graph": null}',
        b'{"stacks": {"@octocat": {"resources": []}}, "graph": null}',
        b'{"stacks": {"dev\\n": {"resources": []}}, "graph": null}',
        b'{"stacks": {"dev": {"resources": []}}}',
        b'{"stacks": [], "graph": null}',
        b'{"stacks": {}, "graph": null, "x": [NaN]}',
        b'{"stacks": {}, "graph": null, "x": 1e999}',
        b'{"stacks": {}, "graph": null, "x": 9223372036854775809}',
        b'{"stacks": {}, "graph": null, "x": ' + b"9" * 5000 + b"}",
        b'{"stacks": {}, "graph": null, "x": "\xff"}',
        json.dumps({"graph": None, "stacks": {f"s{n}": {"error": ""} for n in range(21)}}).encode(),
        b" " * (LARGEST_FILE + 1),
    ],
    ids=range(25),
)
def test_an_unreadable_snapshot_is_said(content: bytes) -> None:
    """Half of a snapshot would tell of a stack as gone, and none at all as of no change."""
    for sides in ((side(resource()), read(content)), (read(content), side(resource()))):
        report = make_report(*sides)
        assert [stack.status for stack in report.stacks] == [Status.UNREADABLE]
        assert report.exit_code is ExitCode.UNREADABLE
        comment = as_markdown(report)
        assert "The snapshot of the side" in comment
        assert faults(comment) == []
        assert "@octocat" not in comment


def test_a_small_file_of_many_values_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty megabytes of empty lists are gigabytes once they are read."""
    monkeypatch.setattr(bounded_json, "MOST_VALUES", 10_000)
    many = b'{"graph": null, "stacks": {}, "x": [' + b"[]," * 10_000 + b"[]]}"
    assert "more than 10,000 values" in read(many).fault
    endless = Endless(b'{"graph": null, "x": [' + b"[]," * 200_000)
    assert "more than 10,000 values" in read_snapshot(endless, "it", "it").fault


class Endless(BytesIO):
    """A document whose end nobody may ask for."""

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        assert part or not size, "read to the end"
        return part


def test_a_plan_with_too_many_resources_is_refused() -> None:
    """A plan of a million resources would keep the trusted job busy for its whole time limit."""
    many = side(*(resource(str(number)) for number in range(MOST_RESOURCES + 1)))
    assert make_report(side(), many).stacks[0].status is Status.UNREADABLE


def test_a_circle_of_parents_ends() -> None:
    """A plan may claim anything; the job must not hang on it."""
    circle = [
        resource("a", parent=urn(DEPLOYMENT, "b"), type_=DEPLOYMENT),
        resource("b", parent=urn(DEPLOYMENT, "a"), type_=DEPLOYMENT),
    ]
    assert make_report(side(), side(*circle)).exit_code is ExitCode.CHANGES
    assert make_report(side(*circle), side()).stacks[0].diff.removed


@pytest.mark.parametrize(
    "graph",
    [
        [],
        {"nodes": [], "edges": [{}], "flows": []},
        {"nodes": [{**NODE, "name": "@octocat"}], "edges": [], "flows": []},
        {"nodes": [{**NODE, "name": 'a"]\nclick n0'}], "edges": [], "flows": []},
        {"nodes": [], "edges": [], "flows": [{"name": "<b>", "steps": []}]},
        {"nodes": [{**NODE, "tier": None}], "edges": [], "flows": []},
    ],
    ids=range(6),
)
def test_an_unreadable_graph_is_said(graph: Any) -> None:
    """A name that leaves its box in the picture could draw anything, links included."""
    report = make_report(side(resource()), side(resource(), graph=graph))
    assert report.exit_code is ExitCode.UNREADABLE
    assert faults(as_markdown(report)) == []


def test_a_cycle_of_startup_edges_is_said() -> None:
    """The order of a cyclic graph would be computed for ever, or end in a traceback."""
    nodes = [{"name": n, "kind": "service", "tier": "core", "domain": "x"} for n in "ab"]
    common = {"order": "startup", "criticality": "hard", "fallback": None, "reason": None}
    edges = [{"source": "a", "target": "b", **common}, {"source": "b", "target": "a", **common}]
    report = make_report(side(), side(graph={"nodes": nodes, "edges": edges, "flows": []}))
    assert "cycle" in " ".join(report.notes)
    assert report.exit_code is ExitCode.UNREADABLE


def test_a_long_report_is_cut_between_its_parts() -> None:
    """GitHub refuses a comment that is too long, so nobody would be told anything."""
    names = [f"é{'€' * 400}{number}" for number in range(500)]
    old = [resource(name, f"t{i}:a:B{i}", inputs={"v": 1}) for i, name in enumerate(names)]
    new = [resource(name, f"t{i}:a:B{i}", inputs={"v": "€" * 500}) for i, name in enumerate(names)]
    new += [resource(f"new-{name}", f"u{i}:a:C{i}") for i, name in enumerate(names)]
    comment = as_markdown(make_report(side(*old), side(*new)))
    assert len(comment) < 65_536
    assert len(comment.encode()) <= LONGEST
    assert "more; `nexus diff` shows all" in comment
    assert faults(comment) == []
    assert comment.rstrip().endswith("</sub>")
