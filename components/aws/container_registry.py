"""Image repositories of the services."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
from pulumi_aws import ecr

from components.aws.aws_context import AwsContext
from components.component import Component

KEPT_IMAGES = 50
"""Images kept per service; the releases of the environments must be among them."""

UNTAGGED_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class ContainerRegistryArgs:
    """What the repositories are made from.

    Args:
        services: names of the repositories, sorted: the services', or their former ones.
    """

    aws: AwsContext
    services: tuple[str, ...]
    key: pulumi.Input[str]


class ContainerRegistry(Component[ContainerRegistryArgs]):
    """One ECR repository per service: a tag is never moved, every image is scanned.

    Where data is retained the images outlive a `destroy`; elsewhere they go with it.

    A service can start once its image was pushed, so the first run leaves the services
    out (docs/runbook.md).

    Makes:
        `{name}-{service}`: repository.
        `{name}-{service}-lifecycle`: its clean-up rules.
    """

    TOKEN = "nexus:foundation:ContainerRegistry"

    def _make(self, name: str, args: ContainerRegistryArgs) -> None:
        aws = args.aws
        for service in args.services:
            repository = ecr.Repository(
                f"{name}-{service}",
                name=f"{aws.prefix}/{service}",
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration={"scan_on_push": True},
                encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key}],
                # AWS deletes no repository that holds images unless it is told to. Source:
                # https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-delete.html
                force_delete=not aws.retained,
                tags=aws.tags(f"{name}-{service}", "foundation", service),
                opts=aws.durable(self),
            )
            ecr.LifecyclePolicy(
                f"{name}-{service}-lifecycle",
                repository=repository.name,
                policy=json.dumps({"rules": _rules()}),
                opts=self.child,
            )


def _rules() -> list[dict[str, object]]:
    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_DAYS,
    }
    surplus = {
        "tagStatus": "any",
        "countType": "imageCountMoreThan",
        "countNumber": KEPT_IMAGES,
    }
    described = {
        f"Untagged images go after {UNTAGGED_DAYS} days": untagged,
        f"The newest {KEPT_IMAGES} images stay": surplus,
    }
    return [
        {
            "rulePriority": number,
            "description": description,
            "selection": selection,
            "action": {"type": "expire"},
        }
        for number, (description, selection) in enumerate(described.items(), start=1)
    ]
