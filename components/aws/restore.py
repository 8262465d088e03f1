"""What a new database server's data comes from."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_aws import rds

SOURCES = ("restoreToPointInTime", "snapshotIdentifier")
"""Inputs of a cluster that say so. AWS reads them when it makes the cluster, never again; the
AWS provider answers a change of them, and the removal of the first, with a new cluster
(`ForceNew` in `aws_rds_cluster` of the provider for Terraform)."""


@dataclass(frozen=True, kw_only=True)
class RestoreArgs:
    """A snapshot, or a moment of a cluster.

    Args:
        snapshot: ARN or name of a cluster snapshot; or
        cluster, time: identifier of a cluster that is there, and a moment in UTC.
        version: of the engine, of a snapshot whose server was newer than the program says;
            RDS does not go back. A moment comes with its cluster's version.
    """

    snapshot: str | None = None
    cluster: str | None = None
    time: str | None = None
    version: str | None = None

    @property
    def moment(self) -> rds.ClusterRestoreToPointInTimeArgsDict | None:
        """The moment as the cluster takes it; None for a snapshot.

        A full copy, not a clone: a clone shares its storage with its source.
        """
        if self.cluster is None or self.time is None:
            return None
        return {
            "source_cluster_identifier": self.cluster,
            "restore_to_time": self.time,
            "restore_type": "full-copy",
        }
