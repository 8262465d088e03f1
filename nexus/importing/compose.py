"""A Compose file made into a whole project, and what a person has to decide in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from catalog.errors import InputError, Problem, counted, listed
from catalog.names import WHOLE_IMAGE
from nexus.importing.compose_file import UNSET, ComposeFile, Service
from nexus.importing.container import NO_HEALTH, UNKNOWN_HEALTH, Container, blank, container
from nexus.importing.draft import Draft
from nexus.importing.environment import environment, leads_to
from nexus.importing.images import whole_image
from nexus.importing.one_shots import one_shots
from nexus.importing.platform import put_servers
from nexus.importing.project import DEV, RELEASE, TIERS, begin_project, put_services
from nexus.importing.sharing import shared_databases
from nexus.importing.translation import Need, Translation, quoted
from stacks.settings import PROJECT

MOST_LISTED = 6

VARIABLES = "variables.env"

BUILT = "the images of these are built from source"
UNPINNED = "the images of these have no version, so that they are others tomorrow"
_ABOUT_IMAGES = {
    BUILT: (
        RELEASE,
        "push each to a registry and write it here, as 'NAME: REGISTRY/NAME:TAG'; until then "
        "stand-ins run",
    ),
    UNPINNED: (RELEASE, "write each here with a version; until then stand-ins run"),
}
HEALTH_FIX = "a connection to the first port is tried; write 'health' below 'run' for more"

LEFT_OUT = {
    "extra_hosts": "addresses of hosts",
    "links": "other names of services",
    "hostname": "host names",
    "sysctls": "kernel settings",
    "ulimits": "limits of the system",
    "profiles": "profiles",
    "develop": "watching of files",
    "develop.watch": "watching of files",
}
"""Fields that mean something and have no place in a catalog; logging, names and networks have none
either, and say nothing that this program does not decide itself."""


def import_compose(file: ComposeFile) -> Draft:
    """The project that a Compose file describes.

    Raises:
        InputError: there is no service in it.
    """
    translation = Translation(file)
    if not translation.services:
        message = "nothing in it is a service of its own; give the file that has some."
        if file.disabled:
            message = (
                f"all its services are in profiles: {quoted(file.disabled)}; enable one by "
                "'--profile NAME'."
            )
        raise InputError([Problem(str(file.path), message)])
    draft = begin_project(f"Imported from {file.path.name}")
    _Import(file, translation, draft, f"catalog/services/{translation.domain}.yaml").run()
    return draft


class _Import:
    def __init__(
        self, file: ComposeFile, translation: Translation, draft: Draft, services_file: str
    ) -> None:
        self.file, self.into, self.draft = file, translation, draft
        self.services_file = services_file
        self.main = file.place("").rpartition(":")[0] or file.place("")
        self.alike: dict[str, list[str]] = {}
        self.databases = [*shared_databases(translation)]

    def run(self) -> None:
        into = self.into
        used, tier_of = into.tiers(TIERS)
        order = {tier: index for index, tier in enumerate(used)}
        entries: dict[str, Any] = {}
        names = {into.names[name]: name for name in into.services}
        for own in sorted(names, key=lambda own: (order[tier_of[own]], own)):
            entries[own] = self._entry(names[own], tier_of[own])
        put_services(self.draft, into.domain, entries)
        put_servers(self.draft, self.file, into, used, self.databases)
        self._cycles(entries)
        self._one_shots(entries)
        self._variables()
        self._rest()

    # The services

    def _entry(self, name: str, tier: str) -> dict[str, Any]:
        service, own = self.into.services[name], self.into.names[name]
        found = container(name, service, called=self._called(name))
        needs = [self._need(name, need, index) for index, need in enumerate(self._needs(name))]
        secret = self._environment(name, service, found)
        entry: dict[str, Any] = {"summary": self._summary(name, service), "tier": tier}
        if found.start_seconds is not None:
            entry["start_seconds"] = found.start_seconds
        entry |= found.sizing
        if secret:
            entry["environment"] = secret
        if found.run:
            entry["run"] = found.run
        if needs:
            entry["needs"] = needs
        if grants := [g for d in self.databases if d.owner == name for g in d.grants(self.into)]:
            entry["grants"] = grants
        for at, compose, message in found.open:
            self._ask(own, at, message, self.file.place(name, *compose), open_=True)
        for compose, message in found.notes:
            if message in (NO_HEALTH, UNKNOWN_HEALTH):
                self._alike(message, own, self.file.place(name, *compose))
            else:
                self._ask(own, (), message, self.file.place(name, *compose))
        if own != name:
            self._ask(
                own,
                (),
                f"it is '{name}' in Compose; whoever calls it by that name has to change",
                self.file.place(name),
            )
        self._release(name, own, service)
        return entry

    def _called(self, name: str) -> str | None:
        """How it is known that others call a service: they depend on it, or name it."""
        into = self.into
        if any(name in {need.compose for need in into.needs(other)} for other in into.services):
            return "others depend on it"
        for other, service in into.services.items():
            for variable, value in service.environment.items():
                hosts = (name, *into.file.project.services[name].aliases)
                if other != name and value and any(leads_to(value, host) for host in hosts):
                    return f"{variable} of '{other}' names it"
        return None

    def _ask(
        self, own: str, at: Iterable[str | int], message: str, source: str, *, open_: bool = False
    ) -> None:
        self.draft.ask(self.services_file, ("services", own, *at), message, source, open_=open_)

    def _summary(self, name: str, service: Service) -> str:
        given = blank(service.labels.get("org.opencontainers.image.description", ""))
        text = " ".join("".join(c if c.isprintable() else " " for c in given).split())[:200]
        return text or f"{name} of {self.into.domain}"

    def _needs(self, name: str) -> list[Need]:
        """The service's needs; two servers of one kind are one, which has to be decided."""
        found: dict[str, Need] = {}
        for need in self.into.needs(name):
            found.setdefault(need.target, need)
        return list(found.values())

    def _need(self, name: str, need: Need, index: int) -> Any:
        own, source = self.into.names[name], self.file.place(name, "depends_on", need.compose)
        if need.compose not in self.into.resources:
            return need.target
        servers = sorted(
            each.compose for each in self.into.needs(name) if each.target == need.target
        )
        dedicated = self.into.dedicated(name, need.compose)
        if len(servers) == 1 and dedicated is False:
            used = (each for each in self.databases if each.server == need.compose)
            shared = next((each for each in used if name in each.users), None)
            return need.target if shared is None else shared.need(self.into)
        if len(servers) == 1 and dedicated:
            return {"target": need.target, "dedicated": True}
        what = (
            f"it uses {quoted(servers)}, but has one {need.target}"
            if len(servers) > 1
            else f"'{need.compose}' is a second {need.target}, with several users"
        )
        message = (
            f"{what}; write 'false' for the server that all share, or 'true' for one of its own"
        )
        self._ask(own, ("needs", index, "dedicated"), message, source, open_=True)
        return {"target": need.target, "dedicated": None}

    def _environment(self, name: str, service: Service, found: Container) -> list[str]:
        """Keeps the plain variables; returns the names of those whose values are secret."""
        own, into = self.into.names[name], self.into
        servers = into.hosts((*into.resources, *into.attached))
        others = into.hosts(each for each in into.services if each != name)
        sorted_ = environment(service.environment, servers, others)
        if sorted_.plain:
            found.run["environment"] = sorted_.plain
        for variable in sorted_.secret:
            self._secret(own, variable)
            message = (
                f"{variable} is secret, so its value was not taken over; run: pulumi config set "
                f"--secret --path '{PROJECT}:secretVariables.{own}.{variable}', and let it read "
                f"the file that {variable}_FILE names"
            )
            self._ask(
                own, ("environment",), message, self.file.place(name, "environment", variable)
            )
        for server, variables in sorted_.moved.items():
            resource = into.resources.get(server) or into.names[server]
            what = ", ".join(variables[:MOST_LISTED])
            message = (
                f"{what} led to '{server}' and is left out; its address is in the file that "
                f"NEXUS_CONFIG names, its login in /var/run/secrets/nexus/{resource}"
            )
            self._ask(own, (), message, self.file.place(name, "environment", variables[0]))
        if sorted_.unfit:
            message = (
                f"{', '.join(sorted_.unfit[:MOST_LISTED])} cannot be kept; rename it in the image"
            )
            self._ask(own, (), message, self.file.place(name, "environment"))
        depends = {need.compose for need in into.needs(name)}
        for other, variable in sorted(sorted_.called.items()):
            if other not in depends:
                message = (
                    f"{variable} names '{other}', on which it does not depend, so it may not call "
                    f"it; if it does, add '{{target: {into.names[other]}, order: runtime, reason: "
                    "…}' to its needs"
                )
                self._ask(own, (), message, self.file.place(name, "environment", variable))
        return sorted_.secret

    def _secret(self, own: str, variable: str) -> None:
        config = self.draft.values[DEV]["config"]
        services = config.setdefault(f"{PROJECT}:secretVariables", {})
        services.setdefault(own, {})[variable] = {"secure": "to-be-set"}

    def _alike(self, what: str, own: str, source: str) -> None:
        """Keeps what is to be said of several services together, each with its line."""
        file, _, line = source.rpartition(":")
        where = f"line {line}" if file == self.main else source
        self.alike.setdefault(what, []).append(f"{own} ({where})")

    def _release(self, name: str, own: str, service: Service) -> None:
        """The image that runs, or why there is none yet."""
        source = self.file.place(name, "image" if service.image else "build")
        unset = ", ".join(dict.fromkeys(UNSET.findall(service.image)))
        if service.build is not None or not service.image:
            self._alike(BUILT, own, source)
        elif unset:
            like = _looks_like(service)
            hint = f"; it looks like {like}, which would be no service then" if like else ""
            message = (
                f"its image depends on {unset}, which has no value{hint}; give that and import "
                f"again, or write '{own}: REGISTRY/NAME:TAG' below 'services' in {RELEASE}"
            )
            self._ask(own, (), message, source)
        else:
            reference = whole_image(service.image)
            if reference.endswith(":latest"):
                self._alike(UNPINNED, f"{own}: {reference}", source)
            elif not re.fullmatch(WHOLE_IMAGE, reference):
                message = f"'{service.image}' is no image that a registry can have; write one"
                self._ask(own, (), message, source)
            else:
                self.draft.values[RELEASE]["services"][own] = reference

    # What is about several services

    def _cycles(self, entries: Mapping[str, Any]) -> None:
        compose = {own: name for name, own in self.into.names.items()}
        for cycle in self.into.cycles:
            for source, target in pairwise(cycle):
                index = next(i for i, need in enumerate(entries[source]["needs"]) if need == target)
                message = (
                    f"{' → '.join(cycle)} start after each other; on the one that starts without "
                    f"the other write '{{target: {target}, order: runtime, reason: …}}'"
                )
                where = self.file.place(compose[source], "depends_on", compose[target])
                self._ask(source, ("needs", index), message, where, open_=True)

    def _one_shots(self, entries: Mapping[str, Any]) -> None:
        for each in one_shots(self.into):
            source = self.file.place(each.compose)
            if each.owner is None:
                self.draft.ask(self.services_file, (), each.message, source)
                continue
            own = self.into.names[each.owner]
            field, *rest = each.at or ("",)
            if rest:
                entries[own].setdefault(field, {})[rest[0]] = dict(each.entry)
            elif field:
                entries[own][field] = dict(each.entry)
            self._ask(own, each.at, each.message, source)

    def _variables(self) -> None:
        """Variables without a value, in a file to fill in."""
        names = set(self.file.unset)
        for service in self.into.services.values():
            names |= {name for name, value in service.environment.items() if value is None}
        if not names:
            return
        lines = ["# Variables without a value: fill in what is needed, and give it by --env-file."]
        for name in sorted(names):
            uses = self.file.uses.get(name, ())
            more = f" and {counted(len(uses) - 1, 'more place')}" if len(uses) > 1 else ""
            lines += [f"# {uses[0]}{more}"] if uses else []
            lines.append(f"#{name}=")
        self.draft.texts[VARIABLES] = "\n".join(lines) + "\n"
        message = (
            f"no value is known of {listed(sorted(names), MOST_LISTED)}, so nothing stands there, "
            "as in Compose; this file lists them with their lines: fill it in and import again "
            f"with '--env-file {VARIABLES} --replace', or write what depends on them"
        )
        self.draft.ask(VARIABLES, (), message, "")

    def _rest(self) -> None:
        for what, services in self.alike.items():
            file, fix = _ABOUT_IMAGES.get(what, (self.services_file, HEALTH_FIX))
            self.draft.ask(file, (), f"{what}: {', '.join(services)}; {fix}", "")
        fields = sorted(
            {
                field
                for service in self.into.services.values()
                for field in (service.model_extra or {})
                if field in LEFT_OUT
            }
        )
        if jobs := (self.file.project.model_extra or {}).get("jobs"):
            message = f"jobs are left out: {quoted(sorted(jobs))}; run them by hand"
            self.draft.ask(self.services_file, (), message, str(self.file.path))
        if fields:
            what = ", ".join(f"{LEFT_OUT[field]} ({field})" for field in fields)
            self.draft.ask(self.services_file, (), f"left out: {what}", str(self.file.path))
        if self.file.disabled:
            message = (
                f"left out with their profiles: {quoted(self.file.disabled)}; enable one by "
                "'--profile NAME'"
            )
            self.draft.ask(self.services_file, (), message, str(self.file.path))


_SIGNS = {
    "pg_isready": "PostgreSQL",
    "redis-cli": "Redis",
    "valkey-cli": "Valkey",
    "rabbitmq-diagnostics": "RabbitMQ",
    "rabbitmqctl": "RabbitMQ",
    "minio": "MinIO",
    "mysqladmin": "MySQL",
    "mongosh": "MongoDB",
    "kafka-": "Kafka",
}


def _looks_like(service: Service) -> str | None:
    """What a container's health check belongs to, if that is plain."""
    test = " ".join(service.healthcheck.test) if service.healthcheck else ""
    return next((product for sign, product in _SIGNS.items() if sign in test), None)
