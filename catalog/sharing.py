"""What services have of each other besides calls: an image. Sentences with their fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from catalog.document import At
from catalog.errors import did_you_mean
from catalog.files import ServiceEntry, ServicesFile
from catalog.validation import Read

Unfit = tuple[Read[ServicesFile], str, At, str]
"""A file, one of its services, a place below that, and what is wrong there."""


def unfit_sharing(files: Sequence[Read[ServicesFile]]) -> Iterator[Unfit]:
    """Everything that a service wants of another one that does not have it."""
    services = {name: entry for file in files for name, entry in file.content.services.items()}
    for file in files:
        for name, entry in file.content.services.items():
            complaint = _unfit_image(name, entry, services)
            if complaint is not None:
                yield file, name, ("run", "image", "of"), complaint


def _unfit_image(
    name: str, entry: ServiceEntry, services: Mapping[str, ServiceEntry]
) -> str | None:
    image = entry.run.image
    if image is None:
        return None
    if image.of == name:
        return "a service has its own image anyway; remove 'image'."
    if image.of not in services:
        return unknown_service(image.of, services)
    further = services[image.of].run.image
    if further is not None:
        return f"'{image.of}' has no image of its own; write '{further.of}', whose image it runs."
    return None


def unknown_service(name: str, services: Mapping[str, ServiceEntry]) -> str:
    """What is wrong with the name of a service that is not there."""
    for now, entry in services.items():
        if entry.renamed_from == name:
            return f"there is no service '{name}'; write '{now}', as it is called now."
    near = did_you_mean(name, services) or "write the name of a service of the catalog."
    return f"there is no service '{name}'; {near}"
