"""Services that were called something else: what `renamed_from` may say.

What a service keeps (database, users, queues, keys, images) stays under the name it was made
with, so that name has to be one that nobody else uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from catalog.errors import Problem
from catalog.files import PlatformFile, ServicesFile
from catalog.shape import Read


def unfit_renames(
    files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    """Every former name that somebody else has, or had."""
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
            message = _unfit(name, former, named, first)
            if message is not None:
                at = ("services", name, "renamed_from")
                field = f"service '{name}', field 'renamed_from': "
                yield file.document.problem(field + message, at)
            first.setdefault(former, name)


def _unfit(
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
