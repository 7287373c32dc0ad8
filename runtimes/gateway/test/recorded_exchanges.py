"""Recorded exchanges with real providers, replayed: an upstream that gives the recorded responses, and the requests for the gateway.

A line of a file is `{provider, path, request, status, contentType, kind: "json" | "stream", response | body, retryAfter, source}`. The
project's own lines are in recorded_shapes.jsonl; more are in the folder /recordings, if it is there.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 9100
KEY_NAME = 'OPENAI_API_KEY'
OWN = Path(__file__).parent / 'recorded_shapes.jsonl'
FOLDER = Path('/recordings')
# By the end of the provider's path.
APIS = {
    '/messages/count_tokens': 'count_tokens',
    '/messages': 'messages',
    '/chat/completions': 'chat',
    '/embeddings': 'embeddings',
    '/responses': 'responses',
    '/responses/compact': 'compact',
    '/responses/input_tokens': 'input_tokens',
}
# The other APIs through which a client can ask for the same response. LiteLLM translates them.
ROUTES = {'chat': '/v1/chat/completions', 'messages': '/v1/messages', 'responses': '/v1/responses'}


class Exchange:
    """One recorded exchange. `alias` is its model in the gateway."""

    def __init__(self, number: int, line: dict) -> None:
        self.number, self.line, self.alias = number, line, f'recorded-{number}'
        self.provider, self.source, self.status = line['provider'], line['source'], line['status']
        self.api = next(api for end, api in APIS.items() if line['path'].endswith(end))
        self.stream = line['kind'] == 'stream'

    def __str__(self) -> str:
        return f'{self.provider} {self.api} {self.source}'

    @property
    def body(self) -> bytes:
        return (self.line['body'] if self.stream else json.dumps(self.line['response'])).encode()

    @property
    def route(self) -> str:
        """The path at the gateway."""
        return '/v1' + next(end for end, api in APIS.items() if api == self.api)

    @property
    def request(self) -> dict:
        """The recorded request, for the gateway."""
        return {**self.line['request'], 'model': self.alias}

    @property
    def other_apis(self) -> list[str]:
        """The other APIs through which LiteLLM asks the provider for a response of this kind."""
        if self.status != 200:
            return []
        # OpenAI has a responses API, and LiteLLM uses it for clients of both other APIs; OpenRouter's it uses for clients of the same API.
        if self.provider == 'openai':
            return ['messages'] if self.api == 'responses' else []
        own = {self.api, 'responses'} if self.provider == 'openrouter' else {self.api}
        return [api for api in ROUTES if api not in own] if self.api in ROUTES else []

    def request_through(self, api: str, tools: list[str]) -> dict:
        """A request of another API that offers these tools."""
        body: dict = {'model': self.alias, 'stream': self.stream}
        schema = {'type': 'object', 'properties': {}}
        functions = [{'name': name, 'description': 'a tool', 'parameters': schema} for name in tools]
        if api == 'responses':
            body |= {'input': 'replay', 'tools': [{'type': 'function', **one} for one in functions]}
        else:
            body |= {'messages': [{'role': 'user', 'content': 'replay'}], 'max_tokens': 64}
        if api == 'chat':
            body |= {'tools': [{'type': 'function', 'function': one} for one in functions], 'stream_options': {'include_usage': True}}
        if api == 'messages':
            body |= {'tools': [{'name': name, 'description': 'a tool', 'input_schema': schema} for name in tools]}
        unused = ([] if tools else ['tools']) + ([] if self.stream else ['stream_options'])
        return {name: value for name, value in body.items() if name not in unused}

    @property
    def deployment(self) -> dict:
        """The entry of LiteLLM's model list."""
        version = '' if self.provider == 'anthropic' else '/v1'
        params = {
            'model': f'{self.provider}/{self.line["request"]["model"]}',
            'api_base': f'http://127.0.0.1:{PORT}/{self.number}{version}',
            'api_key': f'os.environ/{KEY_NAME}',
            'timeout': 30,
        }
        mode = 'embedding' if self.api == 'embeddings' else 'chat'
        return {'model_name': self.alias, 'litellm_params': params, 'model_info': {'id': self.alias, 'mode': mode}}


def load() -> list[Exchange]:
    """All exchanges: the project's own, then those of the folder."""
    files = [OWN, *sorted(FOLDER.glob('*.jsonl'))]
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [Exchange(number, line) for number, line in enumerate(lines)]


class ReplayUpstream:
    """Answers each request with the response of the exchange whose number is the first part of its path."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get('content-length') or 0))
                exchange = exchanges[int(self.path.split('/')[1])]
                self.send_response(exchange.status)
                self.send_header('content-type', exchange.line['contentType'])
                if exchange.line.get('retryAfter'):
                    self.send_header('retry-after', str(exchange.line['retryAfter']))
                self.send_header('content-length', str(len(exchange.body)))
                self.end_headers()
                self.wfile.write(exchange.body)

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(('127.0.0.1', PORT), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
