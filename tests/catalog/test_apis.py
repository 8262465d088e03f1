"""Versions of APIs: who may call which, how long one stays, and what says so."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from catalog import Catalog, InputError, load_catalog
from catalog.api import NOTICE, Api, broken_promise
from nexus.cli.main import app
from nexus.diff.catalog_diff import diff_catalogs
from nexus.diff.catalog_words import catalog_sentences
from nexus.diff.outline import sections
from nexus.diff.report import ExitCode, make_report
from nexus.diff.wording import plain
from nexus.pictures.json import graph_document
from nexus.plan.plan import make_plan
from nexus.pulumi.resource import mapping
from tests.nexus.diff.copies import edit_service, set_need
from tests.nexus.diff.plans import read
from tests.projects import ROOT, git, small_project

GUIDE = "https://docs.example.com/cart/v2"
OLD = {"path": "/cart/v1", "deprecated": "2026-11-28", "sunset": "2027-02-28", "guide": GUIDE}
TODAY = date(2026, 12, 1)


def project(folder: Path, apis: object, *, api: str | None = None) -> Path:
    """A project whose `front` calls a version of the API of `cart`."""
    made = small_project(folder / "project")
    edit_service(made, "cart", lambda entry: entry.update(apis=apis))
    if api is not None:
        set_need(made, "front", "cart", api=api)
    return made


def refusal(made: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_catalog(made)
    [problem] = caught.value.problems
    return str(problem)


def without(*keys: str, **others: object) -> dict[str, object]:
    return {key: value for key, value in OLD.items() if key not in keys} | others


@pytest.mark.parametrize(
    ("apis", "message"),
    [
        (
            {"v1": without("guide")},
            "field 'apis.v1': it is deprecated without a 'guide'; add the page that says how "
            "callers move.",
        ),
        (
            {"v1": without("sunset")},
            "field 'apis.v1': it is deprecated without an end; add 'sunset', '2027-02-26' or "
            "later.",
        ),
        (
            {"v1": without("deprecated")},
            "field 'apis.v1': it ends without a notice; add 'deprecated', the day of that, or "
            "remove 'sunset'.",
        ),
        (
            {"v1": without(sunset="2027-02-25")},
            "field 'apis.v1': callers have 90 days from the notice on; write '2027-02-26' or "
            "later as 'sunset'.",
        ),
        (
            {"v1": without(sunset="2027-02-30")},
            "field 'apis.v1.sunset': '2027-02-30' is not a day; write year, month and day, such "
            "as '2026-12-01'.",
        ),
        (
            {"v1": without(sunset="20270228")},
            "field 'apis.v1.sunset': '20270228' is not a day; write year, month and day, such as "
            "'2026-12-01'.",
        ),
        (
            {"v1": without(guide="ask Ann")},
            "field 'apis.v1.guide': 'ask Ann' is not an address; write one that starts with "
            "https://.",
        ),
        (
            {"v1": {"path": "/cart"}, "v2": {"path": "/cart"}},
            "field 'apis.v2.path': '/cart' is that of v1 of 'cart' too; write another one.",
        ),
        (
            {"version 1": {}},
            "field 'apis.version 1': the name is no name of a version; write letters and digits, "
            "with a dot, hyphen or underscore between them, as 'v2'.",
        ),
    ],
)
def test_a_version_without_a_proper_end_is_refused(
    tmp_path: Path, apis: dict[str, object], message: str
) -> None:
    said = refusal(project(tmp_path, apis, api=next(iter(apis)) if len(apis) > 1 else None))
    assert said.startswith("catalog/services/shop.yaml:")
    assert said.endswith(message)


@pytest.mark.parametrize(
    ("apis", "api", "message"),
    [
        ({}, "v1", "'cart' tells no API versions; remove 'api', or add 'apis' to 'cart'."),
        ({"v1": {}}, "v9", "'cart' has no API version 'v9'; write 'v1'."),
        (
            {"v1": {}, "v2": {}},
            None,
            "'cart' has several API versions; write which one is called, as 'api: v2'.",
        ),
    ],
)
def test_a_caller_names_a_version_that_is_there(
    tmp_path: Path, apis: object, api: str | None, message: str
) -> None:
    assert message in refusal(project(tmp_path, apis, api=api))


def test_a_worker_has_no_api(tmp_path: Path) -> None:
    made = small_project(tmp_path / "project")

    def worker(entry: dict[str, Any]) -> None:
        entry["run"] = {"kind": "worker", "health": {"command": ["/check"]}}
        entry["apis"] = {"v1": {}}

    edit_service(made, "front", worker)
    assert "field 'apis': nobody calls this service; remove it." in refusal(made)


def test_one_version_need_not_be_named(tmp_path: Path) -> None:
    catalog = load_catalog(project(tmp_path, {"v1": {}}))
    assert {edge.api for edge in catalog.edges} == {None}


def test_headers_are_those_of_the_standards() -> None:
    headers = Api.model_validate(OLD).headers()
    moment = datetime.fromtimestamp(int(headers["Deprecation"].removeprefix("@")), UTC)
    assert moment == datetime(2026, 11, 28, tzinfo=UTC)
    assert headers["Sunset"] == "Sun, 28 Feb 2027 00:00:00 GMT"
    assert parsedate_to_datetime(headers["Sunset"]).date() == date(2027, 2, 28)
    assert headers["Link"] == f'<{GUIDE}>; rel="deprecation"; type="text/html"'
    assert Api().headers() == {}


def test_gateway_and_callers_are_told(tmp_path: Path) -> None:
    """The gateway passes calls from outside on, of every version; a caller uses one."""
    made = project(tmp_path, {"v1": OLD, "v2": {}})
    edit_service(
        made,
        "front",
        lambda entry: entry["needs"].append(
            {"target": "load-balancer", "order": "runtime", "reason": "Open to the world"}
        ),
    )
    set_need(made, "cart", "stock", api="2")
    edit_service(made, "stock", lambda entry: entry.update(apis={"2": {}}))
    told: dict[str, Any] = {}
    schema = json.loads((ROOT / "docs/dependencies.schema.json").read_text("utf-8"))
    for each in make_plan(made, "dev").named():
        text = mapping(each.inputs.get("data")).get("dependencies.json")
        if each.kind == "ConfigMap" and text is not None:
            document = json.loads(text)
            jsonschema.validate(document, schema)
            told[document["service"]] = document["dependencies"]
    assert told["cart"]["stock"]["api"] == "2"
    assert "apis" not in told["cart"]["stock"]
    assert told["front"]["cart"]["apis"] == {
        "v1": {"path": "/cart/v1", "headers": dict(Api.model_validate(OLD).headers())},
        "v2": {"headers": {}},
    }
    assert "api" not in told["front"]["cart"]


def catalogs(folder: Path, before: object, after: object, api: str) -> tuple[Catalog, Catalog]:
    """Both as their snapshots tell them, for whoever compares two has no more."""
    found: list[Catalog] = []
    for name, apis in (("base", before), ("head", after)):
        catalog = load_catalog(project(folder / name, apis, api=api))
        document = json.loads(json.dumps(graph_document(catalog)))
        read_back = read({"graph": document, "stacks": {}}).graph
        assert read_back is not None
        assert read_back.services["cart"].apis == catalog.services["cart"].apis
        found.append(read_back)
    return found[0], found[1]


@pytest.mark.parametrize(
    ("before", "after", "said", "broken"),
    [
        (
            {"v1": {}, "v2": {}},
            {"v2": {}},
            "API v1 of cart is removed",
            "is removed without a notice; keep it, with 'deprecated', 'guide' and 'sunset', until "
            "'2027-03-01' or later.",
        ),
        (
            {"v1": OLD, "v2": {}},
            {"v2": {}},
            "API v1 of cart is removed",
            "is removed before its end on 2027-02-28; keep it until then.",
        ),
        (
            {"v1": without(deprecated="2026-08-01", sunset="2026-12-01"), "v2": {}},
            {"v2": {}},
            "API v1 of cart is removed",
            "",
        ),
        (
            {"v1": {}, "v2": {}},
            {"v1": without(deprecated="2026-01-01", sunset="2026-12-24"), "v2": {}},
            "API v1 of cart is deprecated and ends on 2026-12-24",
            "ends on 2026-12-24, but callers have 90 days from today on; write '2027-03-01' or "
            "later as 'sunset'.",
        ),
        (
            {"v1": {}, "v2": {}},
            {"v1": without(sunset="2027-03-01"), "v2": {}},
            "API v1 of cart is deprecated and ends on 2027-03-01",
            "",
        ),
        ({"v2": {}}, {"v2": {}, "v3": {}}, "API v3 of cart is new", ""),
        ({"v2": OLD}, {"v2": {}}, "API v2 of cart is no longer deprecated", ""),
    ],
)
def test_what_callers_were_promised_is_kept(
    tmp_path: Path, before: object, after: object, said: str, broken: str
) -> None:
    base, head = catalogs(tmp_path, before, after, "v2")
    found = diff_catalogs(base, head, TODAY)
    [change] = found.apis
    assert change.broken == broken
    assert said in map(plain, catalog_sentences(found))


def test_a_broken_promise_is_dangerous(tmp_path: Path) -> None:
    """A reviewer reads that first."""
    sides = [
        read({"graph": graph_document(load_catalog(made)), "stacks": {}})
        for made in (
            project(tmp_path / "base", {"v1": {}, "v2": {}}, api="v2"),
            project(tmp_path / "head", {"v2": {}}, api="v2"),
        )
    ]
    report = make_report(*sides)
    assert report.exit_code is ExitCode.DANGEROUS
    first = next(iter(sections(report)))
    assert first.alarming
    assert plain(first.items[0].sentence).startswith("API v1 of cart is removed without a notice;")


def test_a_caller_that_moves_is_told_of(tmp_path: Path) -> None:
    base = load_catalog(project(tmp_path / "base", {"v1": {}, "v2": {}}, api="v1"))
    head = load_catalog(project(tmp_path / "head", {"v1": {}, "v2": {}}, api="v2"))
    found = diff_catalogs(base, head, TODAY)
    assert "front calls of cart its API v2 now" in map(plain, catalog_sentences(found))


def test_a_check_holds_an_earlier_revision_to_its_word(tmp_path: Path) -> None:
    made = project(tmp_path, {"v1": {}, "v2": {}}, api="v2")
    git(made, "init", "--quiet")
    git(made, "add", ".")
    git(made, "commit", "--quiet", "--message", "Begin")
    edit_service(made, "cart", lambda entry: entry.update(apis={"v2": {}}))
    runner = CliRunner()
    found = runner.invoke(app, ["--project", str(made), "check", "--quiet", "--since", "HEAD"])
    assert found.exit_code == 2
    said = (
        "catalog/services/shop.yaml: service 'cart', API version 'v1' is removed without a notice"
    )
    assert found.stderr.startswith(said)
    edit_service(made, "cart", lambda entry: entry.update(apis={"v1": {}, "v2": {}}))
    found = runner.invoke(app, ["--project", str(made), "check", "--quiet", "--since", "HEAD"])
    assert (found.exit_code, found.stderr) == (0, "")
    found = runner.invoke(app, ["--project", str(made), "check", "--since", "nowhere"])
    assert found.exit_code == 2
    assert "'nowhere' is neither a file, a folder nor a git revision" in found.stderr


def test_a_check_names_who_calls_what_ends(tmp_path: Path) -> None:
    made = project(tmp_path, {"v1": OLD}, api="v1")
    found = CliRunner().invoke(app, ["--project", str(made), "check"])
    assert found.exit_code == 0
    assert (
        "Warning: 'front' calls API v1 of 'cart', which ends on 2027-02-28; move to another version"
        f", as {GUIDE} says (catalog/services/shop.yaml:"
    ) in " ".join(found.stdout.split()) or date.today() > date(2027, 2, 28)


_days = st.dates(date(2026, 1, 1), date(2028, 1, 1))


@given(first=_days, today=_days, notice=st.none() | st.integers(90, 400), steps=st.data())
def test_no_row_of_allowed_changes_cuts_the_notice(
    first: date, today: date, notice: int | None, steps: st.DataObject
) -> None:
    """From the day on which a version could be known to end, callers have 90 days, or it stays."""
    api = Api()
    known: date | None = None
    if notice is not None:
        api = Api.model_validate(
            without(deprecated=str(first), sunset=str(first + timedelta(notice)))
        )
        known = first
    today = max(first, today)
    for _ in range(4):
        today += timedelta(steps.draw(st.integers(0, 200)))
        if steps.draw(st.booleans()):
            end = today + timedelta(steps.draw(st.integers(-100, 200)))
            after = Api.model_validate(without(deprecated="2026-01-01", sunset=str(end)))
            if broken_promise(api, after, today) is None:
                if api.sunset is None or end < api.sunset:
                    known = today if api.sunset is None else known
                    assert end - today >= NOTICE
                api = after
        elif broken_promise(api, None, today) is None:
            assert known is not None
            assert today - known >= NOTICE
            return
