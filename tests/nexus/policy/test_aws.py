"""The rules of AWS: what its services refuse is found before a deployment."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from nexus.plan.plan import Plan, make_plan
from nexus.policy.aws.calls import CALLS
from nexus.policy.aws.model import expression
from nexus.policy.rules.aws import NAMED, aws_takes_it
from nexus.pulumi.clouds import AWS
from nexus.pulumi.resource import Resource
from tests.projects import copy_project, set_config

pytestmark = pytest.mark.xdist_group("clouds")

WITHOUT_A_CALL = {
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:cloudfront/cachePolicy:CachePolicy",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
}
"""Types that nothing is made for (a wait, a group that is there), or that no stack has."""


@pytest.fixture(scope="module")
def plan(clouds: Mapping[str, Plan]) -> Plan:
    return clouds["prod"]


@pytest.fixture(scope="module")
def others(
    clouds: Mapping[str, Plan], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Plan]:
    """Stacks with what prod has not: the longest names of everything, and other parts."""
    project = copy_project(tmp_path_factory.mktemp("longest") / "project")
    stack, service = "s" * 40, "puabo-" + "a" * 34
    (project / "Pulumi.staging.yaml").rename(project / f"Pulumi.{stack}.yaml")
    domains = project / "catalog" / "services" / "content.yaml"
    needs = "".join(
        f"      - target: {each}\n        dedicated: true\n"
        for each in ("postgres", "redis", "queue")
    )
    domains.write_text(
        f"{domains.read_text(encoding='utf-8')}\n  {service}:\n    summary: The longest name\n"
        f"    tier: domain\n    needs:\n{needs}      - ml-models\n",
        encoding="utf-8",
    )
    release = project / "releases" / "staging.yaml"
    release.write_text(f"{release.read_text(encoding='utf-8')}  {service}: 1.0.0\n")
    set_config(
        project,
        stack,
        nodes="managed",
        cloudHsm=True,
        domain=f"{'a' * 45}.nexus.example.com",
        failoverDomain=f"{'b' * 60}.{'c' * 60}.{'d' * 60}.example.net",
        databaseServers={f"{service}-postgres": "r" * 20},
        logging={"days": 90},
    )
    return {"longest": make_plan(project, stack), "staging": clouds["staging"]}


@pytest.fixture(scope="module")
def every(plan: Plan, others: Mapping[str, Plan]) -> tuple[Resource, ...]:
    plans = (plan, *others.values())
    return tuple(each for one in plans for each in one.named() if each.type.startswith("aws:"))


def test_every_stack_is_what_aws_takes(every: tuple[Resource, ...]) -> None:
    """RDS refuses a name ten minutes into the first deployment."""
    assert [str(each) for each in aws_takes_it.violations(every)] == []


def test_every_type_is_read(every: tuple[Resource, ...]) -> None:
    """A type that no call stands for is a type that no rule looks at."""
    assert set(AWS) - set(CALLS) == WITHOUT_A_CALL
    assert {each.type for each in every} >= set(CALLS) - {"aws:ec2/launchTemplate:LaunchTemplate"}


def test_every_input_goes_somewhere(every: tuple[Resource, ...]) -> None:
    """An input that the mapping forgets is an input that no rule looks at."""
    left = {
        (each.type, name)
        for each in every
        if each.type in CALLS
        for name in CALLS[each.type].left_over(each.inputs)
    }
    assert left == set()


Spoil = Callable[[dict[str, Any]], object]

DATABASE = "aws:rds/cluster:Cluster"
MISTAKES: list[tuple[str, Spoil, str]] = [
    # A name: its letters, its length, and what only words say of it.
    (DATABASE, lambda i: i.update(clusterIdentifier="Nexus"), "DBClusterIdentifier is 'Nexus'"),
    (DATABASE, lambda i: i.update(clusterIdentifier="a--b"), "two consecutive hyphens"),
    (DATABASE, lambda i: i.update(clusterIdentifier="a" * 64), "from 1 to 63"),
    ("aws:ecr/repository:Repository", lambda i: i.update(name="Nexus/A"), "does not match"),
    ("aws:ecr/repository:Repository", lambda i: i.update(name="nexus_.a"), "does not match"),
    ("aws:eks/cluster:Cluster", lambda i: i.update(name="a.b"), "name is 'a.b', which does not"),
    (
        "aws:eks/cluster:Cluster",
        lambda i: i.update(name="a" * 101),
        "has 101 characters, at most 100",
    ),
    ("aws:elasticache/user:User", lambda i: i.update(userId="user_1"), "UserId is 'user_1', which"),
    ("aws:elasticache/user:User", lambda i: i.update(userId="User"), "stored as a lowercase"),
    ("aws:lb/loadBalancer:LoadBalancer", lambda i: i.update(name="a.b"), "Name is 'a.b'"),
    ("aws:lb/targetGroup:TargetGroup", lambda i: i.update(name="a" * 33), "maximum of 32"),
    ("aws:mq/broker:Broker", lambda i: i.update(brokerName="a.b"), "BrokerName is 'a.b'"),
    ("aws:kms/alias:Alias", lambda i: i.update(name="alias/a.b"), "AliasName is 'alias/a.b'"),
    ("aws:iam/role:Role", lambda i: i.update(name="a" * 65), "RoleName has 65 characters"),
    ("aws:s3/bucket:Bucket", lambda i: i.update(bucket="Nexus"), "Bucket is 'Nexus'"),
    (
        "aws:acm/certificate:Certificate",
        lambda i: i.update(domainName=f"{'a' * 50}.nexus.example.com"),
        "cannot exceed 64 octets",
    ),
    # A value that is none of those, too small or too large, or of another type.
    (
        "aws:eks/cluster:Cluster",
        lambda i: i["upgradePolicy"].update(supportType="ALWAYS"),
        "upgradePolicy.supportType is 'ALWAYS', which is not among EXTENDED, STANDARD",
    ),
    (
        "aws:lb/targetGroup:TargetGroup",
        lambda i: i["healthCheck"].update(interval=3),
        "HealthCheckIntervalSeconds is 3, at least 5 is allowed",
    ),
    (DATABASE, lambda i: i.update(port="5432"), "Port is '5432', which is not a number"),
    (DATABASE, lambda i: i.update(storageEncrypted="yes"), "which is not true or false"),
    (
        "aws:iam/role:Role",
        lambda i: i["tags"].update(owner="R&D"),
        "Value is 'R&D', which does not match",
    ),
    # A member that must be there, and one that nobody knows.
    (DATABASE, lambda i: i.pop("engine"), "Engine is missing"),
    (
        "aws:cloudfront/distribution:Distribution",
        lambda i: i["viewerCertificate"].update(tls="1.3"),
        "ViewerCertificate.tls is not known to the service",
    ),
    (
        "aws:wafv2/webAcl:WebAcl",
        lambda i: i["rules"][0].pop("priority"),
        "Rules[0].Priority is missing",
    ),
]


@pytest.mark.parametrize(
    ("kind", "spoil", "sentence"),
    MISTAKES,
    ids=[f"{kind}-{sentence}"[:80] for kind, _, sentence in MISTAKES],
)
def test_a_mistake_is_found(plan: Plan, kind: str, spoil: Spoil, sentence: str) -> None:
    """What is not seen here is seen by AWS, in the middle of a deployment."""
    found = next(each for each in plan.named() if each.type == kind)
    inputs = copy.deepcopy(dict(found.inputs))
    spoil(inputs)
    violations = [str(each) for each in aws_takes_it.violations([replace(found, inputs=inputs)])]
    assert any(sentence in each for each in violations), violations


def test_what_is_not_known_yet_is_no_mistake(plan: Plan) -> None:
    """A preview does not know addresses and ids; it must not fail for that."""

    def hidden(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: hidden(each) for key, each in value.items()}
        if isinstance(value, list):
            return [hidden(each) for each in value]
        return "[unknown]" if isinstance(value, str) else value

    for resource in plan.named():
        for inputs in (hidden(resource.inputs), dict.fromkeys(resource.inputs, "[unknown]")):
            assert [
                str(each) for each in aws_takes_it.violations([replace(resource, inputs=inputs)])
            ] == []


def test_every_pattern_of_the_models_is_read() -> None:
    """A pattern that Python does not know would end the check with a traceback."""

    def patterns(shape: Shape, seen: set[str]) -> set[str]:
        if shape.name in seen:
            return set()
        seen.add(shape.name)
        below: list[Shape] = []
        if isinstance(shape, StructureShape):
            below = list(shape.members.values())
        elif isinstance(shape, ListShape):
            below = [shape.member]
        elif isinstance(shape, MapShape):
            below = [shape.key, shape.value]
        own = shape.metadata.get("pattern")
        return {*([own] if own else []), *(p for each in below for p in patterns(each, seen))}

    found = {p for call in CALLS.values() for p in patterns(call.shape, set())}
    assert len(found) > 50
    for pattern in found:
        expression(pattern)


def test_names_are_written_down_as_the_services_say() -> None:
    """Words that have changed are a rule that has changed."""
    for named in NAMED:
        service, operation, member = named.member.split()
        model = ServiceModel(Loader().load_service_model(service, "service-2"))
        shape = model.operation_model(operation).input_shape
        assert isinstance(shape, StructureShape)
        text = re.sub(r"<[^>]+>", "", shape.members[member].documentation)
        said = " ".join(text.split())
        for words in named.words:
            assert words in said, (named.member, said)
