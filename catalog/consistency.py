"""What the files must agree on together, before they are one catalog."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from catalog.api import unfit_api, unfit_call
from catalog.document import At
from catalog.errors import Problem, did_you_mean, one_of
from catalog.files import (
    MAX_TIERS,
    DeclaredService,
    NeedEntry,
    PlatformFile,
    ServicesFile,
    services_of,
)
from catalog.job import unfit_migration, unfit_tasks
from catalog.names import (
    DEDICABLE,
    EXTERNAL_TIER,
    RESERVED_DOMAINS,
    RESERVED_ON,
    RESERVED_SERVICES,
    RESERVED_VARIABLES,
    RESOURCES,
    dedicated_name,
)
from catalog.run import Kind
from catalog.run_rules import unfit_run
from catalog.sharing import unfit_again, unfit_sharing
from catalog.validation import Read


def inconsistencies(
    files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    """Everything that is unknown to this program, declared or listed twice, or out of order."""
    services = services_of(files)
    yield from _unfit_domains(files)
    yield from _unfit_resources(platform)
    yield from _names_twice(services, platform)
    yield from _unfit_renames(services, platform)
    yield from _unfit_tiers(services, platform)
    yield from _unfit_needs(services, platform)
    yield from _unfit_environments(services)
    yield from _unfit_runs(services)
    yield from _unfit_apis(services)
    yield from unfit_sharing(services)
    yield from _unfit_windows(platform)
    yield from _unfit_priorities(platform)


def _unfit_domains(files: Sequence[Read[ServicesFile]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for file in files:
        domain, at = file.content.domain, file.document.at("domain")
        if domain in first:
            yield at.problem(
                f"'{domain}' is declared in {first[domain]} too; put all services of a domain into "
                "one file, or write another domain."
            )
        first.setdefault(domain, file.document.name)
        if domain in RESERVED_DOMAINS:
            yield at.problem(
                f"'{domain}' is the name of a namespace of the platform itself; write another "
                "domain."
            )


def _unfit_resources(platform: Read[PlatformFile]) -> Iterator[Problem]:
    """A misspelled resource would be one that nobody makes, and its users would find nothing.

    Any other name is of a kind that a stack can attach.
    """
    for name in platform.content.resources:
        meant = did_you_mean(name, RESOURCES)
        if name not in RESOURCES and meant:
            yield platform.document.at("resources", name).problem(
                f"no environment can provide it; {meant} What others make needs a name less like "
                "it."
            )


def _names_twice(
    services: Sequence[DeclaredService], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    taken = dict.fromkeys(platform.content.resources, "a platform resource")
    for name in platform.content.external:
        if name in taken:
            message = f"external API '{name}' is {taken[name]} too; give one of them another name."
            yield platform.document.problem(message, ("external", name))
        taken[name] = "an external API"
    taken = {name: f"{what} in {platform.document.name}" for name, what in taken.items()}
    for each in services:
        document, name, at = each.file.document, each.name, ("services", each.name)
        if name in taken:
            message = f"service '{name}' is {taken[name]} too; give one of them another name."
            yield document.problem(message, at)
        taken.setdefault(name, f"a service in {document.name}")
        if name in RESERVED_SERVICES:
            message = (
                f"service '{name}' is the name of an account that Kubernetes makes in every "
                "namespace; give the service another name."
            )
            yield document.problem(message, at)


def _unfit_needs(
    services: Sequence[DeclaredService], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    declared = {
        *platform.content.resources,
        *platform.content.external,
        *(each.name for each in services),
    }
    owners = {
        dedicated_name(each.data_name, need.target): (each.name, need.target)
        for each in services
        for need in each.entry.needs
        if need.dedicated and need.target is not None
    }
    names = frozenset(each.name for each in services)
    for each in services:
        for index, need in enumerate(each.entry.needs):
            message = (
                _unfit(need, each.name)
                or unfit_again(need, each.entry.needs[:index])
                or _unfit_server(need, each.data_name, owners, declared)
                or _unfit_user(need, each)
                or _unfit_versions(need, names)
            )
            if message:
                yield each.at("needs", index).problem(message)


def _unfit(need: NeedEntry, service: str) -> str | None:
    if (need.target is None) == (need.above_tier is None):
        return "write either 'target' or 'above_tier', exactly one of them."
    if need.target == service:
        return "a service cannot need itself; remove it."
    for field in ("versions", "api"):
        if need.above_tier is not None and getattr(need, field) is not None:
            return f"a rule cannot name '{field}', of which each service has its own; remove it."
    return _unfit_ports(need)


def _unfit_ports(need: NeedEntry) -> str | None:
    """What is wrong about the ports that are named, before anybody knows whose they are."""
    field, ports = "port" if need.ports is None else "ports", need.ports or []
    if need.above_tier is not None and (need.port or ports):
        return f"a rule cannot name a port, which each service has its own of; remove '{field}'."
    if need.port is not None and ports:
        return "it has both 'port' and 'ports'; write all of them as 'ports'."
    if len(set(ports)) < len(ports):
        return "a port is listed twice in 'ports'; keep one of it."
    return None


def _unfit_versions(need: NeedEntry, services: Collection[str]) -> str | None:
    if need.versions is None or need.target is None or need.target in services:
        return None
    return f"'{need.target}' is no service, and only those have versions here; remove 'versions'."


def _unfit_server(
    need: NeedEntry, data_name: str, owners: Mapping[str, tuple[str, str]], declared: set[str]
) -> str | None:
    """What is wrong about dedicated servers: one's own, or one of somebody else."""
    if need.target is not None and need.target in owners and need.target not in declared:
        owner, resource = owners[need.target]
        return (
            f"'{need.target}' belongs to '{owner}' alone; write '{resource}', and "
            "'dedicated: true' for a server that only this service uses."
        )
    if need.any_key and (need.target != "redis" or not need.dedicated):
        return (
            "keys without a prefix need a server of one's own; write '{target: redis, dedicated: "
            "true, any_key: true}', or remove 'any_key'."
        )
    if not need.dedicated:
        return None
    if need.target not in DEDICABLE:
        what = "a rule" if need.target is None else f"'{need.target}'"
        return f"{what} cannot be dedicated, only {one_of(DEDICABLE)} can; remove 'dedicated'."
    name = dedicated_name(data_name, need.target)
    if name in declared:
        return f"its server would be called '{name}', as something else is; rename that."
    return None


def _unfit_user(need: NeedEntry, service: DeclaredService) -> str | None:
    """What the service's own part of a server would be called, if that is taken."""
    former, name = service.entry.renamed_from, service.data_name
    fix = "give the service another name." if former is None else "correct 'renamed_from'."
    for resource, names in RESERVED_ON.items():
        if need.target == resource and name in names:
            return f"'{name}' is a name that '{resource}' keeps for itself; {fix}"
    return None


def _unfit_tiers(
    services: Sequence[DeclaredService], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    """Tiers that the platform does not list, and services in the platform resources' own."""
    names = [tier.name for tier in platform.content.tiers]
    if not 2 <= len(names) <= MAX_TIERS:
        yield platform.document.at("tiers").problem(
            f"{len(names)} given; list 2 to {MAX_TIERS}, the first for the platform resources and "
            "the others for services."
        )
        return
    for index, name in enumerate(names):
        at = platform.document.at("tiers", index, "name")
        if name in names[:index]:
            yield at.problem(f"'{name}' is listed twice; keep one.")
        if name == EXTERNAL_TIER:
            yield at.problem(
                f"pictures call what is outside of the platform '{name}'; write another name."
            )
    for each in services:
        said: list[tuple[At, str, list[str]]] = [(("tier",), each.entry.tier, names[1:])]
        said += [
            (("needs", index, "above_tier"), need.above_tier, names)
            for index, need in enumerate(each.entry.needs)
            if need.above_tier is not None
        ]
        for at, tier, known in said:
            if tier not in known:
                fix = did_you_mean(tier, known) or f"write {one_of(known)}."
                yield each.at(*at).problem(f"'{tier}' is not allowed; {fix}")


def _unfit_priorities(platform: Read[PlatformFile]) -> Iterator[Problem]:
    """Priorities of some tiers alone, or of one that is not less than that of the tier before."""
    tiers, document = platform.content.tiers, platform.document
    if all(tier.priority is None for tier in tiers):
        return
    for index, (before, tier) in enumerate(zip([None, *tiers], tiers, strict=False)):
        if tier.priority is None:
            yield document.at("tiers", index).problem(
                f"'{tier.name}' has no priority, but others have; add 'priority', between those "
                "of its neighbours, which a cluster keeps."
            )
        elif before and before.priority is not None and tier.priority >= before.priority:
            yield document.at("tiers", index, "priority").problem(
                f"'{tier.name}' would go before '{before.name}', which starts first; write less "
                f"than {before.priority}."
            )


def _unfit_windows(platform: Read[PlatformFile]) -> Iterator[Problem]:
    earliest = 0
    for index, tier in enumerate(platform.content.tiers):
        if tier.starts_at < earliest:
            yield platform.document.at("tiers", index, "starts_at").problem(
                f"the window of '{tier.name}' starts before the one above it ends; write at least "
                f"{earliest}."
            )
        if tier.ends_at <= tier.starts_at:
            yield platform.document.at("tiers", index, "ends_at").problem(
                f"the window of '{tier.name}' ends before it starts; write more than "
                f"{tier.starts_at}."
            )
        earliest = max(earliest, tier.ends_at)


def _unfit_environments(services: Iterable[DeclaredService]) -> Iterator[Problem]:
    for each in services:
        for index, variable in enumerate(each.entry.environment):
            at = each.at("environment", index)
            if re.match(RESERVED_VARIABLES, variable):
                yield at.problem(
                    f"'{variable}': every service has it from this program; remove it."
                )
            elif variable in each.entry.environment[:index]:
                yield at.problem(f"'{variable}': it is listed twice; keep one entry.")


def _unfit_runs(services: Sequence[DeclaredService]) -> Iterator[Problem]:
    names = {each.name for each in services}
    tasks: dict[str, str] = {}
    for each in services:
        entry = each.entry
        for at, message in (
            *unfit_run(
                entry.run,
                port=entry.port,
                own_start="start_seconds" in entry.model_fields_set,
                required=entry.environment,
            ),
            *unfit_migration(
                each.name, entry.migrate, [need.target for need in entry.needs], names
            ),
            *unfit_tasks(each.name, entry.tasks, names, tasks),
        ):
            yield each.at(*at).problem(message)
        if entry.run.kind is Kind.SCHEDULED:
            own = ((("environments", where), e) for where, e in entry.environments.items())
            for at, sizing in (((), entry), *own):
                if sizing.replicas is not None:
                    message = "a run is one pod, whatever is said here; remove it."
                    yield each.at(*at, "replicas").problem(message)


def _unfit_apis(services: Sequence[DeclaredService]) -> Iterator[Problem]:
    """API versions without a proper end, and callers of one that is not there."""
    versions = {each.name: [*each.entry.apis] for each in services}
    paths: dict[str, str] = {}
    for each in services:
        for name, api in each.entry.apis.items():
            for at, message in unfit_api(api, f"{name} of '{each.name}'", paths):
                yield each.at("apis", name, *at).problem(message)
        if each.entry.apis and each.entry.run.kind not in (None, Kind.WEB):
            yield each.at("apis").problem("nobody calls this service; remove it.")
        # What the load balancer leads to passes every version on.
        is_gateway = any(need.target == "load-balancer" for need in each.entry.needs)
        for index, need in enumerate(each.entry.needs):
            if need.target is None or (need.target not in versions and need.api is None):
                continue
            message = unfit_call(need.api, need.target, versions.get(need.target, ()))
            if message is not None and not (is_gateway and need.api is None):
                yield each.at("needs", index).problem(message)


def _unfit_renames(
    services: Sequence[DeclaredService], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    """Every former name that somebody else has, or had.

    What a service keeps (database, users, queues, keys, images) stays under the name it was made
    with, so that name has to be one that nobody else uses.
    """
    named = dict.fromkeys(platform.content.resources, "a platform resource")
    named |= dict.fromkeys(platform.content.external, "an external API")
    named = {name: f"{what} in {platform.document.name}" for name, what in named.items()}
    named |= {each.name: f"still a service in {each.file.document.name}" for each in services}
    first: dict[str, str] = {}
    for each in services:
        former = each.entry.renamed_from
        if former is None:
            continue
        message = _unfit_name(each.name, former, named, first)
        if message is not None:
            yield each.at("renamed_from").problem(message)
        first.setdefault(former, each.name)


def _unfit_name(
    name: str, former: str, named: Mapping[str, str], first: Mapping[str, str]
) -> str | None:
    if former == name:
        return "it is called that; remove the field."
    if former in named:
        return (
            f"'{former}' is {named[former]}, so its name and data are not free; write what this "
            "service was called before, or remove the field."
        )
    if former in first:
        return (
            f"'{first[former]}' was called '{former}' too, and data can only be one service's; "
            "keep the field at the one that is the same service."
        )
    return None
