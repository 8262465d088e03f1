"""What services have of each other besides calls: images, databases, vhosts; with sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import cast

from catalog.access import ACCESS, SHARED, Access, GrantEntry, Shared, covers, usual
from catalog.errors import Problem, one_of, service_hint
from catalog.files import DeclaredService, NeedEntry
from catalog.migration import DATABASE

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
            for field in _OF_ANOTHER:
                if getattr(need, field) is not None:
                    yield at(field).problem(
                        "it is for what another service has; add 'of' with its name, or remove it."
                    )
            continue
        if need.dedicated:
            yield at("dedicated").problem(f"the server is that of '{need.of}'; remove it.")
        message = _unfit_part(service.name, need, services)
        if message is not None:
            yield at("of").problem(message)
            continue
        unfit = [at(field).problem(message) for field, message in _unfit_use(need)]
        yield from unfit
        message = None if unfit else _not_granted(service.name, need, services[need.of])
        if message is not None:
            yield at("of").problem(message)
        elif service.entry.migrate is not None and need.target == DATABASE:
            yield service.at("migrate").problem(
                f"the database is that of '{need.of}', which alone changes its tables; remove it."
            )


_OF_ANOTHER = ("access", "exchange", "routing_keys")
"""What is said of the use of another one's part, by its user and in the owner's grant."""


def _unfit_use(use: NeedEntry | GrantEntry) -> Iterator[tuple[str, str]]:
    """What is wrong in itself with how another one's part is used or granted: field, sentence."""
    target = cast("Shared", use.target)
    known, access = ACCESS[target], usual(target, use.access)
    if access is None:
        yield "access", f"it is not said; write {one_of(known)}."
    elif access not in known:
        yield "access", f"'{access}' is not for '{target}'; write {one_of(known)}."
    for field in ("exchange", "routing_keys"):
        given = getattr(use, field)
        if target == "queue" and given is None:
            example = "'exchange: events'" if field == "exchange" else "'routing_keys: [order.*]'"
            yield field, f"of a vhost, one exchange is used by routing keys; write {example}."
        elif target != "queue" and given is not None:
            yield field, f"'{target}' has none; remove it."
    if use.exchange is not None and use.exchange.startswith("amq."):
        yield "exchange", f"'{use.exchange}' is one of RabbitMQ's own; write another name."


def _unfit_part(name: str, need: NeedEntry, services: Declared) -> str | None:
    """What keeps a service from using the part that it names, but for the grant."""
    if need.target not in SHARED:
        what = "a rule" if need.target is None else f"'{need.target}'"
        return f"{what} cannot be another service's, only {one_of(SHARED)} can; remove 'of'."
    if need.of == name:
        return "a service uses its own anyway; remove 'of'."
    if need.of is None or need.of not in services:
        return _unknown_service(need.of or "", services)
    owner = services[need.of].entry
    theirs = next((each for each in owner.needs if each.target == need.target), None)
    if theirs is None:
        return f"'{need.of}' has no '{need.target}'; write the service that has it."
    if theirs.of is not None:
        return f"'{need.of}' itself uses that of '{theirs.of}'; write '{theirs.of}'."
    return None


def _not_granted(name: str, need: NeedEntry, owner: DeclaredService) -> str | None:
    """What of its use of the part of `owner` a service is not granted."""
    file, of, wanted = owner.file.document.name, owner.name, usual(need.target, need.access)
    grant = next(
        (each for each in owner.entry.grants if (each.target, each.to) == (need.target, name)), None
    )
    if grant is None:
        return (
            f"'{of}' does not grant it; add to '{of}' in {file}: "
            f"'grants: [{_line(need, to=name)}]'."
        )
    if grant.exchange != need.exchange:
        return (
            f"'{of}' grants the exchange '{grant.exchange}' alone; write that, or "
            f"'exchange: {need.exchange}' at the grant in {file}."
        )
    granted = usual(grant.target, grant.access)
    if wanted is not granted and (wanted, granted) != (Access.READ, Access.READ_WRITE):
        return (
            f"'{of}' grants '{granted}' alone; write 'access: {granted}', or 'access: {wanted}' at "
            f"the grant in {file}."
        )
    for key in need.routing_keys or ():
        if not covers(grant.routing_keys or (), key):
            return (
                f"'{of}' does not grant the routing key '{key}'; write less, or add it to "
                f"'routing_keys' of the grant in {file}."
            )
    return None


def _line(use: NeedEntry | GrantEntry, **by: str) -> str:
    """The entry that fits to `use` at the other one of the two services."""
    said: dict[str, object] = {
        "target": use.target,
        **by,
        "access": usual(use.target, use.access),
        "exchange": use.exchange,
        "routing_keys": use.routing_keys and f"[{', '.join(use.routing_keys)}]",
    }
    return f"{{{', '.join(f'{key}: {value}' for key, value in said.items() if value)}}}"


def _unfit_grants(service: DeclaredService, services: Declared) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for index, grant in enumerate(service.entry.grants):
        at = partial(service.at, "grants", index)
        pair = (grant.target, grant.to)
        unfit = [at(field).problem(message) for field, message in _unfit_use(grant)]
        yield from unfit
        if grant.to == service.name:
            yield at("to").problem("a service may use its own anyway; remove the entry.")
        elif grant.to not in services:
            yield at("to").problem(_unknown_service(grant.to, services))
        elif pair in seen:
            yield at().problem(
                f"'{grant.target}' is granted to '{grant.to}' twice; keep one entry."
            )
        elif not unfit and not any(
            (each.target, each.of) == (grant.target, service.name)
            for each in services[grant.to].entry.needs
        ):
            yield at().problem(
                f"'{grant.to}' does not use it; write '{_line(grant, of=service.name)}' among its "
                "'needs', or remove the entry."
            )
        seen.add(pair)


def _unknown_service(name: str, services: Declared) -> str:
    former = {now: each.entry.renamed_from for now, each in services.items()}
    hint = service_hint(name, former) or "write the name of a service of the catalog."
    return f"there is no service '{name}'; {hint}"
