"""How large every service is in every environment: what the files say, put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal, get_args

from catalog.document import At, Document, Location
from catalog.errors import Problem, did_you_mean, one_of
from catalog.files import DeclaredService, ServiceEntry
from catalog.names import EnvironmentName
from catalog.size import EnvironmentEntry, EnvironmentSizes, SizesFile, Sizing, SizingEntry
from catalog.validation import Read

ENVIRONMENTS: tuple[EnvironmentName, ...] = get_args(EnvironmentName)


def environment_sizes(sizes: Read[SizesFile]) -> Mapping[EnvironmentName, EnvironmentSizes]:
    """What every environment says of services that say nothing, and what it has."""
    return {
        name: EnvironmentSizes(
            usual=_usual(entry, name, sizes.document),
            node=entry.node,
            queue_metric=entry.queue_metric,
            metrics=tuple(entry.metrics),
        )
        for name, entry in sizes.content.environments.items()
    }


def own_sizings(
    service: DeclaredService, sizes: Read[SizesFile]
) -> Mapping[EnvironmentName, Sizing]:
    """How large a service is, in the environments for which it says so itself."""
    return {
        environment: _own(service, environment, sizes)
        for environment in ENVIRONMENTS
        if any(each.size or each.replicas for _, each in _layers(service.entry, environment))
    }


def unfit_sizes(services: Iterable[DeclaredService], sizes: Read[SizesFile]) -> Iterator[Problem]:
    """Environments that are missing, sizes that are not there, and more pods at least than most."""
    environments = sizes.content.environments
    for environment in ENVIRONMENTS:
        if environment not in environments:
            yield sizes.document.at("environments").problem(f"'{environment}' is missing; add it.")
    for environment, table in environments.items():
        own = partial(sizes.document.at, "environments", environment)
        if table.size not in table.sizes:
            yield _unknown(own("size"), table.size, environment, table)
        if table.replicas.least > table.replicas.most:
            at = own("replicas", "least")
            yield _crossed(at, table.replicas.least, table.replicas.most, environment)
    for each in services:
        yield from _unfit_service(each, environments)


def _unfit_service(
    service: DeclaredService, environments: Mapping[EnvironmentName, EnvironmentEntry]
) -> Iterator[Problem]:
    found: dict[Location, Problem] = {}
    for environment, table in environments.items():
        layers = _layers(service.entry, environment)
        for at, each in layers:
            like = None if each.size is None else each.size.like
            if like is not None and like not in table.sizes:
                where = service.at(*at, "size")
                found.setdefault(where, _unknown(where, like, environment, table))
        least, most = _last(layers, "least"), _last(layers, "most")
        if least is not None and most is not None and least[1] > most[1]:
            where = service.at(*least[0], "replicas", "least")
            found.setdefault(where, _crossed(where, least[1], most[1], environment))
        scaled = [each.replicas.scale_on for _, each in layers if each.replicas is not None]
        if any(each is not None and each.queue is not None for each in scaled) and not any(
            need.target == "queue" for need in service.entry.needs
        ):
            where = service.at("replicas", "scale_on")
            message = "it has no queue, since it does not need 'queue'; add that to its 'needs'."
            found.setdefault(where, where.problem(message))
    yield from found.values()


def _unknown(at: Location, name: str, environment: str, table: EnvironmentEntry) -> Problem:
    hint = did_you_mean(name, table.sizes) or (
        f"write {one_of(table.sizes)}, or add it to catalog/sizes.yaml."
    )
    return at.problem(f"'{name}' is not a size of {environment}; {hint}")


def _crossed(at: Location, least: int, most: int, environment: str) -> Problem:
    return at.problem(
        f"{least} pods at least are more than the {most} at most in {environment}; write at most "
        f"{most}, or a larger 'most'."
    )


def _layers(entry: ServiceEntry, environment: EnvironmentName) -> list[tuple[At, SizingEntry]]:
    """What a service says for everywhere, and over it for this environment, with its place."""
    layers: list[tuple[At, SizingEntry]] = [((), entry)]
    if environment in entry.environments:
        layers.append((("environments", environment), entry.environments[environment]))
    return layers


def _last(
    layers: Sequence[tuple[At, SizingEntry]], bound: Literal["least", "most"]
) -> tuple[At, int] | None:
    """The number of pods that counts, and where it stands; None if the service says none."""
    found: tuple[At, int] | None = None
    for at, each in layers:
        number = None if each.replicas is None else getattr(each.replicas, bound)
        if number is not None:
            found = at, number
    return found


def _usual(table: EnvironmentEntry, environment: EnvironmentName, document: Document) -> Sizing:
    at = partial(document.at, "environments", environment)
    return Sizing(
        size=table.sizes[table.size],
        least=table.replicas.least,
        most=table.replicas.most,
        scale_on=table.replicas.scale_on,
        size_at=at("sizes", table.size),
        replicas_at=at("replicas"),
        scale_at=at("replicas", "scale_on"),
    )


def _own(service: DeclaredService, environment: EnvironmentName, sizes: Read[SizesFile]) -> Sizing:
    """What the service says last counts; what it does not say is the environment's.

    Of two numbers of pods of which it says one, the other one gives way.
    """
    table = sizes.content.environments[environment]
    usual = _usual(table, environment, sizes.document)
    size, scale_on = table.sizes[table.size], usual.scale_on
    places = {"size": usual.size_at, "replicas": usual.replicas_at, "scale_on": usual.scale_at}
    layers = _layers(service.entry, environment)
    for at, each in layers:
        if each.size is not None:
            base = size if each.size.like is None else table.sizes[each.size.like]
            given = {key: value for key, value in each.size if value is not None and key != "like"}
            size = base.model_copy(update=given)
            places["size"] = service.at(*at, "size")
        if each.replicas is not None and each.replicas.scale_on is not None:
            scale_on = each.replicas.scale_on
            places["scale_on"] = service.at(*at, "replicas", "scale_on")
        if each.replicas is not None and (each.replicas.least or each.replicas.most):
            places["replicas"] = service.at(*at, "replicas")
    least, most = _last(layers, "least"), _last(layers, "most")
    return Sizing(
        size=size,
        least=min(usual.least, usual.most if most is None else most[1])
        if least is None
        else least[1],
        most=max(usual.most, usual.least if least is None else least[1])
        if most is None
        else most[1],
        scale_on=scale_on,
        size_at=places["size"],
        replicas_at=places["replicas"],
        scale_at=places["scale_on"],
    )
