"""What the user means by BASE and HEAD: snapshots, or folders and git revisions to make them of.

A folder or revision is planned by its own code, in a process of its own: one program for both
would not see what changed in the program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from catalog.errors import InputError, listed
from catalog.project_file import stack_names, stack_paths
from nexus.diff.snapshot import Snapshot, open_snapshot
from nexus.diff.wording import sentences, visible

LOCK = "requirements.lock"

LONGEST = 900
"""Seconds that planning one revision may take; three stacks take about ten, and more than a minute
on a machine that is busy with other things."""

PLANNED = "Planned "
"""Begins the line with which `nexus snapshot` tells that a stack is done."""

Say = Callable[[str], object]
"""Is told, in one line, what is done of a command that takes a while; from any thread."""

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "VIRTUAL_ENV")
"""Environment of the process: a plan must not depend on whoever makes it, nor see a secret."""


class PlanningError(Exception):
    """A revision could not be planned, or git did not do what it was asked."""


def read_sides(
    project: Path, base: str, head: str, stacks: Sequence[str], say: Say
) -> tuple[Snapshot, Snapshot]:
    """Both sides, each a snapshot's file, a project's folder or a git revision.

    The repository of `project` knows the revisions. Of `stacks` all count if it is empty.

    Raises:
        InputError: a side is none of these, or neither has one of `stacks`.
        PlanningError: one cannot be planned.
    """
    names, sides = (base, head), ("the base", "the head")
    with ExitStack() as open_:
        trees = [open_.enter_context(revision_tree(project, name)) for name in names]
        files = {
            name: open_snapshot(Path(name), Path(name).stem, side)
            for name, side, tree in zip(names, sides, trees, strict=True)
            if tree is None
        }
        if not any(snapshot.fault for snapshot in files.values()):
            # Else nobody knows which stacks there are; the report says why.
            known = {stack for snapshot in files.values() for stack in snapshot.stacks}
            known = known.union(*(stack_names(tree) for tree in trees if tree))
            require_known(stacks, known)
            stacks = stacks or _everybodys(known, names, trees, say)
        if not files and _is_left_out(project, *names):
            say("What is not committed is in neither of the two; '.' is this folder as it is.")
        planned = [name for name in names if name not in files]
        if planned:
            say(f"Planning {' and '.join(planned)}, each with its own code ...")
        # A plan is one process that uses one core; two revisions are two of them.
        with ThreadPoolExecutor(max_workers=2) as pool:
            made = [
                pool.submit(_planned, tree, name, side, stacks, say) if tree else None
                for name, side, tree in zip(names, sides, trees, strict=True)
            ]
        before, after = (
            _only(files[name] if future is None else future.result(), stacks)
            for name, future in zip(names, made, strict=True)
        )
        return replace(before, notes=_lock_note(*trees)), after


def snapshot_of(project: Path, name: str, stacks: Sequence[str], say: Say) -> str:
    """The snapshot of a folder or git revision as text, made by its own code.

    The repository of `project` knows the revision. Of `stacks` all are planned if it is empty.

    Raises:
        InputError: it is neither, or has none of `stacks`.
        PlanningError: it cannot be planned.
    """
    with revision_tree(project, name) as tree:
        if tree is None:
            raise InputError(f"'{visible(name)}' is a file; name a revision or a project's folder.")
        require_known(stacks, stack_names(tree))
        with _written(tree, name, stacks, say) as file:
            return file.read_text(encoding="utf-8")


def require_known(stacks: Sequence[str], known: Collection[str]) -> None:
    """Refuses one of `stacks` that is not `known`: nothing would look like no change.

    Raises:
        InputError: which there is not, and what there is.
    """
    unknown = [f"'{visible(name)}'" for name in sorted(set(stacks) - {*known})]
    if unknown:
        what = "; name one of these" if known else ""
        raise InputError(
            f"There is no stack {listed(unknown, most=8)}; "
            f"there is {listed(sorted(known), most=20) or 'none at all'}{what}."
        )


def _planned(tree: Path, label: str, side: str, stacks: Sequence[str], say: Say) -> Snapshot:
    with _written(tree, label, stacks, say) as file:
        return open_snapshot(file, label, side)


@contextmanager
def _written(tree: Path, label: str, stacks: Sequence[str], say: Say) -> Generator[Path]:
    """A file with the snapshot of the project in folder `tree`."""
    with tempfile.TemporaryDirectory(prefix="nexus-diff-") as folder:
        output = Path(folder) / "snapshot.json"
        _run(tree, label, stacks, output, say)
        yield output


def _run(tree: Path, label: str, stacks: Sequence[str], output: Path, say: Say) -> None:
    """Writes the snapshot of the project in folder `tree`, by its own `nexus snapshot`."""
    chosen = [stack for stack in stack_names(tree) if not stacks or stack in stacks]
    package = next((p for p in ("nexus", "cli") if (tree / p / "__main__.py").is_file()), None)
    if package is None and not (tree / "stacks").is_dir():
        # A project whose program is the one that is installed, as `nexus init` makes it.
        package = "nexus"
    if package is None or not (tree / "Pulumi.yaml").is_file():
        # A revision from before there was anything to plan.
        output.write_text('{"graph": null, "stacks": {}}\n', encoding="utf-8")
        return
    told = _Told(label, chosen, say)
    if (tree / "stacks").is_dir() and not (tree / "nexus" / "cli" / "snapshot.py").is_file():
        _run_without_snapshots(tree, package, told, output)
        return
    options = [part for stack in chosen for part in ("--stack", stack) if stacks]
    try:
        _nexus(tree, package, told, "snapshot", "--output", str(output), *options)
    except _RefusedError as error:
        raise PlanningError(f"{label} cannot be planned: {error}") from error


def _run_without_snapshots(tree: Path, package: str, told: _Told, output: Path) -> None:
    """The snapshot of a revision whose code writes plans and graphs alone.

    Can go when no open pull request is based on one from before `nexus snapshot`.
    """
    stacks: dict[str, dict[str, object]] = {}
    plan = output.with_name("plan.json")
    for stack in told.waiting.copy():
        try:
            _nexus(tree, package, told, "plan", "--stack", stack, "--json", str(plan))
        except _RefusedError as error:
            stacks[stack] = {"error": str(error)}
        else:
            stacks[stack] = {"resources": json.loads(plan.read_bytes())["resources"]}
        told.line(f"{PLANNED}{stack}")
    try:
        graph = json.loads(_nexus(tree, package, told, "graph", "--format", "json"))
    except _RefusedError as error:
        # A catalog that is wrong has no graph; the stacks tell why.
        if not any("error" in stack for stack in stacks.values()):
            raise PlanningError(f"{told.label} cannot be planned: {error}") from error
        graph = None
    else:
        graph.setdefault("flows", json.loads(_python(tree, told, "-c", _FLOWS)))
    output.write_text(json.dumps({"graph": graph, "stacks": stacks}), encoding="utf-8")


_FLOWS = """
import json, pathlib, catalog
flows = catalog.load_catalog(pathlib.Path()).flows
print(json.dumps([{"name": flow.name, "steps": list(flow.steps)} for flow in flows]))
"""


class _RefusedError(PlanningError):
    """A revision's command failed; the text is what it said."""


class _Told:
    """What whoever waits is told of a revision: the stacks that are done, and nothing foreign."""

    def __init__(self, label: str, stacks: Sequence[str], say: Say) -> None:
        self.label, self.waiting, self._say = label, list(stacks), say

    def line(self, line: str) -> bool:
        """Takes a line of the revision's program; whether it told that a stack is done."""
        stack = line.strip().removeprefix(PLANNED)
        if not line.startswith(PLANNED) or stack not in self.waiting:
            # The program may print what it likes.
            return False
        self.waiting.remove(stack)
        left = f", {len(self.waiting)} to go" if self.waiting else ""
        self._say(f"{self.label}: planned {stack}{left}")
        return True


def _nexus(tree: Path, package: str, told: _Told, *arguments: str) -> str:
    """Standard output of the revision's own command."""
    return _python(tree, told, "-m", package, "--project", str(tree), *arguments)


def _python(tree: Path, told: _Told, *arguments: str) -> str:
    """Standard output of Python with the revision's code.

    Raises:
        _RefusedError: what it said when it failed.
        PlanningError: it hung.
    """
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= {
        "PYTHONPATH": str(tree),
        # Nothing but the project and what is installed.
        "PYTHONSAFEPATH": "1",
        # A worktree is thrown away, so its compiled files are of no use.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    said: list[str] = []
    hung = threading.Event()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as written,
        subprocess.Popen(
            [sys.executable, *arguments],
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        timer = threading.Timer(LONGEST, lambda: (hung.set(), process.kill()))
        timer.start()
        try:
            said += (line for line in process.stderr or () if not told.line(line))
            process.wait()
        finally:
            timer.cancel()
            process.kill()
        if hung.is_set():
            raise PlanningError(
                f"Planning {told.label} took more than {LONGEST} seconds and was stopped; "
                "run `nexus plan` there to see where it hangs."
            )
        if process.returncode != 0:
            raise _RefusedError("\n".join(sentences("".join(said))))
        written.seek(0)
        return written.read()


@contextmanager
def revision_tree(project: Path, name: str) -> Generator[Path | None]:
    """A folder with the project that `name` means; None if it is a snapshot's file.

    Raises:
        InputError: it is neither a file, a folder nor a revision.
        PlanningError: git does not do what it is asked.
    """
    path = Path(name)
    if _is_folder(name):
        yield path.resolve()
        return
    if path.is_file() or path.is_symlink():
        yield None
        return
    commit = _commit(project, name)
    if commit is None:
        what = f"'{visible(name)}' is neither a file, a folder nor a git revision of {project}"
        if name and path.is_dir():
            what = (
                f"Folder '{visible(name)}' holds no project (Pulumi.yaml), and no git revision of "
                f"{project} has that name"
            )
        raise InputError(
            f"{what}; name one of them (in a shallow clone, fetch the revision first)."
        )
    inside = _git(project, "rev-parse", "--show-prefix").strip()
    with tempfile.TemporaryDirectory(prefix="nexus-diff-") as folder:
        tree = Path(folder).resolve() / "tree"
        _git(project, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield tree / inside
        finally:
            _git(project, "worktree", "remove", "--force", str(tree))


def _is_folder(name: str) -> bool:
    # An empty name would be the current folder.
    return bool(name) and (Path(name) / "Pulumi.yaml").is_file()


def _is_left_out(repository: Path, *names: str) -> bool:
    """Whether two revisions are compared, the one checked out among them, and changed since."""
    if any(_is_folder(name) for name in names):
        return False
    now = _commit(repository, "HEAD")
    return any(_commit(repository, name) == now for name in names) and bool(
        _git(repository, "status", "--porcelain", "--", str(repository))
    )


def _everybodys(
    known: Collection[str], names: Sequence[str], trees: Sequence[Path | None], say: Say
) -> Sequence[str]:
    """The stacks of which somebody's own are no part; none where that leaves none out."""
    own: set[str] = set()
    for number, (name, tree) in enumerate(zip(names, trees, strict=True)):
        if tree and _is_folder(name):
            other = trees[1 - number]
            own |= _personal(tree, stack_names(other) if other else ())
    if not own or not {*known} - own:
        return ()
    for stack in sorted(own):
        say(
            f"The stack '{stack}' is left out, since git does not track its file; "
            f"--stack {stack} compares it."
        )
    return sorted({*known} - own)


def _personal(project: Path, others: Iterable[str]) -> set[str]:
    """Stacks of somebody's own: in a folder, untracked, and not among those of the other side."""
    only = {stack: path for stack, path in stack_paths(project).items() if stack not in others}
    if not only:
        return set()
    try:
        found = _git(project, "ls-files", "-z", "--", *map(str, only.values()))
    except PlanningError:
        # No repository, so that nothing says what is whose.
        return set()
    tracked = {project / name for name in found.split("\0")}
    return {stack for stack, path in only.items() if path not in tracked}


def _only(side: Snapshot, stacks: Sequence[str]) -> Snapshot:
    if not stacks:
        return side
    return replace(side, stacks={key: side.stacks[key] for key in stacks if key in side.stacks})


def _lock_note(before: Path | None, after: Path | None) -> tuple[str, ...]:
    locks = [tree / LOCK for tree in (before, after) if tree and (tree / LOCK).is_file()]
    if len({lock.read_bytes() for lock in locks}) < 2:
        return ()
    return (
        f"`{LOCK}` differs between the two sides; both were planned with the packages "
        "installed here, so changes that come from a package alone do not show.",
    )


def _commit(repository: Path, name: str) -> str | None:
    try:
        found = _git(
            repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
    except PlanningError:
        return None
    return found.strip()


def _git(repository: Path, *arguments: str) -> str:
    # In a hook, git's own variables name another repository or index.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            # Files named by a fork's revision must not start programs of a hook or filter.
            ["git", "-c", "core.hooksPath=/dev/null", "-C", str(repository), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise PlanningError(
            "There is no `git` on PATH; install it, or compare snapshots."
        ) from None
    if done.returncode != 0:
        raise PlanningError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout
