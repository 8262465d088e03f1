"""Names of ports in the lists of Services and containers."""

from __future__ import annotations

LONGEST = 15
"""Characters of a port's name in a container (RFC 6335)."""


def port_name(use: str, number: int) -> str:
    """The name of port `number`, such as `http-8080`.

    Such a list goes by number, and its names have to be unique. A preview leaves the old number in
    it beside the new one, since the provider's dry run is not yet the owner of what it has made;
    under one name for both, the API server refuses every preview of a changed number.

    Raises:
        ValueError: the name is too long for a container.
    """
    name = f"{use}-{number}"
    if len(name) > LONGEST:
        raise ValueError(f"The port name '{name}' has more than {LONGEST} characters; shorten it.")
    return name
