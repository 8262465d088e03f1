"""`nexus schedule`: what a first start takes, before anybody waits for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from nexus.cli.main import app
from nexus.rehearsal.forecast import forecast
from tests.conftest import Planned
from tests.nexus.diff.copies import edit_service, set_need
from tests.projects import DOCUMENTED, small_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project")


def scheduled(project: Path, *options: str) -> dict[str, Any]:
    found = CliRunner().invoke(
        app, ["--project", str(project), "schedule", "--format", "json", *options]
    )
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_what_is_slow_delays_what_waits_for_it(project: Path) -> None:
    usual = scheduled(project)
    slow = scheduled(project, "--slow", "cart=60")
    assert slow["makespan"] == pytest.approx(usual["makespan"] + 55)
    cart, front = slow["services"]["cart"], slow["services"]["front"]
    assert cart["end"] == pytest.approx(cart["start"] + 60)
    assert front["start"] >= cart["end"]
    assert [each["name"] for each in slow["critical_path"]][-2:] == ["cart", "front"]
    assert slow["services"]["stock"]["slack"] == 0


def test_edges_alone_wait_for_no_tier(project: Path) -> None:
    """The stock starts in the tier before the cart, which only calls it."""
    set_need(project, "cart", "stock", order="runtime", reason="Asked when somebody buys.")
    tiers, edges = scheduled(project), scheduled(project, "--ordering", "edges")
    assert (tiers["ordering"], edges["ordering"]) == ("tiers", "edges")
    assert tiers["services"]["cart"]["start"] >= tiers["services"]["stock"]["end"]
    assert edges["services"]["cart"]["start"] < edges["services"]["stock"]["end"]
    assert edges["services"]["stock"]["slack"] > 0


def test_every_service_may_take_its_longest(project: Path) -> None:
    edit_service(project, "stock", lambda entry: entry.update(start_seconds=100))
    found = scheduled(project, "--longest", "--slow", "front=1")["services"]
    taken = {name: each["end"] - each["start"] for name, each in found.items()}
    assert taken == pytest.approx({"stock": 100, "cart": 30, "front": 1})


def test_the_bound_is_work_where_few_are_made_at_once(planned: Planned) -> None:
    resources = planned(DOCUMENTED, "dev").resources
    alone = forecast(resources, parallel=1, slow={})
    assert alone.makespan == pytest.approx(alone.least)
    assert alone.least == pytest.approx(sum(alone.durations.values()))
    eight, many = (forecast(resources, parallel=each, slow={}) for each in (8, 64))
    assert alone.makespan > eight.makespan >= eight.least
    assert many.makespan == pytest.approx(many.least), "the tiers decide, not the engine"


def test_the_picture_has_a_bar_for_each(project: Path) -> None:
    arguments = ["--project", str(project), "schedule", "--format", "svg"]
    picture = ET.fromstring(CliRunner().invoke(app, arguments).stdout)
    told = [each.text or "" for each in picture.iter("{http://www.w3.org/2000/svg}title")]
    names = {each.partition(":")[0] for each in told}
    assert names == {"postgres", "redis", "queue", "stock", "cart", "front"} - {"queue"}
    assert any(each.startswith("front: ") and each.endswith("slack 0 s") for each in told)


def test_the_text_says_what_decides(project: Path) -> None:
    said = CliRunner().invoke(app, ["--project", str(project), "schedule", "--parallel", "4"])
    assert said.stdout.startswith("First start of dev, ordering tiers, 4 at once: ")
    path = said.stdout.split("What decides the end, one after the other:\n")[1].split("\n\n")[0]
    assert path.splitlines()[-1].endswith("Deployment front, 5 s")
    assert "  front    none  from " in said.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--slow", "cart"], "'--slow cart' is not of the form NAME=SECONDS;"),
        (["--slow", "cart=-1"], "'--slow cart=-1' is not of the form NAME=SECONDS;"),
        (["--slow", "cart=nan"], "'--slow cart=nan' is not of the form NAME=SECONDS;"),
        (["--slow", "carts=1"], "There is no service 'carts'; did you mean 'cart'?"),
        (["--parallel", "0"], "should be greater than or equal to 1"),
        (["--stack", "nowhere"], "there is no stack 'nowhere'"),
    ],
)
def test_what_cannot_be_is_refused(project: Path, options: list[str], sentence: str) -> None:
    found = CliRunner().invoke(app, ["--project", str(project), "schedule", *options])
    assert found.exit_code == 2
    assert sentence in found.output
