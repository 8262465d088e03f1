"""Every bad catalog gets its sentence; every good one is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.examples import (
    EXAMPLES,
    SERVICES,
    complaints,
    example_project,
    expected,
    write_project,
)

FILES = sorted(EXAMPLES.glob("*/*.yaml"))


@pytest.mark.parametrize("example", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_example_gets_exactly_its_sentences(example: Path, tmp_path: Path) -> None:
    """Who made the mistake would search for it, or a bad catalog would be deployed."""
    sentences = complaints(example_project(tmp_path, example))
    assert sentences == expected(example)
    assert bool(sentences) == (".error." in example.name)


@pytest.mark.parametrize(
    "example",
    [path for path in FILES if ".error." in path.name],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_example_names_its_field(example: Path) -> None:
    """A sentence without the field sends its reader through the whole file."""
    field = example.stem.rpartition(".error.")[2]
    # A file that cannot be parsed has no fields; `needs` and the like stand in quotes, a service
    # or resource is named by itself.
    nouns = {
        "services": "service",
        "resources": "resource",
        "external": "external",
        "flows": "flow",
        "buckets": "bucket",
    }
    wanted = "" if field == "file" else nouns.get(field, field)
    assert all(sentence.endswith((".", "?")) for sentence in expected(example))
    assert any(wanted in sentence.partition(": ")[2] for sentence in expected(example))


def test_service_declared_in_two_files(tmp_path: Path) -> None:
    """One of the two declarations would silently win."""
    again = "domain: store\nservices:\n  cart: {summary: Again, tier: core}\n"
    project = write_project(
        tmp_path, {"services/shop.yaml": SERVICES, "services/store.yaml": again}
    )
    assert complaints(project) == [
        "catalog/services/store.yaml:3: service 'cart' is a service in "
        "catalog/services/shop.yaml too; give one of them another name."
    ]


def test_domain_declared_in_two_files(tmp_path: Path) -> None:
    """A domain's services would be looked for in one file and missed in the other."""
    again = "domain: shop\nservices:\n  till: {summary: Takes money, tier: core}\n"
    project = write_project(tmp_path, {"services/a.yaml": SERVICES, "services/b.yaml": again})
    assert complaints(project) == [
        "catalog/services/b.yaml:1: field 'domain': 'shop' is declared in catalog/services/a.yaml "
        "too; put all services of a domain into one file, or write another domain."
    ]


def test_domains_that_start_after_each_other(tmp_path: Path) -> None:
    """Neither domain's stack could be rolled out first."""
    files: dict[str, str | bytes] = {
        "services/a.yaml": "domain: a\nservices:\n"
        "  one: {summary: One, tier: core, needs: [two]}\n"
        "  four: {summary: Four, tier: core}\n",
        "services/b.yaml": "domain: b\nservices:\n"
        "  two: {summary: Two, tier: core}\n"
        "  three: {summary: Three, tier: core, needs: [four]}\n",
    }
    assert complaints(write_project(tmp_path, files)) == [
        "catalog/services/a.yaml:3: service 'one', field 'needs[0]': domains start after each "
        "other in a circle, a → b → a; move a service to another domain, or write "
        "'order: runtime' and a reason on: one → two, or three → four."
    ]


def test_cycle_through_domains_is_told_once(tmp_path: Path) -> None:
    """A second sentence about the domains would hide that one edge is to blame."""
    files: dict[str, str | bytes] = {
        "services/a.yaml": "domain: a\nservices:\n  one: {summary: 1, tier: core, needs: [two]}\n",
        "services/b.yaml": "domain: b\nservices:\n  two: {summary: 2, tier: core, needs: [one]}\n",
    }
    files = {name: str(text).replace("summary: ", "summary: No. ") for name, text in files.items()}
    assert complaints(write_project(tmp_path, files)) == [
        "catalog/services/a.yaml:3: service 'one', field 'needs[0]': startup cycle "
        "one → two → one; write 'order: runtime' and a reason on one of: one → two, two → one."
    ]


def test_mistakes_in_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Mistakes told one at a time cost a run each."""
    files: dict[str, str | bytes] = {
        "services/a.yaml": "domain: A\nservices: {}\n",
        "services/b.yaml": "",
        "platform.yaml": "tiers: []\n",
    }
    assert complaints(write_project(tmp_path, files)) == [
        "catalog/platform.yaml:1: field 'calls' is missing; add it.",
        "catalog/platform.yaml:1: field 'circuit_breaker' is missing; add it.",
        "catalog/platform.yaml:1: field 'external' is missing; add it.",
        "catalog/platform.yaml:1: field 'resources' is missing; add it.",
        "catalog/services/a.yaml:1: field 'domain': 'A' is no DNS label; write lower-case "
        "letters, digits and hyphens, with a letter first and a letter or digit last.",
        "catalog/services/a.yaml:2: field 'services' is empty; write at least one entry.",
        "catalog/services/b.yaml: the file is empty; write its content or delete it.",
    ]
