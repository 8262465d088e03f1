"""Pages that name files of the project, which move."""

from __future__ import annotations

import re

import pytest

from tests.projects import ROOT

FILES = re.compile(
    r"\b(?:catalog|graph|components|stacks|nexus|tests|tools|findings)/[\w/.-]+\.(?:py|sh|json)\b"
)


@pytest.mark.parametrize("page", ["architecture.md", "beliefs.md"])
def test_files_that_a_page_names_are_there(page: str) -> None:
    """Whoever tries a belief against the next version must find the code that rests on it."""
    named = set(FILES.findall((ROOT / "docs" / page).read_text(encoding="utf-8")))
    assert len(named) > 10
    assert sorted(file for file in named if not (ROOT / file).exists()) == []


def test_a_change_of_one_thing_opens_five_files_at_most() -> None:
    """What is spread over more is changed in some of them and forgotten in the others."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = page.partition("| To change … | open |\n")[2].partition("\n\n")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines()[1:]]
    assert len(rows) >= 8
    assert [noun for noun, files in rows if files.count("](") > 5] == []


def test_every_belief_stands_once() -> None:
    """Of two rows, one is not kept up to date, and says something else after a while."""
    lines = (ROOT / "docs/beliefs.md").read_text(encoding="utf-8").splitlines()
    beliefs = [line.split("|")[1] for line in lines if line.startswith("| ")]
    assert len(beliefs) > 50
    assert [each for each in sorted(beliefs) if beliefs.count(each) > 1] == []
