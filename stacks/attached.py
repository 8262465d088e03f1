"""What services use and others make: platform resources that are attached, and external APIs.

What the settings must say of them, where they are on the network, and what services are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network

import pulumi

from catalog import Catalog, NodeKind
from catalog.errors import did_you_mean, one_of
from catalog.logins import Login, logins, told_as
from catalog.names import RESERVED_DOMAINS
from components.kubernetes.traffic import HTTPS, PUBLIC, Addresses, Labelled
from components.servers.parts import migration_login
from components.servers.servers import Grant
from stacks.attachment import (
    AttachedLogin,
    AttachedResource,
    Attachment,
    ExternalApi,
    address_of,
    is_inside,
)
from stacks.data import Data
from stacks.network import Destination
from stacks.settings import PROJECT, Settings

_NOT_PUBLIC = re.compile(r"[^.]+|.+\.(internal|local|home\.arpa)")
"""Names that nobody finds in the internet's DNS. Source:
https://www.iana.org/assignments/special-use-domain-names"""

_NO_SERVERS = ("cdn", "gpu", "hsm", "load-balancer", "ml-models")
"""Resources that are more to this program than a server that services log in to."""

_OWN_FACTS = ("host", "port", "tls", "url")
"""Facts of an endpoint that other settings say."""

_LABEL = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_LABEL}")
_LABEL_VALUE = re.compile(rf"({_LABEL})?")
"""Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels"""


def attachment_problems(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """What is wrong with the settings of attached resources and external APIs, a sentence each."""
    for name, api in sorted(settings.externals.items()):
        place = f"setting '{PROJECT}:externals.{name}'"
        if name not in catalog.external:
            hint = did_you_mean(name, catalog.external) or "remove it."
            yield f"{place}: there is no such external API; {hint}"
            continue
        yield from _addresses(place, api, "url")
        known = catalog.external[name].providers
        if known and api.provider not in known:
            hint = did_you_mean(api.provider, known) or f"write {one_of(known)}."
            yield f"{place}: '{api.provider}' does not provide it; {hint}"
    for name, resource in sorted(settings.attached.items()):
        place = f"setting '{PROJECT}:attached.{name}'"
        if name not in catalog.resources:
            yield f"{place}: there is no such platform resource; {_instead(name, catalog)}"
            continue
        if catalog.base(name) in _NO_SERVERS:
            yield f"{place}: '{name}' is no server that others could have; remove it."
            continue
        yield from _addresses(place, resource, "host")
        yield from _resource(name, resource, settings, catalog)


def _instead(name: str, catalog: Catalog) -> str:
    if name in catalog.external:
        return f"it is an external API, so write it below '{PROJECT}:externals'."
    return did_you_mean(name, catalog.resources) or (
        f"remove it, or declare '{name}' below 'resources' in {catalog.platform_file}."
    )


def _addresses(place: str, attachment: Attachment, says: str) -> Iterator[str]:
    if address_of(attachment) is not None:
        if attachment.addresses:
            yield f"{place} has addresses, but its {says} says the only one; remove 'addresses'."
    elif attachment.pods is not None:
        if attachment.addresses:
            yield (
                f"{place} has both addresses and pods, but it is in one of the two places; remove "
                "one of them."
            )
    elif is_inside(attachment):
        yield (
            f"{place}: '{attachment.host}' is inside of the cluster, where pods are let through by "
            "their labels; write whose, such as "
            'pods: {namespace: "databases", labels: {app: "mongodb"}}.'
        )
    elif not attachment.addresses and _NOT_PUBLIC.fullmatch(attachment.host):
        yield (
            f"{place}: '{attachment.host}' has no address in the internet, and no other is let "
            'through; write the networks it leads to, such as addresses: ["10.20.0.0/16"].'
        )


def _resource(
    name: str, resource: AttachedResource, settings: Settings, catalog: Catalog
) -> Iterator[str]:
    key = f"{PROJECT}:attached.{name}"
    yield from _login(key, resource)
    yield from _logins(f"{key}.logins", resource, name, catalog)
    if resource.pods is None:
        return
    own = {f"{settings.namespace_prefix}-{each}" for each in (*catalog.domains, *RESERVED_DOMAINS)}
    if resource.pods.namespace in own:
        yield (
            f"setting '{key}.pods': '{resource.pods.namespace}' is a namespace of this platform, "
            "which lets in nobody but its own; write where the others' pods are, or make it a "
            "service."
        )
    for label, value in resource.pods.labels.items():
        if not _LABEL_KEY.fullmatch(label) or not _LABEL_VALUE.fullmatch(value):
            yield (
                f"setting '{key}.pods.labels': '{label}: {value}' is no label of Kubernetes; write "
                "labels that the server's pods have, such as {app: mongodb}."
            )


def _login(key: str, login: AttachedLogin) -> Iterator[str]:
    if login.username is not None and login.password is None:
        yield (
            f"setting '{key}' has a username and no password; run: pulumi config set --secret "
            f"--path '{key}.password', or remove 'username'."
        )
    for fact in login.facts:
        if fact in _OWN_FACTS:
            yield f"setting '{key}.facts': '{fact}' is told anyway; remove it."


def _logins(key: str, resource: AttachedResource, name: str, catalog: Catalog) -> Iterator[str]:
    """What is wrong about single logins: one that nobody has, or none where there has to be one."""
    known = logins(catalog, name)
    names = [each.name for each in known]
    names += [migration_login(each.name) for each in known if _is_migrated(catalog, each)]
    for called, login in sorted(resource.logins.items()):
        if called not in names:
            hint = did_you_mean(called, names) or "remove it."
            yield f"setting '{key}': nobody signs in as '{called}'; {hint}"
        yield from _login(f"{key}.{called}", login)
    for each in known:
        if not each.plain and each.name not in resource.logins:
            yield (
                f"setting '{key}': '{each.service}' has several parts of '{name}', and nothing "
                f"says where '{each.key}' is; write it, such as "
                f"{each.name}: {{facts: {{database: {each.content}}}}}."
            )


def _is_migrated(catalog: Catalog, login: Login) -> bool:
    """Whether a migration changes what `login` gets into."""
    edge = catalog.migrates(login.service)
    own = login.part.of is None
    return own and edge is not None and told_as(catalog, edge) == login.told_as


def missing_externals(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """External APIs that a service needs and no setting describes, a sentence each."""
    users: dict[str, str] = {}
    for edge in catalog.edges:
        if catalog.kind(edge.target) is NodeKind.EXTERNAL:
            users.setdefault(edge.target, edge.source)
    for name, service in sorted(users.items()):
        api: ExternalApi | None = settings.externals.get(name)
        place = f"setting '{PROJECT}:externals.{name}'"
        if api is None:
            vendors = catalog.external[name].providers
            vendor = vendors[0] if vendors else "vendor of your choice"
            yield (
                f"{place} is missing, but '{service}' needs it; write:\nconfig:\n"
                f"  {PROJECT}:externals:\n    {name}: "
                f'{{provider: "{vendor}", url: "https://…"}}'
            )
        elif api.credential is None:
            yield (
                f"{place} has no credential, but '{service}' needs one; run: pulumi config set "
                f"--secret --path '{PROJECT}:externals.{name}.credential'"
            )


def attaching(settings: Settings, catalog: Catalog) -> Catalog:
    """The catalog as this stack has it: what is attached is there, and is not made."""
    return catalog.attaching(settings.attached)


def attached_destinations(settings: Settings, catalog: Catalog) -> Mapping[str, Destination]:
    """Every external API of the catalog, and every platform resource that is attached.

    An API without a setting, or what has a public name and nothing else, is anywhere in the
    internet. An address is that address alone, and a name with `addresses` or `pods` these alone.
    """
    anywhere = Destination(at=PUBLIC, port=HTTPS)
    return {
        **dict.fromkeys(catalog.external, anywhere),
        **{name: _destination(each) for name, each in _attachments(settings).items()},
    }


def _attachments(settings: Settings) -> Mapping[str, Attachment]:
    return {**settings.externals, **settings.attached}


def _destination(attachment: Attachment) -> Destination:
    if attachment.pods is not None:
        pods = attachment.pods
        at = Labelled(namespace=pods.namespace, labels=dict(sorted(pods.labels.items())))
        return Destination(at=at, port=attachment.port)
    address = address_of(attachment)
    blocks = attachment.addresses if address is None else (str(ip_network(address)),)
    at = Addresses(blocks=tuple((block, ()) for block in blocks)) if blocks else PUBLIC
    return Destination(at=at, port=attachment.port)


def attached_grants(settings: Settings, catalog: Catalog) -> Data:
    """Where each attachment is and how to get in, for each login that there is to it.

    An API without a setting gives nothing: the service knows it by name alone. Migrations get
    what is of the service's own, with a login for them if there is one.
    """
    grants: list[Grant] = []
    owners: list[Grant] = []
    for name, attachment in _attachments(settings).items():
        for login in sorted(logins(catalog, name), key=lambda login: login.place):
            grants.append(_grant(catalog, login, name, attachment.seen_by(login.name)))
            if _is_migrated(catalog, login):
                own = migration_login(login.name)
                signs_in = own if own in attachment.logins else login.name
                owners.append(_grant(catalog, login, name, attachment.seen_by(signs_in)))
    return Data(servers={}, grants=tuple(grants), owners=tuple(owners))


def _grant(catalog: Catalog, login: Login, name: str, seen: Attachment) -> Grant:
    return Grant(
        resource=login.told_as,
        service=catalog.services[login.service].data_name,
        handle=None,
        endpoint=seen.endpoint(catalog.base(name)),
        credentials={
            file: pulumi.Output.secret(value.get_secret_value())
            for file, value in seen.secrets().items()
        },
        part=login.key,
        folder=login.folder,
    )
