"""What services have of each other besides calls: images, databases; with sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from catalog.access import SHARED, Access
from catalog.errors import Problem, one_of, service_hint
from catalog.files import DeclaredService, NeedEntry

Declared = Mapping[str, DeclaredService]
"""Every service, by name."""


def unfit_sharing(services: Iterable[DeclaredService]) -> Iterator[Problem]:
    """Everything that a service wants of another one that does not have it or grant it."""
    declared = {each.name: each for each in services}
    for each in services:
        yield from _unfit_image(each, declared)
        yield from _unfit_parts(each, declared)
        yield from _unfit_grants(each, declared)


def _unfit_image(service: DeclaredService, services: Declared) -> Iterator[Problem]:
    image, at = service.entry.run.image, service.at("run", "image", "of")
    if image is None:
        return
    if image.of == service.name:
        yield at.problem("a service has its own image anyway; remove 'image'.")
    elif image.of not in services:
        yield at.problem(_unknown_service(image.of, services))
    elif (further := services[image.of].entry.run.image) is not None:
        yield at.problem(
            f"'{image.of}' has no image of its own; write '{further.of}', whose image it runs."
        )


def _unfit_parts(service: DeclaredService, services: Declared) -> Iterator[Problem]:
    for index, need in enumerate(service.entry.needs):
        at = partial(service.at, "needs", index)
        if need.of is None:
            if need.access is not None:
                yield at("access").problem(
                    "it is for what another service has; add 'of' with its name, or remove it."
                )
            continue
        if need.dedicated:
            yield at("dedicated").problem(f"the server is that of '{need.of}'; remove it.")
        message = _unfit_part(service.name, need, services)
        if message is not None:
            yield at("of").problem(message)
        elif service.entry.migrate is not None:
            yield service.at("migrate").problem(
                f"the database is that of '{need.of}', which alone changes its tables; remove it."
            )


def _unfit_part(name: str, need: NeedEntry, services: Declared) -> str | None:
    """What keeps a service from using the part that it names."""
    if need.target not in SHARED:
        what = "a rule" if need.target is None else f"'{need.target}'"
        return f"{what} cannot be another service's, only {one_of(SHARED)} can; remove 'of'."
    if need.of == name:
        return "a service uses its own anyway; remove 'of'."
    if need.of is None or need.of not in services:
        return _unknown_service(need.of or "", services)
    return _not_granted(name, need, need.of, services[need.of])


def _not_granted(name: str, need: NeedEntry, of: str, declared: DeclaredService) -> str | None:
    """What keeps a service from using the part of `of`, which may have none."""
    file, owner = declared.file.document.name, declared.entry
    theirs = next((each for each in owner.needs if each.target == need.target), None)
    if theirs is None:
        return f"'{of}' has no '{need.target}'; write the service that has it."
    if theirs.of is not None:
        return f"'{of}' itself uses that of '{theirs.of}'; write '{theirs.of}'."
    wanted = need.access or Access.READ
    granted = [
        each.access for each in owner.grants if (each.target, each.to) == (need.target, name)
    ]
    if not granted:
        return (
            f"'{of}' does not grant it; add to '{of}' in {file}: "
            f"'grants: [{{target: {need.target}, to: {name}, access: {wanted}}}]'."
        )
    if wanted is Access.READ_WRITE and granted[0] is Access.READ:
        return (
            f"'{of}' grants 'read' alone; write 'access: read', or 'access: read-write' at the "
            f"grant in {file}."
        )
    return None


def _unfit_grants(service: DeclaredService, services: Declared) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for index, grant in enumerate(service.entry.grants):
        at = partial(service.at, "grants", index)
        pair = (grant.target, grant.to)
        if grant.to == service.name:
            yield at("to").problem("a service may use its own anyway; remove the entry.")
        elif grant.to not in services:
            yield at("to").problem(_unknown_service(grant.to, services))
        elif pair in seen:
            yield at().problem(
                f"'{grant.target}' is granted to '{grant.to}' twice; keep one entry."
            )
        elif not any(
            (each.target, each.of) == (grant.target, service.name)
            for each in services[grant.to].entry.needs
        ):
            yield at().problem(
                f"'{grant.to}' does not use it; write '{{target: {grant.target}, of: "
                f"{service.name}, access: {grant.access}}}' among its 'needs', or remove the entry."
            )
        seen.add(pair)


def _unknown_service(name: str, services: Declared) -> str:
    former = {now: each.entry.renamed_from for now, each in services.items()}
    hint = service_hint(name, former) or "write the name of a service of the catalog."
    return f"there is no service '{name}'; {hint}"
