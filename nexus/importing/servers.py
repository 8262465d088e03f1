"""Which servers the well-known public images are."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.names import ResourceName

PLATFORM: Mapping[str, ResourceName] = {
    **dict.fromkeys(
        (
            *("postgres", "postgresql", "postgresql-repmgr", "postgis", "pgvector"),
            *("timescaledb", "timescaledb-ha", "timescaledb-postgis"),
        ),
        "postgres",
    ),
    **dict.fromkeys(
        (
            *("redis", "valkey", "keydb", "dragonfly", "redis-stack", "redis-stack-server"),
            *("valkey-bundle", "redis-alpine"),
        ),
        "redis",
    ),
    "rabbitmq": "queue",
    **dict.fromkeys(("minio", "seaweedfs"), "storage"),
}
"""Last part of an image's name to the platform resource that it is."""

WITH_EXTENSIONS = frozenset(
    {
        *("postgis", "pgvector", "timescaledb", "timescaledb-ha", "timescaledb-postgis"),
        *("supabase/postgres", "redis-stack", "redis-stack-server", "valkey-bundle"),
    }
)
"""Images of those that hold more than the server itself."""

OTHERS: Mapping[str, str] = {
    **dict.fromkeys(("kafka", "cp-kafka", "cp-server", "redpanda"), "Kafka"),
    **dict.fromkeys(("zookeeper", "cp-zookeeper"), "ZooKeeper"),
    **dict.fromkeys(("cp-schema-registry",), "Kafka schema registry"),
    **dict.fromkeys(("mongo", "mongodb", "mongodb-community-server", "ferretdb"), "MongoDB"),
    **dict.fromkeys(("mysql", "mysql-server", "percona", "percona-server"), "MySQL"),
    **dict.fromkeys(("mariadb", "mariadb-galera"), "MariaDB"),
    **dict.fromkeys(("elasticsearch", "elasticsearch-wolfi"), "Elasticsearch"),
    "opensearch": "OpenSearch",
    "memcached": "memcached",
    **dict.fromkeys(("nats", "nats-streaming"), "NATS"),
    **dict.fromkeys(("cassandra", "scylla", "dse-server"), "Cassandra"),
    **dict.fromkeys(("clickhouse", "clickhouse-server"), "ClickHouse"),
    **dict.fromkeys(("couchdb", "couchbase", "neo4j", "etcd", "consul", "vault"), ""),
    **dict.fromkeys(("influxdb", "questdb", "rethinkdb", "arangodb", "surrealdb"), ""),
    **dict.fromkeys(("pulsar", "pulsar-all", "activemq", "activemq-classic"), ""),
    **dict.fromkeys(("cockroach", "mssql/server", "azure-sql-edge"), ""),
    **dict.fromkeys(("qdrant", "weaviate", "milvus", "chroma", "meilisearch", "typesense"), ""),
    **dict.fromkeys(("solr", "eclipse-mosquitto", "emqx", "vernemq", "dynamodb-local"), ""),
    **dict.fromkeys(("localstack", "localstack-pro", "mailhog", "mailpit"), ""),
}
"""Last part of an image's name to the product, of servers that this platform makes none of; an
empty product is called as its image."""


def repository(image: str) -> str:
    """The image's name without tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def platform_resource(image: str) -> ResourceName | None:
    """The platform resource that an image is, None if it is none that is known."""
    return PLATFORM.get(repository(image).rpartition("/")[2])


def other_server(image: str) -> str | None:
    """The product of an image that is a server of another kind, None if none is known."""
    name = repository(image)
    for end in (name.rpartition("/")[2], "/".join(name.split("/")[-2:])):
        if end in OTHERS:
            return OTHERS[end] or end
    return None


def has_extensions(image: str) -> bool:
    """Whether an image of a platform resource holds more than that server."""
    name = repository(image)
    return name.rpartition("/")[2] in WITH_EXTENSIONS or name.endswith("supabase/postgres")
