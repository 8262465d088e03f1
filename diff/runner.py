"""Runs inside a revision: writes its plans and its graph through its own `nexus` command.

It is started as a script, by the interpreter of the one who compares, with the revision's
folder as the only place of the project's code. It imports nothing of its own package: what
it finds is the revision's. Arguments: project folder, output folder, stacks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path


def main(project: Path, output: Path, stacks: list[str]) -> None:
    """Writes `STACK.plan.json` of every stack and `graph.json` into `output`."""
    # An installed copy of the project must not stand in for what this revision lacks.
    sys.path[:] = [p for p in sys.path if Path(p) == project or not _is_project(Path(p))]
    for stack in stacks:
        _write_plan(project, stack, output / f"{stack}.plan.json")
    graph = _graph(project)
    if graph is not None:
        (output / "graph.json").write_text(graph, encoding="utf-8")


def _is_project(folder: Path) -> bool:
    return (folder / "Pulumi.yaml").is_file() and (folder / "catalog").is_dir()


def _write_plan(project: Path, stack: str, file: Path) -> None:
    """The command's documented form holds for every revision that has it."""
    if (project / "cli" / "plan.py").is_file():
        _nexus("--project", str(project), "plan", "--stack", stack, "--json", str(file))
        return
    # The revision's own, from before the command.
    from plan.plan import make_plan  # noqa: PLC0415

    file.write_text(make_plan(project, stack).to_json(), encoding="utf-8")


def _graph(project: Path) -> str | None:
    if not (project / "cli" / "graph.py").is_file():
        return None
    text = _nexus("--project", str(project), "graph", "--format", "json")
    document = json.loads(text)
    if isinstance(document, dict) and "flows" not in document:
        # Documents of this revision hold no flows yet; its catalog does.
        document["flows"] = _flows(project)
    return json.dumps(document, indent=2) + "\n"


def _flows(project: Path) -> list[Mapping[str, object]]:
    from catalog import load_catalog  # noqa: PLC0415

    flows = load_catalog(project).flows
    return [{"name": flow.name, "steps": list(flow.steps)} for flow in flows]


def _nexus(*arguments: str) -> str:
    """Standard output of the revision's command; ends with its exit code if that is not 0."""
    from cli.main import app  # noqa: PLC0415

    command: Callable[..., object] = app
    written, complaints = StringIO(), StringIO()
    with redirect_stdout(written), redirect_stderr(complaints):
        try:
            command(args=list(arguments), prog_name="nexus", standalone_mode=True)
        except SystemExit as error:
            code = error.code
        else:
            code = 0
    if code:
        sys.stderr.write(complaints.getvalue())
        raise SystemExit(code)
    return written.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
