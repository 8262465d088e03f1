"""What runs in a stack, the release file that says what is next, and the way back."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

import yaml

from catalog import Catalog, InputError
from catalog.document import Document, parse_document
from components.kubernetes.versions import STAND_IN_IMAGE, is_in, version_of
from components.servers.bootstrap import PYTHON_IMAGE
from nexus.pulumi.resource import mapping, sequence
from stacks.schemas import NEEDS, PROVIDES, Schema
from stacks.settings import PROJECT
from stacks.stack_file import StackFile

Versions = Mapping[str, str]
"""Versions by service, as a release file has them; a stand-in has none."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """What runs of a service.

    Args:
        image: what its pods run.
        version: that image as a release file has it; None for a stand-in.
        healthy: whether the last update that touched it saw it ready.
        schemas: what its version has to do with the schema of its own database, and with those of
            services that run its image, by service; of those who say so.
    """

    image: str
    version: str | None
    healthy: bool
    schemas: Mapping[str, Schema] = field(default_factory=dict[str, Schema])


def of_images(catalog: Catalog, names: Iterable[str]) -> frozenset[str]:
    """The services `names`, and those that run the image of one of them, in its version."""
    own = frozenset(names)
    others = (each.name for each in catalog.services.values() if each.run.image_of in own)
    return own.union(others)


def running(state: Mapping[str, Any], catalog: Catalog, file: StackFile) -> Mapping[str, Running]:
    """What runs of every service with an image of its own, as a stack's state has it, by name."""
    deployment = mapping(state["deployment"])
    pending = map(mapping, sequence(deployment.get("pending_operations")))
    unsure = {mapping(each.get("resource")).get("urn") for each in pending}
    found: dict[str, Running] = {}
    schemas: dict[str, dict[str, Schema]] = {}
    for entry in map(mapping, sequence(deployment.get("resources"))):
        service = catalog.services.get(str(entry["urn"]).rpartition("::")[2])
        workload = str(entry["type"]).endswith((":Deployment", ":CronJob"))
        if service is None or not workload or entry.get("delete"):
            continue
        made = mapping(entry.get("inputs"))
        annotations = mapping(mapping(made.get("metadata")).get("annotations"))
        if PROVIDES in annotations:
            schemas.setdefault(service.run.image_of or service.name, {})[service.name] = Schema(
                needs=str(annotations[NEEDS]), provides=int(str(annotations[PROVIDES]))
            )
        if service.run.image_of:
            continue
        image = _image(made)
        found[service.name] = Running(
            image=image,
            version=_version(image, service.data_name, file),
            healthy=not entry.get("initErrors") and entry["urn"] not in unsure,
        )
    return {
        name: replace(each, schemas=schemas.get(name, {})) for name, each in sorted(found.items())
    }


def _image(made: Mapping[str, Any]) -> str:
    spec = mapping(made.get("spec"))
    job = mapping(mapping(spec.get("jobTemplate")).get("spec"))
    pod = mapping(mapping((job or spec).get("template")).get("spec"))
    containers = sequence(pod.get("containers"))
    return str(mapping(containers[0]).get("image")) if containers else ""


def _version(image: str, repository: str, file: StackFile) -> str | None:
    """An image as a release file has it: the version alone where it is in the stack's registry."""
    if image in (STAND_IN_IMAGE, PYTHON_IMAGE):
        return None
    registry = file.setting("registry")
    # `AwsSettings.images`, whatever account and region that is in.
    own = rf"[^/]+/{PROJECT}-{re.escape(file.stack)}" if registry is None else re.escape(registry)
    found = re.fullmatch(rf"{own}/{re.escape(repository)}[:@](.+)", image)
    return image if found is None else found[1]


def edited(text: str, name: str, **parts: Mapping[str, object]) -> str:
    """A release file's text with other content; its comments stay where lines stay.

    Args:
        text: what the file says now.
        name: what errors call it.
        parts: `services` and `schemas`, by service; None takes one out.

    Raises:
        InputError: the file cannot be read.
    """
    document = parse_document(text, name)
    wanted = dict(document.data)
    for key, changes in parts.items():
        merged = {**(wanted.get(key) or {}), **changes}
        kept = {each: merged[each] for each in sorted(merged) if merged[each] is not None}
        if kept or key in wanted:
            wanted[key] = kept
    lines = _in_place(text.splitlines(), document, parts.get("services", {}))
    if wanted.get("schemas") != document.data.get("schemas"):
        lines = [*_without_schemas(lines), *_dumped({"schemas": wanted.get("schemas") or {}})]
    written = "\n".join((*lines, ""))
    with suppress(InputError):
        if parse_document(written, name).data == wanted:
            return written
    # Of services that do not have a line each, only the comment in front of all stays.
    first = takewhile(lambda line: line.startswith("#"), text.splitlines())
    return "\n".join((*first, *_dumped(wanted), ""))


def _dumped(content: Mapping[str, object]) -> list[str]:
    return yaml.safe_dump(dict(content), sort_keys=False, width=1000).splitlines()


def _without_schemas(lines: Iterable[str]) -> Iterator[str]:
    """The lines without those of the part `schemas`."""
    inside = False
    for line in lines:
        if line[:1].strip() and not line.startswith("#"):
            inside = line.startswith("schemas:")
        if not inside:
            yield line


def _in_place(lines: list[str], document: Document, services: Mapping[str, object]) -> list[str]:
    """The lines with one line changed, put in or taken out for each service."""
    there = {str(at[1]): n - 1 for at, n in document.lines.items() if at[:-1] == ("services",)}
    head = (document.line(("services",)) or 1) - 1
    put: dict[int, list[str]] = defaultdict(list)
    gone: set[int] = set()
    for service, version in sorted(services.items()):
        if service in there and isinstance(version, str):
            lines[there[service]] = _with_version(lines[there[service]], version)
        elif service in there:
            gone.add(there[service])
        elif isinstance(version, str):
            lines[head] = re.sub(r"^services:\s*\{\s*\}", "services:", lines[head])
            before = [line for name, line in there.items() if name < service]
            put[max(before, default=head)].append(f"  {service}: {_scalar(version)}")
    kept: list[str] = []
    for number, line in enumerate(lines):
        kept += [] if number in gone else [line]
        kept += put[number]
    return kept


def _with_version(line: str, version: str) -> str:
    value = r"""("[^"]*"|'[^']*'|[^\s#]+)"""
    return re.sub(
        rf"^(\s*[^:#]+:\s+){value}", lambda found: found[1] + _scalar(version), line, count=1
    )


def _scalar(version: str) -> str:
    return yaml.safe_dump(version, width=1000).split("\n", maxsplit=1)[0]


def way_back(
    failed: Collection[str], before: Versions, after: Versions, catalogs: Iterable[Catalog]
) -> frozenset[str]:
    """The fewest services that have to go back together, for all to meet what they can work with.

    Whoever cannot work with an old version of what goes back goes back as well, and so does what
    an old caller cannot work with. Each of that follows from the pair alone, for both releases
    held by themselves: so this is the only smallest set. A caller whose version stays works with
    both, as it did.

    Args:
        failed: what has to go back in any case.
        before, after: versions of both releases.
        catalogs: of the release before and of this one, whose edges say what callers in the
            versions of that release can work with.
    """
    old, new = (
        {(e.source, e.target): e.versions for e in each.edges if e.versions} for each in catalogs
    )
    moved = {name for name in (*before, *after) if before.get(name) != after.get(name)}
    back = set(failed)
    ahead = list(failed)
    while ahead:
        name = ahead.pop()
        callers = {
            source
            for (source, target), bounds in new.items()
            if target == name and not _works(before.get(name), bounds)
        }
        called = {
            target
            for (source, target), bounds in old.items()
            if source == name and not _works(after.get(target), bounds)
        }
        further = (callers | called) & moved - back
        back |= further
        ahead += further
    return frozenset(back)


def _works(version: str | None, bounds: str) -> bool:
    """Whether a version is in a range; a stand-in is, and what tells no version is refused."""
    tag = None if version is None else version_of(version)
    return version is None or (tag is not None and is_in(tag, bounds))
