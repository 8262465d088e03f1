"""What the tests of components stand on."""

from __future__ import annotations

import pulumi
import pytest

from components.aws.auto_mode import PolicyController, PolicyControllerArgs
from tests.components.recording import CONTEXT, given, record


def fails(_: str) -> str:
    raise pulumi.RunError("This program is wrong.")


def test_a_failed_program_leaves_nothing_for_the_next() -> None:
    """One broken component would turn every later test of its process red."""

    def broken() -> pulumi.ComponentResource:
        given("name").urn.apply(fails)
        return PolicyController("cni", PolicyControllerArgs(context=CONTEXT))

    with pytest.raises(pulumi.RunError, match="This program is wrong"):
        record(broken)
    made = record(lambda: PolicyController("cni", PolicyControllerArgs(context=CONTEXT)))
    assert made.outputs == {"handle": "ConfigMap cni"}
