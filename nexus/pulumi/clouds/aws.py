"""What AWS answers: clusters and what they run on, databases, caches, queues and buckets.

Shapes of ids and outputs: pages of the AWS provider for Terraform, "Attribute Reference".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from nexus.pulumi.clouds.answer import (
    ID_DIGITS,
    Answer,
    Made,
    Outputs,
    Values,
    called,
    joined,
    numbered,
)


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
        "endpoint": f"https://{address}.gr7.{made.account.region}.eks.amazonaws.com",
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
                    {"issuer": f"https://oidc.eks.{made.account.region}.amazonaws.com/id/{address}"}
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
    own, account = made.text("name"), made.account
    return {
        "id": own,
        "arn": made.arn("ecr", f"repository/{own}"),
        "registryId": account.number,
        "repositoryUrl": f"{account.number}.dkr.ecr.{account.region}.amazonaws.com/{own}",
    }


def _delivery(kind: str) -> Outputs:
    def outputs(made: Made) -> Values:
        own = made.text("name") or made.hexadecimal(16)
        return {"id": own, "arn": made.arn("logs", f"{kind}:{own}")}

    return outputs


def _aurora(made: Made) -> Values:
    own = made.text("clusterIdentifier")
    zone = f"cluster-{made.hexadecimal(12)}.{made.account.region}.rds.amazonaws.com"
    secret = f"secret:rds!cluster-{made.uuid()}-{made.hexadecimal(6, 'secret')}"
    return {
        "id": own,
        "arn": made.arn("rds", f"cluster:{own}"),
        "clusterResourceId": f"cluster-{made.hexadecimal(26).upper()}",
        "endpoint": f"{own}.{zone}",
        "readerEndpoint": f"{own}.{zone.replace('cluster-', 'cluster-ro-', 1)}",
        "masterUserSecrets": [
            {
                "kmsKeyId": made.text("masterUserSecretKmsKeyId"),
                "secretArn": made.arn("secretsmanager", secret),
                "secretStatus": "active",
            }
        ],
    }


def _aurora_source(inputs: Values) -> str | None:
    """The cluster whose moment is restored; AWS answers DBClusterNotFoundFault without it."""
    moment = inputs.get("restoreToPointInTime") or {}
    return moment.get("sourceClusterIdentifier")


def _aurora_instance(made: Made) -> Values:
    own = made.text("identifier")
    zone = f"{made.hexadecimal(12)}.{made.account.region}.rds.amazonaws.com"
    return {
        "id": own,
        "arn": made.arn("rds", f"db:{own}"),
        "endpoint": f"{own}.{zone}",
        "writer": made.inputs.get("promotionTier") == 0,
    }


def _cache(made: Made) -> Values:
    own = made.text("replicationGroupId")
    zone = f"{own}.{made.hexadecimal(6)}.euc1.cache.amazonaws.com"
    return {
        "id": own,
        "arn": made.arn("elasticache", f"replicationgroup:{own}"),
        "primaryEndpointAddress": f"master.{zone}",
        "readerEndpointAddress": f"replica.{zone}",
    }


def _broker(made: Made) -> Values:
    own = f"b-{made.uuid()}"
    host = f"{own}.mq.{made.account.region}.on.aws"
    return {
        "id": own,
        "arn": made.arn("mq", f"broker:{made.text('brokerName')}:{own}"),
        "instances": [{"consoleUrl": f"https://{host}", "endpoints": [f"amqps://{host}:5671"]}],
    }


def _bucket(made: Made) -> Values:
    own = made.text("bucket")
    return {
        "id": own,
        "arn": f"arn:aws:s3:::{own}",
        "bucketDomainName": f"{own}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{own}.s3.{made.account.region}.amazonaws.com",
    }


def _hsm_cluster(made: Made) -> Values:
    # Base 32: there is neither 0, 1, 8 nor 9 in it.
    own = f"cluster-{made.hexadecimal(11).translate(str.maketrans('0189', 'ghij'))}"
    group = f"sg-{made.hexadecimal(ID_DIGITS, 'hsm')}"
    return {"id": own, "clusterId": own, "securityGroupId": group, "clusterState": "UNINITIALIZED"}


AWS_PLATFORM: Mapping[str, Answer] = {
    "aws:cloudwatch/logDelivery:LogDelivery": Answer(_delivery("delivery")),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": Answer(
        _delivery("delivery-destination")
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": Answer(_delivery("delivery-source")),
    "aws:cloudwatch/logGroup:LogGroup": Answer(
        called("name", "logs", "log-group:"),
        taken="ResourceAlreadyExistsException: The specified log group already exists",
        named="name",
    ),
    "aws:cloudwatch/logStream:LogStream": Answer(
        joined("logGroupName", "name"),
        taken="ResourceAlreadyExistsException: The specified log stream already exists",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Answer(joined("repository"), repeatable=True),
    "aws:ecr/repository:Repository": Answer(
        _repository,
        taken="RepositoryAlreadyExistsException: The repository with name '{}' already exists",
    ),
    "aws:eks/accessEntry:AccessEntry": Answer(joined("clusterName", "principalArn")),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Answer(
        joined("clusterName", "principalArn", "policyArn"), repeatable=True
    ),
    "aws:eks/addon:Addon": Answer(
        joined("clusterName", "addonName"), taken="ResourceInUseException: Addon already exists."
    ),
    "aws:eks/cluster:Cluster": Answer(
        _eks_cluster, taken="ResourceInUseException: Cluster already exists with name: {}"
    ),
    "aws:eks/nodeGroup:NodeGroup": Answer(
        lambda made: {
            "id": f"{made.text('clusterName')}:{made.text('nodeGroupName')}",
            "arn": made.arn(
                "eks", f"nodegroup/{made.text('clusterName')}/{made.text('nodeGroupName')}"
            ),
        },
        named="nodeGroupName",
        longest=63,
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Answer(_pod_identity),
    "aws:iam/role:Role": Answer(
        _role,
        taken="EntityAlreadyExists: Role with name {} already exists.",
        named="name",
        longest=64,
    ),
    "aws:iam/rolePolicy:RolePolicy": Answer(joined("role", "name"), named="name", longest=128),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Answer(
        joined("role", "policyArn"), repeatable=True
    ),
    "aws:kms/alias:Alias": Answer(
        _alias, taken="AlreadyExistsException: An alias with the name {} already exists"
    ),
    "aws:kms/key:Key": Answer(_key),
    "aws:cloudhsmv2/cluster:Cluster": Answer(_hsm_cluster),
    "aws:cloudhsmv2/hsm:Hsm": Answer(numbered("hsm")),
    "aws:elasticache/parameterGroup:ParameterGroup": Answer(
        called("name", "elasticache", "parametergroup:"),
        taken="CacheParameterGroupAlreadyExists: Cache parameter group {} already exists",
        named="name",
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Answer(
        _cache, taken="ReplicationGroupAlreadyExists: Replication group {} already exists"
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Answer(
        called("name", "elasticache", "subnetgroup:"),
        taken="CacheSubnetGroupAlreadyExists: Cache subnet group {} already exists.",
        named="name",
    ),
    "aws:elasticache/user:User": Answer(
        called("userId", "elasticache", "user:"), taken="UserAlreadyExists: User {} already exists."
    ),
    "aws:elasticache/userGroup:UserGroup": Answer(
        called("userGroupId", "elasticache", "usergroup:"),
        taken="UserGroupAlreadyExists: User Group {} already exists.",
    ),
    "aws:mq/broker:Broker": Answer(_broker),
    "aws:rds/cluster:Cluster": Answer(
        _aurora,
        taken="DBClusterAlreadyExistsFault: DB Cluster already exists",
        source=_aurora_source,
    ),
    "aws:rds/clusterInstance:ClusterInstance": Answer(
        _aurora_instance, taken="DBInstanceAlreadyExists: DB instance already exists"
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Answer(
        called("name", "rds", "cluster-pg:"),
        taken="DBParameterGroupAlreadyExists: Parameter group {} already exists",
        named="name",
    ),
    "aws:rds/subnetGroup:SubnetGroup": Answer(
        called("name", "rds", "subgrp:"),
        taken="DBSubnetGroupAlreadyExists: The DB subnet group '{}' already exists.",
        named="name",
    ),
    "aws:s3/bucket:Bucket": Answer(
        _bucket,
        taken="BucketAlreadyOwnedByYou: Your previous request to create {} succeeded",
        named="bucket",
        longest=63,
    ),
    **{
        f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}": Answer(joined("bucket"), repeatable=True)
        for kind in (
            "BucketLifecycleConfiguration",
            "BucketLogging",
            "BucketOwnershipControls",
            "BucketPolicy",
            "BucketPublicAccessBlock",
            "BucketServerSideEncryptionConfiguration",
            "BucketVersioning",
        )
    },
}
"""By Pulumi type."""
