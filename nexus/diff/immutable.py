"""Which properties cannot be changed in place, so that a change makes a new object.

A plan knows no provider, so what follows from this table is called 'possibly replaced'.
Kubernetes: the paths of pulumi-kubernetes 4 (diff.go). AWS and Cloudflare: properties known to
force a new resource, written down for the types that hold data or that much depends on; the
list is not complete, so a preview of a trusted branch has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping

_CONTAINER = """
args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources
securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty
volumeDevices volumeMounts workingDir
"""

_POD = """
affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC
hostNetwork hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy
priority priorityClassName readinessGates restartPolicy runtimeClassName schedulerName
securityContext serviceAccount serviceAccountName shareProcessNamespace subdomain
terminationGracePeriodSeconds volumes
"""

_VOLUME = """
awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker
gcePersistentDisk glusterfs hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte
rbd scaleIO storageos vsphereVolume
"""


def _spec(fields: str, below: str = "spec") -> tuple[str, ...]:
    return tuple(f"{below}.{field}" for field in fields.split())


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


KUBERNETES_IDENTITY = ("metadata.name", "metadata.namespace")
"""Of every Kubernetes object."""

KUBERNETES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): _spec("selector"),
    ("apps", "Deployment"): _spec("selector"),
    ("apps", "StatefulSet"): _spec(
        "podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates"
    ),
    ("batch", "Job"): _spec("completions parallelism selector template"),
    ("", "PersistentVolume"): _spec(_VOLUME),
    ("", "PersistentVolumeClaim"): _spec("accessModes selector storageClassName volumeName"),
    ("", "Pod"): _spec(_POD)
    + _spec(_CONTAINER, below="spec.containers[]")
    + _spec(_CONTAINER, below="spec.initContainers[]"),
    ("", "ResourceQuota"): _spec("scopes"),
    ("", "Service"): _spec("clusterIP"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}
"""By API group and kind; `[]` stands for any element of a list."""

KUBERNETES_REFUSED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("networking.k8s.io", "IngressClass"): ("spec.controller",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("storage.k8s.io", "StorageClass"): ("reclaimPolicy", "volumeBindingMode"),
}
"""What the API server refuses to change although the provider replaces nothing for it, so that
preview and update fail. Source: the `Validate…Update` functions of Kubernetes 1.36, pkg/apis."""

KUBERNETES_CONTENT: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": ("binaryData", "data"),
    "Secret": ("type", "stringData", "data"),
}
"""By kind, in the core group: what replaces the object unless the provider is told that
content is mutable (`enableConfigMapMutable`, `enableSecretMutable`)."""

MUTABLE_CONTENT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ConfigMap": ("enableConfigMapMutable", ()),
    "Secret": ("enableSecretMutable", ("type",)),
}
"""By kind: the provider's setting, and what is immutable all the same."""

OTHERS: Mapping[str, tuple[str, ...]] = {
    "pulumi:providers:kubernetes": ("context", "cluster", "kubeconfig"),
    "pulumi:providers:aws": ("region",),
    "aws:rds/cluster:Cluster": _words(
        """
        availabilityZones clusterIdentifier clusterIdentifierPrefix databaseName
        dbSubnetGroupName engine engineMode kmsKeyId masterUsername replicationSourceIdentifier
        snapshotIdentifier sourceRegion storageEncrypted region
        """
    ),
    "aws:rds/clusterInstance:ClusterInstance": _words(
        """
        availabilityZone clusterIdentifier dbSubnetGroupName engine identifierPrefix region
        """
    ),
    "aws:rds/instance:Instance": _words(
        """
        availabilityZone characterSetName customIamInstanceProfile dbName engine
        identifierPrefix kmsKeyId ncharCharacterSetName snapshotIdentifier storageEncrypted
        timezone username region
        """
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": _words(
        """
        atRestEncryptionEnabled dataTieringEnabled kmsKeyId port replicationGroupId
        securityGroupNames snapshotArns snapshotName subnetGroupName region
        """
    ),
    "aws:elasticache/user:User": ("engine", "userId", "userName", "region"),
    "aws:elasticache/userGroup:UserGroup": ("userGroupId", "region"),
    "aws:mq/broker:Broker": _words(
        """
        authenticationStrategy brokerName dataReplicationMode dataReplicationPrimaryBrokerArn
        deploymentMode encryptionOptions engineType ldapServerMetadata publiclyAccessible
        securityGroups storageType subnetIds users region
        """
    ),
    "aws:s3/bucket:Bucket": ("bucket", "bucketPrefix", "objectLockEnabled", "region"),
    "aws:kms/key:Key": _words(
        """
        customKeyStoreId customerMasterKeySpec keyUsage multiRegion xksKeyId region
        """
    ),
    "aws:secretsmanager/secret:Secret": ("name", "namePrefix", "region"),
    "aws:cloudhsmv2/cluster:Cluster": ("hsmType", "mode", "sourceBackupIdentifier", "subnetIds"),
    "aws:eks/cluster:Cluster": _words(
        """
        bootstrapSelfManagedAddons encryptionConfig name outpostConfig roleArn region
        """
    ),
    "aws:ec2/vpc:Vpc": ("cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength", "region"),
    "aws:ec2/subnet:Subnet": _words(
        """
        availabilityZone availabilityZoneId cidrBlock ipv6Native outpostArn vpcId region
        """
    ),
    "aws:ec2/securityGroup:SecurityGroup": ("description", "name", "namePrefix", "vpcId", "region"),
    "cloudflare:index/dnsRecord:DnsRecord": ("zoneId",),
}
"""By Pulumi type."""

ALWAYS = ("random:",)
"""Starts of types that hold a value once made: any change of an input makes a new one."""
