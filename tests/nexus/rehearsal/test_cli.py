"""The right Pulumi CLI is found, or built once, or its absence is said in a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nexus.rehearsal.engine import find_cli

FINDER = Path(__file__).resolve().parents[3] / "tools" / "pulumi_cli.py"

FAKE_GO = """#!/bin/sh
# Like `go build -o FILE`: takes its time and writes the file; counts its calls.
# Like `go list` of a module: names its folder.
[ "$1" = list ] && { echo "$SDK"; exit; }
echo call >> "$CALLS"
[ -n "$GO_FAILS" ] && { echo "no network" >&2; exit 1; }
while [ "$1" != "-o" ]; do echo "$1" >> "$CALLS"; shift; done
sleep 0.3
printf '#!/bin/sh\\necho built\\n' > "$2"
chmod +x "$2"
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A copy of the finder beside a go.mod that pins version 3.300.1."""
    directory = tmp_path / "tools"
    directory.mkdir()
    shutil.copy(FINDER, directory)
    shutil.copy(FINDER.with_name("go_build.py"), directory)
    (directory / "language-host").mkdir()
    (directory / "language-host" / "main.go").write_text("package main\n", encoding="utf-8")
    launcher = tmp_path / "sdk" / "python" / "cmd" / "pulumi-language-python-exec"
    launcher.parent.mkdir(parents=True)
    launcher.write_text("launcher\n", encoding="utf-8")
    pin = "require github.com/pulumi/pulumi/pkg/v3 v3.300.1 // indirect\n"
    (directory / "go.mod").write_text(f"module tools\n\n{pin}", encoding="utf-8")
    (directory / "go.sum").write_text("sum\n", encoding="utf-8")
    programs = tmp_path / "bin"
    programs.mkdir()
    # Of this machine only what the fake Go needs: it may have a pulumi or a Go of its own.
    for name in ("chmod", "sleep"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    return directory


def _program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _find(tools: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = {
        "PATH": str(tools.parent / "bin"),
        "HOME": str(tools.parent),
        "CALLS": str(tools.parent / "calls"),
        "SDK": str(tools.parent / "sdk"),
        **extra,
    }
    return subprocess.run(
        [sys.executable, str(tools / FINDER.name), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("version", "usable"),
    [("v3.300.0", True), ("v3.301.9", True), ("v4.0.0", True), ("v3.299.9", False), ("?", False)],
)
def test_pulumi_on_path_is_used_if_new_enough(tools: Path, version: str, usable: bool) -> None:
    """An old CLI fails in the middle of a run with an error about something else."""
    installed = tools.parent / "bin" / "pulumi"
    _program(installed, f"#!/bin/sh\necho '{version}'\n")
    found = _find(tools, "--no-build")
    assert (found.stdout.strip() == str(installed)) is usable
    assert found.returncode == (0 if usable else 2)
    assert bool(found.stderr) is not usable


def test_pinned_cli_is_built_once(tools: Path) -> None:
    """Five minutes of building at every start, or two builds that write one file at a time."""
    _program(tools.parent / "bin" / "go", FAKE_GO)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: _find(tools), range(2)))
    assert [each.returncode for each in both] == [0, 0], both
    [path] = {each.stdout.strip() for each in both}
    assert Path(path).is_relative_to(tools.parent / ".cache" / "nexus-cos" / "pulumi")
    assert subprocess.check_output([path], text=True) == "built\n"
    assert _find(tools, "--no-build").stdout.strip() == path
    calls = (tools.parent / "calls").read_text(encoding="utf-8")
    assert calls.count("call\n") == 1
    assert "version.Version=v3.300.1" in calls
    assert "about five minutes" in both[0].stderr + both[1].stderr
    assert sorted(each.name for each in Path(path).parent.iterdir()) == ["lock", "pulumi"]

    # Another lock file is another build, in another place; XDG_CACHE_HOME is heeded.
    (tools / "go.sum").write_text("other\n", encoding="utf-8")
    elsewhere = tools.parent / "elsewhere"
    other = _find(tools, XDG_CACHE_HOME=str(elsewhere))
    assert Path(other.stdout.strip()).is_relative_to(elsewhere)


def test_failed_build_leaves_nothing(tools: Path) -> None:
    """Half a program in the cache would be used by every run after."""
    _program(tools.parent / "bin" / "go", FAKE_GO)
    failed = _find(tools, GO_FAILS="1")
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert "no network" in failed.stderr
    assert "exit code 1" in failed.stderr
    assert _find(tools, "--no-build").returncode == 2
    assert _find(tools).returncode == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tools: None, "neither a `pulumi` of version 3.300.1 or newer nor a `go` on PATH"),
        (lambda tools: (tools / "go.mod").unlink(), "go.mod cannot be read"),
        (lambda tools: (tools / "go.mod").write_text("module x\n"), "does not pin"),
    ],
)
def test_no_way_to_a_cli_is_one_sentence(
    tools: Path, change: Callable[[Path], object], sentence: str
) -> None:
    """A newcomer must read what to install, not a traceback."""
    change(tools)
    found = _find(tools)
    assert found.returncode == 2
    assert found.stdout == ""
    assert sentence in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1


def _complete(tools: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    environment = tools.parent / "environment"
    environment.mkdir(exist_ok=True)
    return _find(tools, "--link", str(environment), **extra)


def test_built_cli_gets_a_language_host(tools: Path) -> None:
    """Without one beside it, the CLI that was built ends every `pulumi up` at once."""
    _program(tools.parent / "bin" / "go", FAKE_GO)
    link = tools.parent / "environment" / "pulumi"
    made = _complete(tools)
    assert made.returncode == 0, made.stderr
    cli = Path(made.stdout.strip())
    beside = {"lock", "pulumi", "pulumi-language-python", "pulumi-language-python-exec"}
    assert {each.name for each in cli.parent.iterdir()} == beside
    assert link.readlink() == cli
    assert not cli.is_symlink()
    calls = (tools.parent / "calls").read_text(encoding="utf-8")

    # The link is on the PATH of whoever works in the environment, and changes nothing.
    path = f"{link.parent}:{tools.parent / 'bin'}"
    assert _complete(tools, PATH=path).stdout == made.stdout
    assert (tools.parent / "calls").read_text(encoding="utf-8") == calls

    # Another host is built anew, although the old one is on the PATH.
    (tools / "language-host" / "main.go").write_text("package main // new\n", encoding="utf-8")
    changed = Path(_complete(tools, PATH=path).stdout.strip())
    assert changed.parent != cli.parent
    assert link.readlink() == changed

    # An installed one, with a host of its own, takes its place.
    _program(tools.parent / "bin" / "pulumi", "#!/bin/sh\necho v3.300.1\n")
    installed = _complete(tools, PATH=path)
    assert installed.stdout.strip() == str(tools.parent / "bin" / "pulumi")
    assert not link.is_symlink()


def test_failed_build_of_a_language_host_leaves_none(tools: Path) -> None:
    """A CLI that is found without its host ends every `pulumi up` with a riddle."""
    go = tools.parent / "bin" / "go"
    _program(go, FAKE_GO)
    assert _find(tools).returncode == 0
    for failing in ({"GO_FAILS": "1"}, {"SDK": str(tools)}):
        failed = _complete(tools, **failing)
        assert failed.returncode == 2, failed.stderr
        assert failed.stdout == ""
    assert _complete(tools).returncode == 0
    go.unlink()
    assert _complete(tools).returncode == 0


def test_found_cli_is_absolute() -> None:
    """The engine runs in another directory, where a relative path is another file."""
    assert os.access(find_cli(), os.X_OK)
    assert find_cli().is_absolute()
