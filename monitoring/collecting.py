"""The OpenTelemetry Collector's configuration: what it reads, adds and takes out."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.alertmanager import as_yaml
from monitoring.redaction import KEY_LINES, Redaction

Part = dict[str, Any]

LOGS = "/var/log/pods"
"""Folder of the node where the kubelet keeps what containers print."""

STATE = "/var/lib/otelcol"
"""Folder where the collector keeps how far it has read, and what nobody has taken yet."""

HEALTH_PORT = 13133
NODE_VARIABLE = "NODE_NAME"
"""Variable with the name of the node that the collector runs on."""

_JSON = "nexus.json"
"""Field of a record that holds those of its line until they are its own."""

_OF_THE_FILE = ("log.file.name", "log.file.path", "logtag")
"""What is known of the file, and is of no use after it."""

_SEVERITIES = {
    "TRACE": "trace|verbose",
    "DEBUG": "debug",
    "INFO": "info|information|notice",
    "WARN": "warn|warning",
    "ERROR": "err|error",
    "FATAL": "fatal|critical|crit|alert|emerg|emergency|panic",
}
"""What services call OpenTelemetry's levels."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the logs of one domain go, by OTLP over HTTP.

    Args:
        url: address of the logs.
        headers: what tells the store whose they are.
        signed: AWS service and region that requests are signed for, if any.
    """

    url: str
    headers: Mapping[str, str]
    signed: tuple[str, str] | None = None


def tenant(name: str) -> int:
    """The number by which VictoriaLogs keeps the logs of a namespace (without prefix) apart.

    Made of the name alone, so that a new domain gives nobody another one's logs.
    """
    return zlib.crc32(name.encode())


def stored(url: str, names: Iterable[str]) -> Mapping[str, Place]:
    """Where the logs of namespaces go in a VictoriaLogs, each to its tenant.

    Args:
        url: the server's base URL.
        names: of the namespaces, without prefix.
    """
    return {
        name: Place(
            url=f"{url.rstrip('/')}/insert/opentelemetry/v1/logs",
            headers={
                "AccountID": str(tenant(name)),
                # What is new with each pod makes no stream of its own.
                "VL-Stream-Fields": "service.namespace,service.name",
            },
        )
        for name in names
    }


def collecting(
    places: Mapping[str, Place],
    *,
    prefix: str,
    environment: str,
    redaction: Redaction,
    logs: str = LOGS,
    state: str = STATE,
) -> str:
    """The collector's file of configuration, for one on each node.

    Args:
        places: where logs go, by the namespace (without prefix) that they come from.
        prefix: start of the stack's namespaces.
        environment: what each record says it is from.
        redaction: what must not leave.
        logs: folder with the logs of the node's pods.
        state: folder of the collector's own.
    """
    signed = next((place.signed for place in places.values() if place.signed), None)
    extensions: Part = {
        "file_storage": {"directory": state, "create_directory": True},
        "health_check": {"endpoint": f"0.0.0.0:{HEALTH_PORT}"},
    }
    if signed is not None:
        extensions["sigv4auth"] = {"service": signed[0], "region": signed[1]}
    document: Part = {
        "extensions": extensions,
        "receivers": {"file_log": _reading(logs, [f"{prefix}-{name}" for name in places])},
        "processors": {
            "memory_limiter": {
                "check_interval": "1s",
                "limit_percentage": 75,
                "spike_limit_percentage": 25,
            },
            "k8s_attributes": _labels(),
            "transform/structure": _structure(prefix, environment),
            "transform/redaction": _redacted(redaction),
            "redaction": {
                "allow_all_keys": True,
                "blocked_key_patterns": [_literal(redaction.key)],
                "summary": "silent",
            },
        },
        "connectors": {
            "routing": {
                "error_mode": "ignore",
                "table": [
                    {
                        "context": "resource",
                        "condition": f'attributes["service.namespace"] == "{name}"',
                        "pipelines": [f"logs/{name}"],
                    }
                    for name in places
                ],
            }
        },
        "exporters": {f"otlp_http/{name}": _sending(place) for name, place in places.items()},
        "service": {
            "extensions": list(extensions),
            "pipelines": {
                "logs": {
                    "receivers": ["file_log"],
                    "processors": [
                        "memory_limiter",
                        "k8s_attributes",
                        "transform/structure",
                        "transform/redaction",
                        "redaction",
                    ],
                    "exporters": ["routing"],
                },
                **{
                    f"logs/{name}": {
                        "receivers": ["routing"],
                        "exporters": [f"otlp_http/{name}"],
                    }
                    for name in places
                },
            },
            # Its own words may quote what it could not read.
            "telemetry": {"logs": {"level": "warn"}, "metrics": {"level": "none"}},
        },
    }
    return as_yaml(document)


def _reading(folder: str, namespaces: Sequence[str]) -> Part:
    """Reads what the containers of these namespaces print, each line once."""
    return {
        "include": [f"{folder}/{namespace}_*/*/*.log" for namespace in namespaces],
        "include_file_path": True,
        "start_at": "beginning",
        "storage": "file_storage",
        # Nothing is read that nobody takes.
        "retry_on_failure": {"enabled": True, "max_elapsed_time": "0s"},
        "operators": [
            {"type": "container", "id": "container"},
            # A key is printed in lines, of which no one looks like a secret.
            {
                "type": "recombine",
                "combine_field": "body",
                "source_identifier": 'attributes["log.file.path"]',
                "is_last_entry": f"not (body matches {_quoted(KEY_LINES)})",
                "max_log_size": "64KiB",
                "force_flush_period": "5s",
            },
            {
                "type": "json_parser",
                "if": r'body matches "^\\s*[{]"',
                "parse_to": f'attributes["{_JSON}"]',
                "parse_ints": True,
                "on_error": "send_quiet",
            },
        ],
    }


def _labels() -> Part:
    """Asks the API server for the labels of this node's pods."""
    names = {
        "service.name": "app.kubernetes.io/name",
        "service.namespace": "nexus-cos/domain",
        "nexus.tier": "nexus-cos/tier",
    }
    return {
        "auth_type": "serviceAccount",
        "filter": {"node_from_env_var": NODE_VARIABLE},
        # Else the first records after a start have no version. A kubelet starts again what gave up.
        "wait_for_metadata": True,
        "wait_for_metadata_timeout": "60s",
        "pod_association": [{"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]}],
        "extract": {
            # Of the image: each pod has its own, also while another version is rolled out.
            "metadata": ["service.version"],
            "labels": [
                {"tag_name": name, "key": label, "from": "pod"} for name, label in names.items()
            ],
        },
    }


def _structure(prefix: str, environment: str) -> Part:
    """Gives a record what its service, its line and its pod say of it."""
    resource = 'resource.attributes["{}"]'.format
    own = 'log.attributes["{}"]'.format
    parsed = f"{own(_JSON)} != nil"
    namespace, service = resource("service.namespace"), resource("service.name")
    statements = [
        # The file's own name does for what no label says.
        f"set({namespace}, {resource('k8s.namespace.name')}) where {namespace} == nil",
        f'replace_pattern({namespace}, "^{prefix}-", "")',
        f"set({service}, {resource('k8s.container.name')}) where {service} == nil",
        f'set({resource("deployment.environment.name")}, "{environment}")',
        f'set(log.body, "") where {parsed}',
        f'merge_maps(log.attributes, {own(_JSON)}, "upsert") where {parsed}',
        *(f'delete_key(log.attributes, "{each}")' for each in (_JSON, *_OF_THE_FILE)),
        "flatten(log.attributes)",
        *_taken("log.body", ("body", "message", "msg")),
        *_taken("log.severity_text", ("severity_text", "severity", "level")),
        *_taken("log.trace_id.string", ("trace_id", "traceId", "traceID"), "[0-9a-f]{32}"),
        *_taken("log.span_id.string", ("span_id", "spanId", "spanID"), "[0-9a-f]{16}"),
        *(
            f"set(log.severity_number, SEVERITY_NUMBER_{level}) where "
            f'IsMatch(log.severity_text, "^(?i:{words})$$")'
            for level, words in _SEVERITIES.items()
        ),
    ]
    return {
        "error_mode": "silent",
        "log_statements": [{"context": "log", "statements": statements}],
    }


def _taken(field: str, names: Sequence[str], pattern: str = "") -> list[str]:
    """Takes a field of the record from what services call it, the first that is there."""
    statements: list[str] = []
    for name in names:
        own = f'log.attributes["{name}"]'
        text = f"IsString({own})"
        if pattern:
            text += f' and IsMatch({own}, "^{pattern}$$")'
        statements += [
            f"set({field}, {own}) where {text}",
            f'delete_key(log.attributes, "{name}") where {text}',
        ]
    return statements


def _redacted(redaction: Redaction) -> Part:
    """Takes secrets out of all texts of a record; of fields, their names are asked after it."""
    statements: list[str] = []
    for each in redaction.replacements():
        pattern, by = _quoted(_literal(each.pattern)), _quoted(_literal(each.by))
        statements += [
            f"replace_pattern(log.body, {pattern}, {by})",
            f'replace_all_patterns(log.attributes, "value", {pattern}, {by})',
        ]
    # What cannot be searched must not leave.
    return {
        "error_mode": "propagate",
        "log_statements": [{"context": "log", "statements": statements}],
    }


def _sending(place: Place) -> Part:
    sent: Part = {
        "logs_endpoint": place.url,
        "headers": {**place.headers},
        "retry_on_failure": {"enabled": True, "max_elapsed_time": "0s"},
        "sending_queue": {
            "enabled": True,
            "storage": "file_storage",
            "sizer": "items",
            "queue_size": 5000,
            "block_on_overflow": True,
            "batch": {"flush_timeout": "1s", "min_size": 500, "max_size": 2000},
        },
    }
    if place.signed is not None:
        sent["auth"] = {"authenticator": "sigv4auth"}
    return sent


def _quoted(text: str) -> str:
    """A text as OTTL and Expr write it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _literal(text: str) -> str:
    """A text in whose place the collector puts no variable."""
    return text.replace("$", "$$")
