"""The login to a registry, made alone."""

from __future__ import annotations

import json

import pulumi
import pytest

from components.kubernetes.pull_secret import PullSecret, PullSecretArgs
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

KEY = ".dockerconfigjson"


def made(registry: str = "docker.io/example", *, secret: bool = True) -> Recording:
    def build() -> PullSecret:
        return PullSecret(
            "shop-pull",
            PullSecretArgs(
                context=CONTEXT,
                namespace="nexus-shop",
                registry=registry,
                username="ci",
                password=pulumi.Output.secret("hush") if secret else "hush",
            ),
        )

    return record(build)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(PullSecret, made())


@pytest.mark.parametrize(
    ("registry", "host"),
    [
        ("docker.io/example", "https://index.docker.io/v1/"),
        ("docker.io", "https://index.docker.io/v1/"),
        ("ghcr.io/example/images", "ghcr.io"),
        ("registry.example:5000", "registry.example:5000"),
    ],
)
def test_login_is_found_for_the_registry(registry: str, host: str) -> None:
    """Under another name the kubelet does not find it, and pulls as nobody."""
    login = json.loads(made(registry).secrets["shop-pull"][KEY])
    assert login == {"auths": {host: {"username": "ci", "password": "hush"}}}


@pytest.mark.parametrize("secret", [True, False])
def test_login_is_secret_however_it_was_given(secret: bool) -> None:
    """Whoever has it can push an image that everybody runs."""
    assert made(secret=secret).one("Secret").secrets == (f'stringData["{KEY}"]',)


def test_pods_name_the_secret_of_their_namespace() -> None:
    """A kubelet takes no other type, and from no other namespace."""
    pull = made()
    inputs = pull.one("Secret").inputs
    assert inputs["type"] == "kubernetes.io/dockerconfigjson"
    assert inputs["metadata"]["namespace"] == "nexus-shop"
    assert pull.outputs["secret"].startswith("shop-pull-")
    assert pull.after["secret"] == {"Secret shop-pull"}
