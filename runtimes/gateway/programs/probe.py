"""The container's healthcheck: `python3 -I -S /etc/switchyard/probe.py`. The image has neither curl nor wget.

It runs every few seconds in every gateway, so it imports next to nothing: with urllib it would cost three times as much, which
on a small machine with several gateways is a good part of a core.
"""

from __future__ import annotations

import socket
import sys

PORT = 4000


def alive(port: int, path: str, timeout: float) -> str | None:
    """Nothing when the gateway answers 200 in time, else what went wrong."""
    try:
        with socket.create_connection(('127.0.0.1', port), timeout) as connection:
            connection.sendall(f'GET {path} HTTP/1.0\r\nhost: gateway\r\n\r\n'.encode())
            status = connection.recv(64).split(b' ')[1:2]
    except OSError as error:
        return f'{path}: {error}'
    if status == [b'200']:
        return None
    return f'{path} answered {status[0].decode("latin-1")}' if status else f'{path}: the connection was closed without an answer'


if __name__ == '__main__':
    problem = alive(PORT, '/health/readiness', 5)
    print(problem or 'ready')
    sys.exit(1 if problem else 0)
