"""Every mistake in the settings of a stack in AWS is one sentence with its fix."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from catalog import InputError
from nexus.plan.plan import make_plan
from tests.projects import copy_project, set_config, small_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "project")


def refused(project: Path, stack: str) -> list[str]:
    """The problems' messages; nothing is registered, since reading comes first."""
    with pytest.raises(InputError) as caught:
        make_plan(project, stack)
    return [problem.message for problem in caught.value.problems]


EXISTING = {
    "arn": "arn:aws:eks:eu-west-1:210987654321:cluster/other",
    "endpoint": "https://example.com",
    "certificateAuthority": "bm9uZQ==",
    "securityGroup": "sg-1",
    "vpc": "vpc-1",
    "publicSubnets": ["subnet-1", "subnet-2"],
    "dataSubnets": ["subnet-3", "subnet-4"],
    "serviceCidr": "10.100.0.0/16",
}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"awsAccount": None}, "setting 'nexus-cos:awsAccount' is missing; write:\nconfig:\n"),
        ({"awsAccount": "1234"}, "'1234' is no AWS account id; write its 12 digits in quotes."),
        ({"awsRegion": "Frankfurt"}, "'Frankfurt' is no AWS region; write its name, such as"),
        ({"awsZones": ["a", "a", "b"]}, "awsZones' names a zone twice; name three different ones."),
        ({"cloudflareZone": None}, "setting 'nexus-cos:cloudflareZone' is missing; write:"),
        ({"cloudflareZone": "my zone"}, "'my zone' is no Cloudflare id; write its 32 hexadecimal"),
        (
            {"cloudflareToken": None},
            "setting 'nexus-cos:cloudflareToken' is missing; run: "
            "pulumi config set --secret nexus-cos:cloudflareToken",
        ),
        ({"route53Zone": None}, "setting 'nexus-cos:route53Zone' is missing; write:"),
        ({"edge": None}, "setting 'nexus-cos:edge' is missing; write:"),
        ({"edge": "akamai"}, "'akamai' is not allowed; write 'cloudflare', 'cloudfront' or 'both'"),
        ({"owner": None}, "setting 'nexus-cos:owner' is missing; write:"),
        ({"registry": None}, "setting 'nexus-cos:registry' is missing; write:"),
        ({"vpcCidr": "10.0.0.0/24"}, "'10.0.0.0/24' is too small for three zones; write a network"),
        ({"vpcCidr": "10.0.0.0/8"}, "is larger than AWS allows; write a network of /16 or less."),
        ({"vpcCidr": "8.8.0.0/16"}, "is no private network; write one inside of 10.0.0.0/8"),
        ({"vpcCidr": "172.20.0.0/16"}, "overlaps 172.20.0.0/16, the addresses of Kubernetes"),
        ({"vpcCidr": "everything"}, "'everything' is no IPv4 network; write one such as"),
        (
            {"reservedCidrs": ["10.32.8.0/24"]},
            "10.32.0.0/16 overlaps 10.32.8.0/24, which nexus-cos:reservedCidrs lists; choose",
        ),
        ({"apiCidrs": None}, "setting 'nexus-cos:apiCidrs' is missing; write:"),
        ({"apiCidrs": ["0.0.0.0/0"]}, "'0.0.0.0/0' is everybody; list the networks"),
        ({"apiClients": ["0.0.0.0/0"]}, "'0.0.0.0/0' is everybody; list the networks"),
        ({"apiClients": ["sg-runner"]}, "'sg-runner' is no security group; write its id, such"),
        ({"clusterAdmins": None}, "setting 'nexus-cos:clusterAdmins' is missing; write:"),
        ({"kubeContext": "kind-nexus"}, "names 'kind-nexus', but this environment deploys to its"),
        ({"cluster": "existing"}, "setting 'nexus-cos:existingCluster' is missing; write:"),
        (
            {"cluster": "existing", "existingCluster": EXISTING},
            "is in account 210987654321, region eu-west-1, but this stack is in 123456789012, "
            "eu-central-1; correct one of them.",
        ),
        (
            {"cluster": "existing", "existingCluster": {**EXISTING, "serviceCidr": None}},
            "existingCluster.serviceCidr' is missing, but in Auto Mode names are resolved at an "
            "address in it; write what this says: aws eks describe-cluster --name other --query ",
        ),
        (
            {"cluster": "existing", "existingCluster": {**EXISTING, "serviceCidr": "10.0.0.0/8"}},
            "existingCluster.serviceCidr': '10.0.0.0/8' is no range of Services; EKS has them of",
        ),
        (
            {"cluster": "existing", "existingCluster": EXISTING, "apiCidrs": ["192.0.2.0/24"]},
            "setting 'nexus-cos:apiCidrs' is there, but who reaches the API of an existing cluster",
        ),
        ({"existingCluster": EXISTING}, "is there, but a cluster is made here; remove it, or set"),
        (
            {"cluster": "existing", "existingCluster": {**EXISTING, "dataCidrs": ["10.0.0.0/8"]}},
            "existingCluster.dataCidrs.0': '10.0.0.0/8' is no subnet of AWS; write a network of "
            "/16 to /28.",
        ),
        (
            {"cluster": "existing", "existingCluster": {**EXISTING, "publicCidrs": ["public"]}},
            "'public' is no IPv4 network; write one such as '10.0.96.0/24'.",
        ),
        (
            {
                "cluster": "existing",
                "existingCluster": {
                    **EXISTING,
                    "publicCidrs": ["10.32.0.0/20"],
                    "dataCidrs": ["10.32.8.0/24"],
                },
            },
            "existingCluster.dataCidrs': 10.32.8.0/24 overlaps 10.32.0.0/20 in 'publicCidrs', but "
            "subnets of a network never do; correct one of them.",
        ),
        (
            {"letsEncrypt": {"email": "platform@nexus.example.com"}},
            "setting 'nexus-cos:letsEncrypt' is for the ingress of a cluster outside of AWS, but",
        ),
        (
            {"failoverDomain": "direct.staging.nexus.example.com"},
            "is in the Cloudflare zone of 'staging.nexus.example.com' and fails with it; choose",
        ),
        (
            {"edge": "cloudfront"},
            "failoverDomain' is 'staging-direct.nexus.example.net', but without Cloudflare people "
            "reach the platform under 'staging.nexus.example.com' in Route 53 itself; remove it",
        ),
        (
            {"edge": "cloudfront", "certificates": "letsEncrypt"},
            "is letsEncrypt, but CloudFront takes AWS' own certificates alone; write acm",
        ),
        (
            {"domain": f"{'a' * 48}.nexus.example.com"},
            "setting 'nexus-cos:domain' has 66 characters, but a certificate takes at most 64; ",
        ),
        (
            {"failoverDomain": f"{'.'.join(['a' * 50] * 4)}.example.net"},
            "setting 'nexus-cos:failoverDomain' has 215 characters, but a certificate takes at mo",
        ),
        ({"owner": "R&D"}, "'R&D' is no value of a tag in AWS; write up to 256 letters"),
        ({"owner": ""}, "setting 'nexus-cos:owner' is empty; write something else."),
        ({"restore": {}}, "must say either 'snapshot' or both 'cluster' and 'time'"),
        ({"restore": {"cluster": "x"}}, "must say either 'snapshot' or both 'cluster' and 'time'"),
        (
            {"restore": {"snapshot": "s", "cluster": "x", "time": "2026-01-31T09:00:00Z"}},
            "must say either 'snapshot' or both 'cluster' and 'time'",
        ),
        (
            {"restore": {"snapshot": "arn:aws:rds:…"}},
            "needs a name of its own; run: pulumi config set --path nexus-cos:databaseServers.po",
        ),
        (
            {"restore": {"cluster": "x", "time": "2026-01-31T09:00:00Z", "version": "17.7"}},
            "setting 'nexus-cos:restore.version' is for a snapshot; a moment has the version of",
        ),
        (
            {"restore": {"snapshot": "s", "version": "17"}},
            "'17' is no version of PostgreSQL",
        ),
        (
            {"databaseServers": {"postgres": "r1-"}},
            "'r1-' is no short name; write one such as 'r1'.",
        ),
        (
            {"databaseServers": {"postgres": "r--1"}},
            "'r--1' is no short name; write one such as 'r1'.",
        ),
        ({"databaseServers": {"postgres": "r" * 21}}, "is no short name; write one such as 'r1'."),
        (
            {"databaseServers": {"ledger-mgr-postgres": "r1"}},
            "there is no server 'ledger-mgr-postgres' of PostgreSQL; write 'postgres'.",
        ),
        (
            {"restore": {"server": "redis", "snapshot": "s"}},
            "'nexus-cos:restore.server': there is no server 'redis' of PostgreSQL; write 'postg",
        ),
        (
            {"restore": {"cluster": "x", "time": "yesterday"}},
            "'yesterday' is no moment in UTC; write one such as '2026-01-31T09:00:00Z'.",
        ),
        ({"externals": {}}, "setting 'nexus-cos:externals.payments' is missing, but"),
        ({"cloudHsmModules": 2}, "cloudHsmModules' is 2, but there is no CloudHSM cluster; remove"),
        ({"cloudHsmModules": 0, "cloudHsm": True}, "setting 'nexus-cos:cloudHsmModules'"),
        ({"cloudHsm": "yes"}, "setting 'nexus-cos:cloudHsm' is no truth value; write:"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_wrong_setting(project: Path, settings: dict[str, object], sentence: str) -> None:
    """A setting that is quietly ignored deploys into somebody else's account or network."""
    set_config(project, "staging", **settings)
    messages = refused(project, "staging")
    assert any(sentence in message for message in messages), messages
    assert not any("Traceback" in message for message in messages)


@pytest.mark.parametrize(
    ("stack", "possible"),
    [
        ("Prod", "prod"),
        ("prod_eu", "prod-eu"),
        ("prod.eu", "prod-eu"),
        ("prod--eu", "prod-eu"),
        ("-prod-", "prod"),
        ("p" * 41, "p" * 40),
        ("_", "prod"),
    ],
)
def test_the_name_of_a_stack_must_fit_into_names_of_aws(
    project: Path, stack: str, possible: str
) -> None:
    """RDS refuses a capital ten minutes into the first run, after the network is paid for."""
    (project / "Pulumi.prod.yaml").rename(project / f"Pulumi.{stack}.yaml")
    [message] = refused(project, stack)
    assert message.startswith(f"the stack's name '{stack}' goes into names in AWS, which take ")
    assert message.endswith(
        f"call it '{possible}', for example, and this file Pulumi.{possible}.yaml."
    )


@pytest.mark.parametrize("stack", ["Alice", "alice_2", "alice.smith", "a--b"])
def test_any_name_of_a_stack_will_do_outside_of_aws(tmp_path: Path, stack: str) -> None:
    """Pulumi allows it, and in a cluster it is a label at most."""
    project = small_project(tmp_path / "small")
    (project / "Pulumi.dev.yaml").rename(project / f"Pulumi.{stack}.yaml")
    assert make_plan(project, stack).resources


def test_the_names_of_services_must_fit_into_names_of_aws(project: Path) -> None:
    """Two hyphens side by side are a Kubernetes name, and none of ECR, RDS and ElastiCache."""
    file = project / "catalog" / "services" / "content.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        f"{text}\n  caption--mgr:\n    summary: Captions\n    tier: domain\n    needs: []\n",
        encoding="utf-8",
    )
    release = project / "releases" / "staging.yaml"
    release.write_text(f"{release.read_text(encoding='utf-8')}  caption--mgr: 1.0.0\n")
    assert refused(project, "staging") == [
        "service 'caption--mgr' of the catalog goes into names in AWS, which take single hyphens "
        "between letters or digits; call it 'caption-mgr', for example."
    ]


def test_one_mistake_is_one_problem(project: Path) -> None:
    """Of ten sentences nobody reads the one that matters."""
    set_config(project, "staging", vpcCidr="10.0.0.0/24")
    assert len(refused(project, "staging")) == 1


def test_without_cloudflare_the_failover_domain_may_say_what_it_is(project: Path) -> None:
    """Who writes the domain twice has made no mistake, and gets the same as without."""
    set_config(project, "staging", edge="cloudfront", failoverDomain="staging.nexus.example.com")
    twice = make_plan(project, "staging").to_json()
    set_config(project, "staging", failoverDomain=None)
    assert make_plan(project, "staging").to_json() == twice


def test_all_missing_settings_are_named_at_once(project: Path) -> None:
    """Settings that are asked for one by one cost a run each."""
    settings = {"environment": "staging", "releaseFile": "releases/staging.yaml"}
    config = {f"nexus-cos:{key}": value for key, value in settings.items()}
    (project / "Pulumi.staging.yaml").write_text(yaml.safe_dump({"config": config}))
    missing = {
        each.split("'")[1].removeprefix("nexus-cos:") for each in refused(project, "staging")
    }
    assert missing >= {"owner", "awsAccount", "awsRegion", "registry", "edge", "domain"}
    assert missing >= {"route53Zone", "clusterAdmins", "apiCidrs", "externals.payments"}


def external(project: Path, name: str, **fields: object) -> None:
    path = project / "Pulumi.staging.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    apis = content["config"]["nexus-cos:externals"]
    apis[name] = {key: value for key, value in fields.items() if value is not None}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_missing_credential_prints_the_command(project: Path) -> None:
    """A service without its credential fails at the first payment."""
    external(project, "payments", provider="Stripe", url="https://api.stripe.com")
    assert refused(project, "staging") == [
        "setting 'nexus-cos:externals.payments' has no credential, but 'billing-service' needs "
        "one; run: pulumi config set --secret --path 'nexus-cos:externals.payments.credential'"
    ]


def test_vendor_must_provide_the_api(project: Path) -> None:
    """A vendor that the service has no client for is found at the first request."""
    external(project, "payments", provider="Strype", url="https://x.example", credential="c")
    assert refused(project, "staging") == [
        "setting 'nexus-cos:externals.payments': 'Strype' does not provide it; "
        "did you mean 'Stripe'?"
    ]
    external(project, "payments", provider="Stripe", url="https://x.example", credential="c")
    external(project, "paymets", provider="Stripe", url="https://x.example", credential="c")
    assert (
        "there is no such external API; did you mean 'payments'?" in refused(project, "staging")[0]
    )


def test_a_wrong_secret_is_not_repeated(project: Path) -> None:
    """A message with a secret in it ends in a log."""
    external(project, "payments", provider="Stripe", url="https://x.example", credential=4711)
    assert "4711" not in str(refused(project, "staging"))


def test_prod_needs_digests(project: Path) -> None:
    """A tag can be moved, and then prod runs what nobody released."""
    path = project / "releases" / "prod.example.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["services"]["user-auth"] = "1.4.2"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    [message] = refused(project, "prod")
    assert message.startswith("no digest for user-auth; this environment needs")


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_stand_ins_are_refused_outside_of_dev(project: Path, stack: str) -> None:
    """A stand-in answers every health check and nothing else."""
    set_config(project, stack, releaseFile="releases/dev.yaml")
    [message] = refused(project, stack)
    assert message.startswith("no version for ai-service, auth-service, ")


def test_api_is_closed_in_prod(project: Path) -> None:
    """A list of addresses that has no effect is taken for one that has."""
    set_config(project, "prod", apiCidrs=["198.51.100.0/24"])
    assert "inside of the network only; remove it, or see" in refused(project, "prod")[0]


def test_somebody_must_reach_the_api_of_prod(project: Path) -> None:
    """The first run made a cluster that nobody could reach, the runner in its network included."""
    set_config(project, "prod", apiClients=None)
    [message] = refused(project, "prod")
    assert message.startswith("setting 'nexus-cos:apiClients' is missing, and nobody could deploy")
