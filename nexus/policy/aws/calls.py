"""The calls that make the resources of the stacks in AWS, by Pulumi's type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexus.policy.aws.call import Call, Inputs, inside
from nexus.policy.aws.calls_edge import EDGE
from nexus.policy.aws.model import HIDDEN
from nexus.pulumi.resource import mapping, sequence
from nexus.pulumi.wire import NOT_KNOWN


def _eks_cluster(inputs: Inputs) -> Mapping[str, Any]:
    kinds = inputs.get("enabledClusterLogTypes") or []
    return {"logging": {"clusterLogging": [{"types": kinds, "enabled": True}]}}


def _node_group(inputs: Inputs) -> Mapping[str, Any]:
    effects = {"NoSchedule": "NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
    taints = [
        {**each, "effect": effects.get(str(each.get("effect")), each.get("effect"))}
        for each in map(mapping, sequence(inputs.get("taints")))
    ]
    return {"taints": taints} if taints else {}


def _cache_logs(inputs: Inputs) -> Mapping[str, Any]:
    return {
        "LogDeliveryConfigurations": [
            {
                "LogType": each.get("logType"),
                "LogFormat": each.get("logFormat"),
                "DestinationType": each.get("destinationType"),
                "DestinationDetails": {
                    "CloudWatchLogsDetails": {"LogGroup": each.get("destination")}
                },
            }
            for each in map(mapping, sequence(inputs.get("logDeliveryConfigurations")))
        ]
    }


def _engine(inputs: Inputs) -> Mapping[str, Any]:
    """The broker's engine in capitals, of which the provider takes any."""
    kind = str(inputs.get("engineType"))
    return {"EngineType": kind if kind in HIDDEN else kind.upper()}


def _policy_of(name: str) -> Call:
    """A policy inside of a role, whose name the provider makes."""
    return Call(
        "iam",
        "PutRolePolicy",
        renamed={"role": "RoleName", "name": name, "policy": "PolicyDocument"},
    )


CLUSTER: Mapping[str, Call] = {
    "aws:cloudwatch/logDelivery:LogDelivery": Call("logs", "CreateDelivery"),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": Call(
        "logs", "PutDeliveryDestination"
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": Call("logs", "PutDeliverySource"),
    "aws:cloudwatch/logGroup:LogGroup": Call(
        "logs", "CreateLogGroup", renamed={"name": "logGroupName"}, apart={"retentionInDays"}
    ),
    "aws:cloudwatch/logStream:LogStream": Call(
        "logs", "CreateLogStream", renamed={"name": "logStreamName"}
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Call(
        "ecr",
        "PutLifecyclePolicy",
        renamed={"repository": "repositoryName", "policy": "lifecyclePolicyText"},
    ),
    "aws:ecr/repository:Repository": Call(
        "ecr", "CreateRepository", renamed={"name": "repositoryName"}, apart={"forceDelete"}
    ),
    "aws:eks/accessEntry:AccessEntry": Call("eks", "CreateAccessEntry"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Call("eks", "AssociateAccessPolicy"),
    "aws:eks/addon:Addon": Call(
        "eks",
        "CreateAddon",
        renamed={"resolveConflictsOnCreate": "resolveConflicts"},
        apart={"resolveConflictsOnUpdate"},
    ),
    "aws:eks/cluster:Cluster": Call(
        "eks",
        "CreateCluster",
        renamed={"vpcConfig": "resourcesVpcConfig"},
        apart={"enabledClusterLogTypes"},
        also=_eks_cluster,
    ),
    "aws:eks/nodeGroup:NodeGroup": Call(
        "eks",
        "CreateNodegroup",
        renamed={
            "nodeGroupName": "nodegroupName",
            "nodeRoleArn": "nodeRole",
            "subnetIds": "subnets",
        },
        # Terraform's spelling of an effect is Kubernetes', EKS has its own.
        apart={"taints"},
        also=_node_group,
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Call(
        "eks", "CreatePodIdentityAssociation"
    ),
    "aws:iam/role:Role": Call(
        "iam",
        "CreateRole",
        renamed={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    ),
    "aws:iam/rolePolicy:RolePolicy": _policy_of("PolicyName"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Call(
        "iam", "AttachRolePolicy", renamed={"role": "RoleName"}
    ),
    "aws:kms/alias:Alias": Call("kms", "CreateAlias", renamed={"name": "AliasName"}),
    "aws:kms/key:Key": Call(
        "kms", "CreateKey", apart={"deletionWindowInDays", "enableKeyRotation"}
    ),
}

DATA: Mapping[str, Call] = {
    "aws:cloudhsmv2/cluster:Cluster": Call(
        "cloudhsmv2", "CreateCluster", renamed={"tags": "TagList"}
    ),
    "aws:cloudhsmv2/hsm:Hsm": Call(
        "cloudhsmv2",
        "CreateHsm",
        # The provider looks up the zone of the subnet.
        apart={"subnetId"},
        also=lambda _: {"AvailabilityZone": NOT_KNOWN},
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": Call(
        "elasticache",
        "CreateCacheParameterGroup",
        renamed={"name": "CacheParameterGroupName", "family": "CacheParameterGroupFamily"},
        apart={"parameters"},
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Call(
        "elasticache",
        "CreateReplicationGroup",
        renamed={
            "description": "ReplicationGroupDescription",
            "nodeType": "CacheNodeType",
            "subnetGroupName": "CacheSubnetGroupName",
            "parameterGroupName": "CacheParameterGroupName",
            "maintenanceWindow": "PreferredMaintenanceWindow",
        },
        apart={"applyImmediately", "finalSnapshotIdentifier", "logDeliveryConfigurations"},
        also=_cache_logs,
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Call(
        "elasticache",
        "CreateCacheSubnetGroup",
        renamed={"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
    ),
    "aws:elasticache/user:User": Call("elasticache", "CreateUser"),
    "aws:elasticache/userGroup:UserGroup": Call("elasticache", "CreateUserGroup"),
    "aws:mq/broker:Broker": Call(
        "mq",
        "CreateBroker",
        renamed={"users": "Users"},
        apart={"applyImmediately", "engineType"},
        also=_engine,
    ),
    "aws:rds/cluster:Cluster": Call(
        "rds",
        "CreateDBCluster",
        renamed={
            "clusterIdentifier": "DBClusterIdentifier",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
        },
        apart={
            "applyImmediately",
            "deleteAutomatedBackups",
            "finalSnapshotIdentifier",
            "restoreToPointInTime",
            "skipFinalSnapshot",
            "snapshotIdentifier",
        },
    ),
    "aws:rds/clusterInstance:ClusterInstance": Call(
        "rds",
        "CreateDBInstance",
        renamed={
            "clusterIdentifier": "DBClusterIdentifier",
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
        },
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Call(
        "rds",
        "CreateDBClusterParameterGroup",
        renamed={"name": "DBClusterParameterGroupName", "family": "DBParameterGroupFamily"},
        apart={"parameters"},
    ),
    "aws:rds/subnetGroup:SubnetGroup": Call(
        "rds",
        "CreateDBSubnetGroup",
        renamed={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
    ),
    "aws:s3/bucket:Bucket": Call("s3", "CreateBucket", apart={"forceDestroy", "tags"}),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Call(
        "s3", "PutBucketLifecycleConfiguration", renamed={"rules": "LifecycleConfiguration.Rules"}
    ),
    "aws:s3/bucketLogging:BucketLogging": Call(
        "s3",
        "PutBucketLogging",
        renamed={
            "targetBucket": "BucketLoggingStatus.LoggingEnabled.TargetBucket",
            "targetPrefix": "BucketLoggingStatus.LoggingEnabled.TargetPrefix",
        },
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Call(
        "s3", "PutBucketOwnershipControls", renamed={"rule": "OwnershipControls.Rules"}
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Call("s3", "PutBucketPolicy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Call(
        "s3",
        "PutPublicAccessBlock",
        renamed=inside(
            "PublicAccessBlockConfiguration",
            "blockPublicAcls",
            "blockPublicPolicy",
            "ignorePublicAcls",
            "restrictPublicBuckets",
        ),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Call(
        "s3", "PutBucketEncryption", renamed={"rules": "ServerSideEncryptionConfiguration.Rules"}
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Call("s3", "PutBucketVersioning"),
}

CALLS: Mapping[str, Call] = {**CLUSTER, **DATA, **EDGE}
"""The calls, by Pulumi's type."""
