"""The container's healthcheck: `python3 /etc/switchyard/probe.py`. The image has neither curl nor wget."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

import settings


def alive(port: int, path: str, timeout: float) -> str | None:
    """Nothing when the gateway answers 200 in time, else what went wrong."""
    try:
        with urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', timeout=timeout):
            return None
    except urllib.error.HTTPError as error:
        return f'{path} answered {error.code}'
    except OSError as error:
        return f'{path}: {error}'


if __name__ == '__main__':
    problem = alive(settings.load().port, '/health/readiness', 5)
    print(problem or 'ready')
    sys.exit(1 if problem else 0)
