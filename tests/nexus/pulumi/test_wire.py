"""What the wire protocol says of a value, as this project and Pulumi's SDK know it."""

from __future__ import annotations

from pulumi.runtime import rpc

from nexus.pulumi import wire


def test_signatures_are_the_sdks() -> None:
    """A secret under a signature that nobody knows is written into a plan in the clear."""
    known = vars(rpc)
    assert known["_special_sig_key"] == wire.SIGNATURE
    assert known["_special_secret_sig"] == wire.SECRET_SIGNATURE
    assert known["_special_resource_sig"] == wire.REFERENCE_SIGNATURE
    assert rpc.UNKNOWN == wire.UNKNOWN_TEXT
