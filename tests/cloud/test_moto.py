"""The resources of prod, made through boto3 in moto: names, values and references are AWS' own.

boto3 refuses an argument that AWS' service model does not have; moto refuses many a value, and
every reference to what is not there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from nexus.policy.aws.calls import CALLS
from nexus.pulumi.clouds import TYPES
from nexus.pulumi.wire import HIDDEN

boto3 = pytest.importorskip("boto3")
exceptions = pytest.importorskip("botocore.exceptions")
moto = pytest.importorskip("moto")
jmespath = pytest.importorskip("jmespath")

pytestmark = [
    pytest.mark.moto,
    pytest.mark.xdist_group("moto"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

REGION = "eu-central-1"

OUTPUTS: Mapping[str, Mapping[str, str]] = {
    "aws:acm/certificate:Certificate": {"arn": "CertificateArn"},
    "aws:cloudfront/distribution:Distribution": {
        "id": "Distribution.Id",
        "arn": "Distribution.ARN",
        "domainName": "Distribution.DomainName",
    },
    "aws:cloudfront/originAccessControl:OriginAccessControl": {"id": "OriginAccessControl.Id"},
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": {
        "arn": "deliveryDestination.arn"
    },
    "aws:ec2/eip:Eip": {"id": "AllocationId", "allocationId": "AllocationId"},
    "aws:ec2/internetGateway:InternetGateway": {"id": "InternetGateway.InternetGatewayId"},
    "aws:ec2/natGateway:NatGateway": {"id": "NatGateway.NatGatewayId"},
    "aws:ec2/routeTable:RouteTable": {"id": "RouteTable.RouteTableId"},
    "aws:ec2/securityGroup:SecurityGroup": {"id": "GroupId"},
    "aws:ec2/subnet:Subnet": {"id": "Subnet.SubnetId"},
    "aws:ec2/vpc:Vpc": {"id": "Vpc.VpcId"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"id": "VpcEndpoint.VpcEndpointId"},
    "aws:ecr/repository:Repository": {"arn": "repository.repositoryArn"},
    "aws:eks/cluster:Cluster": {"arn": "cluster.arn"},
    "aws:iam/role:Role": {"arn": "Role.Arn"},
    "aws:kms/key:Key": {
        "id": "KeyMetadata.KeyId",
        "keyId": "KeyMetadata.KeyId",
        "arn": "KeyMetadata.Arn",
    },
    "aws:lb/loadBalancer:LoadBalancer": {
        "id": "LoadBalancers[0].LoadBalancerArn",
        "arn": "LoadBalancers[0].LoadBalancerArn",
        "dnsName": "LoadBalancers[0].DNSName",
    },
    "aws:lb/targetGroup:TargetGroup": {
        "id": "TargetGroups[0].TargetGroupArn",
        "arn": "TargetGroups[0].TargetGroupArn",
    },
    "aws:rds/cluster:Cluster": {
        "arn": "DBCluster.DBClusterArn",
        "endpoint": "DBCluster.Endpoint",
    },
    "aws:route53/healthCheck:HealthCheck": {"id": "HealthCheck.Id"},
    "aws:wafv2/webAcl:WebAcl": {"id": "Summary.Id", "arn": "Summary.ARN"},
}
"""Where an answer has what Pulumi's outputs of a type are."""


UNKNOWN_TO_MOTO = frozenset(
    {
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
        "aws:eks/accessEntry:AccessEntry",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:elasticache/parameterGroup:ParameterGroup",
        "aws:elasticache/userGroup:UserGroup",
        # It fails on a log without grants, which S3 does not demand.
        "aws:s3/bucketLogging:BucketLogging",
    }
)
"""Types whose calls moto 5.2.5 has not got, or gets wrong; the rules read them all the same."""


def _without_groups(arguments: dict[str, Any]) -> None:
    """Moto knows no groups as targets, so the first origin stands for its group."""
    config = arguments["DistributionConfig"]
    config["DefaultCacheBehavior"]["TargetOriginId"] = config["Origins"]["Items"][0]["Id"]


ADJUSTED: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "aws:cloudfront/distribution:Distribution": _without_groups,
    "aws:s3/bucket:Bucket": lambda arguments: arguments.update(
        CreateBucketConfiguration={"LocationConstraint": REGION}
    ),
}
"""What moto wants otherwise than AWS."""


class Account:
    """A simulated account, and which of its values stand for which of the plan's."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self.made: list[str] = []

    def create(self, resource: Registration) -> Any:
        call = CALLS[resource.type]
        client = boto3.client(call.service, region_name=resource.inputs.get("region", REGION))
        named = TYPES[resource.type].named
        automatic = {named: resource.made[named]} if named else {}
        inputs = self._real({**resource.inputs, **automatic})
        arguments = call.arguments(inputs)
        ADJUSTED.get(resource.type, lambda _: None)(arguments)
        answer = getattr(client, call.method)(**arguments)
        for name, path in OUTPUTS.get(resource.type, {}).items():
            planned = resource.made.get(name)
            if isinstance(planned, str):
                self._values[planned] = jmespath.search(path, answer)
        self.made.append(resource.type)
        return answer

    def stand_in(self, planned: str, real: str) -> None:
        self._values[planned] = real

    def _real(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._real(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._real(each) for each in value]
        if value == HIDDEN:
            return "a password of 32 letters, or so"
        if isinstance(value, str) and self._values:
            known = sorted(self._values, key=len, reverse=True)
            pattern = "|".join(map(re.escape, known))
            return re.sub(pattern, lambda match: self._values[match[0]], value)
        return value


def in_order(plan: Plan) -> Iterator[Registration]:
    """AWS' resources, each after what it depends on."""
    todo = {r.urn: r for r in plan.resources if r.type.startswith("aws:")}
    while todo:
        ready = [r for r in todo.values() if not set(r.dependencies) & todo.keys()]
        assert ready
        for resource in ready:
            del todo[resource.urn]
            yield resource


@pytest.fixture(scope="module")
def account(clouds: Mapping[str, Plan]) -> Iterator[tuple[Account, Plan]]:
    names = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    }
    kept = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        with moto.mock_aws():
            yield make_account(clouds["prod"])
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def make_account(plan: Plan) -> tuple[Account, Plan]:
    account = Account()
    zone = boto3.client("route53").create_hosted_zone(
        Name="nexus.example.net", CallerReference="test"
    )
    account.stand_in("Z00000000EXAMPLE", zone["HostedZone"]["Id"].rpartition("/")[2])
    for resource in in_order(plan):
        if resource.type in CALLS and resource.type not in UNKNOWN_TO_MOTO:
            answer = account.create(resource)
            if resource.type == "aws:ec2/internetGateway:InternetGateway":
                attach(account, resource, answer)
            if resource.type == "aws:eks/cluster:Cluster":
                nodes(account, resource)
    return account, plan


def attach(account: Account, resource: Registration, answer: Mapping[str, Any]) -> None:
    """Pulumi's gateway has its network as an argument; in AWS that is a second call."""
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc = next(v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"])
    gateway = answer["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc["VpcId"])


def nodes(account: Account, resource: Registration) -> None:
    """EKS makes the group of the nodes itself, which moto does not."""
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc = next(v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"])
    group = ec2.create_security_group(
        GroupName="eks-nodes", Description="nodes", VpcId=vpc["VpcId"]
    )
    planned = resource.made["vpcConfig"]["clusterSecurityGroupId"]
    account.stand_in(planned, group["GroupId"])


def test_aws_takes_the_main_resources(account: tuple[Account, Plan]) -> None:
    """An argument that AWS does not know is refused half-way through the first deployment."""
    made = account[0].made
    planned = {each.type for each in account[1].resources if each.type in CALLS}
    assert set(made) == planned - UNKNOWN_TO_MOTO
    assert len(made) > 200


def test_the_network_is_as_planned(account: tuple[Account, Plan]) -> None:
    """What the plan says and what is there must be the same."""
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc = next(v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"])
    mine = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=mine)["Subnets"]
    assert {s["AvailabilityZone"] for s in subnets} == {f"{REGION}{zone}" for zone in "abc"}
    assert len(subnets) == 9
    public = [
        rule
        for group in ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
        for permission in group["IpPermissions"]
        for rule in permission["IpRanges"]
        if rule["CidrIp"] == "0.0.0.0/0"
    ]
    assert len(public) == 1


def test_stores_are_encrypted(account: tuple[Account, Plan]) -> None:
    """The argument's name was right; its effect must be, too."""
    [database] = boto3.client("rds", region_name=REGION).describe_db_clusters()["DBClusters"]
    assert database["StorageEncrypted"] is True
    assert database["DeletionProtection"] is True
    assert len(database["DBClusterMembers"]) == 3
    s3 = boto3.client("s3", region_name=REGION)
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert len(buckets) == 3
    for bucket in buckets:
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        assert rules["Rules"]
    images = boto3.client("ecr", region_name=REGION).describe_repositories(maxResults=1000)
    assert len(images["repositories"]) == 43
    assert {r["imageTagMutability"] for r in images["repositories"]} == {"IMMUTABLE"}


def test_bootstrap_jobs_find_the_master_secret(account: tuple[Account, Plan]) -> None:
    """The init container asks Secrets Manager for exactly this."""
    [database] = boto3.client("rds", region_name=REGION).describe_db_clusters()["DBClusters"]
    arn = database["MasterUserSecret"]["SecretArn"]
    secrets = boto3.client("secretsmanager", region_name=REGION)
    made = secrets.create_secret(Name="rds!planned", SecretString='{"username": "a"}')
    assert arn.startswith("arn:aws:secretsmanager:")
    assert secrets.get_secret_value(SecretId=made["ARN"])["SecretString"]


def test_moto_looks(account: tuple[Account, Plan]) -> None:
    """A simulation that takes everything proves nothing."""
    ec2 = boto3.client("ec2", region_name=REGION)
    with pytest.raises(exceptions.ParamValidationError):
        ec2.create_vpc(CidrBlok="10.0.0.0/16")
    with pytest.raises(exceptions.ClientError):
        ec2.create_subnet(VpcId="vpc-none", CidrBlock="10.0.0.0/24")
