"""Where managed servers are, seen from the pods of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from catalog import Catalog
from components.aws.amazon_mq import MANAGEMENT_PORT
from components.aws.amazon_mq import PORT as QUEUE_PORT
from components.aws.aurora_postgres import PORT as POSTGRES_PORT
from components.aws.cloud_hsm import FIRST_PORT, LAST_PORT
from components.aws.elasti_cache import PORT as REDIS_PORT
from components.aws.vpc import address_plan
from components.kubernetes.traffic import HTTPS, PUBLIC, Addresses, Traffic
from stacks.network import Place, jobs_of
from stacks.setting_types import ExistingCluster
from stacks.settings import Settings

Kind: TypeAlias = Literal["public", "private", "data"]
"""For load balancers; for nodes, pods and interface endpoints; for servers that hold state."""

AGENT = Traffic(peers=(Addresses(blocks=(("169.254.170.23/32", ()),)),), port=80)
"""Where a pod gets the credentials of its role. Source:
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html"""


def places(settings: Settings, catalog: Catalog) -> Mapping[str, Place]:
    """Every managed platform resource that services call."""
    data, private = subnets(settings, "data"), subnets(settings, "private")
    endpoints = Traffic(peers=(private,), port=HTTPS)
    # S3 answers on public addresses, the network's gateway endpoint among the way.
    objects = Place(at=PUBLIC, port=HTTPS, also=(AGENT,))
    keys = Place(at=private, port=HTTPS, also=(AGENT,))
    if settings.cloud_hsm:
        ports = range(FIRST_PORT, LAST_PORT + 1)
        first, *more = (Traffic(peers=(data,), port=port) for port in ports)
        keys = Place(at=data, port=first.port, also=tuple(more))
    databases = {
        name: Place(
            at=data,
            port=POSTGRES_PORT,
            jobs=jobs_of(name, catalog),
            bootstrap_port=POSTGRES_PORT,
            # The Jobs fetch the master's password from Secrets Manager.
            bootstrap_also=(AGENT, endpoints),
        )
        for name in catalog.servers("postgres")
    }
    queues = {
        name: Place(
            at=data,
            port=QUEUE_PORT,
            jobs=jobs_of(name, catalog),
            bootstrap_port=MANAGEMENT_PORT,
        )
        for name in catalog.servers("queue")
    }
    return {
        **databases,
        **{name: Place(at=data, port=REDIS_PORT) for name in catalog.servers("redis")},
        **queues,
        "storage": objects,
        "ml-models": objects,
        "hsm": keys,
        "cdn": Place(at=PUBLIC, port=HTTPS),
    }


def subnets(settings: Settings, kind: Kind) -> Addresses:
    """Addresses of the subnets of a kind.

    Of a network that was not made here, those that the settings list; without any, the
    whole of it.
    """
    if settings.cluster == "existing":
        existing = settings.existing_cluster
        listed = {} if existing is None else _listed(existing)
        blocks = listed.get(kind) or (settings.vpc_cidr,)
        return Addresses(blocks=tuple((block, ()) for block in blocks))
    plan = address_plan(settings.vpc_cidr, settings.aws_zones)
    return Addresses(blocks=tuple((getattr(zone, kind), ()) for zone in plan.values()))


def _listed(existing: ExistingCluster) -> Mapping[Kind, tuple[str, ...]]:
    return {
        "public": existing.public_cidrs,
        "private": existing.private_cidrs,
        "data": existing.data_cidrs,
    }
