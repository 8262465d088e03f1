"""Images of a Compose file, as a registry has them."""

from __future__ import annotations

import re

from catalog.names import WHOLE_IMAGE
from nexus.importing.compose_file import UNSET, Service


def whole_image(image: str) -> str:
    """An image with its registry and tag, as Docker completes it.

    Source: https://github.com/distribution/reference, ParseDockerRef.
    """
    first, slash, _ = image.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        image = f"docker.io/{image}" if slash else f"docker.io/library/{image}"
    name = image.rpartition("/")[2]
    if "@" in name and ":" in name.partition("@")[0]:
        # Of both, the digest decides.
        image = image.replace(name, f"{name.partition(':')[0]}@{name.partition('@')[2]}")
    return image if ":" in name or "@" in name else f"{image}:latest"


def unfit_image(service: Service) -> str | None:
    """Why a service's image cannot be named in a catalog, None if it can."""
    if service.build is not None or not service.image:
        return "its image is built from source"
    unset = dict.fromkeys(UNSET.findall(service.image))
    if unset:
        return f"its image depends on {', '.join(unset)}, which has no value"
    whole = whole_image(service.image)
    if whole.endswith(":latest"):
        return f"its image '{whole}' has no version"
    return None if re.fullmatch(WHOLE_IMAGE, whole) else f"'{service.image}' is no image"
