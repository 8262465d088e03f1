"""What differs between environments, in one typed table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from catalog import Catalog
from catalog.names import EnvironmentName, ResourceName
from components.aws.sizes import AmazonMqSize, AuroraSize, ElastiCacheSize, Nodes
from components.kubernetes.size import Size


@dataclass(frozen=True, kw_only=True)
class ServerSize:
    """Size of a server and of its volume (a Kubernetes quantity)."""

    size: Size
    storage: str


@dataclass(frozen=True, kw_only=True)
class MonitoringSizes:
    """Sizes of the servers that the setting `monitoring` asks for."""

    prometheus: ServerSize
    alertmanager: ServerSize
    grafana: ServerSize


@dataclass(frozen=True, kw_only=True)
class LoggingSizes:
    """Sizes of what the setting `logging` asks for.

    Args:
        store: of the store in the cluster; None where AWS keeps logs.
        days: for how long a store in the cluster keeps records, where nobody says so.
        collector: of the pod on each node.
    """

    store: ServerSize | None = None
    days: int = 7
    collector: Size


@dataclass(frozen=True, kw_only=True)
class InCluster:
    """Servers inside of any Kubernetes cluster that the kubeconfig names.

    Args:
        max_memory: most memory for Redis' data, in its words.
    """

    postgres: ServerSize
    redis: ServerSize
    queue: ServerSize
    storage: ServerSize
    max_memory: str


@dataclass(frozen=True, kw_only=True)
class InAws:
    """Managed servers in an AWS account, behind Cloudflare, CloudFront or both.

    Args:
        nat_gateways: 1, or one per zone: without, a zone's outage cuts all off.
        public_api: whether the cluster's API answers outside of the network too,
            to the addresses that the setting `apiCidrs` lists.
        retained: whether what holds data is protected and outlives a `destroy`.
        digests: whether a release must name its images by digest.
    """

    nat_gateways: int
    public_api: bool
    retained: bool
    log_days: int
    digests: bool
    postgres: AuroraSize
    redis: ElastiCacheSize
    queue: AmazonMqSize
    nodes: Nodes


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One column of the environment table. How large services are, the catalog's sizes say.

    Args:
        name: what the setting `environment` says.
        provided: platform resources that exist here, and what provides each. A
            resource that is missing stays in the graph without a handle.
        stand_ins: whether a service without a version runs as a stand-in.
        platform: where the servers are, and their sizes.
        on_request: what is provided besides where a setting asks for it, by its key.
        monitoring: sizes of the servers that watch; None where none can be asked for.
        logging: sizes of what collects and keeps logs; None where that cannot be asked for.
    """

    name: EnvironmentName
    provided: Mapping[ResourceName, str]
    stand_ins: bool
    platform: InCluster | InAws
    on_request: Mapping[str, Mapping[ResourceName, str]] = field(
        default_factory=dict[str, Mapping[ResourceName, str]]
    )
    monitoring: MonitoringSizes | None = None
    logging: LoggingSizes | None = None

    def asked(self, is_set: Callable[[str], bool]) -> Environment:
        """The same with what settings ask for.

        Args:
            is_set: whether the stack has a setting, by its key.
        """
        more = [each for key, each in self.on_request.items() if is_set(key)]
        provided = {name: what for each in (self.provided, *more) for name, what in each.items()}
        return replace(self, provided=provided)

    @property
    def in_cluster(self) -> bool:
        """Whether the servers run in the cluster."""
        return isinstance(self.platform, InCluster)

    @property
    def digests(self) -> bool:
        """Whether a release must name its images by digest."""
        return isinstance(self.platform, InAws) and self.platform.digests

    def lacks(self, catalog: Catalog) -> tuple[str, ...]:
        """Platform resources of the catalog that are neither provided here nor attached, sorted."""
        provided: Mapping[str, str] = {**self.provided}
        return tuple(
            name
            for name, resource in catalog.resources.items()
            if not resource.attached and catalog.base(name) not in provided
        )


_SERVER = Size(cpu="100m", cpu_limit="1", memory="512Mi", scratch="128Mi", ephemeral="512Mi")
"""A server inside of a small local cluster."""

_COLLECTOR = Size(
    cpu="50m", cpu_limit="500m", memory="128Mi", memory_limit="256Mi", ephemeral="512Mi"
)
"""What reads the logs of one node."""

_WATCHING_IN_AWS = MonitoringSizes(
    prometheus=ServerSize(
        size=replace(_SERVER, cpu="500m", cpu_limit="2", memory="4Gi"), storage="50Gi"
    ),
    alertmanager=ServerSize(size=Size(cpu="10m", cpu_limit="250m", memory="128Mi"), storage="1Gi"),
    grafana=ServerSize(size=replace(_SERVER, cpu="50m"), storage="1Gi"),
)

_MONITORING: Mapping[str, Mapping[ResourceName, str]] = {
    "monitoring": {
        "monitoring": "Prometheus and Grafana StatefulSets",
        "alerting": "Alertmanager StatefulSet",
    }
}

_MANAGED: Mapping[ResourceName, str] = {
    "postgres": "Aurora PostgreSQL",
    "redis": "ElastiCache (Valkey)",
    "queue": "Amazon MQ for RabbitMQ",
    "storage": "S3",
    "ml-models": "S3, read only",
    "gpu": "GPU nodes of the cluster",
    "hsm": "KMS, or CloudHSM with the setting `cloudHsm`",
    "cdn": "Cloudflare, CloudFront or both",
    "load-balancer": "Application Load Balancer",
}

_KEPT_BY_AWS: Mapping[str, Mapping[ResourceName, str]] = {
    "logging": {"logging": "CloudWatch Logs, and a collector on each node"}
}

ENVIRONMENTS: Mapping[EnvironmentName, Environment] = {
    "dev": Environment(
        name="dev",
        provided={
            "postgres": "PostgreSQL StatefulSet",
            "redis": "Valkey StatefulSet",
            "queue": "RabbitMQ StatefulSet",
            "storage": "SeaweedFS StatefulSet",
        },
        stand_ins=True,
        platform=InCluster(
            postgres=ServerSize(size=_SERVER, storage="4Gi"),
            redis=ServerSize(size=Size(cpu="50m", cpu_limit="500m", memory="192Mi"), storage="1Gi"),
            queue=ServerSize(size=_SERVER, storage="1Gi"),
            storage=ServerSize(size=replace(_SERVER, cpu="50m"), storage="8Gi"),
            max_memory="128mb",
        ),
        on_request={
            **_MONITORING,
            "logging": {"logging": "VictoriaLogs StatefulSet, and a collector on each node"},
        },
        logging=LoggingSizes(
            store=ServerSize(
                size=Size(cpu="50m", cpu_limit="1", memory="256Mi", ephemeral="256Mi"),
                storage="4Gi",
            ),
            collector=_COLLECTOR,
        ),
        monitoring=MonitoringSizes(
            prometheus=ServerSize(size=replace(_SERVER, memory="768Mi"), storage="4Gi"),
            alertmanager=ServerSize(
                size=Size(cpu="10m", cpu_limit="250m", memory="96Mi"), storage="1Gi"
            ),
            grafana=ServerSize(size=replace(_SERVER, cpu="50m"), storage="1Gi"),
        ),
    ),
    "staging": Environment(
        name="staging",
        provided=_MANAGED,
        on_request={**_MONITORING, **_KEPT_BY_AWS},
        monitoring=_WATCHING_IN_AWS,
        logging=LoggingSizes(collector=_COLLECTOR),
        stand_ins=False,
        platform=InAws(
            nat_gateways=1,
            public_api=True,
            retained=False,
            log_days=365,
            digests=False,
            postgres=AuroraSize(
                instance_class="db.r7g.large", instances=3, backup_days=7, insights_days=7
            ),
            redis=ElastiCacheSize(node_type="cache.t4g.small", nodes=2, snapshot_days=1),
            queue=AmazonMqSize(instance_type="mq.m7g.medium", deployment="SINGLE_INSTANCE"),
            nodes=Nodes(
                instance_types=("m7i.large",),
                least=3,
                most=6,
                gpu_families=("g6",),
                gpu_types=("g6.xlarge",),
                gpu_least=1,
                gpu_limit=3,
            ),
        ),
    ),
    "prod": Environment(
        name="prod",
        provided=_MANAGED,
        on_request={**_MONITORING, **_KEPT_BY_AWS},
        monitoring=_WATCHING_IN_AWS,
        logging=LoggingSizes(collector=_COLLECTOR),
        stand_ins=False,
        platform=InAws(
            nat_gateways=3,
            public_api=False,
            retained=True,
            log_days=400,
            digests=True,
            postgres=AuroraSize(
                instance_class="db.r7g.xlarge", instances=3, backup_days=35, insights_days=465
            ),
            redis=ElastiCacheSize(node_type="cache.r7g.large", nodes=3, snapshot_days=7),
            queue=AmazonMqSize(instance_type="mq.m7g.large", deployment="CLUSTER_MULTI_AZ"),
            nodes=Nodes(
                instance_types=("m7i.xlarge",),
                least=6,
                most=30,
                gpu_families=("g6", "g6e"),
                gpu_types=("g6.xlarge", "g6.2xlarge"),
                gpu_least=3,
                gpu_limit=8,
            ),
        ),
    ),
}


def environment_of(setting: Callable[[str], str | None]) -> Environment | None:
    """The column of the table that a stack's settings ask for; None if there is none.

    Args:
        setting: the text of a setting by its key; None where the stack has none.
    """
    name = setting("environment")
    found = next((each for known, each in ENVIRONMENTS.items() if known == name), None)
    return None if found is None else found.asked(lambda key: setting(key) is not None)
