"""Where managed servers are, seen from the pods of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Literal, TypeAlias

from components.aws.amazon_mq import MANAGEMENT_PORT
from components.aws.amazon_mq import PORT as QUEUE_PORT
from components.aws.aurora_postgres import PORT as POSTGRES_PORT
from components.aws.cloud_hsm import FIRST_PORT, LAST_PORT
from components.aws.elasti_cache import PORT as REDIS_PORT
from components.aws.vpc import address_plan
from components.kubernetes.traffic import HTTPS, PUBLIC, Addresses, Traffic
from stacks.inputs import AwsProgram
from stacks.monitored import monitoring_destinations
from stacks.network import Destination, jobs_of
from stacks.setting_types import SERVICE_CIDR
from stacks.settings import AwsSettings

Kind: TypeAlias = Literal["public", "private", "data"]
"""For load balancers; for nodes, pods and interface endpoints; for servers that hold state."""

AGENT = Traffic(peers=(Addresses(blocks=(("169.254.170.23/32", ()),)),), port=80)
"""Where a pod gets the credentials of its role. Source:
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html"""


def destinations(program: AwsProgram) -> Mapping[str, Destination]:
    """Every managed platform resource that services call."""
    settings, catalog = program.settings, program.catalog
    data, private = subnets(settings, "data"), subnets(settings, "private")
    endpoints = Traffic(peers=(private,), port=HTTPS)
    # S3 answers on public addresses, the network's gateway endpoint among the way.
    objects = Destination(at=PUBLIC, port=HTTPS, also=(AGENT,))
    keys = Destination(at=private, port=HTTPS, also=(AGENT,))
    if settings.cloud_hsm:
        ports = range(FIRST_PORT, LAST_PORT + 1)
        first, *more = (Traffic(peers=(data,), port=port) for port in ports)
        keys = Destination(at=data, port=first.port, also=tuple(more))
    databases = {
        name: Destination(
            at=data,
            port=POSTGRES_PORT,
            jobs=jobs_of(name, program),
            bootstrap_port=POSTGRES_PORT,
            # The Jobs fetch the master's password from Secrets Manager.
            bootstrap_also=(AGENT, endpoints),
        )
        for name in catalog.servers("postgres")
    }
    queues = {
        name: Destination(
            at=data,
            port=QUEUE_PORT,
            jobs=jobs_of(name, program),
            bootstrap_port=MANAGEMENT_PORT,
        )
        for name in catalog.servers("queue")
    }
    return {
        **databases,
        **{name: Destination(at=data, port=REDIS_PORT) for name in catalog.servers("redis")},
        **queues,
        "storage": objects,
        "ml-models": objects,
        "hsm": keys,
        "cdn": Destination(at=PUBLIC, port=HTTPS),
        **monitoring_destinations(program, {}, api_server(settings)),
    }


def api_server(settings: AwsSettings) -> tuple[Addresses, ...]:
    """Where the cluster's API answers, and its kubelets: among the nodes, and as the first Service.

    Which of the two addresses a policy sees is the network plugin's choice.
    """
    existing = settings.existing_cluster
    services = IPv4Network((existing and existing.service_cidr) or SERVICE_CIDR)
    return subnets(settings, "private"), Addresses(blocks=((f"{services[1]}/32", ()),))


def subnets(settings: AwsSettings, kind: Kind) -> Addresses:
    """Addresses of the subnets of a kind.

    Of a network that was not made here, those that the settings list; without any, the
    whole of it.
    """
    existing = settings.existing_cluster
    if existing is not None:
        listed: Mapping[Kind, tuple[str, ...]] = {
            "public": existing.public_cidrs,
            "private": existing.private_cidrs,
            "data": existing.data_cidrs,
        }
        blocks = listed[kind] or (settings.vpc_cidr,)
        return Addresses(blocks=tuple((block, ()) for block in blocks))
    plan = address_plan(settings.vpc_cidr, settings.aws_zones)
    return Addresses(blocks=tuple((getattr(zone, kind), ()) for zone in plan.values()))
