"""Where AWS keeps the platform's logs, and what collects them, where a setting asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.aws.domain_logs import STREAM, DomainLogs, DomainLogsArgs, reading
from components.aws.iam import PodIdentityRole, PodIdentityRoleArgs
from components.context import LOGGING
from components.kubernetes.traffic import HTTPS, PUBLIC, Addresses, Traffic
from monitoring.collecting import Place
from stacks.aws.data import Access
from stacks.aws.foundation import AwsFoundation
from stacks.aws.network import AGENT, api_server, subnets
from stacks.inputs import AwsProgram
from stacks.logged import COLLECTOR, STORE, collected, make_collector
from stacks.network import Destination


def build_logging(program: AwsProgram, foundation: AwsFoundation) -> None:
    """Makes the log groups and the collector; nothing where nobody asks for them."""
    setting, aws = program.settings.logging, foundation.aws
    if setting is None:
        return
    usual = setting.days or aws.log_days
    logs = DomainLogs(
        "service-logs",
        DomainLogsArgs(
            aws=aws,
            days={name: setting.domains.get(name, usual) for name in collected(program.catalog)},
            key=foundation.logs_key,
            readers=setting.readers,
        ),
        foundation.options(),
    )
    role = PodIdentityRole(
        f"{COLLECTOR}-identity",
        PodIdentityRoleArgs(
            aws=aws,
            layer="data",
            cluster=foundation.cluster.name,
            namespace=foundation.namespaces[LOGGING],
            service_account=COLLECTOR,
            statements=(logs.writing,),
        ),
        foundation.options(),
    )
    places = {
        name: Place(
            url=f"https://logs.{aws.region}.amazonaws.com/v1/logs",
            headers={"x-aws-log-group": group, "x-aws-log-stream": STREAM},
            signed=("logs", aws.region),
        )
        for name, group in logs.groups.items()
    }
    make_collector(
        program,
        foundation,
        places,
        egress=(AGENT, *_egress(program)),
        after=(role.handle, *logs.handles),
    )


def log_accesses(program: AwsProgram, foundation: AwsFoundation) -> list[Access]:
    """Who reads the logs of its domain: each service that needs logs."""
    if program.settings.logging is None:
        return []
    aws, accesses = foundation.aws, list[Access]()
    for service in program.users(STORE):
        group = DomainLogs.group(aws, program.catalog.services[service].domain)
        accesses.append(
            Access(
                resource=STORE,
                service=service,
                endpoint={"group": group, "region": aws.region},
                statements=reading(aws, group),
            )
        )
    return accesses


def logging_destinations(program: AwsProgram) -> Mapping[str, Destination]:
    """Where CloudWatch is, by platform resource."""
    if program.settings.logging is None:
        return {}
    return {STORE: Destination(at=_cloud_watch(program), port=HTTPS, also=(AGENT,))}


def _cloud_watch(program: AwsProgram) -> Addresses:
    """The network's own endpoint; of a network that was not made here, who knows."""
    made_here = program.settings.existing_cluster is None
    return subnets(program.settings, "private") if made_here else PUBLIC


def _egress(program: AwsProgram) -> Iterator[Traffic]:
    """CloudWatch, and the API server."""
    places = dict.fromkeys((_cloud_watch(program), *api_server(program.settings)))
    yield Traffic(peers=tuple(places), port=HTTPS)
