"""Sends bodies with Python's HTTP clients to body_server.py; prints as JSON what each client got, how many times."""

import collections
import json
import sys

import httpx
import requests

URL = 'http://127.0.0.1:4000/v1/messages'


def pieces(body):
    yield from (body[start : start + 65_536] for start in range(0, len(body), 65_536))


def outcome(post, body, headers) -> str:
    try:
        response = post(URL, data=body, headers=headers)
        return f'{response.status_code} {response.json().get("error", {}).get("type", "")}'.strip()
    except (requests.RequestException, httpx.HTTPError) as error:
        return type(error).__name__


def by_httpx(url, data, headers):
    return httpx.post(url, content=data, headers=headers, timeout=60)


def by_requests(url, data, headers):
    return requests.post(url, data=data, headers=headers, timeout=60)


headers = {'x-api-key': sys.argv[1]}
found = {}
for size in map(int, sys.argv[2:]):
    body = b'{"model": "m", "system": "' + b'a' * (size - 28) + b'"}'
    for post in (by_httpx, by_requests):
        for make in (bytes, pieces):
            results = [outcome(post, make(body), headers) for _ in range(20)]
            found[f'{post.__name__} {make.__name__} {size}'] = collections.Counter(results)
print(json.dumps(found))
