# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a server takes no connection: its SQLSTATE, whatever language it speaks.

libpq gives only the server's translated message.  The first packet of the protocol
is answered with an SQLSTATE before any authentication (manual, "Message Flow"), so
"too many clients" and "starting up" can be told from death.
"""

from __future__ import annotations

import socket
import struct

from pgsr.wait import now

TOO_MANY_CONNECTIONS = "53300"
CANNOT_CONNECT_NOW = "57P03"  # starting up, shutting down, in recovery

_PROTOCOL_3 = 196608


def sqlstate(host: str, port: int, user: str, database: str, deadline: float) -> str:
    """Return the SQLSTATE of the server's refusal, empty when it refuses nothing.

    ``host`` is a directory of a Unix-domain socket or a TCP host.  OSError when no
    server answers before ``deadline``.
    """
    with _connect(host, port, max(0.05, deadline - now())) as connection:
        connection.sendall(startup_packet(user, database))
        return parse_refusal(_receive(connection))


def startup_packet(user: str, database: str) -> bytes:
    """Return the StartupMessage of protocol 3.0."""
    pairs = ("user", user, "database", database or user)
    body = b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for text in pairs)
    return struct.pack("!ii", len(body) + 9, _PROTOCOL_3) + body + b"\0"


def parse_refusal(message: bytes) -> str:
    """Return the SQLSTATE of an ErrorResponse; empty for any other message."""
    if not message.startswith(b"E"):
        return ""
    fields = message[5:].split(b"\0")
    codes = [
        field[1:].decode("ascii", "replace") for field in fields if field[:1] == b"C"
    ]
    return codes[0] if codes else ""


def _connect(host: str, port: int, timeout_s: float) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), timeout_s)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(f"{host}/.s.PGSQL.{port}")
    except OSError:
        connection.close()
        raise
    return connection


def _receive(connection: socket.socket) -> bytes:
    """Return the first message, or as much of it as came before the end."""
    message = b""
    while True:
        part = connection.recv(4096)
        message += part
        if not part or _is_whole(message):
            return message


def _is_whole(message: bytes) -> bool:
    return len(message) >= 5 and len(message) > struct.unpack_from("!i", message, 1)[0]
