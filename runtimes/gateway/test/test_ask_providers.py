"""What is asked of each provider, and what is said of its response."""

import http.server
import json
import tempfile
import threading
import unittest
from pathlib import Path

import ask_providers
from ask_providers import Question, ask, questions


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        status, body = self.server.answers.get(self.path, (404, '{}'))
        self.send_response(status)
        self.send_header('content-type', 'text/html' if body.startswith('<') else 'application/json')
        self.send_header('location', '/elsewhere')
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class AskProviders(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Server)
        self.server.seen, self.server.answers = [], {}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f'http://127.0.0.1:{self.server.server_port}'
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def test_each_key_of_each_address_is_asked_once_in_the_form_of_its_api(self):
        def model(alias, name, base, key='not-needed', **more):
            return {'model_name': alias, 'litellm_params': {'model': name, 'api_base': base, 'api_key': key, **more}}

        config = {'model_list': [
            model('a', 'anthropic/x', 'http://a', 'os.environ/A_API_KEY'),
            model('a2', 'anthropic/y', 'http://a', 'os.environ/A_API_KEY'),
            model('a', 'anthropic/x', 'http://a', 'os.environ/A_API_KEY_2'),
            model('o', 'openai/x', 'http://o/v1/', 'os.environ/O_API_KEY', extra_headers={'x-portkey-api-key': 'os.environ/O_API_KEY', 'x': 'y'}),
            model('r', 'openrouter/x', 'http://r/api/v1', 'os.environ/O_API_KEY'),
            model('g', 'gemini/x', 'http://g/v1beta', 'os.environ/O_API_KEY'),
            model('local', 'custom_openai/x', 'http://l/v1'),
            model('local-2', 'custom_openai/org/y', 'http://l/v1'),
            model('local-3', 'custom_openai/x', 'http://l/v1'),
            model('mock', 'openai/mock', 'http://127.0.0.1:9', mock_response='hi'),
        ]}  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            for name in ('A_API_KEY', 'A_API_KEY_2', 'O_API_KEY'):
                (Path(folder) / name).write_text(f'value of {name}\n')
            found = questions(config, Path(folder))
        self.assertEqual(found, [
            Question('A_API_KEY', 'http://a/v1/models?limit=1', {'x-api-key': 'value of A_API_KEY'}),
            Question('A_API_KEY_2', 'http://a/v1/models?limit=1', {'x-api-key': 'value of A_API_KEY_2'}),
            Question('O_API_KEY', 'http://o/v1/models', {'x-portkey-api-key': 'value of O_API_KEY', 'x': 'y', 'authorization': 'Bearer value of O_API_KEY'}),
            Question('O_API_KEY', 'http://r/api/v1/key', {'authorization': 'Bearer value of O_API_KEY'}),
            Question('O_API_KEY', 'http://g/v1beta/models?pageSize=1', {'x-goog-api-key': 'value of O_API_KEY'}),
            Question('local', 'http://l/v1/models', {'authorization': 'Bearer not-needed'}, ('x', 'org/y')),
        ])  # fmt: skip

    def test_a_response_is_its_status_and_nothing_else(self):
        secret = 'the key is in this response'
        self.server.answers = {'/ok': (200, secret), '/no': (401, json.dumps(secret)), '/wall': (403, '<h1>no</h1>'), '/moved': (302, '{}')}
        for path, status, reason in (('/ok', 200, None), ('/no', 401, None), ('/wall', 403, 'a page, not the API'), ('/moved', 302, None), ('/x', 404, None)):
            result = ask(Question('K', self.address + path, {'authorization': 'Bearer k'}))
            self.assertEqual((result['status'], result['reason']), (status, reason), path)
            self.assertNotIn(secret, json.dumps(result))
        self.assertNotIn('/elsewhere', [path for path, _ in self.server.seen])

    def test_a_servers_list_of_models_is_compared_with_those_that_it_must_have(self):
        self.server.answers = {
            '/v1/models': (200, json.dumps({'object': 'list', 'data': [{'id': 'qwen3:8b'}, {'id': 'a\x1b[31m'}]})),
            '/api/tags': (200, json.dumps({'models': [{'name': 'qwen3:latest'}, {'name': 'qwen3:8b'}]})),
            '/empty': (200, json.dumps({'data': [], 'models': []})),
            **{path: (200, body) for path, body in (('/text', 'OK'), ('/array', '[1]'), ('/odd', '{"data":[3]}'), ('/none', '{}'))},
        }
        for path, models, missing, listed in (
            ('/v1/models', ('qwen3:14b', 'qwen3:8b'), ['qwen3:14b'], ['qwen3:8b', 'a[31m']),
            ('/v1/models', ('qwen3:8b',), None, None),
            ('/v1/models', (), None, None),
            ('/api/tags', ('qwen3', 'llama'), ['llama'], ['qwen3:latest', 'qwen3:8b']),
            ('/empty', ('m',), ['m'], []),
            *((path, ('m',), None, None) for path in ('/text', '/array', '/odd', '/none')),
        ):
            with self.subTest(path=path, models=models):
                result = ask(Question('local', self.address + path, {}, models))
                self.assertEqual((result['status'], result.get('missing'), result.get('listed')), (200, missing, listed))

    def test_no_response_has_a_reason_and_a_bounded_time(self):
        self.assertEqual(ask(Question('K', 'http://127.0.0.1:9/models', {}))['reason'], 'it refuses connections')
        self.assertEqual(ask(Question('K', 'http://no-such-name.invalid/models', {}))['reason'], 'its name cannot be resolved')
        ask_providers.TIMEOUT, before = 0.2, ask_providers.TIMEOUT
        self.addCleanup(setattr, ask_providers, 'TIMEOUT', before)
        import socket

        with socket.create_server(('127.0.0.1', 0)) as silent:
            result = ask(Question('K', f'http://127.0.0.1:{silent.getsockname()[1]}/models', {}))
        self.assertEqual(result['reason'], 'no response within 0.2 s')


if __name__ == '__main__':
    unittest.main()
