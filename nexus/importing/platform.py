"""Servers of a Compose file as `catalog/platform.yaml`, and what changes for their users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nexus.importing.compose_file import ComposeFile
from nexus.importing.container import port_numbers
from nexus.importing.draft import Draft
from nexus.importing.project import DEV, PLATFORM, RESOURCE_WORDS, platform_values, put_platform
from nexus.importing.servers import Product, has_extensions
from nexus.importing.sharing import SharedDatabase
from nexus.importing.translation import Translation, quoted
from stacks.settings import PROJECT

_PARTS = {
    "postgres": "a database of its own",
    "queue": "a vhost of its own",
    "redis": "keys of its own, below its prefix; who uses those of another one says so ('of'), and "
    "software that knows no prefix needs 'dedicated: true' and 'any_key: true'",
}
"""What a service gets of a server, where all shared everything in Compose."""

UNKNOWN_HOSTS = "invalid"
"""Names below it never lead anywhere (RFC 2606), so nobody takes another's server for it."""


def put_servers(
    draft: Draft,
    file: ComposeFile,
    into: Translation,
    tiers: tuple[str, ...],
    databases: Iterable[SharedDatabase],
) -> None:
    """Puts the platform into the draft, with what was told of its servers in Compose."""
    databases = tuple(databases)
    stores = [name for name, kind in into.resources.items() if kind == "storage"]
    users = sorted({into.names[user] for name in stores for user in into.users.get(name, ())})
    bucket = f"{into.domain}-data"
    granted = {"granted": users[1:]} if users[1:] else {}
    put_platform(
        draft,
        platform_values(
            {name: RESOURCE_WORDS[name] for name in sorted(set(into.resources.values()))}
            | {
                into.names[name]: f"{product.name}, which '{name}' was in Compose"
                for name, product in into.attached.items()
            },
            tiers=tiers,
            buckets={bucket: {"owner": users[0], **granted}} if users else {},
        ),
    )
    if users:
        message = f"which buckets there are, Compose does not say; this one is for {quoted(users)}"
        draft.ask(PLATFORM, ("buckets", bucket), message, file.place(stores[0]))
    for name in into.resources:
        _tell_of_server(draft, file, into, name, [d for d in databases if d.server == name])
    for name, product in into.attached.items():
        _attach(draft, file, into, name, product)
        _tell_of_server(draft, file, into, name, ())


def _attach(
    draft: Draft, file: ComposeFile, into: Translation, name: str, product: Product
) -> None:
    """Attaches a server that others make; only its host is not known."""
    own, listens = into.names[name], port_numbers(file.project.services[name])
    usual = product.port in listens or not listens
    at = {"host": f"{own}.{UNKNOWN_HOSTS}", "port": product.port if usual else listens[0]}
    draft.values[DEV]["config"].setdefault(f"{PROJECT}:attached", {})[own] = at
    message = (
        f"this platform makes no {product.name}, so it is attached: say where it is, in the place "
        f"of '{at['host']}', in which networks ('addresses'), and its login if it has one"
    )
    draft.ask(DEV, ("config", f"{PROJECT}:attached", own), message, file.place(name))


def _tell_of_server(
    draft: Draft,
    file: ComposeFile,
    into: Translation,
    name: str,
    databases: Sequence[SharedDatabase],
) -> None:
    """Tells what was in and around a server in Compose and is not here."""
    service = file.project.services[name]
    resource = into.resources.get(name) or into.names[name]

    def tell(message: str, *field: str) -> None:
        draft.ask(PLATFORM, ("resources", resource), message, file.place(name, *field))

    if name in into.resources and has_extensions(service.image):
        tell(
            f"'{name}' runs {service.image}, which holds more than the platform's {resource}; see "
            "that nobody needs that",
            "image",
        )
    lent = {user for each in databases for user in each.users}
    for each in databases:
        owner, users = into.names[each.owner], [into.names[user] for user in each.users]
        tell(
            f"{quoted(sorted([owner, *users]))} name one database in '{name}', '{each.name}': it "
            f"is that of '{owner}', which alone changes tables and lets {quoted(users)} change rows"
        )
    users = [user for user in into.users.get(name, ()) if user not in lent]
    part = _PARTS.get(into.resources.get(name, ""))
    if len(users) > 1 and part is not None:
        tell(f"{quoted(users)} shared what is in '{name}'; here each gets {part}")
    for mount in service.volumes:
        if mount.type == "bind":
            tell(
                f"'{name}' is given '{mount.source.rpartition('/')[2]}' at {mount.target}, which "
                "the server here is not; what it sets up, the server's users have to",
                "volumes",
            )
    if service.depends_on:
        tell(f"'{name}' waited for {quoted(sorted(service.depends_on))}; now it starts first")
