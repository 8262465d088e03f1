"""What AWS answers: clusters, images, roles, logs and keys.

Shapes of ids and outputs: pages of the AWS provider for Terraform, "Attribute Reference".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from nexus.pulumi.clouds.answer import Answer, Made, Values
from nexus.pulumi.clouds.aws_names import ID_DIGITS, called, joined


def _key(made: Made) -> Values:
    own = made.uuid()
    return {"id": own, "keyId": own, "arn": made.arn("kms", f"key/{own}")}


def _alias(made: Made) -> Values:
    own = made.text("name")
    key = made.arn("kms", f"key/{made.text('targetKeyId')}")
    return {"id": own, "arn": made.arn("kms", own), "targetKeyArn": key}


def _role(made: Made) -> Values:
    own = made.text("name")
    return {
        "id": own,
        "arn": made.arn("iam", f"role/{own}", everywhere=True),
        "uniqueId": f"AROA{made.hexadecimal(17).upper()}",
    }


def _eks_cluster(made: Made) -> Values:
    own = made.text("name")
    vpc_config = made.inputs.get("vpcConfig") or {}
    address = made.hexadecimal(32).upper()
    return {
        "id": own,
        "arn": made.arn("eks", f"cluster/{own}"),
        "endpoint": f"https://{address}.gr7.{made.place.region}.eks.amazonaws.com",
        "certificateAuthority": {
            "data": base64.b64encode(f"simulated authority of {own}".encode()).decode()
        },
        "vpcConfig": {
            **vpc_config,
            "clusterSecurityGroupId": f"sg-{made.hexadecimal(ID_DIGITS, 'nodes')}",
            "vpcId": f"vpc-{made.hexadecimal(ID_DIGITS, 'vpc')}",
        },
        "identities": [
            {
                "oidcs": [
                    {"issuer": f"https://oidc.eks.{made.place.region}.amazonaws.com/id/{address}"}
                ]
            }
        ],
        "platformVersion": "eks.1",
        "status": "ACTIVE",
    }


def _pod_identity(made: Made) -> Values:
    own = f"a-{made.hexadecimal(17)}"
    arn = made.arn("eks", f"podidentityassociation/{made.text('clusterName')}/{own}")
    return {"id": own, "associationId": own, "associationArn": arn}


def _repository(made: Made) -> Values:
    own, place = made.text("name"), made.place
    return {
        "id": own,
        "arn": made.arn("ecr", f"repository/{own}"),
        "registryId": place.account,
        "repositoryUrl": f"{place.account}.dkr.ecr.{place.region}.amazonaws.com/{own}",
    }


def _delivery(kind: str) -> Callable[[Made], Values]:
    def outputs(made: Made) -> Values:
        own = made.text("name") or made.hexadecimal(16)
        return {"id": own, "arn": made.arn("logs", f"{kind}:{own}")}

    return outputs


AWS_CLUSTER: Mapping[str, Answer] = {
    "aws:cloudwatch/logDelivery:LogDelivery": Answer(
        outputs=_delivery("delivery"), computed=("arn",)
    ),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": Answer(
        outputs=_delivery("delivery-destination"), computed=("arn",)
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": Answer(
        outputs=_delivery("delivery-source"), computed=("arn",)
    ),
    "aws:cloudwatch/logGroup:LogGroup": Answer(
        taken="ResourceAlreadyExistsException: The specified log group already exists",
        outputs=called("name", "logs", "log-group:"),
        computed=("arn",),
        named="name",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Answer(
        outputs=joined("repository"), repeatable=True
    ),
    "aws:ecr/repository:Repository": Answer(
        taken="RepositoryAlreadyExistsException: The repository with name '{}' already exists",
        outputs=_repository,
        computed=("arn", "registryId", "repositoryUrl"),
    ),
    "aws:eks/accessEntry:AccessEntry": Answer(outputs=joined("clusterName", "principalArn")),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Answer(
        outputs=joined("clusterName", "principalArn", "policyArn"),
        repeatable=True,
    ),
    "aws:eks/addon:Addon": Answer(
        taken="ResourceInUseException: Addon already exists.",
        outputs=joined("clusterName", "addonName"),
    ),
    "aws:eks/cluster:Cluster": Answer(
        taken="ResourceInUseException: Cluster already exists with name: {}",
        outputs=_eks_cluster,
        computed=(
            "arn",
            "endpoint",
            "certificateAuthority",
            "vpcConfig",
            "identities",
            "platformVersion",
            "status",
        ),
    ),
    "aws:eks/nodeGroup:NodeGroup": Answer(
        outputs=lambda made: {
            "id": f"{made.text('clusterName')}:{made.text('nodeGroupName')}",
            "arn": made.arn(
                "eks", f"nodegroup/{made.text('clusterName')}/{made.text('nodeGroupName')}"
            ),
        },
        computed=("arn",),
        named="nodeGroupName",
        longest=63,
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Answer(
        outputs=_pod_identity,
        computed=("associationId", "associationArn"),
    ),
    "aws:iam/role:Role": Answer(
        taken="EntityAlreadyExists: Role with name {} already exists.",
        outputs=_role,
        computed=("arn", "uniqueId"),
        named="name",
        longest=64,
    ),
    "aws:iam/rolePolicy:RolePolicy": Answer(
        outputs=joined("role", "name"), named="name", longest=128
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Answer(
        outputs=joined("role", "policyArn"), repeatable=True
    ),
    "aws:kms/alias:Alias": Answer(
        taken="AlreadyExistsException: An alias with the name {} already exists",
        outputs=_alias,
        computed=("arn", "targetKeyArn"),
    ),
    "aws:kms/key:Key": Answer(outputs=_key, computed=("arn", "keyId")),
}
"""By Pulumi type."""
