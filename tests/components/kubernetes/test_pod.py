"""Names of ports."""

from __future__ import annotations

from components.kubernetes.pod import port_name


def test_names_carry_their_number_and_fit() -> None:
    """A name that is too long for a container is refused in the middle of a rollout."""
    assert port_name("http", 65535) == "http-65535"
    assert port_name("management", 1567) == "management-1567"
    assert port_name("management", 15672) == "managemen-15672"
    # Two hyphens in a row are no name of a port.
    assert port_name("eight-let-ters", 15672) == "eight-let-15672"
