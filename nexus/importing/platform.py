"""Servers of a Compose file as `catalog/platform.yaml`, and what changes for their users."""

from __future__ import annotations

from nexus.importing.compose_file import ComposeFile
from nexus.importing.draft import Draft
from nexus.importing.project import DEV, PLATFORM, RESOURCE_WORDS, platform_values, put_platform
from nexus.importing.servers import has_extensions
from nexus.importing.translation import Translation, listed
from stacks.settings import PROJECT


def put_servers(draft: Draft, file: ComposeFile, into: Translation, tiers: tuple[str, ...]) -> None:
    """Puts the platform into the draft, with what was told of its servers in Compose.

    Args:
        draft: the project.
        file: the Compose file.
        into: what its services are in the catalog.
        tiers: tiers of the services, in startup order.
    """
    users = _users_of_storage(into)
    bucket = f"{into.domain}-data"
    granted = {"granted": users[1:]} if users[1:] else {}
    put_platform(
        draft,
        platform_values(
            {name: RESOURCE_WORDS[name] for name in sorted(set(into.resources.values()))},
            tiers=tiers,
            external={
                into.names[name]: f"{product}, which '{name}' was in Compose"
                for name, product in into.externals.items()
            },
            buckets={bucket: {"owner": users[0], **granted}} if users else {},
        ),
    )
    if users:
        server = next(name for name, kind in into.resources.items() if kind == "storage")
        message = f"which buckets there are, Compose does not say; this one is for {listed(users)}"
        draft.ask(PLATFORM, ("buckets", bucket), message, file.place(server))
    for name in into.resources:
        _tell_of_server(draft, file, into, name)
    for name, product in into.externals.items():
        own = into.names[name]
        message = (
            f"this platform makes no {product}, so it is one outside, which nothing waits for; say "
            f"where in {DEV}, as '{PROJECT}:externals: {{{own}: {{provider: {product}, url: "
            '"https://…"}}\', or remove it where nobody needs it'
        )
        draft.ask(PLATFORM, ("external", own), message, file.place(name))


def _users_of_storage(into: Translation) -> list[str]:
    stores = [name for name, kind in into.resources.items() if kind == "storage"]
    return sorted({into.names[user] for name in stores for user in into.users.get(name, ())})


def _tell_of_server(draft: Draft, file: ComposeFile, into: Translation, name: str) -> None:
    service, resource = file.project.services[name], into.resources[name]

    def tell(message: str, *field: str) -> None:
        draft.ask(PLATFORM, ("resources", resource), message, file.place(name, *field))

    if has_extensions(service.image):
        tell(
            f"'{name}' runs {service.image}, which holds more than the platform's {resource}; see "
            "that nobody needs that",
            "image",
        )
    users = into.users.get(name, ())
    if len(users) > 1 and resource in ("postgres", "queue"):
        part = "database" if resource == "postgres" else "vhost"
        tell(f"{listed(users)} shared what is in '{name}'; here each gets a {part} of its own")
    for mount in service.volumes:
        if mount.type == "bind":
            tell(
                f"'{name}' is given '{mount.source.rpartition('/')[2]}' at {mount.target}, which "
                "the platform's server is not; what it sets up, the server's users have to",
                "volumes",
            )
    if service.depends_on:
        tell(f"'{name}' waited for {listed(sorted(service.depends_on))}; now it starts first")
