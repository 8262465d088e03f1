"""Calls of a Kubernetes API server, as few as the tests need."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from nexus.pulumi.wire import Properties, text
from nexus.rehearsal.cluster import key_of

Object = dict[str, Any]

APPLY = "application/apply-patch+yaml"

ANSWER_SECONDS = 60
"""Longest time for one answer; a busy machine has been seen to need ten."""


class RefusedError(Exception):
    """The server refused a call; the text is its own, `code` its HTTP status."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Api:
    """An API server on loopback.

    Args:
        port: its TCP port.
        certificate: file with the certificate that it shows.
        token: whose rights are the cluster's administrator's.
    """

    port: int
    certificate: Path
    token: str

    def get(self, path: str) -> Object:
        """An object or a list of them, such as `/api/v1/namespaces`."""
        return self.call("GET", path)

    def items(self, path: str) -> list[Object]:
        """The objects of a list."""
        return self.get(path)["items"]

    def post(self, path: str, content: Object, *, manager: str = "tests") -> Object:
        """Make an object, as field manager `manager`."""
        return self.call("POST", path, content, {"fieldManager": manager})

    def apply(
        self, path: str, content: Object, *, manager: str = "tests", dry_run: bool = False
    ) -> Object:
        """Apply an object on the server, with force, as field manager `manager`."""
        query = {"fieldManager": manager, "force": "true", **({"dryRun": "All"} if dry_run else {})}
        return self.call("PATCH", path, content, query, kind=APPLY)

    def delete(self, path: str) -> None:
        """Delete an object, which may take until after the answer."""
        self.call("DELETE", path)

    def call(
        self,
        method: str,
        path: str,
        content: Object | None = None,
        query: Mapping[str, str] | None = None,
        kind: str = "application/json",
    ) -> Object:
        """One call.

        Raises:
            RefusedError: the answer is not a success.
            OSError: there is no server.
        """
        context = ssl.create_default_context(cafile=self.certificate)
        connection = HTTPSConnection(
            "127.0.0.1", self.port, timeout=ANSWER_SECONDS, context=context
        )
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        body = None if content is None else json.dumps(content)
        try:
            connection.request(method, f"{path}?{urlencode(query or {})}", body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RefusedError(answer.status, _message(text))
        return json.loads(text)


def collection_of(manifest: Properties, namespace: str = "") -> str:
    """The path of the objects of a manifest's kind: of a namespace or, without one, of all."""
    version = text(manifest["apiVersion"])
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{inside}/{key_of(manifest).resource.partition('.')[0]}"


def _message(text: str) -> str:
    try:
        return json.loads(text).get("message", text)
    except ValueError:
        return text
