"""A Kubernetes cluster of AWS."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import pulumi
from pulumi_aws import eks

from components.aws.aws_context import AwsContext
from components.aws.iam import ServiceRole, ServiceRoleArgs
from components.aws.versions import KUBERNETES
from components.component import Component
from components.kubernetes.traffic import HTTPS

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")

AUTO_POLICIES = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""What the control plane needs to run nodes, volumes and load balancers by itself."""

AUTO_POOLS = ("general-purpose", "system")

AUTO_NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")

ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@dataclass(frozen=True, kw_only=True)
class EksClusterArgs:
    """What a cluster is made from.

    Args:
        admins: ARNs of the IAM roles that administer the cluster, sorted.
        public_from: networks that may reach the API from outside; empty for none.
        private_from: networks and ids of security groups that may reach it inside of the network,
            besides the nodes, sorted.
        auto: whether EKS runs the nodes (Auto Mode).
    """

    aws: AwsContext
    subnets: tuple[pulumi.Input[str], ...]
    service_cidr: str
    secrets_key: pulumi.Input[str]
    logs_key: pulumi.Input[str]
    admins: tuple[str, ...]
    public_from: tuple[str, ...]
    private_from: tuple[str, ...]
    auto: bool


class EksCluster(Component[EksClusterArgs]):
    """An EKS cluster; IAM roles get in through access entries alone.

    Renaming it replaces every workload.

    Makes:
        `{name}-logs`: log group of the control plane, made before AWS makes its own.
        `{name}-role`, `{name}-node-role`: roles of the control plane and, under
            Auto Mode, of the nodes.
        `{name}`: the cluster.
        `{name}-admin-{principal}`, `…-policy`: access entry of each administrator, named after
            the role, so that another one in the list leaves it as it is.
        `{name}-api-{source}`: rule that lets a network or security group reach the API.

    Outputs:
        security_group: id of the group of the control plane and all nodes.
        kubeconfig: how to reach it, with a token from `aws eks get-token`; known
            when the administrators may log in and those who may reach it do.
    """

    TOKEN = "nexus:foundation:EksCluster"

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    security_group: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def _make(self, name: str, args: EksClusterArgs) -> None:
        aws = args.aws
        cluster_name = aws.fixed(name, 100)
        logs = aws.log_group(
            f"{name}-logs",
            f"/aws/eks/{cluster_name}/cluster",
            "foundation",
            key=args.logs_key,
            opts=self.child,
        )
        role = ServiceRole(
            f"{name}-role",
            ServiceRoleArgs(
                aws=aws,
                layer="foundation",
                service="eks.amazonaws.com",
                actions=("sts:AssumeRole", "sts:TagSession"),
                managed=AUTO_POLICIES if args.auto else AUTO_POLICIES[:1],
            ),
            self.child,
        )
        cluster = eks.Cluster(
            name,
            name=cluster_name,
            version=KUBERNETES.version,
            role_arn=role.arn,
            access_config={
                "authentication_mode": "API",
                # Whoever deploys is in the list of administrators, visibly.
                "bootstrap_cluster_creator_admin_permissions": False,
            },
            enabled_cluster_log_types=list(LOGS),
            encryption_config={
                "provider": {"key_arn": args.secrets_key},
                "resources": ["secrets"],
            },
            vpc_config={
                "subnet_ids": list(args.subnets),
                "endpoint_private_access": True,
                "endpoint_public_access": bool(args.public_from),
                "public_access_cidrs": list(args.public_from) or None,
            },
            # With STANDARD AWS raises the version by itself when its support ends, and this
            # program would ask for the old one again.
            upgrade_policy={"support_type": "EXTENDED"},
            deletion_protection=False,
            tags=aws.tags(name, "foundation"),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[logs],
                protect=aws.retained or None,
                custom_timeouts=pulumi.CustomTimeouts(create="45m", delete="45m"),
            ),
            bootstrap_self_managed_addons=False,
            kubernetes_network_config=_network(args),
            # The three parts of Auto Mode are switched on together or not at all.
            compute_config=self._compute(name, args),
            storage_config={"block_storage": {"enabled": True}} if args.auto else None,
        )
        policies: list[eks.AccessPolicyAssociation] = []
        for number, principal in enumerate(args.admins):
            own, old = f"{name}-admin-{principal_name(principal)}", f"{name}-admin-{number}"
            entry = eks.AccessEntry(
                own,
                cluster_name=cluster.name,
                principal_arn=principal,
                tags=aws.tags(own, "foundation"),
                # They were named after their place in the list.
                opts=_once_called(old, self.child),
            )
            policies.append(
                eks.AccessPolicyAssociation(
                    f"{own}-policy",
                    cluster_name=cluster.name,
                    principal_arn=entry.principal_arn,
                    policy_arn=ADMIN_POLICY,
                    access_scope={"type": "cluster"},
                    opts=_once_called(f"{old}-policy", self.child),
                )
            )
        # AWS' own rule of this group admits its members, the nodes, and nobody else.
        reached = [
            aws.admit(
                f"{name}-api-{source.replace('/', '-')}",
                "foundation",
                group=cluster.vpc_config.cluster_security_group_id,
                ports=(HTTPS, HTTPS),
                description="the API of Kubernetes",
                opts=self.child,
                source=source if source.startswith("sg-") else None,
                cidr=None if source.startswith("sg-") else source,
            )
            for source in args.private_from
        ]
        self.name = cluster.name
        self.arn = cluster.arn
        self.security_group = cluster.vpc_config.cluster_security_group_id
        self.kubeconfig = pulumi.Output.all(
            cluster.name,
            cluster.endpoint,
            cluster.certificate_authority.data,
            *(each.urn for each in (*policies, *reached)),
        ).apply(lambda parts: kubeconfig(parts[0], parts[1], parts[2], aws.region))

    def _compute(self, name: str, args: EksClusterArgs) -> eks.ClusterComputeConfigArgsDict | None:
        """Makes what Auto Mode starts nodes with."""
        if not args.auto:
            return None
        nodes = ServiceRole(
            f"{name}-node-role",
            ServiceRoleArgs(
                aws=args.aws,
                layer="foundation",
                service="ec2.amazonaws.com",
                managed=AUTO_NODE_POLICIES,
            ),
            self.child,
        )
        return {
            "enabled": True,
            "node_pools": list(AUTO_POOLS),
            "node_role_arn": nodes.arn,
        }


def principal_name(arn: str) -> str:
    """A short name for an IAM role or user: its own, and a hash of the whole ARN.

    Roles of two accounts or paths may share a name; of one ARN there is one access entry. Source:
    https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    """
    own = arn.rpartition("/")[2]
    return f"{own}-{hashlib.sha256(arn.encode()).hexdigest()[:8]}"


def _once_called(old: str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    alias = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=old)])
    return pulumi.ResourceOptions.merge(opts, alias)


def _network(args: EksClusterArgs) -> eks.ClusterKubernetesNetworkConfigArgsDict:
    network: eks.ClusterKubernetesNetworkConfigArgsDict = {"service_ipv4_cidr": args.service_cidr}
    if args.auto:
        network["elastic_load_balancing"] = {"enabled": True}
    return network


def kubeconfig(name: str, endpoint: str, certificate_authority: str, region: str) -> str:
    """A kubeconfig, as JSON, that asks the `aws` command line for a token.

    Args:
        certificate_authority: the authority's certificate, in base64.
    """
    login = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["--region", region, "eks", "get-token", "--cluster-name", name],
        "interactiveMode": "Never",
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {
                        "server": endpoint,
                        "certificate-authority-data": certificate_authority,
                    },
                }
            ],
            "users": [{"name": name, "user": {"exec": login}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
