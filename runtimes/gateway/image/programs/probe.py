"""The container's health check: `python3 -I -S /etc/switchyard/probe.py`. The image has neither curl nor wget.

It runs every few seconds in every gateway, so it imports as little as possible. With urllib it would take three times as much CPU time,
which on a small machine with several gateways is a significant part of a core.
"""

from __future__ import annotations

import socket
import sys

PORT = 4000


def problem_of(port: int, path: str, timeout: float) -> str | None:
    """None if the gateway responds with 200 in time, otherwise what went wrong."""
    try:
        with socket.create_connection(('127.0.0.1', port), timeout) as connection:
            connection.sendall(f'GET {path} HTTP/1.0\r\nhost: gateway\r\n\r\n'.encode())
            status = connection.recv(64).split(b' ')[1:2]
    except OSError as error:
        return f'{path}: {error}'
    if status == [b'200']:
        return None
    return f'{path} responded with {status[0].decode("latin-1")}' if status else f'{path}: the connection was closed without a response'


if __name__ == '__main__':
    problem = problem_of(PORT, '/health/readiness', 5)
    print(problem or 'ready')
    sys.exit(1 if problem else 0)
