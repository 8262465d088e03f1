"""The resource types of AWS that the program uses, by Pulumi's type token.

Shapes of ids and outputs: pages of the AWS provider for Terraform, "Attribute Reference".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping

from simulation.answer import Answer, Made, Values

_ID_DIGITS = 17


def _numbered(
    prefix: str, service: str = "", kind: str = "", also: str = ""
) -> Callable[[Made], Values]:
    """Ids such as `vpc-0123456789abcdef0`, with an ARN where `service` is given.

    Args:
        prefix: start of the id.
        service: service in the ARN.
        kind: kind of resource in the ARN.
        also: another output that repeats the id.
    """

    def outputs(made: Made) -> Values:
        own = f"{prefix}-{made.hexadecimal(_ID_DIGITS)}"
        values: dict[str, object] = {"id": own}
        if service:
            values["arn"] = made.arn(service, f"{kind}/{own}")
        if also:
            values[also] = own
        return values

    return outputs


def _called(
    name: str, service: str = "", kind: str = "", *, everywhere: bool = False
) -> Callable[[Made], Values]:
    """Ids that are the resource's name, with an ARN where `service` is given."""

    def outputs(made: Made) -> Values:
        own = made.text(name)
        values: dict[str, object] = {"id": own}
        if service:
            values["arn"] = made.arn(service, f"{kind}{own}", everywhere=everywhere)
        return values

    return outputs


def _joined(*names: str) -> Callable[[Made], Values]:
    """Ids that consist of inputs."""
    return lambda made: {"id": ":".join(made.text(name) for name in names) or made.key}


def _key(made: Made) -> Values:
    own = made.uuid()
    return {"id": own, "keyId": own, "arn": made.arn("kms", f"key/{own}")}


def _alias(made: Made) -> Values:
    own = made.text("name")
    key = made.arn("kms", f"key/{made.text('targetKeyId')}")
    return {"id": own, "arn": made.arn("kms", own), "targetKeyArn": key}


def _vpc(made: Made) -> Values:
    own = f"vpc-{made.hexadecimal(_ID_DIGITS)}"
    return {
        "id": own,
        "arn": made.arn("ec2", f"vpc/{own}"),
        "defaultSecurityGroupId": f"sg-{made.hexadecimal(_ID_DIGITS, 'default')}",
        "mainRouteTableId": f"rtb-{made.hexadecimal(_ID_DIGITS, 'main')}",
    }


def _address(made: Made) -> Values:
    own = f"eipalloc-{made.hexadecimal(_ID_DIGITS)}"
    last = int(made.hexadecimal(2), 16)
    return {"id": own, "allocationId": own, "publicIp": f"203.0.113.{last}"}


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
            "clusterSecurityGroupId": f"sg-{made.hexadecimal(_ID_DIGITS, 'nodes')}",
            "vpcId": f"vpc-{made.hexadecimal(_ID_DIGITS, 'vpc')}",
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


def _launch_template(made: Made) -> Values:
    own = f"lt-{made.hexadecimal(_ID_DIGITS)}"
    return {
        "id": own,
        "arn": made.arn("ec2", f"launch-template/{own}"),
        "latestVersion": 1,
        "defaultVersion": 1,
    }


def _repository(made: Made) -> Values:
    own, place = made.text("name"), made.place
    return {
        "id": own,
        "arn": made.arn("ecr", f"repository/{own}"),
        "registryId": place.account,
        "repositoryUrl": f"{place.account}.dkr.ecr.{place.region}.amazonaws.com/{own}",
    }


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
    own = f"cluster-{made.hexadecimal(11)}"
    group = f"sg-{made.hexadecimal(_ID_DIGITS, 'hsm')}"
    return {"id": own, "clusterId": own, "securityGroupId": group, "clusterState": "UNINITIALIZED"}


def _load_balancer(made: Made) -> Values:
    own = made.text("name")
    arn = made.arn("elasticloadbalancing", f"loadbalancer/app/{own}/{made.hexadecimal(16)}")
    return {
        "id": arn,
        "arn": arn,
        "dnsName": f"{own}-{int(made.hexadecimal(8), 16)}.{made.place.region}.elb.amazonaws.com",
        "zoneId": "Z215JYRZR1TBD5",
    }


def _target_group(made: Made) -> Values:
    own = made.text("name")
    arn = made.arn("elasticloadbalancing", f"targetgroup/{own}/{made.hexadecimal(16)}")
    return {"id": arn, "arn": arn}


def _listener(made: Made) -> Values:
    start = made.text("loadBalancerArn").replace(":loadbalancer/", ":listener/")
    arn = f"{start}/{made.hexadecimal(16)}"
    return {"id": arn, "arn": arn}


def _certificate(made: Made) -> Values:
    arn = made.arn("acm", f"certificate/{made.uuid()}")
    names = [made.text("domainName"), *(made.inputs.get("subjectAlternativeNames") or [])]
    options: list[Values] = []
    for name in dict.fromkeys(names):
        base = str(name)
        # The same for every certificate of an account.
        proof = f"{made.place.account} {base}".encode()
        token = hashlib.sha256(proof).hexdigest()[:32]
        options.append(
            {
                "domainName": name,
                "resourceRecordName": f"_{token}.{base}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": f"_{token[::-1]}.acm-validations.aws.",
            }
        )
    return {"id": arn, "arn": arn, "domainValidationOptions": options, "status": "ISSUED"}


def _distribution(made: Made) -> Values:
    own = f"E{made.hexadecimal(13).upper()}"
    return {
        "id": own,
        "arn": made.arn("cloudfront", f"distribution/{own}", everywhere=True),
        "domainName": f"d{made.hexadecimal(13)}.cloudfront.net",
        "hostedZoneId": "Z2FDTNDATAQYW2",
        "etag": f"E{made.hexadecimal(12, 'etag').upper()}",
        "status": "Deployed",
    }


def _plain(made: Made) -> Values:
    return {"id": made.uuid()}


def _web_acl(made: Made) -> Values:
    scope = "global" if made.text("scope") == "CLOUDFRONT" else "regional"
    own = made.uuid()
    arn = made.arn("wafv2", f"{scope}/webacl/{made.text('name')}/{own}")
    return {"id": own, "arn": arn, "capacity": 1000}


def _delivery(kind: str) -> Callable[[Made], Values]:
    def outputs(made: Made) -> Values:
        own = made.text("name") or made.hexadecimal(16)
        return {"id": own, "arn": made.arn("logs", f"{kind}:{own}")}

    return outputs


def _record(made: Made) -> Values:
    parts = (made.text("zoneId"), made.text("name"), made.text("type"))
    return {"id": "_".join((*parts, made.text("setIdentifier"))), "fqdn": made.text("name")}


AWS: Mapping[str, Answer] = {
    "aws:acm/certificate:Certificate": Answer(
        outputs=_certificate,
        computed=("arn", "domainValidationOptions", "status"),
        immutable=("domainName", "subjectAlternativeNames", "validationMethod", "region"),
    ),
    "aws:acm/certificateValidation:CertificateValidation": Answer(
        outputs=_joined("certificateArn"), immutable=("certificateArn", "validationRecordFqdns")
    ),
    "aws:cloudfront/cachePolicy:CachePolicy": Answer(outputs=_plain, named="name", longest=128),
    "aws:cloudfront/distribution:Distribution": Answer(
        outputs=_distribution, computed=("arn", "domainName", "hostedZoneId", "etag", "status")
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Answer(
        outputs=_plain, named="name", longest=64
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": Answer(
        outputs=_plain, named="name", longest=128
    ),
    "aws:cloudhsmv2/cluster:Cluster": Answer(
        outputs=_hsm_cluster,
        computed=("clusterId", "securityGroupId", "clusterState"),
        immutable=("hsmType", "subnetIds", "mode"),
    ),
    "aws:cloudhsmv2/hsm:Hsm": Answer(
        outputs=_numbered("hsm"), immutable=("clusterId", "subnetId")
    ),
    "aws:cloudwatch/logDelivery:LogDelivery": Answer(
        outputs=_delivery("delivery"), computed=("arn",), immutable=("deliverySourceName",)
    ),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": Answer(
        outputs=_delivery("delivery-destination"), computed=("arn",), immutable=("name",)
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": Answer(
        outputs=_delivery("delivery-source"), computed=("arn",), immutable=("name", "resourceArn")
    ),
    "aws:cloudwatch/logGroup:LogGroup": Answer(
        outputs=_called("name", "logs", "log-group:"),
        computed=("arn",),
        named="name",
        immutable=("name",),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Answer(
        outputs=_numbered("sg", "ec2", "security-group"), computed=("arn",), immutable=("vpcId",)
    ),
    "aws:ec2/eip:Eip": Answer(outputs=_address, computed=("allocationId", "publicIp")),
    "aws:ec2/flowLog:FlowLog": Answer(
        outputs=_numbered("fl"), immutable=("vpcId", "trafficType", "logDestination")
    ),
    "aws:ec2/internetGateway:InternetGateway": Answer(
        outputs=_numbered("igw", "ec2", "internet-gateway"), computed=("arn",)
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Answer(
        outputs=_launch_template,
        computed=("arn", "latestVersion", "defaultVersion"),
        named="name",
    ),
    "aws:ec2/natGateway:NatGateway": Answer(
        outputs=_numbered("nat"), immutable=("subnetId", "allocationId")
    ),
    "aws:ec2/route:Route": Answer(
        outputs=_joined("routeTableId", "destinationCidrBlock"),
        immutable=("routeTableId", "destinationCidrBlock"),
    ),
    "aws:ec2/routeTable:RouteTable": Answer(
        outputs=_numbered("rtb", "ec2", "route-table"), computed=("arn",), immutable=("vpcId",)
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Answer(
        outputs=_numbered("rtbassoc"), immutable=("subnetId",)
    ),
    "aws:ec2/securityGroup:SecurityGroup": Answer(
        outputs=_numbered("sg", "ec2", "security-group"),
        computed=("arn",),
        named="name",
        immutable=("description", "name", "vpcId"),
    ),
    "aws:ec2/subnet:Subnet": Answer(
        outputs=_numbered("subnet", "ec2", "subnet"),
        computed=("arn",),
        immutable=("availabilityZone", "cidrBlock", "vpcId"),
    ),
    "aws:ec2/vpc:Vpc": Answer(
        outputs=_vpc,
        computed=("arn", "defaultSecurityGroupId", "mainRouteTableId"),
        immutable=("cidrBlock",),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Answer(
        outputs=_numbered("vpce", "ec2", "vpc-endpoint"),
        computed=("arn",),
        immutable=("serviceName", "vpcEndpointType", "vpcId"),
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Answer(
        outputs=_joined("repository"), immutable=("policy", "repository")
    ),
    "aws:ecr/repository:Repository": Answer(
        outputs=_repository,
        computed=("arn", "registryId", "repositoryUrl"),
        immutable=("name", "encryptionConfigurations"),
    ),
    "aws:eks/accessEntry:AccessEntry": Answer(
        outputs=_joined("clusterName", "principalArn"), immutable=("clusterName", "principalArn")
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Answer(
        outputs=_joined("clusterName", "principalArn", "policyArn"),
        immutable=("accessScope", "clusterName", "policyArn", "principalArn"),
    ),
    "aws:eks/addon:Addon": Answer(
        outputs=_joined("clusterName", "addonName"), immutable=("addonName", "clusterName")
    ),
    "aws:eks/cluster:Cluster": Answer(
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
        immutable=("name", "roleArn", "encryptionConfig", "bootstrapSelfManagedAddons"),
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
        immutable=("amiType", "clusterName", "instanceTypes", "nodeRoleArn", "subnetIds"),
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Answer(
        outputs=_pod_identity,
        computed=("associationId", "associationArn"),
        immutable=("clusterName", "namespace", "serviceAccount"),
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": Answer(
        outputs=_called("name", "elasticache", "parametergroup:"),
        computed=("arn",),
        named="name",
        immutable=("family", "name", "description"),
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Answer(
        outputs=_cache,
        computed=("arn", "primaryEndpointAddress", "readerEndpointAddress"),
        immutable=(
            "replicationGroupId",
            "atRestEncryptionEnabled",
            "kmsKeyId",
            "port",
            "subnetGroupName",
        ),
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Answer(
        outputs=_called("name", "elasticache", "subnetgroup:"),
        computed=("arn",),
        named="name",
        immutable=("name",),
    ),
    "aws:elasticache/user:User": Answer(
        outputs=_called("userId", "elasticache", "user:"),
        computed=("arn",),
        immutable=("engine", "userId", "userName"),
    ),
    "aws:elasticache/userGroup:UserGroup": Answer(
        outputs=_called("userGroupId", "elasticache", "usergroup:"),
        computed=("arn",),
        immutable=("engine", "userGroupId"),
    ),
    "aws:iam/role:Role": Answer(
        outputs=_role, computed=("arn", "uniqueId"), named="name", longest=64, immutable=("name",)
    ),
    "aws:iam/rolePolicy:RolePolicy": Answer(
        outputs=_joined("role", "name"), named="name", longest=128, immutable=("name", "role")
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Answer(
        outputs=_joined("role", "policyArn"), immutable=("policyArn", "role")
    ),
    "aws:kms/alias:Alias": Answer(
        outputs=_alias, computed=("arn", "targetKeyArn"), immutable=("name",)
    ),
    "aws:kms/key:Key": Answer(outputs=_key, computed=("arn", "keyId")),
    "aws:lb/listener:Listener": Answer(
        outputs=_listener, computed=("arn",), immutable=("loadBalancerArn",)
    ),
    "aws:lb/loadBalancer:LoadBalancer": Answer(
        outputs=_load_balancer,
        computed=("arn", "dnsName", "zoneId"),
        named="name",
        longest=32,
        immutable=("internal", "loadBalancerType", "name"),
    ),
    "aws:lb/targetGroup:TargetGroup": Answer(
        outputs=_target_group,
        computed=("arn",),
        named="name",
        longest=32,
        immutable=("name", "port", "protocol", "targetType", "vpcId"),
    ),
    "aws:mq/broker:Broker": Answer(
        outputs=_broker,
        computed=("arn", "instances"),
        immutable=(
            "brokerName",
            "deploymentMode",
            "encryptionOptions",
            "engineType",
            "publiclyAccessible",
            "securityGroups",
            "subnetIds",
            "users",
        ),
    ),
    "aws:rds/cluster:Cluster": Answer(
        outputs=_aurora,
        computed=("arn", "clusterResourceId", "endpoint", "readerEndpoint", "masterUserSecrets"),
        immutable=(
            "clusterIdentifier",
            "dbSubnetGroupName",
            "engine",
            "kmsKeyId",
            "masterUsername",
            "restoreToPointInTime",
            "snapshotIdentifier",
            "storageEncrypted",
        ),
    ),
    "aws:rds/clusterInstance:ClusterInstance": Answer(
        outputs=_aurora_instance,
        computed=("arn", "endpoint", "writer"),
        immutable=("availabilityZone", "clusterIdentifier", "engine", "identifier"),
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Answer(
        outputs=_called("name", "rds", "cluster-pg:"),
        computed=("arn",),
        named="name",
        immutable=("description", "family", "name"),
    ),
    "aws:rds/subnetGroup:SubnetGroup": Answer(
        outputs=_called("name", "rds", "subgrp:"),
        computed=("arn",),
        named="name",
        immutable=("name",),
    ),
    "aws:route53/healthCheck:HealthCheck": Answer(outputs=_plain, immutable=("type",)),
    "aws:route53/record:Record": Answer(
        outputs=_record, computed=("fqdn",), immutable=("name", "setIdentifier", "type", "zoneId")
    ),
    "aws:s3/bucket:Bucket": Answer(
        outputs=_bucket,
        computed=("arn", "bucketDomainName", "bucketRegionalDomainName"),
        named="bucket",
        longest=63,
        immutable=("bucket",),
    ),
    **{
        f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}": Answer(
            outputs=_joined("bucket"), immutable=("bucket",)
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
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Answer(
        outputs=_numbered("sgr", "ec2", "security-group-rule", also="securityGroupRuleId"),
        computed=("arn", "securityGroupRuleId"),
        immutable=("securityGroupId",),
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Answer(
        outputs=_numbered("sgr", "ec2", "security-group-rule", also="securityGroupRuleId"),
        computed=("arn", "securityGroupRuleId"),
        immutable=("securityGroupId",),
    ),
    "aws:wafv2/webAcl:WebAcl": Answer(
        outputs=_web_acl, computed=("arn", "capacity"), named="name", longest=128,
        immutable=("name", "scope"),
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Answer(
        outputs=_joined("webAclArn", "resourceArn"), immutable=("resourceArn", "webAclArn")
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Answer(
        outputs=_joined("resourceArn"), immutable=("resourceArn",)
    ),
}  # fmt: skip
