"""A Compose file as Compose itself understands it, and where in it everything stands.

compose-go reads it: built from its Go module where there is Go, else the one in Docker.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.document import read_text
from catalog.errors import InputError, Problem, did_you_mean
from nexus.importing.places import At, places, refuse_circles, shown_path

_FINDER = Path(__file__).resolve().parents[2] / "tools" / "compose_reader.py"

UNSET = re.compile("\ue000([A-Za-z_][A-Za-z0-9_]*)\ue001")
"""What stands for a variable without value: no text of a file looks like that by chance."""

LONGEST_SECONDS = 600
"""Longest time that a file may take to be read, in seconds; the largest take less than one."""


class _Described(BaseModel):
    """Further keys are for Compose alone; `IGNORED` of the translation tells of them."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Port(_Described):
    """A port that a container publishes; `target` is text where its variable has no value."""

    target: int | str
    protocol: str = "tcp"
    app_protocol: str = ""
    name: str = ""


class Dependency(_Described):
    """What one service waits for in another."""

    condition: str = "service_started"
    required: bool = True


class HealthCheck(_Described):
    """How Compose asks a container; times as Go writes them, as `1m30s`."""

    test: list[str] = []
    interval: str = ""
    timeout: str = ""
    start_period: str = ""
    retries: int | None = None
    disable: bool = False


class Mount(_Described):
    """What is mounted into a container."""

    type: str
    target: str
    source: str = ""


class Amounts(_Described):
    """CPUs and bytes of memory, where a file says something of them."""

    cpus: float | None = None
    memory: int | None = None


class Amount(_Described):
    """What a container is given at least and at most."""

    limits: Amounts = Amounts()
    reservations: Amounts = Amounts()


class Deploy(_Described):
    """How many containers run, and of what size."""

    mode: str = "replicated"
    replicas: int | None = None
    resources: Amount = Amount()


class Used(_Described):
    """A secret or configuration that a container finds in a file."""

    source: str
    target: str = ""


class Service(_Described):
    """A service of the file, as far as a catalog may know of it."""

    image: str = ""
    build: Any = None
    command: list[str] | None = None
    entrypoint: list[str] | None = None
    environment: dict[str, str | None] = {}
    ports: list[Port] = []
    expose: list[str | int] = []
    depends_on: dict[str, Dependency] = {}
    healthcheck: HealthCheck | None = None
    user: str = ""
    volumes: list[Mount] = []
    tmpfs: list[str] = []
    secrets: list[Used] = []
    configs: list[Used] = []
    privileged: bool = False
    cap_add: list[str] = []
    devices: list[Any] = []
    network_mode: str = ""
    pid: str = ""
    ipc: str = ""
    stop_grace_period: str = ""
    deploy: Deploy = Deploy()
    scale: int | None = None
    cpus: float | None = None
    mem_limit: int | None = None
    mem_reservation: int | None = None
    labels: dict[str, str] = {}
    container_name: str = ""
    hostname: str = ""
    networks: dict[str, Any] = {}

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names that Compose's DNS knows the service by."""
        given: list[str] = [self.container_name, self.hostname]
        for network in self.networks.values():
            given += (network or {}).get("aliases") or ()
        return tuple(name for name in given if name)


class Project(_Described):
    """All services of the file, includes and extensions resolved, by name."""

    name: str
    services: dict[str, Service] = {}


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    project: Project
    unset: dict[str, str] = {}
    blank: list[str] = []
    disabled: list[str] = Field(default=[])
    files: list[str] = []
    cycle: str = ""


@dataclass(frozen=True, kw_only=True)
class ComposeFile:
    """A Compose file that was read.

    Args:
        project: what it means.
        unset: variables without value and without default that matter, sorted; in the project
            `UNSET` finds where.
        disabled: services of profiles that are not enabled, sorted.
        lines: file and line of services, of their fields and of what is below these.
        uses: file and line of every use of a variable, by its name.
    """

    path: Path
    project: Project
    unset: tuple[str, ...]
    disabled: tuple[str, ...]
    lines: Mapping[At, str]
    uses: Mapping[str, Sequence[str]]

    def place(self, *at: str) -> str:
        """File and line of a service's field, or of the nearest that holds it: `f.yaml:3`."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, str(self.path))


def read_compose_file(
    path: Path, profiles: Sequence[str] = (), env_files: Sequence[Path] = ()
) -> ComposeFile:
    """What the Compose file at `path` means.

    Args:
        path: the file; a `.env` beside it is read as well.
        profiles: profiles to enable.
        env_files: files with variables, the last one first; instead of that `.env`.

    Raises:
        InputError: what is wrong with the file, as compose-go says it, with the line.
    """
    shown = shown_path(path)
    refuse_circles(read_text(path, shown), shown)
    for file in env_files:
        read_text(file, shown_path(file))
    answer = _answer(path, profiles, env_files)
    files = [path, *(Path(file) for file in answer.files if Path(file) != path)]
    lines, uses = places(files)
    return ComposeFile(
        path=path,
        project=answer.project,
        unset=tuple(sorted({*_held(answer.project), *answer.blank})),
        disabled=tuple(answer.disabled),
        lines=lines,
        uses=uses,
    )


def _held(project: Project) -> set[str]:
    """Unset variables that a catalog would hold; what images are built with it does not."""
    known = {
        name: service.model_dump(include=set(Service.model_fields) - {"build"})
        for name, service in project.services.items()
    }
    return set(UNSET.findall(json.dumps(known, ensure_ascii=False)))


def _answer(path: Path, profiles: Sequence[str], env_files: Sequence[Path]) -> _Answer:
    command, by_docker = _reader(path, profiles, env_files)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        message = f"it takes longer than {LONGEST_SECONDS} seconds to read; split it."
        raise InputError([Problem(shown_path(path), message)]) from error
    if done.returncode != 0:
        raise InputError([_refused(path, done.stderr)])
    try:
        given: dict[str, Any] = json.loads(done.stdout)
        if by_docker:
            given = {"project": given, "blank": _DOCKER_UNSET.findall(done.stderr)}
        given["project"] = _named(given["project"], given.get("unset", {}))
        return _Answer.model_validate(given)
    except (ValueError, ValidationError) as error:
        message = "what Compose makes of it cannot be read; use a newer Docker, or install Go."
        raise InputError([Problem(shown_path(path), message)]) from error


_DOCKER_UNSET = re.compile(r'The \\?"([A-Za-z0-9_]+)\\?" variable is not set')


def _reader(
    path: Path, profiles: Sequence[str], env_files: Sequence[Path]
) -> tuple[list[str], bool]:
    """The command that reads the file, and whether it is Docker's.

    Raises:
        InputError: neither Go nor Docker is there.
    """
    built, why = own_reader()
    options = [f"--profile={profile}" for profile in profiles]
    options += [f"--env-file={file}" for file in env_files]
    if built:
        return [built, *options, str(path)], False
    docker = shutil.which("docker")
    if docker is not None:
        asked = [docker, "compose", "version"]
        if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            config = ["config", "--format", "json", "--no-consistency"]
            return [docker, "compose", "--file", str(path), *options, *config], True
    raise InputError(
        "There is neither Go, to build the reader of Compose files, nor `docker compose`; install "
        "one of them: https://go.dev/dl/ or https://docs.docker.com/compose/install/. "
        f"{why}".strip()
    )


@cache
def own_reader() -> tuple[str, str]:
    """The path of this project's reader, built if it is not there; else, why there is none."""
    if not _FINDER.exists():
        return "", ""
    # A build's progress goes to the terminal, where somebody waits for it.
    told = None if sys.stderr.isatty() else subprocess.PIPE
    command = [sys.executable, str(_FINDER)]
    found = subprocess.run(command, stdout=subprocess.PIPE, stderr=told, text=True, check=False)
    if found.returncode != 0:
        return "", (found.stderr or "").strip()
    return found.stdout.strip(), ""


def _named(value: Any, unset: Mapping[str, str]) -> Any:
    """`value` with `UNSET` in the place of the numbers that stand for unset variables."""
    if not unset:
        return value
    numbers = re.compile("|".join(map(re.escape, unset)))
    name = partial(numbers.sub, lambda found: f"\ue000{unset[found[0]]}\ue001")

    def renamed(part: Any) -> Any:
        if isinstance(part, str):
            return name(part)
        if isinstance(part, int) and str(part) in unset:
            return name(str(part))
        if isinstance(part, list):
            return [renamed(each) for each in cast("list[Any]", part)]
        if isinstance(part, dict):
            return {name(k): renamed(each) for k, each in cast("dict[str, Any]", part).items()}
        return part

    return renamed(value)


_UNKNOWN_KEY = re.compile(r"(?P<at>[\w.\-]+) false schema|additional properties '(?P<key>[^']+)'")
_TOP_KEYS = ("configs", "include", "name", "networks", "secrets", "services", "volumes")
_LINE = re.compile(r"line (\d+)")
_AT = re.compile(r"services\.(?P<service>[\w.-]+?)\.(?P<field>[\w.\[\]-]+)")
_OF_SERVICE = re.compile(r'(?:service|extend service) "(?P<service>[^"]+)"')

_FIXES = (
    ("required variable", "give it a value by --env-file, or in the '.env' beside the file"),
    ("undefined service", "add that service, or take it out of the dependencies"),
    ("undefined volume", "declare it below 'volumes'"),
    ("undefined network", "declare it below 'networks'"),
    ("excessive aliasing", "write out what its aliases repeat"),
    ("neither an image nor a build", "write one of them"),
    ("env file", "create it, or take it out of 'env_file'"),
    ("empty compose file", "describe services in it"),
    ("cannot construct", "write a mapping with 'services'"),
    ("top-level object", "write a mapping with 'services'"),
    ("ontainerPort", "write a port from 1 to 65535"),
    ("yaml:", "correct the YAML there"),
)


def _refused(path: Path, stderr: str) -> Problem:
    """compose-go's word on a file, with the line, and what to write instead."""
    if "stack exceeds" in stderr:
        message = "a file that it includes or extends holds itself by an alias; write that out."
        return Problem(shown_path(path), message)
    said = " ".join(stderr.strip().splitlines()) or "Compose does not say why it refuses it"
    said = said.replace(f"validating {path.absolute()}: ", "").replace(f"{path.absolute()}", "it")
    said = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", said)[:500]
    line = int(found[1]) if (found := _LINE.search(said)) else None
    where = _AT.search(said)
    at = (where["service"], *where["field"].split(".")) if where else ()
    if not at and (named := _OF_SERVICE.search(said)):
        at = (named["service"],)
    fix = next((fix for words, fix in _FIXES if words in said), "correct it, as Compose has it")
    if unknown := _UNKNOWN_KEY.search(said):
        key = unknown["key"] or unknown["at"].rpartition(".")[2]
        near = did_you_mean(key, sorted(Service.model_fields) if at else _TOP_KEYS)
        said = f"service '{at[0]}', field '{'.'.join(at[1:])}'" if at else f"field '{key}'"
        said, fix = f"{said}: unknown key", (near or "remove it").rstrip(".")
    if line is None and at:
        try:
            lines, _ = places([path])
        except InputError:
            lines = {}
        while at and at not in lines:
            at = at[:-1]
        line = int(lines[at].rpartition(":")[2]) if at else None
    end = "" if fix.endswith("?") else "."
    return Problem(shown_path(path), f"{said.rstrip('.')}; {fix}{end}", line)
