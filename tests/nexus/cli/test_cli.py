"""The `nexus` command as a user runs it: output, exit codes, sentences instead of tracebacks."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog import Catalog
from components.aws.versions import KUBERNETES
from nexus.cli import check
from nexus.cli.main import COMMANDS, HIDDEN, UNKNOWN, app, version
from nexus.pictures import RENDERERS
from tests.catalog.examples import EXAMPLES, SERVICES, example_project, expected, write_project
from tests.nexus.cli.typed import nexus, run
from tests.projects import DOCUMENTED, ROOT


def test_check_says_what_it_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """'OK' alone does not say that the right project was checked."""
    monkeypatch.setattr(check, "_today", lambda: KUBERNETES.seen)
    result = nexus("check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "The catalog is sound: 43 services in 11 domains, 11 platform resources, 9 external APIs; "
        "all 15 rules hold.",
        "152 edges: 103 startup (68 between services, 52 after reduction), 49 runtime; "
        "11 degradable.",
        "Services per tier: core 6, platform 4, domain 24, frontend 9.",
        "Longest startup chain, 8 services: key-service → token-mgr → session-mgr → user-auth → "
        "auth-service → auth-service-v2 → backend-api → puabo-nexus.",
    ]


def test_check_warns_before_a_version_leaves_support(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS upgrades by itself, or charges, and tells nobody who reads this program."""
    assert KUBERNETES.until is not None
    monkeypatch.setattr(check, "_today", lambda: KUBERNETES.until)
    result = nexus("check")
    assert result.exit_code == 0
    told = [line for line in result.stdout.splitlines() if line.startswith("Warning: ")]
    assert f"Warning: EKS {KUBERNETES.version} leaves standard support on" in told[0]
    assert nexus("check", "--quiet").stdout == ""


def test_quiet_check_prints_nothing() -> None:
    """In CI only problems are worth a line."""
    result = nexus("check", "--quiet")
    assert (result.exit_code, result.output) == (0, "")


BAD = (
    "services/startup-cycle.error.needs.yaml",
    "services/wrong-types.error.port.yaml",
    "services/not-yaml.error.file.yaml",
    "services/tag-of-python.error.file.yaml",
    "services/deep.error.file.yaml",
    "platform/flow-with-unknown-steps.error.flows.yaml",
)


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["check", "graph"])
def test_bad_catalog_ends_with_its_sentences(command: str, name: str, tmp_path: Path) -> None:
    """Scripts need the exit code, people the sentence."""
    example = EXAMPLES / name
    result = nexus(command, project=example_project(tmp_path, example))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == expected(example)


@pytest.mark.parametrize("name", BAD[:3])
def test_bad_catalog_ends_the_process_without_a_traceback(name: str, tmp_path: Path) -> None:
    """What holds inside a test must hold for the installed command."""
    example = EXAMPLES / name
    result = run("check", folder=example_project(tmp_path, example))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines() == expected(example)


def test_folder_without_a_project(tmp_path: Path) -> None:
    """The usual mistake is the wrong folder, not a missing catalog."""
    result = run("check", folder=tmp_path)
    assert result.returncode == 2
    assert result.stderr == (
        f"'{tmp_path}' holds no project (no catalog folder); run nexus in the folder that holds "
        "Pulumi.yaml, or name it: nexus --project DIR.\n"
    )


def test_project_elsewhere(tmp_path: Path) -> None:
    """The project must be found from any folder, as in CI."""
    write_project(tmp_path / "shop", {"services/shop.yaml": SERVICES})
    result = run("--project", "shop", "check", folder=tmp_path)
    assert result.returncode == 0
    assert result.stdout.startswith("The catalog is sound: 2 services in 1 domain, ")


@pytest.mark.parametrize("behind", [["--project", "{}"], ["--project={}"]])
def test_project_is_taken_behind_the_command_too(behind: list[str], tmp_path: Path) -> None:
    """People write options where they think of them."""
    project = example_project(tmp_path, EXAMPLES / "services" / "minimal.ok.yaml")
    options = [part.format(project) for part in behind]
    result = CliRunner().invoke(app, ["graph", *options, "--format", "json"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == CliRunner().invoke(app, ["--project", str(project), "graph", "--format", "json"]).stdout
    )
    assert "user-auth" not in result.stdout


@pytest.mark.parametrize("format_", RENDERERS)
def test_graph_prints_every_format(catalog: Catalog, format_: str) -> None:
    """What is printed is what the renderer makes, byte for byte."""
    result = nexus("graph", "--format", format_)
    assert result.exit_code == 0
    assert result.stdout == RENDERERS[format_](catalog)


def test_graph_prints_text_by_default(catalog: Catalog) -> None:
    """Somebody who types `nexus graph` wants to read."""
    assert nexus("graph").stdout == RENDERERS["text"](catalog)


def test_graph_of_one_service() -> None:
    """Before a change, who is hit by it must be known."""
    assert nexus("graph", "--service", "kei-ai").stdout.startswith("kei-ai: Assistant")
    graph = json.loads(nexus("graph", "--service", "kei-ai", "--format", "json").stdout)
    assert {edge["target"] for edge in graph["edges"]} == {"ai-service", "kei-ai", "postgres"}


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("kei-ia", "did you mean 'kei-ai'?"),
        ("zzz", "run 'nexus graph' to see all names."),
    ],
)
def test_graph_of_an_unknown_service(name: str, advice: str) -> None:
    """An empty neighbourhood would be read as 'nobody needs it'."""
    result = nexus("graph", "--service", name)
    assert result.exit_code == 2
    assert result.stderr == f"There is no service, platform resource or API '{name}'; {advice}\n"


@pytest.mark.parametrize(
    "arguments", [["nope"], ["graph", "--format", "xml"], ["--project"], ["check", "--nope"], []]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    """Scripts tell wrong usage from a wrong catalog by the text, both by the code."""
    result = CliRunner().invoke(app, arguments, prog_name="nexus")
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert "Error: " in result.stderr or "Usage: nexus" in result.stderr


def test_help_lists_the_commands() -> None:
    """A command that is not listed is not found."""
    result = nexus("--help")
    assert result.exit_code == 0
    listed = [line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines()[1:]]
    assert listed == [name for name in COMMANDS if name not in HIDDEN]


def test_version() -> None:
    """Bug reports begin with it."""
    result = run("--version", folder=Path("/"))
    assert result.returncode == 0
    assert result.stdout == f"nexus {version()}\n"


def test_version_without_an_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout that is not installed has a version too; a broken one must not end in a crash."""

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    project = tmp_path / "pyproject.toml"
    assert version(project) == UNKNOWN
    project.write_text("[project]\nversion = '1.2.3'\n")
    assert version(project) == "1.2.3"
    project.write_text("[project\n")
    assert version(project) == UNKNOWN


def test_commands_import_no_more_than_they_use() -> None:
    """Every run of CI and every editor save would wait seconds for what is not used."""
    code = (
        "import sys; from nexus.cli.main import app; app(sys.argv[1:], standalone_mode=False); "
        "unused = {unused!r}; "
        "print([name for name in unused if name in sys.modules])"
    )
    nothing = ("pulumi", "rich", "grpc", "jsonschema", "nexus.cli.rehearse")
    # Only what reads settings needs Pulumi, and what makes nothing needs no cloud's SDK.
    unneeded = {"check": nothing, "graph": nothing, "monitoring": ("pulumi_kubernetes", "rich")}
    for command, unused in unneeded.items():
        done = subprocess.run(
            [sys.executable, "-c", code.replace("{unused!r}", repr(unused)), command],
            cwd=DOCUMENTED,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "[]"


def test_schema_is_checked_and_written(tmp_path: Path) -> None:
    """Who changes the models must be told to write the schemas, and be able to."""
    project = write_project(tmp_path, {"services/shop.yaml": SERVICES})
    result = nexus("schema", project=project)
    folder = project / "catalog/schema"
    assert result.exit_code == 2
    assert result.stderr == (
        f"Not current: {folder}/services.schema.json, {folder}/platform.schema.json, "
        f"{folder}/sizes.schema.json; run 'nexus schema --write'.\n"
    )
    assert nexus("schema", "--write", project=project).exit_code == 0
    result = nexus("schema", project=project)
    assert (result.exit_code, result.stdout) == (0, "The JSON Schemas are current.\n")
    (folder / "platform.schema.json").write_text("{}")
    result = nexus("schema", "--write", project=project)
    assert result.stderr.startswith(f"Wrote {folder}/platform.schema.json (")
    assert "services" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--output", "/nowhere/x"], "Cannot write '/nowhere/x' (No such file or directory); name"),
        (["--output", "/tmp"], "Cannot write '/tmp' (Is a directory); name a file in a folder"),
        (["--fail", "cdn"], "Stack 'dev' does not provide 'cdn', so it cannot fail there; see"),
        (["--ordering", "foo"], "'foo'"),
    ],
)
def test_a_rehearsal_refuses_at_once_what_it_cannot_do(arguments: list[str], sentence: str) -> None:
    """Two minutes later nobody sits there any more."""
    result = nexus("rehearse", *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "created" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rehearse", "--fail", "sweeper"], "'sweeper' runs now and then, and nobody waits for it"),
        (["reach", "front", "mailer"], "'mailer' is of kind 'worker', which nobody can call"),
    ],
)
def test_what_nobody_waits_for_or_calls_is_not_asked_for(
    arguments: list[str], sentence: str
) -> None:
    """A rehearsed failure without any effect looks like a platform that bears everything."""
    result = nexus(*arguments, project=ROOT / "examples/shapes")
    assert result.exit_code == 2
    assert sentence in result.stderr
