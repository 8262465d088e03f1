"""Runs inside a revision: writes its plans and its graph through its own `nexus` command.

It is started as a script, by the interpreter of the one who compares, with the revision's
folder as the only place of the project's code. It imports nothing of its own package: what
it finds is the revision's. Arguments: project folder, output folder, stacks.

A stack that cannot be planned leaves a file with what the program said, and the next one is
planned: a reviewer is told what all of them say, not the first complaint alone.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path


def main(project: Path, output: Path, stacks: list[str]) -> None:
    """Writes `STACK.plan.json` or `STACK.error` of every stack and `graph.json` into `output`.

    Prints the name of each stack that is done.
    """
    # An installed copy of the project must not stand in for what this revision lacks.
    sys.path[:] = [p for p in sys.path if Path(p) == project or not _is_project(Path(p))]
    failed: list[str] = []
    for stack in stacks:
        if not _is_planned(project, stack, output):
            failed.append(stack)
        # Whoever waits is told; the commands' own output is caught.
        print(stack, flush=True)
    try:
        graph = _graph(project)
    except _RefusedError as error:
        # A catalog that is wrong has no graph either; the stacks tell why.
        if failed:
            return
        sys.stderr.write(str(error))
        raise SystemExit(1) from error
    if graph is not None:
        (output / "graph.json").write_text(graph, encoding="utf-8")


class _RefusedError(Exception):
    """The revision's command ended with a code that is not 0; the text is what it said."""


def _is_planned(project: Path, stack: str, output: Path) -> bool:
    """Plans a stack; False if its program says why that cannot be, which is then written down."""
    file = output / f"{stack}.plan.json"
    try:
        _write_plan(project, stack, file)
    except _RefusedError as error:
        said = str(error)
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}\n(`nexus plan` there shows the whole traceback)"
    else:
        return True
    file.unlink(missing_ok=True)
    (output / f"{stack}.error").write_text(said, encoding="utf-8", errors="replace")
    return False


def _is_project(folder: Path) -> bool:
    return (folder / "Pulumi.yaml").is_file() and (folder / "catalog").is_dir()


def _write_plan(project: Path, stack: str, file: Path) -> None:
    """The command's documented form holds for every revision that has it."""
    if (_commands(project) / "plan.py").is_file():
        _nexus(project, "plan", "--stack", stack, "--json", str(file))
        return
    # The revision's own, from before the command.
    make_plan = importlib.import_module("plan.plan").make_plan
    file.write_text(make_plan(project, stack).to_json(), encoding="utf-8")


def _commands(project: Path) -> Path:
    """The folder of the revision's commands, which were a package of their own once."""
    folder = project / "nexus" / "cli"
    return folder if folder.is_dir() else project / "cli"


def _graph(project: Path) -> str | None:
    if not (_commands(project) / "graph.py").is_file():
        return None
    text = _nexus(project, "graph", "--format", "json")
    document = json.loads(text)
    if isinstance(document, dict) and "flows" not in document:
        # Documents of this revision hold no flows yet; its catalog does.
        document["flows"] = _flows(project)
    return json.dumps(document, indent=2) + "\n"


def _flows(project: Path) -> list[Mapping[str, object]]:
    flows = importlib.import_module("catalog").load_catalog(project).flows
    return [{"name": flow.name, "steps": list(flow.steps)} for flow in flows]


def _nexus(project: Path, *arguments: str) -> str:
    """Standard output of the revision's command.

    Raises:
        _RefusedError: its exit code is not 0.
    """
    package = ".".join(_commands(project).relative_to(project).parts)
    given = ["--project", str(project), *arguments]
    command: Callable[..., object] = importlib.import_module(f"{package}.main").app
    written, complaints = StringIO(), StringIO()
    with redirect_stdout(written), redirect_stderr(complaints):
        try:
            command(args=given, prog_name="nexus", standalone_mode=True)
        except SystemExit as error:
            code = error.code
        else:
            code = 0
    if code:
        raise _RefusedError(complaints.getvalue())
    return written.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
