"""What the files must agree on together, before they are one catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from catalog.document import At, place
from catalog.errors import Problem, did_you_mean, one_of
from catalog.files import MAX_TIERS, NeedEntry, PlatformFile, ServicesFile
from catalog.migration import unfit_migration
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
from catalog.sharing import unfit_sharing
from catalog.validation import Read


def inconsistencies(
    files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    """Everything that is unknown to this program, declared or listed twice, or out of order."""
    yield from _unfit_domains(files)
    yield from _unfit_resources(platform)
    yield from _names_twice(files, platform)
    yield from _unfit_renames(files, platform)
    yield from _unfit_tiers(files, platform)
    yield from _unfit_needs(files, platform)
    yield from _unfit_environments(files)
    yield from _unfit_runs(files)
    for file, name, at, message in unfit_sharing(files):
        yield unfit_service(file, name, at, message)
    yield from _unfit_windows(platform)
    yield from _unfit_priorities(platform)


def _unfit_domains(files: Sequence[Read[ServicesFile]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for file in files:
        domain = file.content.domain
        if domain in first:
            message = (
                f"field 'domain': '{domain}' is declared in {first[domain]} too; put all "
                "services of a domain into one file, or write another domain."
            )
            yield file.document.problem(message, ("domain",))
        first.setdefault(domain, file.document.name)
        if domain in RESERVED_DOMAINS:
            message = (
                f"field 'domain': '{domain}' is the name of a namespace of the platform itself; "
                "write another domain."
            )
            yield file.document.problem(message, ("domain",))


def _unfit_resources(platform: Read[PlatformFile]) -> Iterator[Problem]:
    """A misspelled resource would be one that nobody makes, and its users would find nothing.

    Any other name is of a kind that a stack can attach.
    """
    for name in platform.content.resources:
        meant = did_you_mean(name, RESOURCES)
        if name not in RESOURCES and meant:
            message = (
                f"resource '{name}': no environment can provide it; {meant} What others make needs "
                "a name less like it."
            )
            yield platform.document.problem(message, ("resources", name))


def _names_twice(
    files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    taken = dict.fromkeys(platform.content.resources, "a platform resource")
    for name in platform.content.external:
        if name in taken:
            message = f"external API '{name}' is {taken[name]} too; give one of them another name."
            yield platform.document.problem(message, ("external", name))
        taken[name] = "an external API"
    taken = {name: f"{what} in {platform.document.name}" for name, what in taken.items()}
    for file in files:
        for name in file.content.services:
            if name in taken:
                message = f"service '{name}' is {taken[name]} too; give one of them another name."
                yield file.document.problem(message, ("services", name))
            taken.setdefault(name, f"a service in {file.document.name}")
            if name in RESERVED_SERVICES:
                message = (
                    f"service '{name}' is the name of an account that Kubernetes makes in every "
                    "namespace; give the service another name."
                )
                yield file.document.problem(message, ("services", name))


def _unfit_needs(
    files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    declared = {
        *platform.content.resources,
        *platform.content.external,
        *(name for file in files for name in file.content.services),
    }
    owners = {
        dedicated_name(entry.renamed_from or name, need.target): (name, need.target)
        for file in files
        for name, entry in file.content.services.items()
        for need in entry.needs
        if need.dedicated and need.target is not None
    }
    for file in files:
        for name, entry in file.content.services.items():
            seen: set[str] = set()
            for index, need in enumerate(entry.needs):
                message = (
                    _unfit(need, name, seen)
                    or _unfit_server(need, entry.renamed_from or name, owners, declared)
                    or _unfit_user(need, name, entry.renamed_from)
                )
                if message:
                    at = ("services", name, "needs", index)
                    field = f"service '{name}', field 'needs[{index}]': "
                    yield file.document.problem(field + message, at)
                if need.target is not None:
                    seen.add(need.target)


def _unfit(need: NeedEntry, service: str, seen: set[str]) -> str | None:
    if (need.target is None) == (need.above_tier is None):
        return "write either 'target' or 'above_tier', exactly one of them."
    if need.target == service:
        return "a service cannot need itself; remove it."
    if need.above_tier is not None and need.port is not None:
        return "a rule cannot name a port, which each service has its own of; remove 'port'."
    if need.target in seen:
        return f"'{need.target}' is listed twice; keep one entry."
    return None


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
    if not need.dedicated:
        return None
    if need.target not in DEDICABLE:
        what = "a rule" if need.target is None else f"'{need.target}'"
        return f"{what} cannot be dedicated, only {one_of(DEDICABLE)} can; remove 'dedicated'."
    name = dedicated_name(data_name, need.target)
    if name in declared:
        return f"its server would be called '{name}', as something else is; rename that."
    return None


def _unfit_user(need: NeedEntry, service: str, former: str | None) -> str | None:
    """What the service's own part of a server would be called, if that is taken."""
    data_name = former or service
    fix = "give the service another name." if former is None else "correct 'renamed_from'."
    for resource, names in RESERVED_ON.items():
        if need.target == resource and data_name in names:
            return f"'{data_name}' is a name that '{resource}' keeps for itself; {fix}"
    return None


def _unfit_tiers(
    files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    """Tiers that the platform does not list, and services in the platform resources' own."""
    names = [tier.name for tier in platform.content.tiers]
    if not 2 <= len(names) <= MAX_TIERS:
        message = (
            f"field 'tiers': {len(names)} given; list 2 to {MAX_TIERS}, the "
            "first for the platform resources and the others for services."
        )
        yield platform.document.problem(message, ("tiers",))
        return
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"field 'tiers[{index}].name': '{name}' is listed twice; keep one."
            yield platform.document.problem(message, ("tiers", index, "name"))
        if name == EXTERNAL_TIER:
            message = (
                f"field 'tiers[{index}].name': pictures call what is outside of the platform "
                f"'{name}'; write another name."
            )
            yield platform.document.problem(message, ("tiers", index, "name"))
    for file in files:
        for service, entry in file.content.services.items():
            places = [(("tier",), entry.tier, names[1:])]
            places += [
                (("needs", index, "above_tier"), need.above_tier, names)
                for index, need in enumerate(entry.needs)
                if need.above_tier is not None
            ]
            for at, tier, known in places:
                if tier not in known:
                    where = ("services", service, *at)
                    fix = did_you_mean(tier, known) or f"write {one_of(known)}."
                    message = f"{place(where)}: '{tier}' is not allowed; {fix}"
                    yield file.document.problem(message, where)


def _unfit_priorities(platform: Read[PlatformFile]) -> Iterator[Problem]:
    """Priorities of some tiers alone, or of one that is not less than that of the tier before."""
    tiers = platform.content.tiers
    if all(tier.priority is None for tier in tiers):
        return
    for index, (before, tier) in enumerate(zip([None, *tiers], tiers, strict=False)):
        at = ("tiers", index)
        if tier.priority is None:
            message = (
                f"field 'tiers[{index}]': '{tier.name}' has no priority, but others have; add "
                "'priority', between those of its neighbours, which a cluster keeps."
            )
            yield platform.document.problem(message, at)
        elif before and before.priority is not None and tier.priority >= before.priority:
            message = (
                f"field 'tiers[{index}].priority': '{tier.name}' would go before "
                f"'{before.name}', which starts first; write less than {before.priority}."
            )
            yield platform.document.problem(message, (*at, "priority"))


def _unfit_windows(platform: Read[PlatformFile]) -> Iterator[Problem]:
    tiers = platform.content.tiers
    earliest = 0
    for index, tier in enumerate(tiers):
        at = ("tiers", index)
        if tier.starts_at < earliest:
            message = (
                f"field 'tiers[{index}].starts_at': the window of '{tier.name}' starts before "
                f"the one above it ends; write at least {earliest}."
            )
            yield platform.document.problem(message, (*at, "starts_at"))
        if tier.ends_at <= tier.starts_at:
            message = (
                f"field 'tiers[{index}].ends_at': the window of '{tier.name}' ends before it "
                f"starts; write more than {tier.starts_at}."
            )
            yield platform.document.problem(message, (*at, "ends_at"))
        earliest = max(earliest, tier.ends_at)


def _unfit_environments(files: Sequence[Read[ServicesFile]]) -> Iterator[Problem]:
    for file in files:
        for name, entry in file.content.services.items():
            for index, variable in enumerate(entry.environment):
                message = None
                if re.match(RESERVED_VARIABLES, variable):
                    message = "every service has it from this program; remove it."
                elif variable in entry.environment[:index]:
                    message = "it is listed twice; keep one entry."
                if message is not None:
                    field = f"service '{name}', field 'environment[{index}]': '{variable}': "
                    at = ("services", name, "environment", index)
                    yield file.document.problem(field + message, at)


def _unfit_runs(files: Sequence[Read[ServicesFile]]) -> Iterator[Problem]:
    services = {name for file in files for name in file.content.services}
    for file in files:
        for name, entry in file.content.services.items():
            for at, message in unfit_run(
                entry.run,
                port=entry.port,
                own_start="start_seconds" in entry.model_fields_set,
                required=entry.environment,
            ):
                yield unfit_service(file, name, at, message)
            for at, message in unfit_migration(
                name, entry.migrate, [need.target for need in entry.needs], services
            ):
                yield unfit_service(file, name, at, message)
            if entry.run.kind is Kind.SCHEDULED:
                own = (
                    (("environments", where), each) for where, each in entry.environments.items()
                )
                for at, each in (((), entry), *own):
                    if each.replicas is not None:
                        message = "a run is one pod, whatever is said here; remove it."
                        yield unfit_service(file, name, (*at, "replicas"), message)


def unfit_service(file: Read[ServicesFile], service: str, at: At, message: str) -> Problem:
    """A problem with what `service` says at `at`, from its name on."""
    whole = ("services", service, *at)
    return file.document.problem(f"{place(whole)}: {message}", whole)


def _unfit_renames(
    files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    """Every former name that somebody else has, or had.

    What a service keeps (database, users, queues, keys, images) stays under the name it was made
    with, so that name has to be one that nobody else uses.
    """
    named = dict.fromkeys(platform.content.resources, "a platform resource")
    named |= dict.fromkeys(platform.content.external, "an external API")
    named = {name: f"{what} in {platform.document.name}" for name, what in named.items()}
    for file in files:
        named |= dict.fromkeys(file.content.services, f"still a service in {file.document.name}")
    first: dict[str, str] = {}
    for file in files:
        for name, entry in file.content.services.items():
            former = entry.renamed_from
            if former is None:
                continue
            message = _unfit_name(name, former, named, first)
            if message is not None:
                at = ("services", name, "renamed_from")
                field = f"service '{name}', field 'renamed_from': "
                yield file.document.problem(field + message, at)
            first.setdefault(former, name)


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
