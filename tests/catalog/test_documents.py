"""What cannot be read at all ends in one sentence, whatever its bytes are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.document import MAX_BYTES, read_document
from tests.catalog.examples import SERVICES, complaints, write_project

FILE = "catalog/services/x.yaml"


def project_with(folder: Path, content: bytes) -> Path:
    return write_project(folder, {"services/shop.yaml": SERVICES, "services/x.yaml": content})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", f"{FILE}: the file is empty; write its content or delete it."),
        (b"\xef\xbb\xbf", f"{FILE}: the file is empty; write its content or delete it."),
        (b"domain: x\nname: \xff\n", f"{FILE}:2: the file is not UTF-8 text; save it as UTF-8."),
        (
            "domain: x\n".encode("utf-16"),
            f"{FILE}:1: the file is not UTF-8 text; save it as UTF-8.",
        ),
        (
            b"domain: x\n\nname: \x00\n",
            f"{FILE}:3: the character U+0000 is not allowed in YAML; remove it.",
        ),
        (
            b"#" * (MAX_BYTES + 1),
            f"{FILE}: the file is larger than 1024 KiB; split it.",
        ),
        (
            b"domain: 99999999999999999999999999:99999999999\nservices: 2024-02-31\n",
            f"{FILE}:2: field 'services': 2024-02-31 is a date in YAML; put it in quotes.",
        ),
        (
            b"domain: " + b"9" * 5000,
            f"{FILE}:1: field 'domain': {'9' * 58}… is a number that nothing can hold; put it "
            "in quotes, or write plain digits.",
        ),
        (
            b"? [a]\n: b\n",
            f"{FILE}:1: the file is not valid YAML (found unhashable key); correct it there.",
        ),
        (
            b"a: @b\n",
            f"{FILE}:1: the file is not valid YAML (found character that cannot start any token); "
            "indent with spaces, not tabs, and quote text that starts with a special character.",
        ),
    ],
    ids=["empty", "mark", "latin", "utf16", "nul", "huge", "date", "number", "key", "at"],
)
def test_content_that_cannot_be_read(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A file spoiled by an editor or a merge ends in a traceback that names no file."""
    assert complaints(project_with(tmp_path, content)) == [sentence]


def test_text_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Editors on Windows write one; the first key would have another name."""
    content = b"\xef\xbb\xbfdomain: x\nservices:\n  till: {summary: Takes money, tier: core}\n"
    assert complaints(project_with(tmp_path, content)) == []


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    """A folder named like a file must not end in a traceback."""
    project = write_project(tmp_path, {"services/shop.yaml": SERVICES})
    (project / FILE).mkdir()
    assert complaints(project) == [
        f"{FILE}: this is no regular file; put a text file in its place or rename it."
    ]


def test_pipe_in_place_of_a_file(tmp_path: Path) -> None:
    """Reading a pipe waits for ever, and CI with it."""
    project = write_project(tmp_path, {"services/shop.yaml": SERVICES})
    os.mkfifo(project / FILE)
    assert complaints(project) == [
        f"{FILE}: this is no regular file; put a text file in its place or rename it."
    ]


def test_link_to_nothing(tmp_path: Path) -> None:
    """A link broken by a move would be reported as a missing file that is plainly listed."""
    project = write_project(tmp_path, {"services/shop.yaml": SERVICES})
    (project / FILE).symlink_to("nowhere.yaml")
    assert complaints(project) == [f"{FILE}: the link points to no file; correct or delete it."]


def test_link_to_itself(tmp_path: Path) -> None:
    """Links in a circle must not end in a traceback."""
    project = write_project(tmp_path, {"services/shop.yaml": SERVICES})
    (project / FILE).symlink_to("x.yaml")
    assert complaints(project) == [
        f"{FILE}: the file cannot be read (Too many levels of symbolic links); make it readable."
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_file_without_permission(tmp_path: Path) -> None:
    """A file that only its owner can read must not end in a traceback."""
    project = project_with(tmp_path, b"domain: x\n")
    (project / FILE).chmod(0)
    assert complaints(project) == [
        f"{FILE}: the file cannot be read (Permission denied); make it readable."
    ]


def test_missing_platform(tmp_path: Path) -> None:
    """Deleted by mistake, the platform file is named."""
    project = write_project(tmp_path, {"services/shop.yaml": SERVICES})
    (project / "catalog/platform.yaml").unlink()
    assert complaints(project) == ["catalog/platform.yaml: the file does not exist; create it."]


def test_missing_services_folder(tmp_path: Path) -> None:
    """An empty platform must not be taken for a sound one: a deployment would delete all."""
    assert complaints(write_project(tmp_path, {})) == [
        "catalog/services: there is no file with services in this folder; write one named after "
        "a domain, as 'billing.yaml'."
    ]


@pytest.mark.parametrize("name", ["shop.yml", "shop.YAML", "shop.Yml"])
def test_file_with_another_ending(tmp_path: Path, name: str) -> None:
    """A file that is silently left out takes its services out of production."""
    project = write_project(
        tmp_path, {"services/a.yaml": SERVICES, f"services/{name}": "domain: x"}
    )
    assert complaints(project) == [
        f"catalog/services/{name}: the file would not be read; rename it to end in '.yaml'."
    ]


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    """An editor's lock file beside an open file would stop every run."""
    project = write_project(
        tmp_path, {"services/a.yaml": SERVICES, "services/.x.yaml": "", "services/README": ""}
    )
    (project / "catalog/services/.#a.yaml").symlink_to("user@host.1234")
    assert complaints(project) == []


PIECES = st.sampled_from(
    (
        *("domain", "services", "needs", "cart", "tier", "core", ": ", "\n", "  ", "- ", "[", "]"),
        *("{", "}", ",", "!!set", "&a", "*a", "<<", "? ", "|", ">-", "'", '"', "\\x", "#", "---"),
        *("...", "%", "1:1", "0x_", "0b", "._", "2001-1-1", "2001-99-99", "~", "null", "="),
        *("1e9", ".inf", "\t"),
    )
)


@settings(deadline=None, max_examples=150)
@given(content=st.binary(max_size=200))
@example(b"a: !!binary '=='")
@example(b"a: \xed\xa0\x80")
@example(b'domain: "\\ud800"\nservices: {a: {summary: "\\ud800", tier: core}}\n')
@example(b'domain: "\\0"\nservices: {"\\0": {summary: "\\uffff", tier: core}}\n')
@example(b"? {a: b}\n: c")
@example(b"? ? a\n: b")
@example(b"a: \xef\xbb\xbfb")
@example(b"a: b\xef\xbb\xbf: c")
@example(b"~: 1\nservices: {~: {summary: a, tier: core}, 2001-01-01: {}}\n")
def test_random_bytes_give_sentences(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Any traceback is a mistake that its maker cannot find."""
    complaints(project_with(tmp_path_factory.mktemp("bytes"), content))


@settings(deadline=None, max_examples=300)
@given(pieces=st.lists(PIECES, max_size=25))
def test_random_yaml_gives_sentences(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    """The parser's odd corners (dates, merge keys, sets) must not end in a traceback either."""
    content = "".join(pieces).encode()
    complaints(project_with(tmp_path_factory.mktemp("yaml"), content))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.sampled_from(["postgres", "core", "startup", "stock"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["summary", "tier", "needs", "target", "order", "port", "x"])
            | st.integers(max_value=3)
            | st.none(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(content=VALUES, entry=VALUES, needs=VALUES)
def test_random_values_give_sentences(
    tmp_path_factory: pytest.TempPathFactory, content: object, entry: object, needs: object
) -> None:
    """Values of the wrong type in every place end in sentences that name the place."""
    whole = {"domain": "x", "services": {"till": entry, "bell": {"needs": needs, "tier": "core"}}}
    for value in (content, whole):
        text = yaml.safe_dump(value, allow_unicode=False)
        folder = tmp_path_factory.mktemp("values")
        for sentence in complaints(project_with(folder, text.encode())):
            assert sentence.endswith((".", "?"))
            assert "something else" not in sentence, sentence
            assert "another type" not in sentence, sentence


def test_line_of_a_value_is_that_of_its_key(tmp_path: Path) -> None:
    """A sentence with the wrong line sends its reader to the wrong service."""
    path = tmp_path / "x.yaml"
    path.write_text("a:\n  b:\n    - c\n    - d\n")
    document = read_document(path, "x.yaml")
    assert document.data == {"a": {"b": ["c", "d"]}}
    assert document.line(("a", "b")) == 2
    assert document.line(("a", "b", 1)) == 4
    assert document.line(("a", "b", 1, "deeper")) == 4
    assert document.line(("z",)) == 1
