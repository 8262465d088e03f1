"""A class of volumes for Auto Mode, made alone."""

from __future__ import annotations

from components.aws.auto_mode import BlockStorage, BlockStorageArgs
from tests.components.recording import CONTEXT, assert_makes_what_it_says, record


def test_volumes_are_encrypted_and_are_where_their_pod_is() -> None:
    """A volume in another zone than the node is never mounted; in the clear it is a finding."""
    made = record(lambda: BlockStorage("volumes", BlockStorageArgs(context=CONTEXT)))
    assert_makes_what_it_says(BlockStorage, made)
    volumes = made.one("StorageClass").inputs
    assert volumes["provisioner"] == "ebs.csi.eks.amazonaws.com"
    assert volumes["parameters"]["encrypted"] == "true"
    assert volumes["volumeBindingMode"] == "WaitForFirstConsumer"
    assert made.outputs["storage_class"] == volumes["metadata"]["name"] == "nexus-volumes"
