"""Image repositories, made alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.aws.container_registry import ContainerRegistry, ContainerRegistryArgs
from tests.components.recording import (
    AWS,
    FREE,
    Recording,
    assert_makes_what_it_says,
    names,
    record,
)

ARGS = ContainerRegistryArgs(aws=AWS, services=("cart", "stock"), key="arn:key")


def made(**changes: Any) -> Recording:
    return record(lambda: ContainerRegistry("images", replace(ARGS, **changes)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(ContainerRegistry, made())


@pytest.mark.parametrize("services", [(), ("cart",), ("cart", "stock")])
def test_one_repository_per_service(services: tuple[str, ...]) -> None:
    """A service without a repository cannot be released."""
    images = made(services=services)
    assert names(images.all("Repository")) == {f"images-{service}" for service in services}
    for service in services:
        repository = images.one("Repository", f"images-{service}").inputs
        assert repository["name"] == f"nexus-cos-staging/{service}"
        assert repository["tags"]["service"] == service


def test_a_tag_is_never_moved_and_every_image_is_scanned() -> None:
    """With movable tags a release is whatever was pushed last."""
    for each in made().all("Repository"):
        assert each.inputs["imageTagMutability"] == "IMMUTABLE"
        assert each.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert each.inputs["encryptionConfigurations"] == [
            {"encryptionType": "KMS", "kmsKey": "arn:key"}
        ]


def test_what_cleans_up_keeps_the_releases() -> None:
    """A rule that expires a running release breaks its next restart."""
    images = made()
    for service in ("cart", "stock"):
        lifecycle = images.one("LifecyclePolicy", f"images-{service}-lifecycle").inputs
        repository = images.one("Repository", f"images-{service}").inputs
        assert lifecycle["repository"] == repository["name"]
        rules = json.loads(lifecycle["policy"])["rules"]
        counted = {each["selection"]["tagStatus"]: each["selection"] for each in rules}
        assert all(each["action"] == {"type": "expire"} for each in rules)
        assert counted["untagged"]["countType"] == "sinceImagePushed"
        assert counted["untagged"]["countUnit"] == "days"
        assert counted["any"]["countType"] == "imageCountMoreThan"
        assert counted["any"]["countNumber"] >= 50
        # ECR wants the rule about every image to come last.
        last = max(rules, key=lambda each: each["rulePriority"])
        assert last["selection"]["tagStatus"] == "any"


def test_images_outlive_a_destroy_where_data_is_retained() -> None:
    """Without its image the last good release cannot come back."""
    assert made().kept() == {"Repository images-cart", "Repository images-stock"}
    assert made(aws=FREE).kept() == set()


def test_images_never_stand_in_the_way_of_a_destroy_elsewhere() -> None:
    """AWS keeps a repository with images in it, so the `destroy` of a test stack ends half-way."""
    forced = {each.inputs["forceDelete"] for each in made(aws=FREE).all("Repository")}
    assert forced == {True}
    assert {each.inputs["forceDelete"] for each in made().all("Repository")} == {False}
