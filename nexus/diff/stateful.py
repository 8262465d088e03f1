"""Which types of resources hold something that a new object does not have."""

from __future__ import annotations

from collections.abc import Mapping

STATEFUL: Mapping[str, str] = {
    "kubernetes:apps/v1:StatefulSet": "its volume is deleted with it, and all data in it",
    "kubernetes:core/v1:PersistentVolumeClaim": "the volume and all data in it go with it",
    "kubernetes:core/v1:PersistentVolume": "the volume and all data in it may go with it",
    "kubernetes:core/v1:Namespace": "everything in a namespace is deleted with it",
    "random:index/randomPassword:RandomPassword": (
        "the password cannot be had back, and whoever still uses it is locked out"
    ),
    "random:index/randomId:RandomId": "names made from it change, and what has them with it",
    "nexus:data:Database": (
        "its service loses the database: the data stays in the server under the old name, "
        "without anybody who may log in"
    ),
    "nexus:data:Vhost": "its service loses the vhost: messages stay in it, nobody reads them",
    "nexus:data:Bucket": "the services lose the bucket: its objects stay, nobody reads them",
    "pulumi:providers:kubernetes": "everything made through it may be made anew elsewhere",
    "pulumi:providers:aws": "everything made through it may be made anew elsewhere",
    "aws:rds/cluster:Cluster": "the database cluster and all databases in it are deleted",
    "aws:rds/instance:Instance": "the database server and all databases in it are deleted",
    "aws:rds/globalCluster:GlobalCluster": "the database cluster is taken apart",
    "aws:elasticache/replicationGroup:ReplicationGroup": "sessions and tokens in it are deleted",
    "aws:elasticache/cluster:Cluster": "sessions and tokens in it are deleted",
    "aws:elasticache/serverlessCache:ServerlessCache": "sessions and tokens in it are deleted",
    "aws:mq/broker:Broker": "the broker is deleted with every queue and message in it",
    "aws:s3/bucket:Bucket": "the bucket is deleted with its objects, or the deletion fails",
    "aws:kms/key:Key": "whatever is encrypted with the key cannot be read again",
    "aws:secretsmanager/secret:Secret": "the secret is deleted after its recovery window",
    "aws:cloudhsmv2/cluster:Cluster": "keys that live in the module alone are lost",
    "aws:eks/cluster:Cluster": "the cluster is deleted with everything that runs in it",
    "aws:efs/fileSystem:FileSystem": "the file system and all data in it are deleted",
    "aws:dynamodb/table:Table": "the table and all rows in it are deleted",
    "aws:ebs/volume:Volume": "the volume and all data in it are deleted",
    "aws:backup/vault:Vault": "the backups in it are deleted, or the deletion fails",
    "aws:route53/zone:Zone": "the zone gets other name servers, so its names stop resolving",
    "cloudflare:index/zone:Zone": "the zone and its names stop resolving",
}
"""By Pulumi type: what a removal or replacement costs.

Bootstrap Jobs are not here: they are idempotent and drop nothing, so a new one repeats
what the old one did. What is lost when a service leaves is its Database, Vhost or Bucket.
ConfigMaps and Secrets are not here: the program makes them again from what it knows.
"""


def loss(type_: str) -> str | None:
    """What is lost with a resource of this type; None if nothing is."""
    return STATEFUL.get(type_)
