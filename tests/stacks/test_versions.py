"""Versions that callers can work with: in the catalog, the release file, the plan and the rules."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from catalog import InputError, load_catalog
from catalog.names import VersionRange
from components.kubernetes.versions import is_in, version_of
from nexus.plan.plan import make_plan
from nexus.policy.rules import violations
from nexus.pulumi.resource import mapping
from stacks.release import read_release
from tests.nexus.diff.copies import set_need
from tests.projects import small_project

VERSIONS = TypeAdapter[str](VersionRange)
FILE = "releases/dev.yaml"
DIGEST = f"sha256:{'0' * 64}"


def project(folder: Path, needs: str = ">=2.3,<4", **versions: str) -> Path:
    """A project whose `front` can work with these versions of `cart`."""
    made = small_project(folder / "project")
    set_need(made, "front", "cart", versions=needs)
    (made / FILE).write_text(yaml.safe_dump({"services": versions}), encoding="utf-8")
    return made


def refusal(made: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_release(made, FILE, load_catalog(made))
    [problem] = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("1.4.2", "1.4.2"),
        (f"1.4.2@{DIGEST}", "1.4.2"),
        ("localhost:5000/a/b:v2", "v2"),
        (f"docker.io/a/b:2.0.0-rc.1@{DIGEST}", "2.0.0-rc.1"),
        ("localhost:5000/a/b", None),
        (DIGEST, None),
        (f"docker.io/a/b@{DIGEST}", None),
        ("main", None),
        ("2.3.1-alpine", None),
        (f"localhost:5000/foo/2@{DIGEST}", None),
        ("docker.io/hashicorp/http-echo:1.0.0", None),
    ],
)
def test_the_version_is_the_tag(image: str, version: str | None) -> None:
    assert version_of(image) == version


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("2.3.0", ">=2.3,<4", True),
        ("2.10.0", ">=2.3 <4", True),
        ("4.0.0", ">=2.3, <4", False),
        ("4.0.0-rc.1", ">=2.3,<5", True),
        ("v3", ">=2.3,<4", True),
    ],
)
def test_versions_are_compared_by_number(version: str, bounds: str, fits: bool) -> None:
    assert is_in(version, VERSIONS.validate_python(bounds)) is fits


@pytest.mark.parametrize("version", ["2.3.1", f"3.9.0@{DIGEST}", "docker.io/a/cart:2.3"])
def test_what_fits_is_released(tmp_path: Path, version: str) -> None:
    made = project(tmp_path, cart=version)
    release = read_release(made, FILE, load_catalog(made))
    images = release.images(load_catalog(made), registry="r.example.com", stand_ins=True)
    separated = version if "/" in version else f"r.example.com/cart:{version}"
    assert images["cart"].reference == separated


def test_a_stand_in_fits_everybody(tmp_path: Path) -> None:
    made = project(tmp_path)
    assert read_release(made, FILE, load_catalog(made)).versions == {}


def test_what_a_caller_cannot_work_with_is_refused(tmp_path: Path) -> None:
    said = refusal(project(tmp_path, cart="4.0.0"))
    assert said.startswith(f"{FILE}:2: service 'cart': 'front' can work with '>=2.3,<4' (catalog/")
    assert said.endswith(
        "), which 4.0.0 is not; release another one, or change 'needs[0].versions' of 'front'."
    )


def test_a_bare_digest_is_refused(tmp_path: Path) -> None:
    """Nobody knows which version it is."""
    said = refusal(project(tmp_path, cart=DIGEST))
    assert "tells no version" in said
    assert "or with the digest, '2.3.1@sha256:…'." in said


def test_a_tag_that_is_no_version_is_refused(tmp_path: Path) -> None:
    said = refusal(project(tmp_path, cart="2.3.1-alpine"))
    assert "its tag '2.3.1-alpine' is no version as Python's packages have it, and 'front'" in said


@pytest.mark.parametrize(
    ("target", "versions", "message"),
    [
        ("cart", "about 2", "'about 2' is no range of versions; write bounds such as '>=2.3,<4'."),
        ("cart", ",", "',' is no range of versions; write bounds such as '>=2.3,<4'."),
        ("cart", "===2", "'===2' is no range of versions; write bounds such as '>=2.3,<4'."),
        ("cart", ">=2.3,<", "'>=2.3,<' is no range of versions; write bounds such as '>=2.3,<4'."),
        (
            "postgres",
            ">=15",
            "'postgres' is no service, and only those have versions here; remove 'versions'.",
        ),
    ],
)
def test_what_is_no_constraint_is_refused(
    tmp_path: Path, target: str, versions: str, message: str
) -> None:
    made = small_project(tmp_path / "project")
    set_need(made, "front", target, versions=versions)
    with pytest.raises(InputError) as caught:
        load_catalog(made)
    [problem] = caught.value.problems
    assert message in str(problem)
    assert "needs[" in str(problem)


def test_what_runs_is_held_against_it(tmp_path: Path) -> None:
    """Between two releases somebody's older pods run beside the new ones of another service."""
    made = project(tmp_path, cart="docker.io/a/cart:2.3.1", front="docker.io/a/front:1")
    plan = list(make_plan(made, "dev").named())
    front = next(each for each in plan if (each.kind, each.name) == ("Deployment", "front"))
    told = mapping(front.metadata.get("annotations"))
    assert json.loads(told["nexus-cos/works-with"]) == {"cart": ">=2.3,<4"}
    assert violations(plan) == ()
    cart = next(each for each in plan if (each.kind, each.name) == ("Deployment", "cart"))
    newer = json.loads(json.dumps(cart.inputs).replace("cart:2.3.1", "cart:4.0.0"))
    newer = replace(cart, inputs=newer)
    [found] = violations([*(each for each in plan if each is not cart), newer])
    assert found.rule == "versions-fit"
    assert found.message.startswith("front can work with 'cart' >=2.3,<4, which 4.0.0 is not;")
