"""Hold everything that is pinned against the OSV database: packages, modules, and images.

`make advisories` prints a table for people to standard output and ends with 1 if there is an
advisory. Images are read by Docker, where there is one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from go_build import GoBuildError, built

from nexus.plan.plan import make_plan
from nexus.pulumi.resource import POD_MAKERS

ROOT = Path(__file__).resolve().parent.parent

STACKS = ("dev", "staging", "prod")

FOUND, NOTHING_THERE = 1, 128
"""Exit codes of osv-scanner: there are advisories; it found no packages at all, as in an image that
holds one program."""


def lock_files() -> Iterator[str]:
    """Every lock file of the project, as osv-scanner takes it: what kind it is, and where."""
    locks = (ROOT / "requirements.lock", ROOT / "policy/requirements.txt")
    for path in sorted({*locks, *ROOT.glob("tools/*.lock")}):
        yield f"requirements.txt:{path}"
    for path in sorted(ROOT.glob("tools/**/go.mod")):
        yield f"go.mod:{path}"


def images() -> list[str]:
    """Every public image that runs in a stack; of services' own the registry knows best."""
    found: set[str] = set()
    for stack in STACKS:
        for resource in make_plan(ROOT, stack).resources:
            if resource.kind in POD_MAKERS:
                found.update(_images(resource.inputs))
    return sorted(image for image in found if image.startswith("docker.io/"))


def _images(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "image" and isinstance(each, str):
                yield each
            else:
                yield from _images(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _images(each)


def scanner() -> Path:
    """osv-scanner, built if it is not there."""
    commands = {"osv-scanner": "github.com/google/osv-scanner/v2/cmd/osv-scanner"}
    folder = ROOT / "tools" / "osv-scanner"
    return built("osv-scanner", folder, commands, takes="three minutes") / "osv-scanner"


def scan(program: Path, what: str, *arguments: str) -> bool:
    """Whether osv-scanner finds no advisory; its table goes to standard output if it does.

    Raises:
        RuntimeError: it could not look.
    """
    command = [str(program), "scan", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in (0, NOTHING_THERE):
        return True
    if done.returncode != FOUND:
        raise RuntimeError(f"osv-scanner could not look at {what}:\n{done.stderr.strip()}")
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    print(f"### {what}\n", *table, sep="\n", end="\n\n")
    return False


def main(arguments: Sequence[str]) -> int:
    """Look, and return the exit code; `arguments` are passed on to osv-scanner, as `--offline`."""
    try:
        program = scanner()
        files = [word for file in lock_files() for word in ("--lockfile", file)]
        usual = ("--format", "markdown", *arguments)
        sound = scan(
            program, "What is locked", "source", "--no-call-analysis", "go", *usual, *files
        )
        if shutil.which("docker") is None:
            print("There is no docker, so no image is looked at.", file=sys.stderr)
            return 0 if sound else FOUND
        for image in images():
            sound &= scan(program, image, "image", *usual, image)
    except (GoBuildError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if sound else FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
