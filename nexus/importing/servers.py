"""Which servers the well-known public images are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Product:
    """A server that this platform makes none of.

    Args:
        port: that its clients find it at, if it is not told otherwise.
    """

    name: str
    port: int


OTHERS: Mapping[str, Product] = {
    image: Product(name, port)
    for name, port, images in (
        ("Kafka", 9092, "kafka cp-kafka cp-server redpanda"),
        ("ZooKeeper", 2181, "zookeeper cp-zookeeper"),
        ("Kafka schema registry", 8081, "cp-schema-registry"),
        ("MongoDB", 27017, "mongo mongodb mongodb-community-server ferretdb"),
        ("MySQL", 3306, "mysql mysql-server percona percona-server"),
        ("MariaDB", 3306, "mariadb mariadb-galera"),
        ("SQL Server", 1433, "mssql/server azure-sql-edge"),
        ("CockroachDB", 26257, "cockroach"),
        ("Elasticsearch", 9200, "elasticsearch elasticsearch-wolfi"),
        ("OpenSearch", 9200, "opensearch"),
        ("Solr", 8983, "solr"),
        ("Meilisearch", 7700, "meilisearch"),
        ("Typesense", 8108, "typesense"),
        ("memcached", 11211, "memcached"),
        ("NATS", 4222, "nats nats-streaming"),
        ("Pulsar", 6650, "pulsar pulsar-all"),
        ("ActiveMQ", 61616, "activemq activemq-classic"),
        ("MQTT broker", 1883, "eclipse-mosquitto emqx vernemq"),
        ("Cassandra", 9042, "cassandra scylla dse-server"),
        ("ClickHouse", 8123, "clickhouse clickhouse-server"),
        ("CouchDB", 5984, "couchdb"),
        ("Couchbase", 8091, "couchbase"),
        ("Neo4j", 7687, "neo4j"),
        ("etcd", 2379, "etcd"),
        ("Consul", 8500, "consul"),
        ("Vault", 8200, "vault"),
        ("InfluxDB", 8086, "influxdb"),
        ("QuestDB", 9000, "questdb"),
        ("RethinkDB", 28015, "rethinkdb"),
        ("ArangoDB", 8529, "arangodb"),
        ("SurrealDB", 8000, "surrealdb"),
        ("DynamoDB", 8000, "dynamodb-local"),
        ("Qdrant", 6333, "qdrant"),
        ("Weaviate", 8080, "weaviate"),
        ("Milvus", 19530, "milvus"),
        ("Chroma", 8000, "chroma"),
        ("LocalStack", 4566, "localstack localstack-pro"),
        ("SMTP relay", 1025, "mailhog mailpit"),
    )
    for image in images.split()
}
"""Last part of an image's name, or its last two, to the product. Source of the ports: the defaults
in each product's documentation."""


def repository(image: str) -> str:
    """The image's name without tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def platform_resource(image: str) -> ResourceName | None:
    """The platform resource that an image is, None if it is none that is known."""
    return PLATFORM.get(repository(image).rpartition("/")[2])


def other_server(image: str) -> Product | None:
    """The product of an image that is a server of another kind, None if none is known."""
    parts = repository(image).split("/")
    return OTHERS.get(parts[-1]) or OTHERS.get("/".join(parts[-2:]))


def has_extensions(image: str) -> bool:
    """Whether an image of a platform resource holds more than that server."""
    name = repository(image)
    return name.rpartition("/")[2] in WITH_EXTENSIONS or name.endswith("supabase/postgres")
