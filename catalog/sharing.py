"""What services have of each other besides calls: images, databases, vhosts; with sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import cast

from catalog.access import ACCESS, NAMED, SHARED, Access, GrantEntry, Shared, covers, usual
from catalog.errors import Problem, one_of, service_hint
from catalog.files import DeclaredService, NeedEntry
from catalog.job import DATABASE

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


_OF_THE_SERVER = ("order", "fallback", "reason", "calls", "circuit_breaker")
"""What a dependency says of the server, whichever part of it is used."""


def unfit_again(need: NeedEntry, before: Sequence[NeedEntry]) -> str | None:
    """What is wrong about one more entry for a target that entries before it have already."""
    listed = {index: each for index, each in enumerate(before) if each.target == need.target}
    if need.target is None or not listed:
        return None
    if (need.of, need.part) in {(each.of, each.part) for each in listed.values()}:
        fix = ", or name a further one with 'part'" if need.target in NAMED else ""
        return f"'{need.target}' is listed twice; keep one entry{fix}."
    index, first = next(iter(listed.items()))
    for field in _OF_THE_SERVER:
        if field in need.model_fields_set and getattr(need, field) != getattr(first, field):
            return (
                f"'{field}' is that of 'needs[{index}]', which names '{need.target}' first; write "
                "it there, or remove it here."
            )
    return None


def _unfit_parts(service: DeclaredService, services: Declared) -> Iterator[Problem]:
    for index, need in enumerate(service.entry.needs):
        at = partial(service.at, "needs", index)
        if need.part is not None and need.target not in NAMED:
            yield at("part").problem(_without_names(need.target))
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
        elif (
            service.entry.migrate is not None
            and need.target == DATABASE
            and not any(e.target == DATABASE and e.of is None for e in service.entry.needs)
        ):
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
    theirs = [e for e in services[need.of].entry.needs if e.target == need.target]
    own = [each.part for each in theirs if each.of is None]
    if not own:
        if not theirs:
            return f"'{need.of}' has no '{need.target}'; write the service that has it."
        other = theirs[0].of
        fix = "remove the entry." if other == name else f"write '{other}'."
        return f"'{need.of}' itself uses that of '{other}'; {fix}"
    return None if need.part in own else _no_such_part(need, own)


def _no_such_part(need: NeedEntry, own: Sequence[str | None]) -> str:
    """What is wrong about a part that its owner has not, which has those called `own`."""
    named = [part for part in own if part is not None]
    if need.part is None:
        return f"'{need.of}' has each '{need.target}' by name; add 'part' with {one_of(named)}."
    fix = "remove 'part'" if None in own else ""
    if named:
        fix = f"write {one_of(named)}" + (f", or {fix}" if fix else "")
    return f"'{need.of}' has no part '{need.part}' of '{need.target}'; {fix}."


def _without_names(target: str | None) -> str:
    """Why nobody has several parts of `target` by name."""
    if target == "redis":
        return "keys have one prefix, below which there is room for all; remove it."
    if target == "storage":
        return "buckets have their names below 'buckets' in catalog/platform.yaml; remove it."
    what = "a rule" if target is None else f"'{target}'"
    return f"{what} has no parts, only {one_of(NAMED)} have; remove it."


def _not_granted(name: str, need: NeedEntry, owner: DeclaredService) -> str | None:
    """What of its use of the part of `owner` a service is not granted."""
    file, of, wanted = owner.file.document.name, owner.name, usual(need.target, need.access)
    grant = next(
        (
            each
            for each in owner.entry.grants
            if (each.target, each.part, each.to) == (need.target, need.part, name)
        ),
        None,
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
        "part": use.part,
        **by,
        "access": usual(use.target, use.access),
        "exchange": use.exchange,
        "routing_keys": use.routing_keys and f"[{', '.join(use.routing_keys)}]",
    }
    return f"{{{', '.join(f'{key}: {value}' for key, value in said.items() if value)}}}"


def _unfit_grants(service: DeclaredService, services: Declared) -> Iterator[Problem]:
    seen: set[tuple[str, str | None, str]] = set()
    for index, grant in enumerate(service.entry.grants):
        at = partial(service.at, "grants", index)
        granted = (grant.target, grant.part, grant.to)
        if grant.part is not None and grant.target not in NAMED:
            yield at("part").problem(_without_names(grant.target))
        unfit = [at(field).problem(message) for field, message in _unfit_use(grant)]
        yield from unfit
        if grant.to == service.name:
            yield at("to").problem("a service may use its own anyway; remove the entry.")
        elif grant.to not in services:
            yield at("to").problem(_unknown_service(grant.to, services))
        elif granted in seen:
            yield at().problem(
                f"'{grant.target}' is granted to '{grant.to}' twice; keep one entry."
            )
        elif not unfit and not any(
            (each.target, each.part, each.of) == (grant.target, grant.part, service.name)
            for each in services[grant.to].entry.needs
        ):
            yield at().problem(
                f"'{grant.to}' does not use it; write '{_line(grant, of=service.name)}' among its "
                "'needs', or remove the entry."
            )
        seen.add(granted)


def _unknown_service(name: str, services: Declared) -> str:
    former = {now: each.entry.renamed_from for now, each in services.items()}
    hint = service_hint(name, former) or "write the name of a service of the catalog."
    return f"there is no service '{name}'; {hint}"
