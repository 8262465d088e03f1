"""A Compose file that cannot be read, or nothing that reads it: one sentence each."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from catalog.errors import InputError
from nexus.importing import compose_file
from nexus.importing.compose_file import read_compose_file
from tests.nexus.importing.made import imported, sound, write_compose

A = "services:\n  a:\n    image: x:1\n"

BAD = {
    "unknown-key": (
        A + "    wibble: 1\n",
        "4: service 'a', field 'wibble': unknown key; remove it",
    ),
    "misspelt-key": (
        A + "    port: [1]\n",
        "4: service 'a', field 'port': unknown key; did you mean .*\\?",
    ),
    "unknown-top-key": (A + "serv: {}\n", "field 'serv': unknown key; did you mean 'services'"),
    "not-yaml": ("services: [\n", "1: yaml: .*; correct the YAML there"),
    "no-mapping": ("hello\n", "1: .*; write a mapping with 'services'"),
    "nothing": ("# empty\n", "empty compose file; describe services in it"),
    "wrong-type": (A + "    ports: 5\n", "4: .*services.a.ports"),
    "no-image": ("services:\n  a: {command: x}\n", "2: .*neither an image.*; write one of them"),
    "undefined": (A + "    depends_on: [b]\n", "2: .*undefined service .b.*; add that service"),
    "required-variable": (
        "services:\n  a:\n    image: ${IMAGE:?say which}\n",
        "3: .*IMAGE is missing a value: say which; give it a value by --env-file",
    ),
    "env-file": (A + "    env_file: no.env\n", "env file .*no.env not found.*; create it"),
    "port": (A + "    ports: ['99999999']\n", "nvalid.*99999999; write a port from 1 to 65535"),
    "extends": (
        A + "    extends: {service: b}\n",
        "2: cannot extend service .a. in it: .*not found",
    ),
    "include": ("include: [no.yaml]\n" + A, "no.yaml"),
    "include-circle": ("include: [compose.yaml]\n" + A, "include cycle detected"),
    "only-servers": ("services:\n  db: {image: 'postgres:17'}\n", "nothing in it is a service"),
    "only-profiles": (A + "    profiles: [p]\n", "all its services are in profiles: 'a'; enable"),
    "control": ("services:\n  a: {image: '\x07'}\n", "2: the character U\\+0007 is not allowed"),
    "huge": ("#" + "x" * 1_100_000, "the file is larger than 1024 KiB"),
    "aliases": (
        "x0: &x0 [a, a, a, a, a, a, a, a, a]\n"
        + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9))
        + A,
        "excessive aliasing; write out what its aliases repeat",
    ),
    "merges-in-a-circle": ("x: &x\n  <<: *x\n" + A, "1: what stands here holds itself by an alias"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    """A stack trace, or a program that eats the memory, is no answer."""
    text, expected = BAD[case]
    with pytest.raises(InputError) as refused:
        imported(write_compose(tmp_path / "shop", text), tmp_path / "project")
    assert len(refused.value.problems) == 1
    sentence = str(refused.value)
    assert re.search(rf"compose\.yaml:(\s|(?=\d)).*{expected}", sentence), sentence
    assert "\n" not in sentence
    assert re.search(r"[^.]\.$|\?$", sentence), sentence
    assert not (tmp_path / "project").exists()


def test_a_file_that_holds_itself_is_given_up(tmp_path: Path) -> None:
    """One that is included is not looked at before: the reader must not take all memory for it."""
    (tmp_path / "x.yaml").write_text("x: &x\n  <<: *x\n", encoding="utf-8")
    with pytest.raises(InputError, match="that it includes or extends holds itself by an alias"):
        read_compose_file(write_compose(tmp_path, "include: [x.yaml]\n" + A))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Whoever mistypes a name wants to know that, and no more."""
    with pytest.raises(InputError, match=r"no\.yaml: the file does not exist"):
        read_compose_file(tmp_path / "no.yaml")
    file = write_compose(tmp_path, A)
    with pytest.raises(InputError, match=r"no\.env: the file does not exist"):
        read_compose_file(file, env_files=[tmp_path / "no.env"])


FAKE = """#!{python}
import subprocess, sys
if sys.argv[1:] == ["compose", "version"]:
    sys.exit({version})
assert sys.argv[1:3] == ["compose", "--file"], sys.argv
assert sys.argv[-4:] == ["config", "--format", "json", "--no-consistency"], sys.argv
done = subprocess.run([{reader!r}, sys.argv[3]], capture_output=True, text=True)
import json
sys.stderr.write('time="x" level=warning msg="The \\\\"TAG\\\\" variable is not set."\\n')
print(json.dumps(json.loads(done.stdout)["project"]))
"""


@pytest.fixture
def without_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A PATH with nothing but a folder of the test's, and no reader that was built before."""
    reader, _ = compose_file.own_reader()
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "reader").symlink_to(reader)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    compose_file.own_reader.cache_clear()
    yield folder
    compose_file.own_reader.cache_clear()


def docker(folder: Path, version: int) -> None:
    text = FAKE.format(python=sys.executable, version=version, reader=str(folder / "reader"))
    (folder / "docker").write_text(text, encoding="utf-8")
    (folder / "docker").chmod(0o755)


def test_docker_reads_it_where_go_is_not(without_go: Path, tmp_path: Path) -> None:
    """Who has a Compose file has Docker, and mostly no Go."""
    docker(without_go, version=0)
    file = write_compose(tmp_path / "shop", A.replace("x:1", "x:1${TAG:-}") + "    expose: [80]\n")
    imported(file, tmp_path / "project")
    assert sound(tmp_path / "project").services["a"].port == 80
    assert read_compose_file(file).unset == ("TAG",)


@pytest.mark.parametrize("there", [False, True])
def test_neither_go_nor_compose(without_go: Path, tmp_path: Path, there: bool) -> None:
    """A missing program is told as such, with where to get it."""
    if there:
        docker(without_go, version=1)
    with pytest.raises(InputError, match=r"There is neither Go.* nor `docker compose`; install"):
        read_compose_file(write_compose(tmp_path / "shop", A))


def test_an_answer_that_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Docker of years ago must not end in a stack trace."""
    monkeypatch.setattr(compose_file, "_reader", lambda *_: (["echo", json.dumps([1])], True))
    with pytest.raises(InputError, match="what Compose makes of it cannot be read"):
        read_compose_file(write_compose(tmp_path / "shop", A))


def test_a_large_graph_is_read_in_time(tmp_path: Path) -> None:
    """compose-go's search for circles takes years where many services need the same ones."""
    names = [f"s{number}" for number in range(90)]
    services = {
        name: {"image": "r.io/x:1", "expose": ["80"], "depends_on": names[max(0, at - 4) : at]}
        for at, name in enumerate(names)
    }
    imported(write_compose(tmp_path / "shop", {"services": services}), tmp_path / "p")
    catalog = sound(tmp_path / "p")
    assert len(catalog.edges) == sum(min(4, at) for at in range(90))
