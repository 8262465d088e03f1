"""Corners of the sentences that no catalog file of this version reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict
from pydantic_core import ErrorDetails

from catalog.document import Document, place
from catalog.errors import InputError, Problem, did_you_mean, one_of
from catalog.validation import sentence, validated


def test_mismatch_of_an_unknown_kind_is_still_a_sentence() -> None:
    """A newer pydantic may have kinds of errors that nobody has put into words yet."""
    detail: ErrorDetails = {
        "type": "url_scheme",
        "loc": ("a",),
        "msg": "URL scheme should be 'https'",
        "input": object(),
        "ctx": {},
    }
    assert sentence("field 'a'", detail, ()).startswith("field 'a': <object object")
    assert sentence("field 'a'", detail, ()).endswith("is of another type; write something else.")


def test_suggestions() -> None:
    """A wrong suggestion is worse than none."""
    assert did_you_mean("redsi", ["redis", "postgres"]) == "did you mean 'redis'?"
    assert did_you_mean("kafka", ["redis", "postgres"]) is None
    assert one_of(["a"]) == "'a'"
    assert one_of(["a", "b", "c"]) == "'a', 'b' or 'c'"


def test_places_in_words() -> None:
    """The words are what people search the file for."""
    assert place(()) == "the file"
    assert place(("services",)) == "field 'services'"
    assert place(("services", "a", "needs", 0, "order")) == "service 'a', field 'needs[0].order'"
    assert place(("flows", "a", 1)) == "flow 'a', field '[1]'"


def test_problems_are_sorted_by_line_as_numbers() -> None:
    """Line 10 before line 9 sends a reader up and down the file."""
    problems = [Problem("b", "x."), Problem("a", "y.", 10), Problem("a", "z.", 9)]
    assert str(InputError(problems)) == "a:9: z.\na:10: y.\nb: x."


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    size: int = 0


class Empty(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    inner: list[Inner] | None = None
    empty: Empty | None = None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"inner": [{"sice": 1}]}, "field 'inner[0].sice': unknown key; did you mean 'size'?"),
        ({"empty": {"a": 1}}, "field 'empty.a': unknown key; remove it."),
        ({"iner": 1}, "field 'iner': unknown key; did you mean 'inner'?"),
    ],
)
def test_models_of_other_files_get_the_same_sentences(
    data: dict[str, object], message: str, tmp_path: Path
) -> None:
    """Release files and settings use these models too."""
    with pytest.raises(InputError) as raised:
        validated(Document("x.yaml", data, {}), Outer)
    assert [problem.message for problem in raised.value.problems] == [message]
