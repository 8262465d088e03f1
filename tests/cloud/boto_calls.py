"""The calls of AWS' own API that make the resources of a plan.

Arguments are Pulumi's with a capital letter in front; what AWS calls otherwise stands here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Inputs = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call.

    Args:
        service, operation: of boto3.
        arguments: from inputs to the call's arguments.
        outputs: from the answer to outputs, by Pulumi's names.
    """

    service: str
    operation: str
    arguments: Callable[[Inputs], dict[str, Any]]
    outputs: Callable[[Any], Mapping[str, Any]] = lambda _: {}


def pascal(value: Any) -> Any:
    """Keys with a capital letter in front, all the way down."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: pascal(each) for key, each in value.items()}
    return [pascal(each) for each in value] if isinstance(value, list) else value


def tags(inputs: Inputs) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in inputs.get("tags", {}).items()]


def pick(inputs: Inputs, *names: str, **renamed: str) -> dict[str, Any]:
    """Those of the inputs that are there; `renamed` is AWS' name to Pulumi's."""
    chosen = {name[0].upper() + name[1:]: name for name in names} | renamed
    return {
        theirs: pascal(inputs[ours])
        for theirs, ours in chosen.items()
        if inputs.get(ours) is not None
    }


def specified(kind: str, inputs: Inputs) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags(inputs)}]}


def rule(inputs: Inputs, kind: str) -> dict[str, Any]:
    permission: dict[str, Any] = pick(inputs, "ipProtocol", "fromPort", "toPort")
    if "cidrIpv4" in inputs:
        permission["IpRanges"] = [
            {"CidrIp": inputs["cidrIpv4"], "Description": inputs["description"]}
        ]
    else:
        permission["UserIdGroupPairs"] = [
            {"GroupId": inputs["referencedSecurityGroupId"], "Description": inputs["description"]}
        ]
    return {
        "GroupId": inputs["securityGroupId"],
        "IpPermissions": [permission],
        **specified(kind, inputs),
    }


def items(values: list[Any]) -> dict[str, Any]:
    return {"Quantity": len(values), "Items": values}


def distribution(inputs: Inputs) -> dict[str, Any]:
    origins: list[dict[str, Any]] = []
    for origin in inputs["origins"]:
        made: dict[str, Any] = {"Id": origin["originId"], "DomainName": origin["domainName"]}
        if "customOriginConfig" in origin:
            config = origin["customOriginConfig"]
            made["CustomOriginConfig"] = {
                "HTTPPort": config["httpPort"],
                "HTTPSPort": config["httpsPort"],
                "OriginProtocolPolicy": config["originProtocolPolicy"],
                "OriginSslProtocols": items(config["originSslProtocols"]),
            }
        else:
            made["S3OriginConfig"] = {"OriginAccessIdentity": ""}
            made["OriginAccessControlId"] = origin["originAccessControlId"]
        made["CustomHeaders"] = items(
            [
                {"HeaderName": each["name"], "HeaderValue": each["value"]}
                for each in origin.get("customHeaders", [])
            ]
        )
        origins.append(made)
    behavior = inputs["defaultCacheBehavior"]
    groups = [
        {
            "Id": group["originId"],
            "FailoverCriteria": {"StatusCodes": items(group["failoverCriteria"]["statusCodes"])},
            "Members": items([pascal(each) for each in group["members"]]),
        }
        for group in inputs.get("originGroups", [])
    ]
    certificate = inputs["viewerCertificate"]
    return {
        "DistributionConfig": {
            "CallerReference": inputs["comment"],
            "Comment": inputs["comment"],
            "Enabled": inputs["enabled"],
            "HttpVersion": inputs["httpVersion"],
            "IsIPV6Enabled": inputs["isIpv6Enabled"],
            "PriceClass": inputs["priceClass"],
            "WebACLId": inputs["webAclId"],
            "Aliases": items(inputs["aliases"]),
            "Origins": items(origins),
            "OriginGroups": items(groups),
            "DefaultCacheBehavior": {
                # moto knows no groups as targets, so the first origin stands for its group.
                "TargetOriginId": origins[0]["Id"],
                "ViewerProtocolPolicy": behavior["viewerProtocolPolicy"],
                "Compress": behavior["compress"],
                "CachePolicyId": behavior["cachePolicyId"],
                "AllowedMethods": {
                    **items(behavior["allowedMethods"]),
                    "CachedMethods": items(behavior["cachedMethods"]),
                },
            },
            "Restrictions": {
                "GeoRestriction": {
                    "RestrictionType": inputs["restrictions"]["geoRestriction"]["restrictionType"],
                    "Quantity": 0,
                }
            },
            "ViewerCertificate": {
                "ACMCertificateArn": certificate["acmCertificateArn"],
                "MinimumProtocolVersion": certificate["minimumProtocolVersion"],
                "SSLSupportMethod": certificate["sslSupportMethod"],
            },
        }
    }


def encryption(inputs: Inputs) -> dict[str, Any]:
    rules: list[dict[str, Any]] = []
    for each in inputs["rules"]:
        default = each["applyServerSideEncryptionByDefault"]
        rules.append(
            {
                "BucketKeyEnabled": each["bucketKeyEnabled"],
                "ApplyServerSideEncryptionByDefault": pick(
                    default, SSEAlgorithm="sseAlgorithm", KMSMasterKeyID="kmsMasterKeyId"
                ),
            }
        )
    return {
        "Bucket": inputs["bucket"],
        "ServerSideEncryptionConfiguration": {"Rules": rules},
    }


def lifecycle(inputs: Inputs) -> dict[str, Any]:
    rules = [
        {**pascal({key: value for key, value in each.items() if key != "id"}), "ID": each["id"]}
        for each in inputs["rules"]
    ]
    return {"Bucket": inputs["bucket"], "LifecycleConfiguration": {"Rules": rules}}


def record(inputs: Inputs) -> dict[str, Any]:
    made = pick(inputs, "name", "type", "setIdentifier", "healthCheckId", TTL="ttl")
    if "aliases" in inputs:
        [alias] = inputs["aliases"]
        made["AliasTarget"] = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zoneId"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
    else:
        made["ResourceRecords"] = [{"Value": value} for value in inputs["records"]]
    if "failoverRoutingPolicies" in inputs:
        made["Failover"] = inputs["failoverRoutingPolicies"][0]["type"]
    change = {"Action": "CREATE", "ResourceRecordSet": made}
    return {"HostedZoneId": inputs["zoneId"], "ChangeBatch": {"Changes": [change]}}


def cluster(inputs: Inputs) -> dict[str, Any]:
    config = inputs["vpcConfig"]
    return {
        "name": inputs["name"],
        "version": inputs["version"],
        "roleArn": inputs["roleArn"],
        "resourcesVpcConfig": {key: value for key, value in config.items() if value is not None},
        "kubernetesNetworkConfig": inputs["kubernetesNetworkConfig"],
        "logging": {
            "clusterLogging": [{"types": inputs["enabledClusterLogTypes"], "enabled": True}]
        },
        "encryptionConfig": [inputs["encryptionConfig"]],
        "accessConfig": inputs["accessConfig"],
        "computeConfig": inputs["computeConfig"],
        "storageConfig": inputs["storageConfig"],
        "upgradePolicy": inputs["upgradePolicy"],
        "bootstrapSelfManagedAddons": inputs["bootstrapSelfManagedAddons"],
        "tags": inputs["tags"],
    }


def aurora(inputs: Inputs) -> dict[str, Any]:
    return {
        **pick(
            inputs,
            "engine",
            "engineVersion",
            "port",
            "masterUsername",
            "manageMasterUserPassword",
            "masterUserSecretKmsKeyId",
            "storageEncrypted",
            "kmsKeyId",
            "vpcSecurityGroupIds",
            "backupRetentionPeriod",
            "preferredBackupWindow",
            "preferredMaintenanceWindow",
            "copyTagsToSnapshot",
            "deletionProtection",
            DBClusterIdentifier="clusterIdentifier",
            DBSubnetGroupName="dbSubnetGroupName",
            DBClusterParameterGroupName="dbClusterParameterGroupName",
            EnableIAMDatabaseAuthentication="iamDatabaseAuthenticationEnabled",
            EnableCloudwatchLogsExports="enabledCloudwatchLogsExports",
        ),
        "Tags": tags(inputs),
    }


def replication_group(inputs: Inputs) -> dict[str, Any]:
    return {
        **pick(
            inputs,
            "replicationGroupId",
            "engine",
            "engineVersion",
            "numCacheClusters",
            "port",
            "securityGroupIds",
            "userGroupIds",
            "automaticFailoverEnabled",
            "atRestEncryptionEnabled",
            "kmsKeyId",
            "transitEncryptionEnabled",
            "transitEncryptionMode",
            "snapshotRetentionLimit",
            "snapshotWindow",
            "autoMinorVersionUpgrade",
            ReplicationGroupDescription="description",
            CacheNodeType="nodeType",
            CacheSubnetGroupName="subnetGroupName",
            MultiAZEnabled="multiAzEnabled",
            PreferredMaintenanceWindow="maintenanceWindow",
        ),
        "Tags": tags(inputs),
    }


def bucket(inputs: Inputs) -> dict[str, Any]:
    return {
        "Bucket": inputs["bucket"],
        "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"},
    }


CALLS: Mapping[str, Call] = {
    "aws:acm/certificate:Certificate": Call(
        service="acm",
        operation="request_certificate",
        arguments=lambda i: pick(i, "domainName", "subjectAlternativeNames", "validationMethod"),
        outputs=lambda a: {"arn": a["CertificateArn"]},
    ),
    "aws:cloudfront/distribution:Distribution": Call(
        service="cloudfront",
        operation="create_distribution",
        arguments=distribution,
        outputs=lambda a: {
            "id": a["Distribution"]["Id"],
            "arn": a["Distribution"]["ARN"],
            "domainName": a["Distribution"]["DomainName"],
        },
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Call(
        service="cloudfront",
        operation="create_origin_access_control",
        arguments=lambda i: {
            "OriginAccessControlConfig": pick(
                i,
                "name",
                "description",
                "signingProtocol",
                "signingBehavior",
                OriginAccessControlOriginType="originAccessControlOriginType",
            )
        },
        outputs=lambda a: {"id": a["OriginAccessControl"]["Id"]},
    ),
    "aws:cloudwatch/logGroup:LogGroup": Call(
        service="logs",
        operation="create_log_group",
        arguments=lambda i: {
            "logGroupName": i["name"],
            "tags": i["tags"],
            **({"kmsKeyId": i["kmsKeyId"]} if "kmsKeyId" in i else {}),
        },
    ),
    "aws:ec2/eip:Eip": Call(
        service="ec2",
        operation="allocate_address",
        arguments=lambda i: {**pick(i, "domain"), **specified("elastic-ip", i)},
        outputs=lambda a: {"id": a["AllocationId"], "allocationId": a["AllocationId"]},
    ),
    "aws:ec2/internetGateway:InternetGateway": Call(
        service="ec2",
        operation="create_internet_gateway",
        arguments=lambda i: specified("internet-gateway", i),
        outputs=lambda a: {"id": a["InternetGateway"]["InternetGatewayId"]},
    ),
    "aws:ec2/natGateway:NatGateway": Call(
        service="ec2",
        operation="create_nat_gateway",
        arguments=lambda i: {**pick(i, "allocationId", "subnetId"), **specified("natgateway", i)},
        outputs=lambda a: {"id": a["NatGateway"]["NatGatewayId"]},
    ),
    "aws:ec2/route:Route": Call(
        service="ec2",
        operation="create_route",
        arguments=lambda i: pick(
            i, "routeTableId", "destinationCidrBlock", "gatewayId", "natGatewayId"
        ),
    ),
    "aws:ec2/routeTable:RouteTable": Call(
        service="ec2",
        operation="create_route_table",
        arguments=lambda i: {**pick(i, "vpcId"), **specified("route-table", i)},
        outputs=lambda a: {"id": a["RouteTable"]["RouteTableId"]},
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Call(
        service="ec2",
        operation="associate_route_table",
        arguments=lambda i: pick(i, "routeTableId", "subnetId"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": Call(
        service="ec2",
        operation="create_security_group",
        arguments=lambda i: {
            **pick(i, "description", "vpcId", GroupName="name"),
            **specified("security-group", i),
        },
        outputs=lambda a: {"id": a["GroupId"]},
    ),
    "aws:ec2/subnet:Subnet": Call(
        service="ec2",
        operation="create_subnet",
        arguments=lambda i: {
            **pick(i, "vpcId", "availabilityZone", "cidrBlock"),
            **specified("subnet", i),
        },
        outputs=lambda a: {"id": a["Subnet"]["SubnetId"]},
    ),
    "aws:ec2/vpc:Vpc": Call(
        service="ec2",
        operation="create_vpc",
        arguments=lambda i: {**pick(i, "cidrBlock"), **specified("vpc", i)},
        outputs=lambda a: {"id": a["Vpc"]["VpcId"]},
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Call(
        service="ec2",
        operation="create_vpc_endpoint",
        arguments=lambda i: {
            **pick(
                i,
                "vpcId",
                "serviceName",
                "vpcEndpointType",
                "routeTableIds",
                "subnetIds",
                "securityGroupIds",
                PrivateDnsEnabled="privateDnsEnabled",
            ),
            **specified("vpc-endpoint", i),
        },
        outputs=lambda a: {"id": a["VpcEndpoint"]["VpcEndpointId"]},
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Call(
        service="ecr",
        operation="put_lifecycle_policy",
        arguments=lambda i: {"repositoryName": i["repository"], "lifecyclePolicyText": i["policy"]},
    ),
    "aws:ecr/repository:Repository": Call(
        service="ecr",
        operation="create_repository",
        arguments=lambda i: {
            "repositoryName": i["name"],
            "imageTagMutability": i["imageTagMutability"],
            "imageScanningConfiguration": i["imageScanningConfiguration"],
            "encryptionConfiguration": i["encryptionConfigurations"][0],
            "tags": tags(i),
        },
        outputs=lambda a: {"arn": a["repository"]["repositoryArn"]},
    ),
    "aws:eks/cluster:Cluster": Call(
        service="eks",
        operation="create_cluster",
        arguments=cluster,
        outputs=lambda a: {"arn": a["cluster"]["arn"]},
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Call(
        service="elasticache", operation="create_replication_group", arguments=replication_group
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Call(
        service="elasticache",
        operation="create_cache_subnet_group",
        arguments=lambda i: pick(
            i,
            "subnetIds",
            CacheSubnetGroupName="name",
            CacheSubnetGroupDescription="description",
        ),
    ),
    "aws:elasticache/user:User": Call(
        service="elasticache",
        operation="create_user",
        arguments=lambda i: {
            **pick(i, "userId", "userName", "accessString", "engine"),
            "AuthenticationMode": pascal(i["authenticationMode"]),
            "Tags": tags(i),
        },
    ),
    "aws:iam/role:Role": Call(
        service="iam",
        operation="create_role",
        arguments=lambda i: {
            **pick(i, RoleName="name", AssumeRolePolicyDocument="assumeRolePolicy"),
            "Tags": tags(i),
        },
        outputs=lambda a: {"arn": a["Role"]["Arn"]},
    ),
    "aws:iam/rolePolicy:RolePolicy": Call(
        service="iam",
        operation="put_role_policy",
        arguments=lambda i: {
            "RoleName": i["role"],
            "PolicyName": "own",
            "PolicyDocument": i["policy"],
        },
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Call(
        service="iam",
        operation="attach_role_policy",
        arguments=lambda i: {"RoleName": i["role"], "PolicyArn": i["policyArn"]},
    ),
    "aws:kms/alias:Alias": Call(
        service="kms",
        operation="create_alias",
        arguments=lambda i: {"AliasName": i["name"], "TargetKeyId": i["targetKeyId"]},
    ),
    "aws:kms/key:Key": Call(
        service="kms",
        operation="create_key",
        arguments=lambda i: {
            **pick(i, "description", "policy"),
            "Tags": [{"TagKey": t["Key"], "TagValue": t["Value"]} for t in tags(i)],
        },
        outputs=lambda a: {
            "id": a["KeyMetadata"]["KeyId"],
            "keyId": a["KeyMetadata"]["KeyId"],
            "arn": a["KeyMetadata"]["Arn"],
        },
    ),
    "aws:lb/listener:Listener": Call(
        service="elbv2",
        operation="create_listener",
        arguments=lambda i: {
            **pick(i, "loadBalancerArn", "port", "protocol", "sslPolicy", "defaultActions"),
            "Certificates": [{"CertificateArn": i["certificateArn"]}],
        },
    ),
    "aws:lb/loadBalancer:LoadBalancer": Call(
        service="elbv2",
        operation="create_load_balancer",
        arguments=lambda i: {
            **pick(i, "name", "subnets", "securityGroups", Type="loadBalancerType"),
            "Scheme": "internal" if i["internal"] else "internet-facing",
            "Tags": tags(i),
        },
        outputs=lambda a: {
            "id": a["LoadBalancers"][0]["LoadBalancerArn"],
            "arn": a["LoadBalancers"][0]["LoadBalancerArn"],
            "dnsName": a["LoadBalancers"][0]["DNSName"],
        },
    ),
    "aws:lb/targetGroup:TargetGroup": Call(
        service="elbv2",
        operation="create_target_group",
        arguments=lambda i: {
            **pick(i, "name", "port", "protocol", "vpcId", "targetType"),
            **pick(
                i["healthCheck"],
                HealthCheckPath="path",
                HealthCheckIntervalSeconds="interval",
                HealthyThresholdCount="healthyThreshold",
                UnhealthyThresholdCount="unhealthyThreshold",
            ),
            "Matcher": {"HttpCode": i["healthCheck"]["matcher"]},
        },
        outputs=lambda a: {
            "id": a["TargetGroups"][0]["TargetGroupArn"],
            "arn": a["TargetGroups"][0]["TargetGroupArn"],
        },
    ),
    "aws:mq/broker:Broker": Call(
        service="mq",
        operation="create_broker",
        arguments=lambda i: {
            **pick(
                i,
                "brokerName",
                "engineType",
                "engineVersion",
                "hostInstanceType",
                "deploymentMode",
                "subnetIds",
                "securityGroups",
                "publiclyAccessible",
                "autoMinorVersionUpgrade",
                "encryptionOptions",
                "logs",
                MaintenanceWindowStartTime="maintenanceWindowStartTime",
                Tags="tags",
            ),
            "EngineType": i["engineType"].upper(),
            "Tags": i["tags"],
            "Users": pascal(i["users"]),
        },
    ),
    "aws:rds/cluster:Cluster": Call(
        service="rds",
        operation="create_db_cluster",
        arguments=aurora,
        outputs=lambda a: {
            "arn": a["DBCluster"]["DBClusterArn"],
            "endpoint": a["DBCluster"]["Endpoint"],
        },
    ),
    "aws:rds/clusterInstance:ClusterInstance": Call(
        service="rds",
        operation="create_db_instance",
        arguments=lambda i: {
            **pick(
                i,
                "engine",
                "availabilityZone",
                "promotionTier",
                "publiclyAccessible",
                "autoMinorVersionUpgrade",
                "copyTagsToSnapshot",
                "monitoringInterval",
                "monitoringRoleArn",
                DBClusterIdentifier="clusterIdentifier",
                DBInstanceIdentifier="identifier",
                DBInstanceClass="instanceClass",
                EnablePerformanceInsights="performanceInsightsEnabled",
                PerformanceInsightsKMSKeyId="performanceInsightsKmsKeyId",
                PerformanceInsightsRetentionPeriod="performanceInsightsRetentionPeriod",
            ),
            "Tags": tags(i),
        },
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Call(
        service="rds",
        operation="create_db_cluster_parameter_group",
        arguments=lambda i: pick(
            i,
            "description",
            DBClusterParameterGroupName="name",
            DBParameterGroupFamily="family",
        ),
    ),
    "aws:rds/subnetGroup:SubnetGroup": Call(
        service="rds",
        operation="create_db_subnet_group",
        arguments=lambda i: {
            **pick(i, "subnetIds", DBSubnetGroupName="name"),
            "DBSubnetGroupDescription": i.get("description", "Managed by Pulumi"),
        },
    ),
    "aws:route53/healthCheck:HealthCheck": Call(
        service="route53",
        operation="create_health_check",
        arguments=lambda i: {
            "CallerReference": i["fqdn"],
            "HealthCheckConfig": pick(
                i,
                "port",
                "type",
                "resourcePath",
                "requestInterval",
                "failureThreshold",
                FullyQualifiedDomainName="fqdn",
            ),
        },
        outputs=lambda a: {"id": a["HealthCheck"]["Id"]},
    ),
    "aws:route53/record:Record": Call(
        service="route53", operation="change_resource_record_sets", arguments=record
    ),
    "aws:s3/bucket:Bucket": Call(service="s3", operation="create_bucket", arguments=bucket),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Call(
        service="s3", operation="put_bucket_lifecycle_configuration", arguments=lifecycle
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Call(
        service="s3",
        operation="put_bucket_ownership_controls",
        arguments=lambda i: {
            "Bucket": i["bucket"],
            "OwnershipControls": {"Rules": [pascal(i["rule"])]},
        },
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Call(
        service="s3",
        operation="put_bucket_policy",
        arguments=lambda i: {"Bucket": i["bucket"], "Policy": json.dumps(json.loads(i["policy"]))},
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Call(
        service="s3",
        operation="put_public_access_block",
        arguments=lambda i: {
            "Bucket": i["bucket"],
            "PublicAccessBlockConfiguration": pascal(
                {key: value for key, value in i.items() if key != "bucket"}
            ),
        },
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Call(
        service="s3", operation="put_bucket_encryption", arguments=encryption
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Call(
        service="s3",
        operation="put_bucket_versioning",
        arguments=lambda i: {
            "Bucket": i["bucket"],
            "VersioningConfiguration": pascal(i["versioningConfiguration"]),
        },
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Call(
        service="ec2",
        operation="authorize_security_group_egress",
        arguments=lambda i: rule(i, "security-group-rule"),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Call(
        service="ec2",
        operation="authorize_security_group_ingress",
        arguments=lambda i: rule(i, "security-group-rule"),
    ),
}
"""The calls, by Pulumi's type; types without one are not simulated, or not by the real name."""
