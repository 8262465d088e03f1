"""The Kubernetes cluster, made alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.aws.eks_cluster import (
    ADMIN_POLICY,
    AUTO_POLICIES,
    EksCluster,
    EksClusterArgs,
    principal_name,
)
from components.aws.versions import KUBERNETES
from tests.components.recording import (
    AWS,
    FREE,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)

ARGS = EksClusterArgs(
    aws=AWS,
    subnets=("private-a", "private-b"),
    service_cidr="172.20.0.0/16",
    secrets_key="arn:secrets-key",
    logs_key="arn:logs-key",
    admins=("arn:aws:iam::000000000000:role/ci", "arn:aws:iam::000000000000:role/people"),
    public_from=(),
    private_from=("10.60.0.0/24", "sg-0123456789abcdef0"),
    auto=True,
)


def made(**changes: Any) -> Recording:
    return record(lambda: EksCluster("cluster", replace(ARGS, **changes)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(EksCluster, made())


def test_outputs_are_the_clusters() -> None:
    """A wrong ARN hides that the cluster is another one; a wrong group admits nobody."""
    cluster = made()
    assert cluster.outputs["name"] == "nexus-cos-staging-cluster"
    assert cluster.outputs["arn"].endswith(":cluster/nexus-cos-staging-cluster")
    assert cluster.outputs["security_group"].startswith("sg-")
    config = json.loads(cluster.outputs["kubeconfig"])
    login = config["users"][0]["user"]["exec"]["args"]
    assert login[-1] == "nexus-cos-staging-cluster"
    assert "eu-central-1" in login
    made_by_aws = cluster.one("Cluster").made
    [reached] = config["clusters"]
    assert reached["cluster"] == {
        "server": made_by_aws["endpoint"],
        "certificate-authority-data": made_by_aws["certificateAuthority"]["data"],
    }
    [context] = config["contexts"]
    assert context["context"] == {"cluster": reached["name"], "user": config["users"][0]["name"]}
    assert context["name"] == config["current-context"]


@pytest.mark.parametrize("admins", [ARGS.admins, ARGS.admins[:1], ()])
def test_kubeconfig_is_known_when_administrators_may_log_in(admins: tuple[str, ...]) -> None:
    """The first object that is made before its maker may log in ends the deployment."""
    cluster = made(admins=admins)
    policies = {
        f"AccessPolicyAssociation cluster-admin-{principal_name(each)}-policy" for each in admins
    }
    rules = {
        f"SecurityGroupIngressRule cluster-api-{each}"
        for each in ("10.60.0.0-24", "sg-0123456789abcdef0")
    }
    assert cluster.after["kubeconfig"] == {"Cluster cluster", *policies, *rules}
    entries = cluster.all("AccessEntry")
    assert [each.inputs["principalArn"] for each in entries] == list(admins)
    for each in cluster.all("AccessPolicyAssociation"):
        assert each.inputs["policyArn"] == ADMIN_POLICY
        assert each.inputs["accessScope"] == {"type": "cluster"}


def test_a_new_administrator_leaves_the_others_as_they_are() -> None:
    """AWS knows one entry per role: a second is refused, or the deployer's goes with the first."""
    account, kinds = "arn:aws:iam::000000000000", ("AccessEntry", "AccessPolicyAssociation")

    def entries(*admins: str) -> dict[str, str]:
        cluster = made(admins=tuple(sorted(f"{account}:{admin}" for admin in admins)))
        return {
            each.urn: each.inputs["principalArn"] for kind in kinds for each in cluster.all(kind)
        }

    before = entries("role/ci", "role/people")
    after = entries("role/auditors", "role/ci", "role/people")
    assert before.items() < after.items()
    assert len(after) == 6
    # What an older version made is taken over, while the list stays as it was.
    entry, _ = made().all("AccessEntry")
    assert [each["name"] for each in entry.aliases if not isinstance(each, str)] == [
        "cluster-admin-0"
    ]
    # Roles of two paths, and users, may share a name.
    assert len(entries("role/a/ci", "role/b/ci", "user/ci")) == 6


def test_nobody_gets_in_but_through_the_list() -> None:
    """Whoever made the cluster would be its administrator for ever, in no list."""
    access = made().one("Cluster").inputs["accessConfig"]
    assert access == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }


@pytest.mark.parametrize("sources", [(), ("198.51.100.0/24",)])
def test_api_is_open_to_these_networks_alone(sources: tuple[str, ...]) -> None:
    """EKS takes no list for everybody: an API without one is open to the world."""
    network = made(public_from=sources).one("Cluster").inputs["vpcConfig"]
    assert network["endpointPrivateAccess"] is True
    assert network["endpointPublicAccess"] is bool(sources)
    assert (network["publicAccessCidrs"] or []) == list(sources)
    assert network["subnetIds"] == ["private-a", "private-b"]


def test_only_the_listed_clients_reach_the_api_inside_of_the_network() -> None:
    """Without a rule nobody does but the nodes, whoever runs Pulumi included."""
    cluster = made()
    network, group = cluster.all("SecurityGroupIngressRule")
    for rule in (network, group):
        assert rule.inputs["securityGroupId"] == cluster.outputs["security_group"]
        assert (rule.inputs["ipProtocol"], rule.inputs["fromPort"]) == ("tcp", 443)
        assert rule.inputs["toPort"] == 443
    assert network.inputs["cidrIpv4"] == "10.60.0.0/24"
    assert group.inputs["referencedSecurityGroupId"] == "sg-0123456789abcdef0"
    assert not {"referencedSecurityGroupId"} & set(network.inputs)
    assert not {"cidrIpv4"} & set(group.inputs)
    assert made(private_from=()).all("SecurityGroupIngressRule") == []


def test_auto_mode_has_its_three_parts() -> None:
    """EKS refuses a cluster with one or two of them."""
    cluster = made()
    inputs = cluster.one("Cluster").inputs
    assert inputs["computeConfig"]["enabled"] is True
    assert inputs["computeConfig"]["nodePools"] == ["general-purpose", "system"]
    assert inputs["kubernetesNetworkConfig"]["elasticLoadBalancing"] == {"enabled": True}
    assert inputs["storageConfig"] == {"blockStorage": {"enabled": True}}
    assert inputs["bootstrapSelfManagedAddons"] is False
    assert inputs["computeConfig"]["nodeRoleArn"].rpartition("/")[2].startswith("cluster-node-role")
    attached = {each.name for each in cluster.all("RolePolicyAttachment")}
    assert attached >= {f"cluster-role-{policy}" for policy in AUTO_POLICIES}


def test_without_auto_mode_there_is_none_of_it() -> None:
    """A control plane that may make nodes, on a cluster whose nodes are ours, makes others."""
    cluster = made(auto=False)
    inputs = cluster.one("Cluster").inputs
    assert not {"computeConfig", "storageConfig"} & set(inputs)
    assert inputs["kubernetesNetworkConfig"] == {"serviceIpv4Cidr": "172.20.0.0/16"}
    assert [each.name for each in cluster.all("RolePolicyAttachment")] == [
        "cluster-role-AmazonEKSClusterPolicy"
    ]


@pytest.mark.parametrize("auto", [True, False])
def test_control_plane_waits_for_its_rights_and_logs(auto: bool) -> None:
    """A control plane without its rights is not made; one before its log group makes another."""
    cluster = made(auto=auto)
    rights = {
        f"RolePolicyAttachment cluster-role-{policy}"
        for policy in (AUTO_POLICIES if auto else AUTO_POLICIES[:1])
    }
    assert cluster.waits("Cluster") >= {"LogGroup cluster-logs", *rights}
    inputs = cluster.one("Cluster").inputs
    assert inputs["roleArn"].rpartition("/")[2].startswith("cluster-role")
    trusted = statements(cluster.one("Role", "cluster-role").inputs["assumeRolePolicy"])
    assert "sts:TagSession" in trusted["Assume"]["Action"]
    logs = cluster.one("LogGroup").inputs
    assert logs["name"] == f"/aws/eks/{inputs['name']}/cluster"
    assert (logs["kmsKeyId"], logs["retentionInDays"]) == ("arn:logs-key", 365)
    assert "audit" in inputs["enabledClusterLogTypes"]
    # Without one AWS chooses, and another one next time.
    assert inputs["version"] == KUBERNETES.version


def test_secrets_are_encrypted_with_our_key() -> None:
    """Kubernetes Secrets lie in etcd, and in its backups."""
    assert made().one("Cluster").inputs["encryptionConfig"] == {
        "provider": {"keyArn": "arn:secrets-key"},
        "resources": ["secrets"],
    }


def test_cluster_is_protected_where_data_is_retained() -> None:
    """With the cluster every workload is gone."""
    assert made().one("Cluster").options["protect"] is True
    assert "protect" not in made(aws=FREE).one("Cluster").options
    assert made().one("Cluster").options["customTimeouts"]["create"] == "45m"
