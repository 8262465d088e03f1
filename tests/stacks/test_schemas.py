"""Schemas in a release file: versions that cannot run on what is there, or will be."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from catalog import Catalog, InputError, load_catalog
from nexus.rehearsal.run import rehearse
from stacks.program import build
from stacks.release import read_release
from stacks.schemas import Schema, conflicts
from stacks.stack_file import read_stack_file
from tests.projects import ROOT

SHAPES = ROOT / "examples/shapes"
FILE = "releases/dev.yaml"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(SHAPES)


def write(project: Path, version: str, **schemas: Mapping[str, object]) -> Path:
    path = project / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"services": {"orders": version}, "schemas": schemas}))
    return project


def refusal(project: Path, catalog: Catalog) -> str:
    with pytest.raises(InputError) as caught:
        read_release(project, FILE, catalog)
    [problem] = caught.value.problems
    return problem.message


@pytest.mark.parametrize(
    ("service", "needs", "provides", "message"),
    [
        (
            "orders",
            ">=12,<14",
            14,
            "service 'orders', field 'schemas.orders': its migration leaves schema 14, but its "
            "own pods need '>=12,<14'; correct one of them.",
        ),
        (
            "orders",
            ">=15,<15",
            14,
            "field 'schemas.orders.needs': '>=15,<15' is a range that no schema is in; write "
            "bounds such as '>=12' or '>=12,<15'.",
        ),
        (
            "orders",
            "newest",
            14,
            "field 'schemas.orders.needs': 'newest' is no range of schemas; write bounds such as "
            "'>=12' or '>=12,<15'.",
        ),
        (
            "sweeper",
            ">=12",
            14,
            "service 'sweeper', field 'schemas.sweeper': its tables are those of 'orders', whose "
            "migration leaves the schema; remove it, and say there what can run on it.",
        ),
        (
            "mailer",
            ">=12",
            14,
            "service 'mailer', field 'schemas.mailer': it has no migration, so nothing leaves a "
            "schema; add 'migrate' in catalog/services/shop.yaml, or remove its schema.",
        ),
        (
            "order",
            ">=12",
            14,
            "service 'order', field 'schemas.order': there is no such service; did you mean "
            "'orders'?",
        ),
    ],
)
def test_a_schema_that_contradicts_itself_is_refused(
    tmp_path: Path, catalog: Catalog, service: str, needs: str, provides: int, message: str
) -> None:
    """It is found when the pods of the release fail, after the tables were changed."""
    entry = {service: {"needs": needs, "provides": provides}}
    assert refusal(write(tmp_path, "2.3.0", **entry), catalog) == message


@pytest.mark.parametrize(
    ("needs", "there", "ends"),
    [
        (">=12", (12, 14), (True, True)),
        (">11,<=14", (11, 12, 14, 15), (False, True, True, False)),
        ("14", (13, 14, 15), (False, True, False)),
        ("<15", (0, 15), (True, False)),
    ],
)
def test_a_range_has_its_bounds(needs: str, there: tuple[int, ...], ends: tuple[bool, ...]) -> None:
    """A bound too many is a release that is refused, one too few an outage."""
    schema = Schema(needs=needs, provides=0)
    assert tuple(schema.runs_on(number) for number in there) == ends


def test_the_schema_that_is_there_and_the_one_that_will_be_count() -> None:
    """Pods start on tables that they do not know, and those of both releases fail."""
    old = Schema(needs=">=12,<15", provides=14)

    def found(needs: str, provides: int) -> list[str]:
        new = {"orders": Schema(needs=needs, provides=provides)}
        return [each.message for each in conflicts(FILE, new, {"orders": old})]

    assert found(">=14", 14) == []
    assert found(">=12", 13) == []
    assert found(">=14", 16) == [
        "service 'orders', field 'schemas.orders': its migration leaves schema 16, but the version "
        "that runs until the new pods are ready needs '>=12,<15'; release one between them that "
        "can run on both."
    ]
    assert found(">=12,<14", 13) == [
        "service 'orders', field 'schemas.orders': the database has schema 14, which no migration "
        "takes back, and this version needs '>=12,<14'; release one that can run on 14."
    ]
    assert list(conflicts(FILE, {"orders": old}, {})) == []


def test_the_way_back_is_refused_before_anything_changes(tmp_path: Path) -> None:
    """A release is taken back in an incident, and its pods do not know the tables either."""
    project = tmp_path / "shapes"
    shutil.copytree(SHAPES, project)
    file = read_stack_file(project, "dev")
    with rehearse(lambda: build(project), file.project, "dev", file.config) as session:
        write(project, "2.3.0", orders={"needs": ">=12", "provides": 14})
        assert session.up().succeeded
        write(project, "2.2.0", orders={"needs": ">=10,<14", "provides": 12})
        refused = session.up()
        assert "the database has schema 14" in str(refused.program_error)
        assert refused.changed == 0
        write(project, "2.2.1", orders={"needs": ">=10", "provides": 12})
        assert session.up().succeeded
        # What is there is remembered, whatever came after it.
        write(project, "2.2.0", orders={"needs": ">=10,<14", "provides": 12})
        assert "the database has schema 14" in str(session.up().program_error)
