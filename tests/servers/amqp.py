"""As much of AMQP 0-9-1 as it takes to log in to a vhost, and to send and fetch one message."""

from __future__ import annotations

import socket
import struct
from collections.abc import Generator
from contextlib import contextmanager

from tests.patience import PATIENCE_SECONDS

METHOD, HEADER, BODY, END = 1, 2, 3, b"\xce"
START, START_OK, TUNE, TUNE_OK = (10, 10), (10, 11), (10, 30), (10, 31)
OPEN, OPEN_OK, CLOSE = (10, 40), (10, 41), (10, 50)
CHANNEL_OPEN, CHANNEL_OPEN_OK, CHANNEL_CLOSE = (20, 10), (20, 11), (20, 40)
EXCHANGE_DECLARE, EXCHANGE_DECLARE_OK = (40, 10), (40, 11)
EXCHANGE_BIND, EXCHANGE_BIND_OK = (40, 30), (40, 31)
QUEUE_DECLARE, QUEUE_DECLARE_OK = (50, 10), (50, 11)
QUEUE_BIND, QUEUE_BIND_OK = (50, 20), (50, 21)
BASIC_PUBLISH, BASIC_GET, BASIC_GET_OK = (60, 40), (60, 70), (60, 71)


class RefusedError(Exception):
    """The broker closed the connection or channel; `code` is its reason, 0 if it gave none."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code


class Amqp:
    """One connection with one channel."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def declare(self, queue: str) -> None:
        """Make a queue, or find that it is there."""
        self._send(1, QUEUE_DECLARE, b"\0\0" + _short(queue) + b"\0" + _long(b""))
        self._expect(QUEUE_DECLARE_OK)

    def declare_exchange(self, exchange: str, *, passive: bool = False) -> None:
        """Make a durable exchange of type topic, or find that it is there; `passive` only looks."""
        flags = b"\x03" if passive else b"\x02"
        names = _short(exchange) + _short("topic")
        self._send(1, EXCHANGE_DECLARE, b"\0\0" + names + flags + _long(b""))
        self._expect(EXCHANGE_DECLARE_OK)

    def bind(self, queue: str, exchange: str, key: str) -> None:
        """Have a queue sent what is published to the exchange with routing keys like `key`."""
        names = _short(queue) + _short(exchange) + _short(key)
        self._send(1, QUEUE_BIND, b"\0\0" + names + b"\0" + _long(b""))
        self._expect(QUEUE_BIND_OK)

    def bind_exchange(self, to: str, exchange: str, key: str) -> None:
        """Have an exchange sent what is published to another with routing keys like `key`."""
        names = _short(to) + _short(exchange) + _short(key)
        self._send(1, EXCHANGE_BIND, b"\0\0" + names + b"\0" + _long(b""))
        self._expect(EXCHANGE_BIND_OK)

    def publish(self, queue: str, message: bytes, exchange: str = "") -> None:
        """Send a message to a queue of this vhost, or to an exchange with that routing key."""
        self._send(1, BASIC_PUBLISH, b"\0\0" + _short(exchange) + _short(queue) + b"\0")
        self._frame(HEADER, 1, struct.pack(">HHQH", BASIC_PUBLISH[0], 0, len(message), 0))
        self._frame(BODY, 1, message)

    def get(self, queue: str) -> bytes:
        """Take the first message out of a queue.

        Raises:
            AssertionError: if the queue is empty.
        """
        self._send(1, BASIC_GET, b"\0\0" + _short(queue) + b"\x01")
        self._expect(BASIC_GET_OK)
        self._read()
        return self._read()[1]

    def log_in(self, username: str, password: str, vhost: str) -> None:
        """Do the handshake up to an open channel."""
        self._socket.sendall(b"AMQP\0\0\x09\x01")
        self._expect(START)
        secret = _long(f"\0{username}\0{password}".encode())
        self._send(0, START_OK, _long(b"") + _short("PLAIN") + secret + _short("en_US"))
        limits = self._expect(TUNE)
        # The same limits, but no heartbeat.
        self._send(0, TUNE_OK, limits[:6] + b"\0\0")
        self._send(0, OPEN, _short(vhost) + _short("") + b"\0")
        self._expect(OPEN_OK)
        self._send(1, CHANNEL_OPEN, _short(""))
        self._expect(CHANNEL_OPEN_OK)

    def _expect(self, method: tuple[int, int]) -> bytes:
        kind, payload = self._read()
        assert kind == METHOD
        got, arguments = struct.unpack(">HH", payload[:4]), payload[4:]
        if got in (CLOSE, CHANNEL_CLOSE):
            length = arguments[2]
            code = int(struct.unpack(">H", arguments[:2])[0])
            raise RefusedError(code, arguments[3 : 3 + length].decode())
        assert got == method, f"expected {method}, the broker sent {got}"
        return arguments

    def _send(self, channel: int, method: tuple[int, int], arguments: bytes) -> None:
        self._frame(METHOD, channel, struct.pack(">HH", *method) + arguments)

    def _frame(self, kind: int, channel: int, payload: bytes) -> None:
        self._socket.sendall(struct.pack(">BHI", kind, channel, len(payload)) + payload + END)

    def _read(self) -> tuple[int, bytes]:
        kind, _, size = struct.unpack(">BHI", self._exactly(7))
        return int(kind), self._exactly(size + 1)[:-1]

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                part = self._socket.recv(size - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                raise RefusedError(0, "the broker hung up")
            data += part
        return data


def _short(text: str) -> bytes:
    return struct.pack(">B", len(text.encode())) + text.encode()


def _long(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


@contextmanager
def amqp(port: int, username: str, password: str, vhost: str) -> Generator[Amqp]:
    """An open channel in `vhost` on loopback.

    Raises:
        RefusedError: if the broker does not let the user in.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        client = Amqp(connection)
        client.log_in(username, password, vhost)
        yield client
