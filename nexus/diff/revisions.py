"""Two git revisions, each in a worktree of its own for as long as it is planned."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from catalog.errors import InputError
from catalog.project_file import stack_names, stack_paths
from nexus.diff.errors import PlanningError
from nexus.diff.planner import Say, plan_project, say_nothing
from nexus.diff.side import Side
from nexus.diff.wanted import require_known

LOCK = "requirements.lock"


def is_revision(repository: Path, name: str) -> bool:
    """Whether `name` is a commit of the repository that holds folder `repository`."""
    return _commit(repository, name) is not None


def plan_sides(
    repository: Path,
    base: str | Path,
    head: str | Path,
    stacks: tuple[str, ...] = (),
    say: Say = say_nothing,
) -> tuple[Side, Side]:
    """Both sides, planned at the same time.

    Args:
        repository: a folder of the git repository; unused if both sides are folders.
        base: a git revision, or the folder of a project, which is planned as it is.
        head: the same.
        stacks: which stacks to plan; all there are if empty.
        say: is told what is done.

    Raises:
        PlanningError: a side cannot be planned at all.
        InputError: a side is no revision, or neither has one of `stacks`.
    """
    with _worktree(repository, base) as before, _worktree(repository, head) as after:
        stacks_before, stacks_after = stack_names(before), stack_names(after)
        known = {*stacks_before, *stacks_after}
        require_known(stacks, known)
        if _is_left_out(repository, base, head):
            say("What is not committed is in neither of the two; '.' is this folder as it is.")
        own = _personal(base, stacks_after) | _personal(head, stacks_before)
        if not stacks and known - own:
            for stack in sorted(own):
                say(
                    f"The stack '{stack}' is left out, since git does not track its file; "
                    f"--stack {stack} compares it."
                )
            stacks = tuple(sorted(known - own))
        say(f"Planning {base} and {head}, each with its own code ...")
        # A plan is one process that uses one core; two revisions are two of them.
        with ThreadPoolExecutor(max_workers=2) as pool:
            sides = pool.map(
                lambda each: plan_project(each[0], each[1], stacks, say),
                ((before, str(base)), (after, str(head))),
            )
            made_base, made_head = sides
        note = _note(before, after)
    return replace(made_base, notes=note), made_head


def _is_left_out(repository: Path, *sides: str | Path) -> bool:
    """Whether two revisions are compared, the one checked out among them, and changed since."""
    if any(isinstance(side, Path) for side in sides):
        return False
    now = _commit(repository, "HEAD")
    return any(_commit(repository, str(side)) == now for side in sides) and bool(
        _git(repository, "status", "--porcelain", "--", str(repository))
    )


def _personal(side: str | Path, others: Iterable[str]) -> set[str]:
    """Stacks of somebody's own: in a folder, untracked, and not among those of the other side."""
    if not isinstance(side, Path):
        return set()
    project = side.resolve()
    only = {stack: path for stack, path in stack_paths(project).items() if stack not in others}
    if not only:
        return set()
    try:
        listed = _git(project, "ls-files", "-z", "--", *map(str, only.values()))
    except PlanningError:
        # No repository, so that nothing says what is whose.
        return set()
    tracked = {project / name for name in listed.split("\0")}
    return {stack for stack, path in only.items() if path not in tracked}


def _note(before: Path, after: Path) -> tuple[str, ...]:
    locks = [path / LOCK for path in (before, after)]
    if all(lock.is_file() for lock in locks):
        old, new = (lock.read_bytes() for lock in locks)
        if old != new:
            return (
                f"`{LOCK}` differs between the two sides; both were planned with the packages "
                "installed here, so changes that come from a package alone do not show.",
            )
    return ()


@contextmanager
def _worktree(repository: Path, side: str | Path) -> Generator[Path]:
    """A folder with the project of a revision; a folder is its own."""
    if isinstance(side, Path):
        yield side.resolve()
        return
    commit = _commit(repository, side)
    if commit is None:
        raise InputError(f"'{side}' is no git revision of {repository}; name one.")
    inside = _git(repository, "rev-parse", "--show-prefix").strip()
    with tempfile.TemporaryDirectory(prefix="nexus-diff-") as folder:
        tree = Path(folder).resolve() / "tree"
        _git(repository, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield tree / inside
        finally:
            _git(repository, "worktree", "remove", "--force", str(tree))


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
            "There is no `git` on PATH; install it, or compare plan files."
        ) from None
    if done.returncode != 0:
        raise PlanningError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout
