"""Asks every provider of config.yaml, with each of its keys, whether it answers. `up` runs this in a gateway: it has the keys, and its network is
the one that matters. Prints a line of JSON for each key: {"name", "host", "status", "reason"}; no key, and of a response only this: of a server
without a key, which the user runs, "missing" are the configured models that its list lacks, and "listed" the models in it.

The question is a list, of the models or for OpenRouter of the key's limits: providers do not charge for it.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

# Seconds until a provider counts as unreachable, and until the program ends whatever happens.
TIMEOUT = 5.0
TOTAL = 8.0
# The bytes that are read of a list of models, and the models of it that are reported.
MAX_LIST, MAX_LISTED = 1 << 20, 100
SECRETS = Path('/run/secrets')
REFERENCE = 'os.environ/'
# What is appended to the address, and the header with the key, by LiteLLM's prefix.
QUESTIONS = {
    'anthropic': ('/v1/models?limit=1', 'x-api-key'),
    'azure': ('/openai/models?api-version=2024-10-21', 'api-key'),
    'gemini': ('/models?pageSize=1', 'x-goog-api-key'),
    'ollama': ('/api/tags', None),
    'ollama_chat': ('/api/tags', None),
    'openrouter': ('/key', 'authorization'),
}


class Question(NamedTuple):
    name: str  # that of the key; without one the alias
    url: str
    headers: dict[str, str]
    # The models that its list must have. Only of servers without a key: a provider's list can lack names that it accepts.
    models: tuple[str, ...] = ()


def questions(config: dict, secrets: Path = SECRETS) -> list[Question]:
    """One question for each address and key. The mock is not asked."""
    found: dict[tuple, Question] = {}
    for entry in config.get('model_list') or []:
        params = entry['litellm_params']
        if 'mock_response' in params or 'api_base' not in params:
            continue
        key = params.get('api_key', '')
        path, header = QUESTIONS.get(params['model'].split('/')[0], ('/models', 'authorization'))
        headers = {name: resolved(value, secrets) for name, value in (params.get('extra_headers') or {}).items()}
        if header:
            headers[header] = f'Bearer {resolved(key, secrets)}' if header == 'authorization' else resolved(key, secrets)
        name = key.removeprefix(REFERENCE) if key.startswith(REFERENCE) else entry['model_name']
        one = found.setdefault((params['api_base'], key), Question(name, params['api_base'].rstrip('/') + path, headers))
        if not key.startswith(REFERENCE):
            models = dict.fromkeys([*one.models, params['model'].partition('/')[2]])
            found[params['api_base'], key] = one._replace(models=tuple(models))
    return list(found.values())


def resolved(value: str, secrets: Path) -> str:
    """A value, or the content of the file that it refers to."""
    return (secrets / value.removeprefix(REFERENCE)).read_text().strip() if value.startswith(REFERENCE) else value


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to another host, which must not get the key."""

    def redirect_request(self, *_args) -> None:
        return None


def ask(question: Question, context: ssl.SSLContext | None = None) -> dict:
    """The status of the response, or 0 and the reason why there is none."""
    result = {'name': question.name, 'host': urlsplit(question.url).netloc, 'status': 0, 'reason': None}
    handlers = [NoRedirect()] + ([urllib.request.HTTPSHandler(context=context)] if context else [])
    # Some providers' firewalls reject Python's own name.
    request = urllib.request.Request(question.url, headers={'user-agent': 'switchyard', 'accept': 'application/json', **question.headers})
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT) as response:
            return {**result, 'status': response.status, **(compared(question.models, response.read(MAX_LIST)) if question.models else {})}
    except urllib.error.HTTPError as error:
        # A firewall in front of the provider responds with a page.
        is_page = 'json' not in (error.headers.get('content-type') or '')
        return {**result, 'status': error.code, 'reason': 'a page, not the API' if is_page else None}
    except Exception as error:
        return {**result, 'reason': reason_of(getattr(error, 'reason', error))}


def compared(models: tuple[str, ...], body: bytes) -> dict:
    """The models that a list lacks, and what it has; empty if it lacks none, or is no list."""
    try:
        answer = json.loads(body)
        listed = [one.get('id') or one.get('name') for one in answer.get('data') or answer['models']]
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}
    names = [name for name in listed if isinstance(name, str)]
    # Ollama adds the tag `latest` to a name without one.
    missing = [model for model in models if model not in names and f'{model}:latest' not in names]
    return {'missing': missing, 'listed': [printable(name) for name in names[:MAX_LISTED]]} if missing else {}


def printable(name: str) -> str:
    return ''.join(c for c in name[:100] if c.isprintable())


def reason_of(error: object) -> str:
    """In a few words, without the address or anything of the request."""
    if isinstance(error, socket.gaierror):
        return 'its name cannot be resolved'
    if isinstance(error, ConnectionRefusedError):
        return 'it refuses connections'
    if isinstance(error, TimeoutError):
        return f'no response within {TIMEOUT:g} s'
    if isinstance(error, ssl.SSLError):
        return 'no valid certificate'
    return 'no connection'


def main() -> None:
    import certifi
    import yaml

    asked = questions(yaml.safe_load(Path('/etc/switchyard/config.yaml').read_text()))
    context = ssl.create_default_context(cafile=os.environ.get('SSL_CERT_FILE') or certifi.where())
    answers: queue.Queue = queue.Queue()
    for index, question in enumerate(asked):
        threading.Thread(target=lambda i=index, q=question: answers.put((i, ask(q, context))), daemon=True).start()
    end = time.monotonic() + TOTAL
    results = {}
    while len(results) < len(asked) and (left := end - time.monotonic()) > 0:
        try:
            index, result = answers.get(timeout=left)
            results[index] = result
        except queue.Empty:
            break
    for index, question in enumerate(asked):
        late = {'name': question.name, 'host': urlsplit(question.url).netloc, 'status': 0, 'reason': f'no response within {TOTAL:g} s'}
        print(json.dumps(results.get(index, late)), flush=True)
    # A name lookup that hangs cannot be cancelled.
    sys.stdout.flush()
    os._exit(0)


if __name__ == '__main__':
    main()
