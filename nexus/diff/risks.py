"""What of a change can cost data or service, and which types hold data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nexus.diff.compare import Changed, PropertyChange
from nexus.diff.renames import Renamed, ancestors
from nexus.diff.secrecy import HIDDEN
from nexus.diff.wording import Phrase, Words, phrase
from nexus.pulumi.replacement import refused
from nexus.pulumi.resource import Resource
from nexus.pulumi.urn import last_part, parse_urn

_DATA_NAMES = {
    "database": "database",
    "prefix": "key prefix",
    "vhost": "vhost",
    "bucket": "bucket",
    "host": "server",
}
"""Endpoints of a service that say which data is its own, by key in its configuration."""

_DATA_VARIABLES = {
    "DATABASE": "database",
    "VHOST": "vhost",
    "BUCKET": "bucket",
    "PGHOST": "server",
    "MANAGEMENT_URL": "server",
}
"""The same in the environment of the Jobs that make them."""

_REFUSED = (
    "it is protected, so `pulumi up` refuses to delete it and fails; what to do first stands in "
    "docs/runbook.md, 'Removing a service'"
)
"""The engine refuses to delete what its state protects, and to replace what both state and
program protect (Pulumi's step generator: `new.Protect && old.Protect`, and `DeleteStep`).
"""

_TAG = re.compile(r":v?(\d+)[^/]*$")


class Danger(StrEnum):
    """Why a change can cost data or service."""

    REMOVED = "removed"
    RENAMED = "renamed"
    REPLACED = "replaced"
    REPOINTED = "repointed"
    UPGRADED = "upgraded"
    UNPROTECTED = "unprotected"
    PROTECTED = "protected"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A dangerous change: which resource, in which way, and what it costs."""

    urn: str
    danger: Danger
    reason: Phrase


def warnings(
    removed: Sequence[Resource], changed: Sequence[Changed], renamed: Sequence[Renamed]
) -> tuple[Warned, ...]:
    """Everything dangerous, one entry per resource and kind; stateful resources first.

    Renamed resources are among the removed ones too, replaced ones among the changed.
    """
    found = [
        *_gone(removed, renamed),
        *_refused(removed, changed),
        *(warned for change in changed for warned in _changed(change)),
    ]
    order = list(Danger)
    unique = {(warned.urn, warned.danger): warned for warned in reversed(found)}
    return tuple(
        sorted(
            unique.values(),
            key=lambda warned: (not _is_stateful(warned), order.index(warned.danger), warned.urn),
        )
    )


def _is_stateful(warned: Warned) -> bool:
    urn = parse_urn(warned.urn)
    return urn is not None and urn.type in STATEFUL


def _gone(removed: Sequence[Resource], renamed: Sequence[Renamed]) -> Iterator[Warned]:
    """Removals and renames. What stands below a resource that is told goes without saying."""
    new_names = {each.old: each for each in renamed if not each.alias}
    going = {resource.urn: resource for resource in removed}
    costly = {each.urn for each in removed if each.type in STATEFUL}
    tops = {each.urn for each in removed if each.urn in new_names and each.parent not in new_names}
    for resource in removed:
        cost = STATEFUL.get(resource.type)
        if resource.urn not in costly | tops or costly & {*ancestors(resource.urn, going)}:
            continue
        if resource.urn in new_names:
            seen = new_names[resource.urn]
            yield Warned(urn=resource.urn, danger=Danger.RENAMED, reason=_looks_renamed(seen, cost))
        else:
            yield Warned(urn=resource.urn, danger=Danger.REMOVED, reason=phrase(cost or ""))


def _looks_renamed(seen: Renamed, cost: str | None) -> Phrase:
    remedy: tuple[Words, ...] = ("add `aliases=[pulumi.Alias(name=…)]` with the old name",)
    if seen.data_name is not None:
        told = f"renamed_from: {seen.data_name}"
        remedy = ("if it is the same service, write ", [told], " at it in the catalog")
    return phrase(
        "it looks renamed to ",
        [last_part(seen.new)],
        ", but nothing says so: Pulumi deletes it and makes a new one",
        f": {cost}" if cost else "",
        "; ",
        *remedy,
    )


def _refused(removed: Sequence[Resource], changed: Sequence[Changed]) -> Iterator[Warned]:
    """What the engine will not delete. Each is told: it stops the run whatever stands above it."""
    deleted = [resource.urn for resource in removed if _is_protected(resource)]
    replaced = [
        change.after.urn
        for change in changed
        if change.replacing and _is_protected(change.before) and _is_protected(change.after)
    ]
    for urn in (*deleted, *replaced):
        yield Warned(urn=urn, danger=Danger.PROTECTED, reason=phrase(_REFUSED))


def _is_protected(resource: Resource) -> bool:
    return resource.options.get("protect") is True


def _changed(change: Changed) -> Iterator[Warned]:
    type_ = change.after.type

    def warned(danger: Danger, *reason: Words) -> Warned:
        return Warned(urn=change.after.urn, danger=danger, reason=phrase(*reason))

    if change.replacing and type_ in STATEFUL:
        yield warned(Danger.REPLACED, STATEFUL[type_])
    if any(option.path == "protect" and option.old is True for option in change.options):
        yield warned(Danger.UNPROTECTED, "nothing stops its deletion any more")
    for noun in _repointed(change):
        yield warned(
            Danger.REPOINTED, f"it names another {noun}: what is in the old one stays behind"
        )
    refusing = refused(type_)
    kept = [p.path for p in change.properties if p.replaces(refusing) and not change.replacing]
    if kept:
        yield warned(
            Danger.REFUSED,
            "the API server refuses to change ",
            [", ".join(kept)],
            " of an object that is there, so "
            "`pulumi up` fails; leave it as it was, or give the object another name",
        )
    if type_ == "kubernetes:apps/v1:StatefulSet" and _is_new_major(change.properties):
        yield warned(
            Danger.UPGRADED, "another major version may not start on the data the old one wrote"
        )


def _repointed(change: Changed) -> Iterable[str]:
    """What kinds of data the resource's change leads away from."""
    found: set[str] = set()
    for each in change.properties:
        if each.kind != "changed" or each.old == HIDDEN:
            continue
        if each.leaf[-1] in _DATA_NAMES and "endpoint" in each.leaf:
            found.add(_DATA_NAMES[each.leaf[-1]])
        if change.after.type == "kubernetes:batch/v1:Job" and each.leaf[-1] == "value":
            found |= {
                noun
                for variable, noun in _DATA_VARIABLES.items()
                if each.path.endswith(f"env[name={variable}].value")
            }
    return sorted(found)


def _is_new_major(properties: Iterable[PropertyChange]) -> bool:
    for each in properties:
        if each.leaf[-1] == "image" and isinstance(each.old, str) and isinstance(each.new, str):
            old, new = _TAG.search(each.old), _TAG.search(each.new)
            if old is None or new is None or old[1] != new[1]:
                return True
    return False


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
