"""Release files as they are edited, what runs, and the fewest that go back together."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, Edge, InputError, Order, Service
from nexus.update.history import Brought, Update, releases
from nexus.update.release import edited, running, way_back
from stacks.schemas import Schema
from stacks.stack_file import StackFile
from tests.nexus.update.states import deployment, state_of
from tests.projects import git
from tests.random_catalogs import catalog_of

FILE = """\
# Head.
services:
  # The cart.
  cart: "1.10"  # why
  stock: 'sha256:00'

schemas:
  cart: {needs: ">=1", provides: 2}
"""


@pytest.mark.parametrize(
    ("services", "lines"),
    [
        ({"cart": "1.20"}, {"  cart: '1.20'  # why"}),
        ({"cart": "1.4.2", "stock": "2.0.0"}, {"  cart: 1.4.2  # why", "  stock: 2.0.0"}),
        ({"front": "3.0.0"}, {"  front: 3.0.0", "  # The cart.", '  cart: "1.10"  # why'}),
        ({"a": "1.1.1", "z": "true"}, {"  a: 1.1.1", "  z: 'true'", "  # The cart."}),
        ({"stock": None}, {"  # The cart.", '  cart: "1.10"  # why'}),
        ({"cart": None, "stock": None}, set[str]()),
    ],
)
def test_comments_and_all_else_stay(services: dict[str, str | None], lines: set[str]) -> None:
    written = edited(FILE, "f.yaml", services=services)
    given = yaml.safe_load(FILE)
    wanted = {k: v for k, v in {**given["services"], **services}.items() if v is not None}
    assert (yaml.safe_load(written)["services"] or {}) == wanted
    assert yaml.safe_load(written)["schemas"] == given["schemas"]
    assert lines <= {*written.splitlines()}
    assert written.startswith("# Head.\n")


@pytest.mark.parametrize(
    "text", ["services: {}\n", "# A\nservices: {cart: '1'}\n", "services:\n  cart: '1'\n"]
)
def test_every_way_to_write_it_is_understood(text: str) -> None:
    parts = {"services": {"cart": "2.0"}, "schemas": {"cart": {"needs": "1", "provides": 1}}}
    assert yaml.safe_load(edited(text, "f.yaml", **parts)) == parts


def test_half_a_file_is_refused() -> None:
    with pytest.raises(InputError, match=r"^f\.yaml"):
        edited("services: {cart: ", "f.yaml", services={"cart": "1.0.0"})


names = st.sampled_from(["a", "b", "c", "d", "e"])
versions = st.sampled_from(["1.0", "2.0", "3.0", "tag.x", "sha256:0"])
ranges = st.sampled_from([">=1", "<2", ">=2", "<3", ">=3"])
edges = st.dictionaries(st.tuples(names, names).filter(lambda pair: pair[0] != pair[1]), ranges)


@given(edges, edges, st.dictionaries(names, versions), st.dictionaries(names, versions), st.data())
def test_the_way_back_is_the_smallest(
    old: dict[tuple[str, str], str],
    new: dict[tuple[str, str], str],
    before: dict[str, str],
    after: dict[str, str],
    data: st.DataObject,
) -> None:
    """Against every subset: none with fewer services works, and this one does."""
    old = kept(old, before)
    new = kept(new, after)
    moved = sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
    if not moved:
        return
    failed = data.draw(st.sets(st.sampled_from(moved), min_size=1))
    found = way_back(failed, before, after, (catalog(old), catalog(new)))
    sound = [
        {*failed, *further}
        for size in range(len(moved) + 1)
        for further in combinations(sorted({*moved} - failed), size)
        if size <= len(moved) - len(failed) and holds({*failed, *further}, before, after, old, new)
    ]
    assert set(found) == min(sound, key=len)
    assert all(set(found) <= each for each in sound)


def kept(
    constraints: dict[tuple[str, str], str], said: dict[str, str]
) -> dict[tuple[str, str], str]:
    """Of the constraints those that the release keeps: a release file with another is refused."""
    return {pair: each for pair, each in constraints.items() if works(said.get(pair[1]), each)}


def works(version: str | None, bounds: str) -> bool:
    if version is None:
        return True
    if version not in {"1.0", "2.0", "3.0"}:
        return False
    number, limit = float(version), float(bounds.lstrip("<>="))
    return number < limit if bounds.startswith("<") else number >= limit


def holds(
    back: set[str],
    before: dict[str, str],
    after: dict[str, str],
    old: dict[tuple[str, str], str],
    new: dict[tuple[str, str], str],
) -> bool:
    """Whether all meet in versions that their callers, in the version that they have, work with."""
    said = {**after, **{name: before.get(name) for name in back}}
    moved = {n for n in {*before, *after} if before.get(n) != after.get(n)}
    return all(
        works(said.get(target), bounds)
        for constraints, side in ((old, True), (new, False))
        for (source, target), bounds in constraints.items()
        if source in moved and (source in back) is side
    )


def catalog(constraints: dict[tuple[str, str], str]) -> Catalog:
    return catalog_of(
        [],
        (
            Edge(
                source=source,
                target=target,
                order=Order.RUNTIME,
                fallback=None,
                reason="",
                file="",
                versions=bounds,
            )
            for (source, target), bounds in constraints.items()
        ),
    )


def stack_settings(**config: str) -> StackFile:
    named = {f"nexus-cos:{key}": value for key, value in config.items()}
    return StackFile(project="nexus-cos", stack="dev", config=named, secret_keys=())


SERVICES = catalog_of(
    [
        replace(
            Service(name=n, domain="d", tier="core", summary="", start_seconds=1, file=""),
            renamed_from="basket" if n == "cart" else None,
        )
        for n in ("cart", "front", "stock")
    ],
    [],
)


def test_what_runs_is_read_in_the_words_of_a_release_file() -> None:
    found = running(
        state_of(
            deployment("cart", "r.example.com/x/basket:1.4.2"),
            deployment("front", "docker.io/a/front:1", initErrors=["not ready"]),
            deployment(
                "stock",
                "r.example.com/x/stock@sha256:00",
                annotations={"nexus-cos/schema": "3", "nexus-cos/schema-needs": ">=2"},
            ),
            deployment("grafana", "docker.io/grafana:1"),
            pending=["cart"],
        ),
        SERVICES,
        stack_settings(registry="r.example.com/x"),
    )
    assert {name: each.version for name, each in found.items()} == {
        "cart": "1.4.2",
        "front": "docker.io/a/front:1",
        "stock": "sha256:00",
    }
    assert {name: each.healthy for name, each in found.items()} == {
        "cart": False,
        "front": False,
        "stock": True,
    }
    assert found["stock"].schemas == {"stock": Schema(needs=">=2", provides=3)}


def test_images_of_the_account_have_a_version() -> None:
    image = "1.dkr.ecr.eu-central-1.amazonaws.com/nexus-cos-dev/basket:2"
    other = "1.dkr.ecr.eu-central-1.amazonaws.com/nexus-cos-prod/stock:2"
    found = running(
        state_of(deployment("cart", image), deployment("stock", other)), SERVICES, stack_settings()
    )
    assert {name: each.version for name, each in found.items()} == {"cart": "2", "stock": other}


def update(number: int, commit: str | None, **further: Any) -> Update:
    told: dict[str, Any] = {"who": "Ann", "ended": "", "result": "succeeded", "edited": False}
    return Update(number=number, commit=commit, file="r.yaml", **{**told, **further})


def test_a_release_is_what_an_update_brought_up(tmp_path: Path) -> None:
    """Of failed ones, and of what was not committed, nobody knows; nor of parts after those."""
    git(tmp_path, "init", "--quiet")
    commits: list[str] = []
    for cart, stock in (("1", "1"), ("2", "1"), ("3", "2"), ("4", "4")):
        text = f"services: {{cart: 'x:{cart}', stock: 'x:{stock}'}}\n".replace("x:", "1.")
        (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "--message", cart)
        commits.append(git(tmp_path, "rev-parse", "HEAD").strip())

    def told(*kept: Update) -> dict[int, dict[str, str]]:
        found: tuple[Brought, ...] = releases(tmp_path, kept)
        assert [each.update.number for each in found] == sorted(
            (each.update.number for each in found), reverse=True
        )
        return {each.update.number: dict(each.release.versions) for each in found}

    first = update(1, commits[0])
    part = update(2, commits[2], part=frozenset({"stock"}))
    assert told(part, first) == {
        1: {"cart": "1.1", "stock": "1.1"},
        2: {"cart": "1.1", "stock": "1.2"},
    }
    for broken in (
        update(2, commits[1], result="failed"),
        update(2, commits[1], result="in-progress"),
        update(2, commits[1], edited=True),
        update(2, None),
        update(2, "0" * 40),
    ):
        after = replace(part, number=3)
        whole = update(4, commits[3])
        assert set(told(whole, after, broken, first)) == {1, 4}
