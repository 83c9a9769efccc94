"""A server to put behind a TCP proxy, run by Python inside a container. One way of beginning a session per port.

7001  sends back what it hears
7002  says first who it takes the client for, then sends back what it hears
7003  the same as 7001, in TLS
7004  PostgreSQL's beginning in plain text: answers a start-up message with a request for no password
7005  PostgreSQL's beginning with TLS of its own
"""

import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
AUTHENTICATED = b"R" + struct.pack("!ii", 8, 0)


def echo(client: socket.socket) -> None:
    while heard := client.recv(65536):
        client.sendall(heard)


def greet(client: socket.socket) -> None:
    client.sendall(f"hello {client.getpeername()[0]}\n".encode())
    echo(client)


def in_tls(client: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/tmp/server.pem")
    with context.wrap_socket(client, server_side=True) as secure:
        echo(secure)


def postgresql(client: socket.socket) -> None:
    length = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))[0]
    client.recv(length - 4, socket.MSG_WAITALL)
    client.sendall(AUTHENTICATED)
    echo(client)


def postgresql_in_tls(client: socket.socket) -> None:
    if client.recv(8, socket.MSG_WAITALL) == SSL_REQUEST:
        client.sendall(b"S")
        in_tls(client)


def serve(listener: socket.socket, session: Callable[[socket.socket], None]) -> None:
    def run(client: socket.socket) -> None:
        with client, suppress(OSError):
            session(client)

    while True:
        threading.Thread(target=run, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    with open("/tmp/server.pem", "w") as file:
        file.write(os.environ["PEM"])
    beginnings = {7001: echo, 7002: greet, 7003: in_tls, 7004: postgresql, 7005: postgresql_in_tls}
    for port, beginning in beginnings.items():
        threading.Thread(target=serve, args=(socket.create_server(("", port), backlog=1024), beginning)).start()
    os.write(1, b"listening\n")
