"""Keeps the key of a rehearsal's secrets: the part of HashiCorp Vault that the engine asks for one.

A passphrase would do too, but each command of the engine makes a key of it anew, and a million
rounds of hashing take longer than all else that a short command does.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

KEY = "hashivault://rehearsal"
"""The secrets provider of a rehearsal's stack."""


_POLL_SECONDS = 0.05
"""How often it is seen that the block has ended."""


@contextmanager
def kept_keys() -> Generator[Mapping[str, str]]:
    """Keeps keys while the block runs; yields the environment that leads the engine to them.

    They are in the memory of this process alone, and given to who knows the token.
    """
    token = secrets.token_urlsafe(24)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Vault, token, {})) as server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            yield {"VAULT_SERVER_URL": url, "VAULT_SERVER_TOKEN": token}
        finally:
            server.shutdown()
            thread.join()


class _Vault(BaseHTTPRequestHandler):
    """The two calls of the transit engine; what a "ciphertext" stands for never leaves the process.

    https://developer.hashicorp.com/vault/api-docs/secret/transit
    """

    protocol_version = "HTTP/1.1"

    def __init__(self, token: str, kept: dict[str, str], *connection: Any) -> None:
        self._token, self._kept = token, kept
        super().__init__(*connection)

    def do_PUT(self) -> None:
        """Takes a key in, or gives it out."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not secrets.compare_digest(self.headers.get("X-Vault-Token", ""), self._token):
            self._answer(403, {"errors": ["permission denied"]})
        elif self.path.startswith("/v1/transit/encrypt/"):
            name = f"vault:v1:{secrets.token_urlsafe(24)}"
            self._kept[name] = body["plaintext"]
            self._answer(200, {"data": {"ciphertext": name}})
        elif body.get("ciphertext") in self._kept:
            self._answer(200, {"data": {"plaintext": self._kept[body["ciphertext"]]}})
        else:
            self._answer(400, {"errors": ["invalid ciphertext"]})

    def _answer(self, status: int, content: Mapping[str, Any]) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing of each request."""
