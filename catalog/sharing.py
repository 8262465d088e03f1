"""What services have of each other besides calls: images, databases; with sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from catalog.access import SHARED, Access
from catalog.document import At
from catalog.errors import one_of, service_hint
from catalog.files import NeedEntry, ServiceEntry, ServicesFile
from catalog.validation import Read

Unfit = tuple[Read[ServicesFile], str, At, str]
"""A file, one of its services, a place below that, and what is wrong there."""

Declared = Mapping[str, tuple[str, ServiceEntry]]
"""The file and the entry of every service."""


def unfit_sharing(files: Sequence[Read[ServicesFile]]) -> Iterator[Unfit]:
    """Everything that a service wants of another one that does not have it or grant it."""
    services: Declared = {
        name: (file.document.name, entry)
        for file in files
        for name, entry in file.content.services.items()
    }
    for file in files:
        for name, entry in file.content.services.items():
            for at, message in (
                *_unfit_image(name, entry, services),
                *_unfit_parts(name, entry, services),
                *_unfit_grants(name, entry, services),
            ):
                yield file, name, at, message


def _unfit_image(name: str, entry: ServiceEntry, services: Declared) -> Iterator[tuple[At, str]]:
    image = entry.run.image
    if image is None:
        return
    at = ("run", "image", "of")
    if image.of == name:
        yield at, "a service has its own image anyway; remove 'image'."
    elif image.of not in services:
        yield at, _unknown_service(image.of, services)
    else:
        further = services[image.of][1].run.image
        if further is not None:
            yield (
                at,
                f"'{image.of}' has no image of its own; write '{further.of}', whose image it runs.",
            )


def _unfit_parts(name: str, entry: ServiceEntry, services: Declared) -> Iterator[tuple[At, str]]:
    for index, need in enumerate(entry.needs):
        at = ("needs", index)
        if need.of is None:
            if need.access is not None:
                yield (
                    (*at, "access"),
                    "it is for what another service has; add 'of' with its name, or remove it.",
                )
            continue
        if need.dedicated:
            yield (*at, "dedicated"), f"the server is that of '{need.of}'; remove it."
        message = _unfit_part(name, need, services)
        if message is not None:
            yield (*at, "of"), message
        elif entry.migrate is not None:
            yield (
                ("migrate",),
                f"the database is that of '{need.of}', which alone changes its tables; remove it.",
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


def _not_granted(
    name: str, need: NeedEntry, of: str, declared: tuple[str, ServiceEntry]
) -> str | None:
    """What keeps a service from using the part of `of`, which may have none."""
    file, owner = declared
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


def _unfit_grants(name: str, entry: ServiceEntry, services: Declared) -> Iterator[tuple[At, str]]:
    for index, grant in enumerate(entry.grants):
        at = ("grants", index)
        before = [(each.target, each.to) for each in entry.grants[:index]]
        if grant.to == name:
            yield (*at, "to"), "a service may use its own anyway; remove the entry."
        elif grant.to not in services:
            yield (*at, "to"), _unknown_service(grant.to, services)
        elif (grant.target, grant.to) in before:
            yield at, f"'{grant.target}' is granted to '{grant.to}' twice; keep one entry."
        elif not any(
            (each.target, each.of) == (grant.target, name) for each in services[grant.to][1].needs
        ):
            yield (
                at,
                f"'{grant.to}' does not use it; write '{{target: {grant.target}, of: {name}, "
                f"access: {grant.access}}}' among its 'needs', or remove the entry.",
            )


def _unknown_service(name: str, services: Declared) -> str:
    former = {now: entry.renamed_from for now, (_, entry) in services.items()}
    hint = service_hint(name, former) or "write the name of a service of the catalog."
    return f"there is no service '{name}'; {hint}"
