"""The calls that make the resources of the stacks in AWS, by Pulumi's type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexus.policy.aws.call import Call, Inputs
from nexus.policy.aws.calls_edge import EDGE
from nexus.policy.aws.calls_network import NETWORK
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
        service="iam",
        operation="PutRolePolicy",
        renamed={"role": "RoleName", "name": name, "policy": "PolicyDocument"},
    )


CLUSTER: Mapping[str, Call] = {
    "aws:cloudwatch/logDelivery:LogDelivery": Call(
        service="logs", operation="CreateDelivery", apart=frozenset({"region"})
    ),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": Call(
        service="logs", operation="PutDeliveryDestination", apart=frozenset({"region"})
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": Call(
        service="logs", operation="PutDeliverySource", apart=frozenset({"region"})
    ),
    "aws:cloudwatch/logGroup:LogGroup": Call(
        service="logs",
        operation="CreateLogGroup",
        renamed={"name": "logGroupName"},
        apart=frozenset({"region", "retentionInDays"}),
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Call(
        service="ecr",
        operation="PutLifecyclePolicy",
        renamed={"repository": "repositoryName", "policy": "lifecyclePolicyText"},
    ),
    "aws:ecr/repository:Repository": Call(
        service="ecr",
        operation="CreateRepository",
        renamed={"name": "repositoryName"},
        apart=frozenset({"forceDelete"}),
    ),
    "aws:eks/accessEntry:AccessEntry": Call(service="eks", operation="CreateAccessEntry"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Call(
        service="eks", operation="AssociateAccessPolicy"
    ),
    "aws:eks/addon:Addon": Call(
        service="eks",
        operation="CreateAddon",
        renamed={"resolveConflictsOnCreate": "resolveConflicts"},
        apart=frozenset({"resolveConflictsOnUpdate"}),
    ),
    "aws:eks/cluster:Cluster": Call(
        service="eks",
        operation="CreateCluster",
        renamed={"vpcConfig": "resourcesVpcConfig"},
        apart=frozenset({"enabledClusterLogTypes"}),
        also=_eks_cluster,
    ),
    "aws:eks/nodeGroup:NodeGroup": Call(
        service="eks",
        operation="CreateNodegroup",
        renamed={
            "nodeGroupName": "nodegroupName",
            "nodeRoleArn": "nodeRole",
            "subnetIds": "subnets",
        },
        # Terraform's spelling of an effect is Kubernetes', EKS has its own.
        apart=frozenset({"taints"}),
        also=_node_group,
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Call(
        service="eks", operation="CreatePodIdentityAssociation"
    ),
    "aws:iam/role:Role": Call(
        service="iam",
        operation="CreateRole",
        renamed={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    ),
    "aws:iam/rolePolicy:RolePolicy": _policy_of("PolicyName"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Call(
        service="iam", operation="AttachRolePolicy", renamed={"role": "RoleName"}
    ),
    "aws:kms/alias:Alias": Call(
        service="kms", operation="CreateAlias", renamed={"name": "AliasName"}
    ),
    "aws:kms/key:Key": Call(
        service="kms",
        operation="CreateKey",
        apart=frozenset({"deletionWindowInDays", "enableKeyRotation"}),
    ),
}

DATA: Mapping[str, Call] = {
    "aws:cloudhsmv2/cluster:Cluster": Call(
        service="cloudhsmv2", operation="CreateCluster", renamed={"tags": "TagList"}
    ),
    "aws:cloudhsmv2/hsm:Hsm": Call(
        service="cloudhsmv2",
        operation="CreateHsm",
        # The provider looks up the zone of the subnet.
        apart=frozenset({"subnetId"}),
        also=lambda _: {"AvailabilityZone": NOT_KNOWN},
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": Call(
        service="elasticache",
        operation="CreateCacheParameterGroup",
        renamed={"name": "CacheParameterGroupName", "family": "CacheParameterGroupFamily"},
        apart=frozenset({"parameters"}),
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Call(
        service="elasticache",
        operation="CreateReplicationGroup",
        renamed={
            "description": "ReplicationGroupDescription",
            "nodeType": "CacheNodeType",
            "subnetGroupName": "CacheSubnetGroupName",
            "parameterGroupName": "CacheParameterGroupName",
            "maintenanceWindow": "PreferredMaintenanceWindow",
        },
        apart=frozenset(
            {"applyImmediately", "finalSnapshotIdentifier", "logDeliveryConfigurations"}
        ),
        also=_cache_logs,
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Call(
        service="elasticache",
        operation="CreateCacheSubnetGroup",
        renamed={"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
    ),
    "aws:elasticache/user:User": Call(service="elasticache", operation="CreateUser"),
    "aws:elasticache/userGroup:UserGroup": Call(service="elasticache", operation="CreateUserGroup"),
    "aws:mq/broker:Broker": Call(
        service="mq",
        operation="CreateBroker",
        renamed={"users": "Users"},
        apart=frozenset({"applyImmediately", "engineType"}),
        also=_engine,
    ),
    "aws:rds/cluster:Cluster": Call(
        service="rds",
        operation="CreateDBCluster",
        renamed={
            "clusterIdentifier": "DBClusterIdentifier",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
        },
        apart=frozenset(
            {
                "applyImmediately",
                "deleteAutomatedBackups",
                "finalSnapshotIdentifier",
                "restoreToPointInTime",
                "skipFinalSnapshot",
                "snapshotIdentifier",
            }
        ),
    ),
    "aws:rds/clusterInstance:ClusterInstance": Call(
        service="rds",
        operation="CreateDBInstance",
        renamed={
            "clusterIdentifier": "DBClusterIdentifier",
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
        },
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Call(
        service="rds",
        operation="CreateDBClusterParameterGroup",
        renamed={"name": "DBClusterParameterGroupName", "family": "DBParameterGroupFamily"},
        apart=frozenset({"parameters"}),
    ),
    "aws:rds/subnetGroup:SubnetGroup": Call(
        service="rds",
        operation="CreateDBSubnetGroup",
        renamed={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
    ),
    "aws:s3/bucket:Bucket": Call(
        service="s3", operation="CreateBucket", apart=frozenset({"forceDestroy", "tags"})
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Call(
        service="s3",
        operation="PutBucketLifecycleConfiguration",
        renamed={"rules": "LifecycleConfiguration.Rules"},
    ),
    "aws:s3/bucketLogging:BucketLogging": Call(
        service="s3",
        operation="PutBucketLogging",
        renamed={
            "targetBucket": "BucketLoggingStatus.LoggingEnabled.TargetBucket",
            "targetPrefix": "BucketLoggingStatus.LoggingEnabled.TargetPrefix",
        },
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Call(
        service="s3",
        operation="PutBucketOwnershipControls",
        renamed={"rule": "OwnershipControls.Rules"},
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Call(service="s3", operation="PutBucketPolicy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Call(
        service="s3",
        operation="PutPublicAccessBlock",
        renamed={
            name: f"PublicAccessBlockConfiguration.{name[0].upper()}{name[1:]}"
            for name in (
                "blockPublicAcls",
                "blockPublicPolicy",
                "ignorePublicAcls",
                "restrictPublicBuckets",
            )
        },
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Call(
        service="s3",
        operation="PutBucketEncryption",
        renamed={"rules": "ServerSideEncryptionConfiguration.Rules"},
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Call(service="s3", operation="PutBucketVersioning"),
}

CALLS: Mapping[str, Call] = {**NETWORK, **CLUSTER, **DATA, **EDGE}
"""The calls, by Pulumi's type."""
