"""What AWS answers: databases, caches, queues and buckets.

Shapes of ids and outputs: pages of the AWS provider for Terraform, "Attribute Reference".
"""

from __future__ import annotations

from collections.abc import Mapping

from nexus.pulumi.clouds.answer import Answer, Made, Values
from nexus.pulumi.clouds.aws_names import ID_DIGITS, called, joined, numbered


def _aurora(made: Made) -> Values:
    own = made.text("clusterIdentifier")
    zone = f"cluster-{made.hexadecimal(12)}.{made.place.region}.rds.amazonaws.com"
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
    zone = f"{made.hexadecimal(12)}.{made.place.region}.rds.amazonaws.com"
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
    host = f"{own}.mq.{made.place.region}.on.aws"
    return {
        "id": own,
        "arn": made.arn("mq", f"broker:{made.text('brokerName')}:{own}"),
        "instances": [
            {"consoleUrl": f"https://{host}", "endpoints": [f"amqps://{host}:5671"]},
        ],
    }


def _bucket(made: Made) -> Values:
    own = made.text("bucket")
    return {
        "id": own,
        "arn": f"arn:aws:s3:::{own}",
        "bucketDomainName": f"{own}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{own}.s3.{made.place.region}.amazonaws.com",
    }


def _hsm_cluster(made: Made) -> Values:
    # Base 32: there is neither 0, 1, 8 nor 9 in it.
    own = f"cluster-{made.hexadecimal(11).translate(str.maketrans('0189', 'ghij'))}"
    group = f"sg-{made.hexadecimal(ID_DIGITS, 'hsm')}"
    return {"id": own, "clusterId": own, "securityGroupId": group, "clusterState": "UNINITIALIZED"}


AWS_DATA: Mapping[str, Answer] = {
    "aws:cloudhsmv2/cluster:Cluster": Answer(
        outputs=_hsm_cluster,
        computed=("clusterId", "securityGroupId", "clusterState"),
    ),
    "aws:cloudhsmv2/hsm:Hsm": Answer(outputs=numbered("hsm")),
    "aws:elasticache/parameterGroup:ParameterGroup": Answer(
        taken="CacheParameterGroupAlreadyExists: Cache parameter group {} already exists",
        outputs=called("name", "elasticache", "parametergroup:"),
        computed=("arn",),
        named="name",
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Answer(
        taken="ReplicationGroupAlreadyExists: Replication group {} already exists",
        outputs=_cache,
        computed=("arn", "primaryEndpointAddress", "readerEndpointAddress"),
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Answer(
        taken="CacheSubnetGroupAlreadyExists: Cache subnet group {} already exists.",
        outputs=called("name", "elasticache", "subnetgroup:"),
        computed=("arn",),
        named="name",
    ),
    "aws:elasticache/user:User": Answer(
        taken="UserAlreadyExists: User {} already exists.",
        outputs=called("userId", "elasticache", "user:"),
        computed=("arn",),
    ),
    "aws:elasticache/userGroup:UserGroup": Answer(
        taken="UserGroupAlreadyExists: User Group {} already exists.",
        outputs=called("userGroupId", "elasticache", "usergroup:"),
        computed=("arn",),
    ),
    "aws:mq/broker:Broker": Answer(
        outputs=_broker,
        computed=("arn", "instances"),
    ),
    "aws:rds/cluster:Cluster": Answer(
        taken="DBClusterAlreadyExistsFault: DB Cluster already exists",
        outputs=_aurora,
        computed=("arn", "clusterResourceId", "endpoint", "readerEndpoint", "masterUserSecrets"),
        source=_aurora_source,
    ),
    "aws:rds/clusterInstance:ClusterInstance": Answer(
        taken="DBInstanceAlreadyExists: DB instance already exists",
        outputs=_aurora_instance,
        computed=("arn", "endpoint", "writer"),
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Answer(
        taken="DBParameterGroupAlreadyExists: Parameter group {} already exists",
        outputs=called("name", "rds", "cluster-pg:"),
        computed=("arn",),
        named="name",
    ),
    "aws:rds/subnetGroup:SubnetGroup": Answer(
        taken="DBSubnetGroupAlreadyExists: The DB subnet group '{}' already exists.",
        outputs=called("name", "rds", "subgrp:"),
        computed=("arn",),
        named="name",
    ),
    "aws:s3/bucket:Bucket": Answer(
        taken="BucketAlreadyOwnedByYou: Your previous request to create {} succeeded",
        outputs=_bucket,
        computed=("arn", "bucketDomainName", "bucketRegionalDomainName"),
        named="bucket",
        longest=63,
    ),
    **{
        f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}": Answer(
            outputs=joined("bucket"), repeatable=True
        )
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
