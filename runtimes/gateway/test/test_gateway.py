"""The whole gateway with real LiteLLM and a fake upstream, in a container without a network.

That the gateway starts and responds there is itself a test: it needs nothing but its upstreams.
"""

import gzip
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import agent_loops
import recorded_differences
import recorded_exchanges
from backports import zstd
from ledger_cases import LedgerCases, inject, without_cooldowns
from limits_cases import LIMITED, LIMITS, LimitsCases
from provider_failure import UNPROCESSABLE
from recorded_content import comparable, content_of

HOME = Path('/etc/switchyard')
SECRETS = Path('/run/secrets')
KEY = 'sk-client-' + '7' * 30
# Plain hex: LiteLLM does not recognize such a value as a key.
KEYS = {'OPENAI_API_KEY': '0f1e2d3c4b5a69788796a5b4c3d2e1f0', 'ANTHROPIC_API_KEY': 'c0ffee00c0ffee11c0ffee22', 'GROQ_API_KEY': 'beef0000beef1111beef2222'}
KEYS['OTHER_API_KEY'] = 'feed0000feed1111feed2222'
# The providers that only the loops of agents need.
OTHERS = {
    'deepseek': ('deepseek/deepseek-v4-flash', '/deepseek/v1'),
    'mistral': ('mistral/mistral-large-latest', '/mistral/v1'),
    'openrouter': ('openrouter/anthropic/claude-opus-5', '/openrouter/api/v1'),
    'together': ('together_ai/openai/gpt-oss-120b', '/together/v1'),
    'perplexity': ('perplexity/sonar', '/perplexity'),
    'huggingface': ('huggingface/openai/gpt-oss-120b', '/huggingface/v1'),
}
# The providers that accept a PDF in a chat completion.
READ_PDF = ('claude', 'gpt', 'openrouter')
SOAK = os.environ.get('SWITCHYARD_SOAK') == '1'
UPSTREAM = 'http://127.0.0.1:9000'
LIMIT = 6


def model(alias, name, path, key):
    params = {'model': name, 'api_base': UPSTREAM + path, 'api_key': f'os.environ/{key}', 'timeout': 20, 'stream_timeout': 20}
    return {'model_name': alias, 'litellm_params': params, 'model_info': {'id': f'{alias}@{key}', 'mode': 'chat'}}


def local_models() -> list[dict]:
    """The rendered deployments of the catalogue's examples of model servers without keys."""
    import yaml

    return yaml.safe_load(Path('/local.yaml').read_text())['model_list']


def prepare() -> None:
    """The files that infra/ would upload."""
    import yaml

    shutil.copytree('/hooks', HOME, dirs_exist_ok=True)
    config = yaml.safe_load(Path('/litellm.yaml').read_text())
    config['model_list'] = [
        model('claude', 'anthropic/claude-opus-5', '/anthropic', 'ANTHROPIC_API_KEY'),
        model('gpt', 'openai/gpt-5.6', '/openai/v1', 'OPENAI_API_KEY'),
        model('llama', 'groq/llama-3.3-70b-versatile', '/groq/openai/v1', 'GROQ_API_KEY'),
        # Two aliases that are each other's fallback, one with two keys.
        *(model('yin', 'openai/gpt-5.6', '/yin/v1', key) for key in ('OPENAI_API_KEY', 'ANTHROPIC_API_KEY')),
        model('yang', 'groq/openai/gpt-oss-20b', '/yang/v1', 'GROQ_API_KEY'),
        model('vectors', 'openai/text-embedding-3-small', '/openai/v1', 'OPENAI_API_KEY'),
        # Models whose providers have no budget left (limits_cases.py).
        *(model(alias, 'openai/gpt-5.6', f'/{alias}/v1', 'OPENAI_API_KEY') for alias in ('capped', 'alone')),
        *local_models(),
        *(model(alias, name, path, 'OTHER_API_KEY') for alias, (name, path) in OTHERS.items()),
    ]
    for order, entry in enumerate(one for one in config['model_list'] if one['model_name'] == 'yin'):
        entry['litellm_params']['order'] = order + 1
    next(one for one in config['model_list'] if one['model_name'] == 'vectors')['model_info']['mode'] = 'embedding'
    # A provider that failed in one test must not be in cooldown in the next one.
    config['router_settings'] |= {'fallbacks': [{'claude': ['gpt']}, {'capped': ['gpt']}, {'yin': ['yang']}, {'yang': ['yin']}], 'cooldown_time': 1, 'max_fallbacks': 100}
    config['general_settings']['key_management_settings']['hosted_keys'] = sorted(KEYS)
    config['general_settings'] |= {'max_in_flight_requests_per_worker': LIMIT, 'max_queued_requests_per_worker': 0}
    (HOME / 'config.yaml').write_text(yaml.safe_dump(config))
    quick = {'lameDuckSeconds': 2, 'watchEverySeconds': 0.5, 'startSeconds': 500, 'cache': {'enabled': True}}
    (HOME / 'gateway.json').write_text(json.dumps(quick))
    # The image makes this folder read-only even for its owner; uploads come from outside.
    SECRETS.chmod(0o700)
    for name, value in KEYS.items():
        (SECRETS / name).write_text(value)
    known = [{'name': name, 'sha256': hashlib.sha256(key.encode()).hexdigest()} for name, key in {'master': KEY, **LIMITED}.items()]
    (HOME / 'limits.json').write_text(json.dumps(LIMITS))
    (SECRETS / 'client-keys.json').write_text(json.dumps({'keys': known}))


def ask(port, method, path, body=None, key=KEY, timeout=60, more=None):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=timeout)
    headers = {**({'authorization': f'Bearer {key}'} if key else {}), **(more or {})}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    answer = response.status, response.read().decode(), str(response.headers)
    connection.close()
    return answer


def raw(method, path, body):
    """Send a body unchanged; return status and text of the response."""
    connection = http.client.HTTPConnection('127.0.0.1', 4000, timeout=120)
    connection.request(method, path, body, {'authorization': f'Bearer {KEY}'})
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


def chat(alias, text, **more):
    body = {'model': alias, 'messages': [{'role': 'user', 'content': text}], **more}
    return ask(4000, 'POST', '/v1/chat/completions', body)


def answer_text(body):
    """The model's text in a response, complete or streamed."""
    events = [line.removeprefix('data: ') for line in body.splitlines() if line.startswith(('data: {', '{'))]
    choices = [choice for event in events for choice in json.loads(event)['choices']]
    return ''.join((choice.get('delta') or choice.get('message') or {}).get('content') or '' for choice in choices)


class Gateway:
    """A supervisor and its log."""

    def __init__(self, home=HOME, port=4000):
        self.port = port
        self.log = Path(f'/tmp/gateway-{time.time_ns()}.log')
        with self.log.open('wb') as log:
            command = [sys.executable, str(home / 'supervisor.py')]
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def wait_ready(self):
        for _ in range(1500):
            try:
                if self.process.poll() is None and ask(self.port, 'GET', '/health/readiness', key=None)[0] == 200:
                    return self
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.3)
        raise AssertionError(self.log.read_text())

    @property
    def child(self) -> int:
        pid = self.process.pid
        return int(Path(f'/proc/{pid}/task/{pid}/children').read_text().split()[0])

    def last_line(self) -> str:
        return self.log.read_text().strip().splitlines()[-1]


SMALL_SERVER = """
import asyncio, http.server, signal, sys, threading
from heartbeat import Heartbeat
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
def end(*_):
    print('terminated', flush=True)
    sys.exit(0)
signal.signal(signal.SIGUSR1, lambda *_: print('draining', flush=True))
signal.signal(signal.SIGTERM, end)
server = http.server.ThreadingHTTPServer(('127.0.0.1', 4000), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
async def run():
    Heartbeat(int(sys.argv[1])).start()
    await asyncio.Event().wait()
asyncio.run(run())
"""

# A gateway in small that has handed over a request when it is killed.
KILLED_WITH_A_REQUEST = """
import os, signal, sys
from hand_over import HandOvers
HandOvers().record({'headers': [(b'x-switchyard-request', sys.argv[1].encode())]})
os.kill(os.getpid(), signal.SIGKILL)
"""


RECORDED = recorded_exchanges.load()


def serve_recorded() -> None:
    """Add a model for each recorded exchange."""
    import yaml

    config = yaml.safe_load((HOME / 'config.yaml').read_text())
    config['model_list'] += [exchange.deployment for exchange in RECORDED]
    (HOME / 'config.yaml').write_text(yaml.safe_dump(config))


class WholeGateway(LedgerCases, LimitsCases, unittest.TestCase):
    maxDiff = 0
    @classmethod
    def setUpClass(cls):
        prepare()
        serve_recorded()
        cls.recorded = recorded_exchanges.ReplayUpstream(RECORDED)
        servers = (['/sandbox/fake_upstream.py', '9000'], ['local_servers.py'])
        cls.upstreams = [subprocess.Popen([sys.executable, *server], stdout=subprocess.DEVNULL) for server in servers]
        cls.gateway = Gateway().wait_ready()

    @classmethod
    def tearDownClass(cls):
        cls.gateway.process.terminate()
        cls.gateway.process.wait(60)
        for upstream in cls.upstreams:
            upstream.kill()
            upstream.wait()
        cls.recorded.close()

    def setUp(self):
        ask(9000, 'DELETE', '/_requests')
        without_cooldowns()

    def test_the_first_request_to_a_llama_model_does_not_wait_for_a_tokenizer(self):
        begun = time.monotonic()
        status, body, _ = chat('llama', 'first')
        self.assertEqual(status, 200, body)
        self.assertLess(time.monotonic() - begun, 10)

    def test_the_provider_gets_its_own_key_and_not_the_clients(self):
        self.assertEqual(chat('gpt', 'whose key')[0], 200)
        seen = json.loads(ask(9000, 'GET', '/_requests')[1])['requests'][-1]
        self.assertEqual(seen['headers']['authorization'], 'Bearer ' + KEYS['OPENAI_API_KEY'])
        self.assertNotIn(KEY, json.dumps(seen))

    def loop(self, api, alias, image=True, pdf=False):
        """An agent's loop; returns the final text. No provider may refuse a request."""

        def post(path, body):
            status, text, _ = ask(4000, 'POST', path, body)
            refused = [one['refused'] for one in json.loads(ask(9000, 'GET', '/_requests')[1])['requests'] if 'refused' in one]
            self.assertEqual((status, refused), (200, []), f'{api} {alias}: {text[:500]}')
            return json.loads(text)

        return getattr(agent_loops, api)(post, alias, image, pdf)

    def test_an_agents_loop_works_with_every_provider(self):
        for alias in ('claude', 'gpt', 'llama', *OTHERS):
            for api in agent_loops.APIS if SOAK or alias in ('claude', 'gpt', 'llama') else ('chat',):
                with self.subTest(alias=alias, api=api):
                    ask(9000, 'DELETE', '/_requests')
                    self.assertIn('Hello from', self.loop(api, alias, pdf=alias in READ_PDF))
                    sent = json.loads(ask(9000, 'GET', '/_requests')[1])['requests']
                    # LiteLLM offers no tools to Perplexity's chat API.
                    self.assertEqual(len(sent), 1 if alias == 'perplexity' and api != 'responses' else agent_loops.TURNS)

    def test_a_provider_that_reads_no_documents_says_so(self):
        for alias in ('llama', 'mistral', 'together', 'perplexity', 'huggingface'):
            with self.subTest(alias=alias), self.assertRaisesRegex(AssertionError, "4(00|22), ..messages.1.content.0"):
                ask(9000, 'DELETE', '/_requests')
                self.loop('chat', alias, image=False, pdf=True)

    def test_a_pdf_in_an_image_url_reaches_anthropic_as_a_document(self):
        ask(9000, 'DELETE', '/_requests')
        pdf = {'type': 'image_url', 'image_url': 'data:application/pdf;base64,JVBERi0xLjQ='}
        image = {'type': 'image_url', 'image_url': {'url': 'data:image/png;base64,iVBORw0KGgo='}}
        messages = [{'role': 'user', 'content': [{'type': 'text', 'text': 'look'}, pdf, image]}]
        status, text, _ = ask(4000, 'POST', '/v1/chat/completions', {'model': 'claude', 'messages': messages})
        self.assertEqual(status, 200, text)
        [sent] = json.loads(ask(9000, 'GET', '/_requests')[1])['requests']
        self.assertEqual([part['type'] for part in sent['body']['messages'][0]['content']], ['text', 'document', 'image'])

    def test_each_provider_gets_the_fields_that_it_publishes_under_its_own_names(self):
        messages = [{'role': 'user', 'content': 'hi', 'cache_control': {'type': 'ephemeral'}}]
        for alias in ('claude', 'llama', *OTHERS):
            with self.subTest(alias=alias):
                ask(9000, 'DELETE', '/_requests')
                body = {'model': alias, 'messages': messages, 'max_completion_tokens': 9, 'seed': 1, 'user': 'u', 'brand_new': 1}
                status, text, _ = ask(4000, 'POST', '/v1/chat/completions', body)
                [sent] = json.loads(ask(9000, 'GET', '/_requests')[1])['requests']
                # A field that nobody knows is sent, and refused by the strict provider.
                self.assertEqual((status, sent.get('refused')), (422 if alias == 'mistral' else 400, 'brand_new: unknown'), text)
                self.assertEqual(sent['body'].get('max_tokens', sent['body'].get('max_completion_tokens')), 9, sent['body'])

    def test_only_fields_that_are_published_or_that_litellm_does_not_read_are_accepted(self):
        status, text, _ = chat('llama', 'argument', custom_prompt_dict={})
        self.assertEqual((status, json.loads(text)['error']['code']), (400, 'refused_field'))
        status, text, _ = chat('llama', 'argument', safe_prompt=True)
        self.assertEqual((status, '"safe_prompt" is not a field' in json.loads(text)['error']['message']), (400, True), text)
        self.assertEqual(json.loads(ask(9000, 'GET', '/_requests')[1])['requests'], [])
        status, text, _ = chat('mistral', 'own', safe_prompt=True, metadata={'organization': 'acme', 'headers': 'x', 'azure_region': 'eu'})
        self.assertEqual(status, 200, text)
        [sent] = json.loads(ask(9000, 'GET', '/_requests')[1])['requests']
        self.assertIs(sent['body']['safe_prompt'], True)

    def test_a_response_is_not_continued_without_its_history(self):
        body = {'model': 'claude', 'input': 'and my name?', 'previous_response_id': 'resp_1'}
        status, text, _ = ask(4000, 'POST', '/v1/responses', body)
        self.assertEqual((status, 'previous_response_id' in json.loads(text)['error']['message']), (400, True), text)
        status, text, _ = ask(4000, 'POST', '/v1/responses', {'model': 'yin', 'input': 'my name is Zoe'})
        self.assertEqual(status, 200, text)
        body |= {'model': 'yin', 'previous_response_id': json.loads(text)['id']}
        # The provider that has the history is down, and the fallback does not have it.
        inject({'path': '/yin', 'status': 500})
        ask(9000, 'DELETE', '/_requests')
        status, text, _ = ask(4000, 'POST', '/v1/responses', body)
        self.assertGreaterEqual(status, 500, text)
        self.assertEqual({one['provider'] for one in json.loads(ask(9000, 'GET', '/_requests')[1])['requests']}, {'yin'})

    def test_clients_that_know_litellm_find_its_key_header_and_its_list_of_models(self):
        for path in ('/v1/model/info', '/model/info'):
            self.assertEqual(ask(4000, 'GET', path, key=None)[0], 401)
            status, text, _ = ask(4000, 'GET', path, key=None, more={'x-litellm-api-key': f'Bearer {KEY}'})
            models = {one['model_name']: one['model_info'] for one in json.loads(text)['data']}
            self.assertEqual((status, models['claude']['supports_vision'], models['claude']['mode']), (200, True, 'chat'))
            self.assertGreater(models['claude']['max_input_tokens'], 100_000)
            for secret in ('api_base', 'api_key', '127.0.0.1', 'os.environ', 'API_KEY', KEY):
                self.assertNotIn(secret, text)

    def test_a_websocket_is_refused_at_once(self):
        more = {'connection': 'Upgrade', 'upgrade': 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA=='}
        status, text, _ = ask(4000, 'GET', '/v1/responses', more=more)
        self.assertEqual((status, json.loads(text)['error']['code']), (426, 'websocket_not_supported'))
        self.assertEqual(ask(4000, 'GET', '/v1/responses', key=None, more=more)[0], 401)

    def test_fallbacks_work_for_streams_and_both_apis(self):
        inject({'path': '/anthropic', 'status': 503})
        for stream in (False, True):
            status, body, _ = chat('claude', f'fall back {stream}', stream=stream)
            self.assertEqual(status, 200, body)
            self.assertIn('Hello from openai', answer_text(body))
            request = {'model': 'claude', 'max_tokens': 9, 'stream': stream, 'messages': [{'role': 'user', 'content': f'm {stream}'}]}
            status, body, _ = ask(4000, 'POST', '/v1/messages', request)
            self.assertEqual(status, 200, body)
            self.assertIn('message_stop' if stream else 'openai', body)

    def test_of_aliases_that_are_each_others_fallback_a_request_calls_each_once_and_one_stays_in_use(self):
        inject([{'path': '/yin', 'status': 503}, {'path': '/yang', 'status': 503}])
        for number, alias in enumerate(('yin', 'yin', 'yang', 'yin', 'yang', 'yang')):
            for stream in (False, True):
                for path, more in (('/v1/chat/completions', {}), ('/v1/messages', {'max_tokens': 9})):
                    ask(9000, 'DELETE', '/_requests')
                    messages = [{'role': 'user', 'content': f'{alias} {number}'}]
                    status, body, _ = ask(4000, 'POST', path, {'model': alias, 'stream': stream, 'messages': messages, **more})
                    # Not 429, which would mean that all of them are in cooldown.
                    self.assertEqual(status, 503, body)
                    requests = json.loads(ask(9000, 'GET', '/_requests')[1])['requests']
                    called = [(one['provider'], one['headers']['authorization']) for one in requests]
                    self.assertEqual(len(called), len(set(called)), called)
                    self.assertGreaterEqual(len(called), 1)
                    if number == 0 and not stream and not more:
                        self.assertEqual([provider for provider, _ in called], ['yin', 'yin', 'yang'])
        ask(9000, 'DELETE', '/_faults')
        for alias in ('yin', 'yang'):
            self.assertEqual(chat(alias, 'well again')[0], 200)

    def test_model_servers_without_keys_answer_and_get_no_key(self):
        texts = {'/v1/chat/completions': {'messages': [{'role': 'user', 'content': 'local'}]}, '/v1/responses': {'input': 'local'}}
        texts['/v1/messages'] = {**texts['/v1/chat/completions'], 'max_tokens': 9}
        for entry in local_models():
            alias, address = entry['model_name'], entry['litellm_params']['api_base']
            port = int(address.split(':')[2].split('/')[0])
            for path, fields in texts.items():
                for stream in (False, True):
                    status, body, _ = ask(4000, 'POST', path, {'model': alias, 'stream': stream, **fields})
                    self.assertEqual(status, 200, (alias, path, stream, body))
                    # A stream has the answer in pieces.
                    self.assertTrue('Hello from ' in body or stream, (alias, path, stream, body))
                    self.assertNotIn('"error":{', body.replace(' ', ''), (alias, path, stream))
            requests = json.loads(ask(port, 'GET', '/_requests')[1])['requests']
            self.assertEqual({one['answer'] for one in requests}, {200}, requests)
            self.assertGreaterEqual(len(requests), 6)
            for key in (*KEYS.values(), KEY):
                self.assertNotIn(key, json.dumps(requests))

    def test_a_key_with_a_list_of_models_gets_no_answer_of_another_one(self):
        file = SECRETS / 'client-keys.json'
        before = file.read_text()
        hashed = hashlib.sha256(b'sk-alice').hexdigest()
        file.write_text(json.dumps({'keys': [*json.loads(before)['keys'], {'name': 'alice', 'sha256': hashed, 'models': ['claude']}]}))
        inject({'path': '/anthropic', 'status': 503})
        try:
            listed = json.loads(ask(4000, 'GET', '/v1/models', key='sk-alice')[1])['data']
            self.assertEqual([one['id'] for one in listed], ['claude'])
            # A fallback of "claude" is "gpt", which answers everybody else.
            for number, path in enumerate(('/v1/chat/completions', '/v1/messages', '/v1/responses')):
                for stream in (False, True):
                    body = {'model': 'claude', 'max_tokens': 9, 'stream': stream, 'messages': [{'role': 'user', 'content': f'alice {number} {stream}'}]}
                    if path == '/v1/responses':
                        body = {'model': 'claude', 'stream': stream, 'input': f'alice {number} {stream}'}
                    status, text, _ = ask(4000, 'POST', path, body, key='sk-alice')
                    # 429 while the provider is in cooldown after the earlier failures.
                    self.assertIn(status, (503, 429), (path, text))
                    self.assertEqual(ask(4000, 'POST', path, body)[0], 200)
            asked = [one['path'] for one in json.loads(ask(9000, 'GET', '/_requests')[1])['requests']]
            self.assertIn('/anthropic/v1/messages', asked)
            self.assertEqual(sum(path.startswith('/openai') for path in asked), 6, asked)
        finally:
            file.write_text(before)

    def burst(self, count, headers, seconds):
        """The statuses of this many concurrent requests, each of which takes the upstream this long."""
        inject({'path': '/openai', 'delayMs': seconds * 1000})

        def one(number):
            body = {'model': 'gpt', 'messages': [{'role': 'user', 'content': f'burst {number} of {count}'}]}
            return ask(4000, 'POST', '/v1/chat/completions', body, more=headers, timeout=120)[0]

        with ThreadPoolExecutor(count) as pool:
            return sorted(pool.map(one, range(count)))

    def test_requests_above_the_limit_are_rejected_unless_the_edge_queued_them(self):
        self.assertEqual(self.burst(LIMIT + 3, {}, 3), [200] * LIMIT + [503] * 3)
        self.assertEqual(len(json.loads(ask(9000, 'GET', '/_requests')[1])['requests']), LIMIT)
        queued = {'x-switchyard-held': '1', 'x-switchyard-until': str(int(time.time()) + 100)}
        ask(9000, 'DELETE', '/_faults')
        self.assertEqual(self.burst(3 * LIMIT, queued, 1), [200] * 3 * LIMIT)
        self.assertNotIn('x-switchyard', ask(9000, 'GET', '/_requests')[1])

    def test_a_model_that_is_not_served_is_a_404_and_reaches_no_provider(self):
        for name in ('gpt,gpt,gpt', 'openai/gpt-5.6', 'gpt@OPENAI_API_KEY', 'GPT', 'm' * 5_000_000):
            status, body, _ = chat(name, 'who')
            self.assertEqual((status, json.loads(body)['error']['code']), (404, 'model_not_found'), name[:50])
            status, body, _ = ask(4000, 'POST', '/v1/messages', {'model': name, 'max_tokens': 9, 'messages': [{'role': 'user', 'content': 'who'}]})
            self.assertEqual((status, json.loads(body)['error']['type']), (404, 'not_found_error'), name[:50])
            self.assertEqual(chat('gpt', 'who', fallbacks=[name])[0], 404)
        self.assertEqual(ask(4000, 'POST', '/v1/embeddings', {'model': 'gpt', 'input': 'x'})[0], 400)
        self.assertEqual(ask(4000, 'GET', '/v1/models/gpt@OPENAI_API_KEY')[0], 404)
        served = {one['id'] for one in json.loads(ask(4000, 'GET', '/v1/models')[1])['data']}
        local = {one['model_name'] for one in local_models()}
        own = {'claude', 'gpt', 'llama', 'yin', 'yang', 'vectors', 'capped', 'alone'}
        self.assertEqual(served - {exchange.alias for exchange in RECORDED}, own | local | set(OTHERS))
        self.assertEqual(json.loads(ask(9000, 'GET', '/_requests')[1])['requests'], [])

    def test_a_body_that_is_too_complex_is_a_400_and_the_gateway_keeps_serving(self):
        child = self.gateway.child
        start = b'{"model": "gpt", "messages": [{"role": "user", "content": "x"}], "metadata": {"x": '
        bodies = [b'[' * 480 + b']' * 480, b'{"a":' * 600 + b'1' + b'}' * 600, b'[' + b'[],' * 10_000_000 + b'[]]']
        with ThreadPoolExecutor(4) as pool:
            others = [pool.submit(chat, 'gpt', f'meanwhile {number}') for number in range(8)]
            for body in bodies:
                status, text = raw('POST', '/v1/chat/completions', start + body + b'}}')
                self.assertEqual((status, json.loads(text)['error']['code']), (400, 'body_too_complex'), body[:20])
            for body in (b'{"a": 1}', b'GET'):
                status, text = raw('GET', '/v1/models', body)
                self.assertEqual((status, json.loads(text)['error']['code']), (400, 'unexpected_body'))
            self.assertEqual([other.result()[0] for other in others], [200] * 8)
        self.assertEqual(self.gateway.child, child)

    def test_a_rejection_does_not_wait_for_the_body(self):
        for path, key, status in (('/v1/messages', 'wrong', '401'), ('/v1/files', KEY, '404')):
            with socket.create_connection(('127.0.0.1', 4000), 60) as connection:
                connection.sendall(f'POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 31000000\r\n\r\n'.encode())
                with connection.makefile() as answered:
                    lines = answered.read().lower().splitlines()  # until the gateway closes the connection
            self.assertIn(status, lines[0])
            self.assertIn('connection: close', lines)

    def test_the_model_that_is_used_is_the_one_that_was_checked(self):
        rest = b', "messages": [{"role": "user", "content": "twice"}]}'
        self.assertEqual(raw('POST', '/v1/chat/completions', b'{"model": "gpt", "model": "openai/x"' + rest)[0], 404)
        status, text = raw('POST', '/v1/chat/completions', b'{"model": "openai/x", "model": "gpt"' + rest)
        self.assertEqual((status, 'Hello from openai' in text), (200, True), text)

    def test_a_key_echoed_by_an_upstream_reaches_neither_client_nor_log(self):
        echoes = [{'echoKey': True, 'status': status, 'times': 2} for status in (401, 400)]
        inject(echoes)
        for number in range(4):
            status, body, headers = chat(('gpt', 'llama')[number % 2], f'echo {number}', stream=number > 1)
            self.assertGreaterEqual(status, 400)
            for key in KEYS.values():
                self.assertNotIn(key, body + headers)
        time.sleep(0.5)
        log = self.gateway.log.read_text()
        self.assertIn('********', log)
        for key in (*KEYS.values(), KEY):
            self.assertNotIn(key, log)

    def test_no_key_is_in_an_environment_or_an_argument(self):
        for process in (self.gateway.process.pid, self.gateway.child):
            for part in ('environ', 'cmdline'):
                text = Path(f'/proc/{process}/{part}').read_text(errors='replace')
                self.assertNotRegex(text, 'sk-|' + '|'.join(KEYS.values()))

    def test_bodies_in_chunks_and_compressed_ones_reach_the_provider(self):
        plain = {'model': 'gpt', 'messages': [{'role': 'user', 'content': f'{time.time_ns()}' + 'x' * 2_000_000}]}
        data = json.dumps(plain).encode()
        for encoding, body in ((None, data), ('gzip', gzip.compress(data)), ('zstd', zstd.compress(data))):
            ask(9000, 'DELETE', '/_requests')
            more = {'content-encoding': encoding} if encoding else {}
            connection = http.client.HTTPConnection('127.0.0.1', 4000, timeout=60)
            pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
            connection.request('POST', '/v1/chat/completions', pieces, {'authorization': f'Bearer {KEY}', **more})
            response = connection.getresponse()
            self.assertEqual((response.status, 'Hello from openai' in response.read().decode()), (200, True), encoding)
            connection.close()
            plain['messages'][0]['content'] += 'y'
            data = json.dumps(plain).encode()

    def test_recorded_responses_of_providers_reach_the_client(self):
        different = {}
        for exchange in RECORDED:
            status, text, _ = ask(4000, 'POST', exchange.route, exchange.request)
            if exchange.api in ('compact', 'input_tokens'):
                self.assertEqual((status, json.loads(text)['error']['code']), (404, 'not_found'), 'this gateway does not offer these paths')
                continue
            wanted = content_of(exchange.api, exchange.status, exchange.body.decode())
            if found := recorded_differences.unlawful(exchange.source, wanted, content_of(exchange.api, status, text)):
                different[str(exchange)] = found
        self.assertEqual(different, {}, json.dumps(different, indent=1))
        if recorded_exchanges.FOLDER.exists():
            self.assertEqual(recorded_differences.unused, set(), 'these lawful differences were not found: remove them')
        print(f'recorded exchanges: {len(RECORDED)} sent, {len(recorded_differences.DIFFERENCES)} kinds of lawful differences')

    def test_recorded_responses_reach_clients_of_the_other_apis(self):
        different, compared = {}, 0
        for exchange in RECORDED:
            for api in exchange.other_apis:
                wanted = comparable(content_of(exchange.api, exchange.status, exchange.body.decode()))
                tools = [name for name, _ in wanted['tools'] or []]
                status, text, _ = ask(4000, 'POST', recorded_exchanges.ROUTES[api], exchange.request_through(api, tools))
                if found := recorded_differences.unlawful(exchange.source, wanted, comparable(content_of(api, status, text))):
                    different[f'{exchange} through {api}'] = found
                compared += 1
        self.assertEqual(different, {}, json.dumps(different, indent=1))
        self.assertGreater(compared, 20)

    def twice(self, path, body, more=None):
        """Both answers to the same request: what the header of the cache says, and the text."""
        answers = []
        for _ in range(2):
            status, text, headers = ask(4000, 'POST', path, body, more=more)
            self.assertEqual(status, 200, text)
            answers.append((re.search(r'x-switchyard-cache: (\w+)', headers)[1], text))
            time.sleep(0.1)  # an answer is stored after it was sent
        return answers

    def asked_upstream(self):
        return json.loads(ask(9000, 'GET', '/_requests')[1])['requests']

    def test_the_cache_repeats_each_apis_answer_and_stream_byte_by_byte(self):
        messages = [{'role': 'user', 'content': 'the same again'}]
        chats = {'/v1/chat/completions': {'messages': messages}, '/v1/messages': {'messages': messages, 'max_tokens': 9}}
        chats |= {'/v1/responses': {'input': 'the same again'}, '/v1/completions': {'prompt': 'the same again'}}
        ways = [(alias, stream) for alias in ('gpt', 'claude') for stream in (False, True)]
        requests = [(path, {'model': alias, 'stream': stream, **body}) for path, body in chats.items() for alias, stream in ways]
        requests.append(('/v1/embeddings', {'model': 'vectors', 'input': 'the same again'}))
        for path, body in requests:
            first, second = self.twice(path, body)
            self.assertEqual((first[0], second), ('miss', ('hit', first[1])), (path, body))
        self.assertEqual(len(self.asked_upstream()), len(requests))

    def test_the_cache_tells_apart_what_a_provider_would(self):
        """LiteLLM's own cache gives the first answer to all of these."""
        variants = {
            'perplexity': [{'search_recency_filter': 'day'}, {'search_recency_filter': 'year'}, {'search_domain_filter': ['a.org']}],
            'openrouter': [{'provider': {'only': ['a']}}, {'provider': {'only': ['b']}}, {'min_p': 0.1}, {'min_p': 0.9}],
            'mistral': [{'safe_prompt': True}, {'safe_prompt': False}],
            'together': [{'chat_template_kwargs': {'enable_thinking': True}}, {'chat_template_kwargs': {'enable_thinking': False}}],
        }
        for alias, fields in variants.items():
            for more in fields:
                ask(9000, 'DELETE', '/_requests')
                status, text, _ = chat(alias, 'what is different', **more)
                self.assertEqual(status, 200, text)
                self.assertEqual(len(self.asked_upstream()), 1, (alias, more))
                time.sleep(0.1)

    def test_every_header_that_reaches_a_provider_is_told_apart_by_the_cache(self):
        from cache_key import HEADERS

        names = 'anthropic-beta anthropic-version openai-organization openai-project openai-beta x-mine user accept-language cookie referer x-title'
        names += ' http-referer x-goog-user-project x-portkey-config x-session-id x-litellm-tags x-litellm-session-id idempotency-key x-stainless-lang'
        given = {name: f'given-{number}' for number, name in enumerate(names.split())}
        for path, body in (('/v1/chat/completions', {}), ('/v1/messages', {'max_tokens': 9}), ('/v1/responses', {'input': 'x'})):
            for alias in ('claude', 'gpt', 'openrouter'):
                messages = {} if 'input' in body else {'messages': [{'role': 'user', 'content': 'headers'}]}
                ask(4000, 'POST', path, {'model': alias, **body, **messages}, more=given)
        reached = {name for one in self.asked_upstream() for name, value in one['headers'].items() if 'given-' in value}
        self.assertIn('anthropic-beta', reached)
        self.assertEqual({name for name in reached if not name.encode().startswith(HEADERS)}, set())

    def test_an_answer_of_a_fallback_is_not_stored(self):
        inject({'path': '/anthropic', 'status': 503})
        messages = [{'role': 'user', 'content': 'not stored'}]
        for stream in (False, True):
            for path, body in (('/v1/chat/completions', {}), ('/v1/messages', {'max_tokens': 9})):
                answers = self.twice(path, {'model': 'claude', 'stream': stream, 'messages': messages, **body})
                self.assertEqual([state for state, _ in answers], ['miss', 'miss'])

    def test_zy_a_request_that_ends_two_gateways_is_not_handed_over_again(self):
        """Nearly last, because it kills the gateway: in a soak run both, else the second."""
        prepare()  # without the recorded models, the gateway starts faster
        body = {'model': 'gpt', 'messages': [{'role': 'user', 'content': 'deadly'}]}
        more = {'x-switchyard-request': 'a3f1c0de-0000-4000-8000-000000000001', 'x-request-id': 'deadly-request'}
        if not SOAK:
            # Instead of the first real gateway, which takes LiteLLM's start.
            killed = subprocess.run([sys.executable, '-c', KILLED_WITH_A_REQUEST, more['x-switchyard-request']])
            self.assertEqual(killed.returncode, -signal.SIGKILL)
        for _ in range(2 if SOAK else 1):
            inject({'path': '/openai', 'delayMs': 20_000})
            with ThreadPoolExecutor(1) as pool:
                asked = pool.submit(ask, 4000, 'POST', '/v1/chat/completions', body, more=more)
                while 'deadly' not in ask(9000, 'GET', '/_requests')[1]:
                    time.sleep(0.1)
                os.kill(self.gateway.child, signal.SIGKILL)
                with self.assertRaises((OSError, http.client.HTTPException)):
                    asked.result()
            self.gateway.process.wait(60)
            type(self).gateway = Gateway().wait_ready()
            ask(9000, 'DELETE', '/_requests')
        ask(9000, 'DELETE', '/_faults')
        status, text, headers = ask(4000, 'POST', '/v1/chat/completions', body, more=more)
        self.assertEqual((status, json.loads(text)['error']['code']), (502, 'request_handed_over_twice'))
        self.assertIn('x-switchyard-handed-over: 1', headers)
        self.assertNotIn('deadly', ask(9000, 'GET', '/_requests')[1])
        self.assertEqual(ask(4000, 'POST', '/v1/chat/completions', body)[0], 200)

    def test_a_stream_of_a_removed_key_ends_if_the_list_says_so(self):
        file = SECRETS / 'client-keys.json'
        before = file.read_text()
        connection = http.client.HTTPConnection('127.0.0.1', 4000, timeout=60)
        body = {'model': 'gpt', 'stream': True, 'messages': [{'role': 'user', 'content': '#chunks=30 #delayMs=150'}]}
        connection.request('POST', '/v1/chat/completions', json.dumps(body), {'authorization': f'Bearer {KEY}'})
        response = connection.getresponse()
        response.read(10)
        try:
            new = [{'name': 'master', 'sha256': hashlib.sha256(b'sk-new').hexdigest()}]
            file.write_text(json.dumps({'keys': new, 'endStreams': True}))
            begun = time.monotonic()
            with self.assertRaises(http.client.IncompleteRead):
                response.read()
            self.assertLess(time.monotonic() - begun, 2)
            self.assertEqual(ask(4000, 'GET', '/v1/models')[0], 401)
            self.assertEqual(ask(4000, 'GET', '/v1/models', key='sk-new')[0], 200)
        finally:
            file.write_text(before)
            connection.close()

    def test_a_request_that_litellm_cannot_process_is_a_400(self):
        hello = [{'role': 'user', 'content': 'hello'}]
        for path, fields, text in (
            ('/v1/chat/completions', {'messages': hello, 'tools': True}, '"tools" must be a list, found a boolean.'),
            ('/v1/messages', {'messages': hello, 'max_tokens': {}}, '"max_tokens" must be a number, found an object.'),
            ('/v1/messages', {'messages': hello, 'max_tokens': 9, 'litellm_metadata': 1}, '"litellm_metadata" must be an object, found a number.'),
            # LiteLLM fails on these before it calls the provider.
            ('/v1/completions', {'prompt': []}, UNPROCESSABLE),
            ('/v1/chat/completions', {'messages': hello, 'web_search_options': None}, UNPROCESSABLE),
        ):
            with self.subTest(path=path, fields=fields):
                status, body, _ = ask(4000, 'POST', path, {'model': 'llama', **fields})
                self.assertEqual((status, json.loads(body)['error']['message']), (400, text))
                self.assertEqual(json.loads(body)['error']['type'], 'invalid_request_error')

    def test_zz_sigterm_finishes_streams(self):
        """Runs last, because it stops the gateway."""
        connection = http.client.HTTPConnection('127.0.0.1', 4000, timeout=60)
        body = {'model': 'gpt', 'stream': True, 'messages': [{'role': 'user', 'content': '#chunks=30 #delayMs=150'}]}
        connection.request('POST', '/v1/chat/completions', json.dumps(body), {'authorization': f'Bearer {KEY}'})
        response = connection.getresponse()
        response.read(10)
        self.gateway.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        self.assertEqual(ask(4000, 'GET', '/health/readiness', key=None)[0], 503)
        self.assertEqual(ask(4001, 'GET', '/ready', key=None)[0], 503)
        self.assertEqual(ask(4000, 'GET', '/v1/models')[0], 200)
        self.assertIn('[DONE]', response.read().decode())
        self.assertEqual(self.gateway.process.wait(60), 0, self.gateway.log.read_text())

    def test_a_wrong_key_is_a_401_and_a_valid_key_has_no_administrator_routes(self):
        for path in ('/v1/chat/completions', '/v1/messages', '/v1/embeddings'):
            for key in (None, 'wrong', 'sk-' + 'x' * 40):
                self.assertEqual(ask(4000, 'POST', path, {'model': 'gpt'}, key=key)[0], 401)
        for path in ('/key/generate', '/config/update', '/model/new', '/global/spend/logs'):
            self.assertEqual(ask(4000, 'POST', path, {})[0], 404)


class Watchdog(unittest.TestCase):
    """The supervisor with a small server instead of LiteLLM. The drills test the same with real gateways."""

    def setUp(self):
        prepare()
        (HOME / 'server.py').write_text(SMALL_SERVER)
        settings = json.loads((HOME / 'gateway.json').read_text())
        (HOME / 'gateway.json').write_text(json.dumps({**settings, 'hungSeconds': 3}))
        self.gateway = Gateway().wait_ready()
        time.sleep(1)

    def test_a_hung_gateway_is_killed(self):
        os.kill(self.gateway.child, signal.SIGSTOP)
        self.assertEqual(self.gateway.process.wait(60), 70)
        self.assertIn('hung and was killed', self.gateway.last_line())

    def test_a_killed_gateway_is_reported(self):
        os.kill(self.gateway.child, signal.SIGKILL)
        self.assertEqual(self.gateway.process.wait(60), 137)
        self.assertEqual(self.gateway.last_line(), 'switchyard: the gateway exited (killed by SIGKILL)')

    def test_the_gateway_reports_not_ready_before_it_stops(self):
        self.gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.gateway.process.wait(60), 0)
        lines = self.gateway.log.read_text().splitlines()
        self.assertEqual(lines[-3:], ['draining', 'terminated', 'switchyard: stopped'])


class BadFiles(unittest.TestCase):
    """The last line of the log describes the problem."""

    def setUp(self):
        prepare()

    def ends_with(self, text):
        gateway = Gateway()
        self.assertNotEqual(gateway.process.wait(500), 0)
        self.assertIn(text, gateway.last_line())

    def test_a_missing_key(self):
        (SECRETS / 'GROQ_API_KEY').unlink()
        self.ends_with('config.yaml refers to GROQ_API_KEY, but /run/secrets/GROQ_API_KEY is missing or empty')

    def test_broken_client_keys(self):
        (SECRETS / 'client-keys.json').write_text('{"keys": [{"name": "x", "sha256": "12"}]}')
        self.ends_with('is not a valid list of client keys')

    def test_an_unknown_setting(self):
        (HOME / 'gateway.json').write_text('{"drainSecond": 3}')
        self.ends_with('unknown setting "drainSecond"; allowed are busySeconds, cache, drainSeconds, ')

    def test_a_configuration_that_litellm_rejects(self):
        config = (HOME / 'config.yaml').read_text()
        (HOME / 'config.yaml').write_text(config.replace('auth.user_api_key_auth', 'auth.no_such_function'))
        self.ends_with('no_such_function')


if __name__ == '__main__':
    unittest.main()
