"""Where `nexus` writes: options, files, pipes, full disks and old terminals."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest

from catalog import Catalog
from catalog.errors import InputError
from nexus.cli.main import COMMANDS
from nexus.cli.output import write
from nexus.pictures import RENDERERS
from tests.nexus.cli.typed import nexus, run
from tests.projects import DOCUMENTED


def test_graph_writes_a_file(tmp_path: Path, catalog: Catalog) -> None:
    """The picture in the repository is made this way."""
    target = tmp_path / "tiers.svg"
    result = nexus("graph", "--format", "svg", "--output", target)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(f"Wrote {target} (")
    assert target.read_text(encoding="utf-8") == RENDERERS["svg"](catalog)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("no/such/folder.svg", "No such file or directory"), (".", "Is a directory")],
)
def test_output_that_cannot_be_written(tmp_path: Path, name: str, reason: str) -> None:
    """A traceback would hide that only the folder is missing."""
    target = tmp_path / name
    result = nexus("graph", "--output", target)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Cannot write '{target}' ({reason}); name a file in a folder that exists and that you "
        "may write to.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["graph", "--svg"], "There is no option '--svg'; write '--format svg', and '--output"),
        (["impact", "redis", "--json=x"], "There is no option '--json'; write '--format json'"),
        (["plan", "--stack", "dev", "--json", "x"], "write '--format json', and '--output FILE'"),
        (["rehearse", "--json", "x"], "There is no option '--json'; write '--format json', and"),
        (["reach", "user-auth", "redis", "--text"], "write '--format text'"),
        (["graph", "--backstage"], "write '--format backstage'"),
        (["monitoring", "--alertmanager"], "write '--format alertmanager'"),
        (["diff", "a", "b", "--terminal"], "write '--format terminal'"),
        (["graph", "--terraform"], "No such option: --terraform"),
        (["snapshot", "--json"], "No such option: --json"),
    ],
)
def test_a_missing_option_names_the_right_one(arguments: list[str], advice: str) -> None:
    """Every command writes alike, so the error can say how."""
    result = nexus(*arguments)
    assert result.exit_code == 2
    assert advice in result.stderr


def test_every_command_that_writes_has_the_same_options() -> None:
    """What holds for one command is tried with the next."""
    for name, command in COMMANDS.items():
        # Two write whole projects, and six act on a stack or its releases, or look at one.
        if name in ("check", "import", "init", "schema", "settings"):
            continue
        if name in ("preview", "release", "repair", "state", "task", "up"):
            continue
        options = inspect.signature(resolve_name(f"nexus.cli.{command}")).parameters
        # A snapshot is read by `nexus diff` alone: it has one format.
        wanted = {"output"} if name == "snapshot" else {"format_", "output"}
        assert wanted <= set(options), name
        assert options["output"].default is None


def test_reader_that_leaves_early() -> None:
    """`nexus graph | head -1` must not end in a traceback."""
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m nexus graph --format json | head -1"],
        cwd=DOCUMENTED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_closed_pipe(tmp_path: Path) -> None:
    """The same with a reader that is gone before the first byte."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "nexus", "graph"],
            cwd=DOCUMENTED,
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
@pytest.mark.parametrize(
    # What a command writes, and what a library prints by itself.
    "command",
    [["graph"], ["impact", "redis"], ["rehearse"], ["--help"]],
)
def test_full_disk(command: list[str]) -> None:
    """A full disk must be named, and half a file must not pass for a whole one."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nexus", *command],
            cwd=DOCUMENTED,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "Cannot write the output (No space left on device); make room for it.\n"


def test_terminal_without_arrows() -> None:
    """An old terminal shows '?' for an arrow instead of ending the command."""
    result = run("check", PYTHONIOENCODING="latin-1")
    assert result.returncode == 0
    assert "key-service ? token-mgr" in result.stdout


def test_write_says_why_it_cannot(tmp_path: Path) -> None:
    """Other commands write through the same function."""
    with pytest.raises(InputError, match="Is a directory"):
        write("x", tmp_path)


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A script that reads half a file fails far from the cause."""
    path = tmp_path / "graph.json"
    assert nexus("graph", "--format", "json", "--output", path).exit_code == 0
    whole = path.read_text(encoding="utf-8")
    path.chmod(0o640)
    assert nexus("graph", "--format", "json", "--output", path).exit_code == 0
    assert path.read_text(encoding="utf-8") == whole
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What is replaced in the place of a link or device is missed by whoever reads it there."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    assert nexus("graph", "--output", link).exit_code == 0
    assert link.is_symlink()
    assert "43 services" in target.read_text(encoding="utf-8")
    assert nexus("graph", "--output", "/dev/null").exit_code == 0
    assert not Path("/dev/null").is_file()
