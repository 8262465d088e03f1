"""What holds for everything in AWS: tags, protection, and values that come from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest

from nexus.plan.plan import Plan
from nexus.pulumi.clouds import TYPES
from tests.stacks.cloud_resources import STACKS, of_type, one

pytestmark = pytest.mark.xdist_group("clouds")

UNTAGGED = re.compile(
    r"^aws:(acm/certificateValidation|cloudfront/(originAccessControl|responseHeadersPolicy)|ec2/(route|routeTableAssociation)"
    r"|ecr/lifecyclePolicy|eks/accessPolicyAssociation|iam/rolePolicy|iam/rolePolicyAttachment"
    r"|kms/alias|cloudhsmv2/hsm|route53/record|s3/bucket[A-Z]\w+|wafv2/webAcl\w+):"
)
"""Types that AWS takes no tags for."""


@pytest.mark.parametrize("stack", STACKS)
def test_everything_is_tagged(clouds: Mapping[str, Plan], stack: str) -> None:
    """What has no owner in its tags is paid for by nobody and deleted by nobody."""
    seen = 0
    for resource in clouds[stack].resources:
        if not resource.type.startswith("aws:") or UNTAGGED.match(resource.type):
            continue
        tags = resource.inputs["tags"]
        assert tags["project"] == "nexus-cos", resource.urn
        assert tags["environment"] == stack, resource.urn
        assert tags["owner"] == "platform", resource.urn
        assert tags["layer"] in {"foundation", "data", "services", "edge"}, resource.urn
        seen += 1
    assert seen > 130


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_stateful_waits_for_a_workload(clouds: Mapping[str, Plan], stack: str) -> None:
    """A database that depends on a service is replaced, or held up, with it."""
    workloads = {r.urn for r in clouds[stack].resources if r.type.endswith(":Deployment")}
    waiting = [
        r.urn
        for r in clouds[stack].resources
        if r.type.startswith(("aws:", "cloudflare:")) and workloads & set(r.dependencies)
    ]
    assert waiting == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_cloud_type_is_simulated_and_none_is_an_old_name(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """A type that is not simulated has no id, and what refers to it refers to nothing."""
    for resource in clouds[stack].resources:
        if resource.type.startswith(("aws:", "cloudflare:")):
            assert resource.type in TYPES
            assert not resource.type.endswith("V2")


@pytest.mark.parametrize("stack", STACKS)
def test_references_lead_somewhere(clouds: Mapping[str, Plan], stack: str) -> None:
    """An id in an input is that of a resource of this plan, never one of another account."""
    text = clouds[stack].to_json()
    accounts = set(re.findall(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):", text))
    assert accounts == {"123456789012"}
    regions = set(re.findall(r"arn:aws:[a-z0-9-]+:([a-z]+-[a-z]+-\d):\d{12}:", text))
    assert regions == {"eu-central-1", "us-east-1"}


@pytest.mark.parametrize("stack", STACKS)
def test_services_get_the_servers_addresses(clouds: Mapping[str, Plan], stack: str) -> None:
    """An endpoint that is not the server's is an outage of every service at once."""
    plan = clouds[stack]
    told: dict[str, set[str]] = {}
    for resource in plan.resources:
        document = resource.inputs.get("data", {}).get("dependencies.json")
        for name, entry in json.loads(document)["dependencies"].items() if document else ():
            if entry["kind"] == "resource" and entry["endpoint"]:
                told.setdefault(name, set()).add(json.dumps(entry["endpoint"], sort_keys=True))
    hosts = {name: {json.loads(e).get("host") for e in each} for name, each in told.items()}
    [postgres] = hosts["postgres"]
    assert re.fullmatch(
        rf"nexus-cos-{stack}-postgres\.cluster-\w+\.eu-central-1\.rds\.\S+", postgres
    )
    jobs = {
        variable["value"]
        for r in of_type(plan, "kubernetes:batch/v1:Job").values()
        for variable in r.inputs["spec"]["template"]["spec"]["containers"][0]["env"]
        if variable["name"] == "PGHOST"
    }
    assert jobs == {postgres}
    [redis] = hosts["redis"]
    assert redis.startswith(f"master.nexus-cos-{stack}-redis.")
    [queue] = hosts["queue"]
    assert re.fullmatch(r"b-[0-9a-f-]{36}\.mq\.eu-central-1\.on\.aws", queue)
    [management] = {
        variable["value"]
        for r in of_type(plan, "kubernetes:batch/v1:Job").values()
        for variable in r.inputs["spec"]["template"]["spec"]["containers"][0]["env"]
        if variable["name"] == "MANAGEMENT_URL"
    }
    assert management == f"https://{queue}"
    [models] = [json.loads(each) for each in told["ml-models"]]
    assert (
        models["bucket"]
        == one(plan, "aws:s3/bucketPolicy:BucketPolicy", "models-bucket-policy").inputs["bucket"]
    )
    [hsm] = [json.loads(each) for each in told["hsm"]]
    assert hsm["kind"] == "kms"
    assert hsm["key"].startswith("arn:aws:kms:eu-central-1:123456789012:key/")


@pytest.mark.parametrize("stack", STACKS)
def test_cluster_is_reached_by_a_token_and_known_by_its_arn(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """A wrong identifier hides that the cluster is another one, and reports all unchanged."""
    provider = one(clouds[stack], "pulumi:providers:kubernetes", "kubernetes")
    arn = f"arn:aws:eks:eu-central-1:123456789012:cluster/nexus-cos-{stack}-cluster"
    assert provider.inputs["clusterIdentifier"] == arn
    config = json.loads(provider.inputs["kubeconfig"])
    assert config["clusters"][0]["cluster"]["server"].endswith(".eks.amazonaws.com")
    login = config["users"][0]["user"]["exec"]
    assert login["command"] == "aws"
    assert login["args"][-1] == f"nexus-cos-{stack}-cluster"
    # Without its access entry the deployer is refused.
    assert any("AccessPolicyAssociation" in urn for urn in provider.dependencies)
    aws = one(clouds[stack], "pulumi:providers:aws", "aws")
    assert json.loads(aws.inputs["allowedAccountIds"]) == ["123456789012"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_secret_outside_of_where_it_belongs(clouds: Mapping[str, Plan], stack: str) -> None:
    """A password in a plan or a tag is read by everybody who may look."""
    holders = {r.type for r in clouds[stack].resources if r.secrets}
    assert holders == {
        "kubernetes:core/v1:Secret",
        "aws:elasticache/user:User",
        "aws:mq/broker:Broker",
        "pulumi:providers:cloudflare",
        # The mark of what a CDN passed on: who sets it, and who looks for it.
        "aws:cloudfront/distribution:Distribution",
        "aws:wafv2/webAcl:WebAcl",
        "cloudflare:index/ruleset:Ruleset",
    }
    assert "placeholder" not in clouds[stack].to_json()


@pytest.mark.parametrize("stack", STACKS)
def test_gpu_services_run_on_gpu_nodes_alone(clouds: Mapping[str, Plan], stack: str) -> None:
    """A model server without its GPU answers, slowly, until somebody looks."""
    wanting = {
        r.name
        for r in of_type(clouds[stack], "kubernetes:apps/v1:Deployment").values()
        for container in r.inputs["spec"]["template"]["spec"]["containers"]
        if "nvidia.com/gpu" in container["resources"]["limits"]
    }
    assert wanting == {"ai-service"}
    pod = one(clouds[stack], "kubernetes:apps/v1:Deployment", "ai-service").inputs["spec"]
    [toleration] = pod["template"]["spec"]["tolerations"]
    pool = one(clouds[stack], "kubernetes:karpenter.sh/v1:NodePool", "gpu").inputs["spec"]
    assert pool["template"]["spec"]["taints"][0]["key"] == toleration["key"]


@pytest.mark.parametrize("stack", STACKS)
def test_images_come_from_the_repositories(clouds: Mapping[str, Plan], stack: str) -> None:
    """An image from anywhere else is one that nobody scanned."""
    plan = clouds[stack]
    repositories = {r.inputs["name"] for r in of_type(plan, "ecr/repository:Repository").values()}
    assert len(repositories) == 43
    start = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/"
    for deployment in of_type(plan, "kubernetes:apps/v1:Deployment").values():
        image = deployment.inputs["spec"]["template"]["spec"]["containers"][0]["image"]
        assert image.startswith(start)
        separator = "@sha256:" if stack == "prod" else ":"
        assert image.removeprefix(start).partition(separator)[0] in repositories
