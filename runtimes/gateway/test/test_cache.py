"""The cache in its place: behind all checks, before LiteLLM. LiteLLM is a small application here."""

import asyncio
import dataclasses
import hashlib
import json
import shutil
import tempfile
import threading
import time
import unittest
from functools import partial
from pathlib import Path
from unittest import mock

import cache as cache_module
import requests_log
from admission import Admission
from cache import Cache
from cache_file import AnswerFile
from cache_recording import MAX_ANSWER_BYTES
from cache_key import Meanings
from client_errors import ClientErrors
from clientkeys import ClientKeys
from hand_over import HandOvers
from redact import Redactor, RedactResponses
from request_filter import RequestFilter
from served_models import ServedModels
from settings import CacheSettings

KEY, NEW_KEY, OTHER_KEY = ('sk-' + letter * 40 for letter in 'kno')
PROVIDER_KEY = 'provider-key-0123456789'
MODELS = ['gpt', 'claude', 'vectors']
CONFIG = {'model_list': [{'model_name': one, 'litellm_params': {'model': f'openai/{one}'}, 'model_info': {'id': f'{one}@K'}} for one in MODELS]}
CHAT = '/v1/chat/completions'
HELLO = {'model': 'gpt', 'messages': [{'role': 'user', 'content': 'hello'}]}


class Litellm:
    """Counts its requests, and answers each one differently."""

    def __init__(self):
        self.asked = []
        self.status, self.deployment, self.more, self.text = 200, 'gpt@K', {}, 'answer'
        self.fail_in_stream = self.cut = False

    async def __call__(self, scope, receive, send):
        body = json.loads((await receive())['body'])
        self.asked.append(body)
        events = bool(body.get('stream'))
        headers = [(b'content-type', b'text/event-stream' if events else b'application/json'), (b'x-litellm-model-id', self.deployment.encode())]
        headers += [(b'x-litellm-response-cost', b'0.1'), (b'x-ratelimit-remaining-requests', b'7')]
        await send({'type': 'http.response.start', 'status': self.status, 'headers': headers})
        text = f'{self.text} {len(self.asked)}'
        if not events:
            choice = {'finish_reason': 'stop', 'message': {'content': text, 'reasoning_content': 'because'}}
            answer = {'choices': [choice], 'usage': {'total_tokens': 12}, **self.more}
            return await send({'type': 'http.response.body', 'body': json.dumps(answer).encode()})
        for word in [*text.split(), 'end']:
            chunk = {'choices': [{'delta': {'content': word}, 'finish_reason': 'stop' if word == 'end' else None}]}
            await send({'type': 'http.response.body', 'body': f'data: {json.dumps(chunk)}\n\n'.encode(), 'more_body': True})
            if self.cut:
                raise ConnectionError('the provider disconnected')
            if self.fail_in_stream:
                requests_log.current().failures.append(mock.Mock())
        await send({'type': 'http.response.body', 'body': b'data: [DONE]\n\n', 'more_body': True})
        await send({'type': 'http.response.body', 'body': b''})


class CacheTest(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.keys = self.home / 'client-keys.json'
        self.write_keys(master=KEY, other=OTHER_KEY)
        self.litellm = Litellm()
        self.start()

    def start(self, settings=CacheSettings(enabled=True), **options):
        """A gateway; a second call is its replacement, on the same volume."""
        redactor = Redactor([PROVIDER_KEY])
        self.cache = Cache(settings, Meanings(CONFIG, '1'), lambda body: redactor.mask(body) != body, partial(AnswerFile, self.home / 'answers'))
        served = ServedModels({one: 'embedding' if one == 'vectors' else 'chat' for one in MODELS})
        self.filter = RequestFilter(self.litellm, ClientKeys(self.keys), served, cache=self.cache, **options)
        self.app = RedactResponses(ClientErrors(self.filter), redactor)

    def write_keys(self, **keys):
        entries = [{'name': name.replace('_', '-'), 'sha256': hashlib.sha256(value.encode()).hexdigest()} for name, value in keys.items()]
        self.keys.write_text(json.dumps({'keys': entries}))

    def ask(self, body=HELLO, path=CHAT, key=KEY, headers=(), drop=None):
        """Status, headers and body of an answer; `drop`: the client disconnects after that many messages of the response."""
        return asyncio.run(self.asked(body, path, key, headers, drop))

    async def asked(self, body=HELLO, path=CHAT, key=KEY, headers=(), drop=None):
        scope = {'type': 'http', 'method': 'POST', 'path': path, 'query_string': b''}
        scope['headers'] = [(b'authorization', f'Bearer {key}'.encode()), *headers]
        sent = []

        async def receive():
            return {'type': 'http.request', 'body': json.dumps(body).encode()}

        async def send(message):
            if drop is not None and len(sent) >= drop:
                raise OSError('the client has disconnected')
            sent.append(message)
            self.request = requests_log.current()

        try:
            await self.app(scope, receive, send)
        except OSError:
            return None
        while self.cache.held:  # until the answer is written
            await asyncio.sleep(0.001)
        return sent[0]['status'], dict(sent[0]['headers']), b''.join(message.get('body', b'') for message in sent[1:])

    def state(self, *args, **named):
        """What the header says: `hit`, `miss`, or None."""
        state = self.ask(*args, **named)[1].get(b'x-switchyard-cache')
        return state and state.decode()

    def assert_states(self, body, *states, **named):
        self.assertEqual([self.state(body, **named) for _ in states], list(states))


class Answers(CacheTest):
    def test_the_second_client_gets_what_the_first_one_got(self):
        for body in (HELLO, HELLO | {'stream': True}):
            status, headers, first = self.ask(body)
            self.assertEqual((status, headers[b'x-switchyard-cache']), (200, b'miss'))
            status, headers, second = self.ask(body)
            self.assertEqual((status, headers[b'x-switchyard-cache'], second), (200, b'hit', first))
            self.assertEqual(headers[b'x-litellm-model-id'], b'gpt@K')
        self.assertIn(b'because', self.ask()[2])
        self.assertEqual(len(self.litellm.asked), 2)

    def test_headers_about_the_request_to_the_provider_are_not_repeated(self):
        self.assertIn(b'x-ratelimit-remaining-requests', self.ask()[1])
        headers = self.ask()[1]
        self.assertEqual(headers[b'content-type'], b'application/json')
        for name in (b'x-ratelimit-remaining-requests', b'x-litellm-response-cost'):
            self.assertNotIn(name, headers)
        self.assertNotIn(b'content-length', self.ask(HELLO | {'stream': True})[1])

    def test_the_request_knows_that_it_was_a_hit_and_what_it_saved(self):
        self.ask()
        self.assertFalse(self.request.cache_hit)
        self.ask()
        saved = self.request.cached
        self.assertEqual((self.request.cache_hit, saved.alias, saved.deployment, saved.usage), (True, 'gpt', 'gpt@K', {'total_tokens': 12}))
        self.assertLess(abs(saved.stored - time.time()), 60)

    def test_answers_survive_a_replacement_of_the_gateway(self):
        self.ask()
        self.start()
        self.assertEqual(self.state(), 'hit')

    def test_each_key_has_its_own_answers_and_keeps_them_when_it_is_rotated(self):
        self.ask()
        self.assertEqual(self.state(key=OTHER_KEY), 'miss')
        self.write_keys(master=NEW_KEY, master_previous=KEY, other=OTHER_KEY)
        self.assertEqual([self.state(key=key) for key in (NEW_KEY, KEY, OTHER_KEY)], ['hit', 'hit', 'hit'])

    def test_a_hit_passes_all_checks(self):
        self.ask()
        for given, status in (({'key': 'sk-wrong'}, 401), ({'body': HELLO | {'model': 'nobody'}}, 404), ({'body': HELLO | {'api_base': 'x'}}, 400)):
            self.assertEqual(self.ask(**given)[0], status)
        self.write_keys(other=OTHER_KEY)
        self.assertEqual(self.ask()[0], 401)

    def test_a_changed_setting_or_model_is_not_answered_from_before(self):
        self.ask()
        for settings in (CacheSettings(enabled=True, ttl=60), CacheSettings(enabled=True, requests='all')):
            meanings = Meanings(CONFIG, f'{settings.ttl} {settings.requests}')
            self.cache.meanings = meanings
            self.assertEqual(self.state(), 'miss')

    def test_the_upstream_gets_no_words_for_the_cache(self):
        self.ask(HELLO | {'cache': {'no-cache': True, 'ttl': 9}})
        self.assertEqual(self.litellm.asked, [HELLO])


class Rules(CacheTest):
    def test_only_repeatable_requests_are_answered_unless_they_or_the_setting_say_so(self):
        tool = {'tools': [{'type': 'function', 'function': {'name': 'f'}}]}
        for more in ({'temperature': 0.7}, tool, {'temperature': 0, **tool}):
            self.assert_states(HELLO | more, None, None)
            for word in ({'use-cache': True}, {'ttl': 60}):
                self.assertIn(self.state(HELLO | more | {'cache': word}), ('miss', 'hit'))
                self.assertEqual(self.state(HELLO | more | {'cache': word}), 'hit')
        for more in ({'temperature': 0}, {'temperature': 0.7, 'seed': 1}, {'temperature': None}):
            self.assert_states(HELLO | more, 'miss', 'hit')
        self.start(CacheSettings(enabled=True, requests='all'))
        self.assert_states(HELLO | {'temperature': 0.8}, 'miss', 'hit')

    def test_words(self):
        self.assert_states(HELLO | {'cache': {'no-store': True}}, 'miss', 'miss')
        self.assert_states(HELLO | {'cache': {'no-cache': True}}, None, None)
        # A request that did not want a stored answer has stored its own.
        self.assertIn(b'answer 4', self.ask()[2])
        self.assert_states(HELLO | {'cache': {'namespace': 'n'}}, 'miss', 'hit')
        self.assert_states(HELLO | {'user': 'u', 'cache': {'ttl': 0}}, 'miss', 'miss')
        self.assertEqual(self.state(HELLO | {'cache': {'s-maxage': 3600}}), 'hit')
        self.assertEqual(self.state(HELLO | {'cache': {'s-maxage': 0}}), 'miss')

    def test_an_answer_ends_after_its_ttl(self):
        self.ask(HELLO | {'cache': {'ttl': 60}})
        self.ask(HELLO | {'user': 'u'})
        for seconds, states in ((50, ['hit', 'hit']), (70, ['miss', 'hit']), (3700, ['miss', 'miss'])):
            with mock.patch.object(cache_module.time, 'time', lambda now=time.time(), later=seconds: now + later):
                self.assertEqual([self.state(HELLO | more | {'cache': {'no-store': True}}) for more in ({}, {'user': 'u'})], states, seconds)

    def test_routes_without_a_stored_answer(self):
        for path in ('/v1/messages/count_tokens', '/v1/messages'):
            body = {'model': 'claude', 'max_tokens': 9, 'messages': HELLO['messages']}
            self.assertEqual(self.state(body, path=path), None if 'count' in path else 'miss', path)
        self.assert_states({'model': 'gpt', 'input': 'x', 'previous_response_id': 'r'}, None, None, path='/v1/responses')

    def test_what_is_not_a_whole_answer_of_the_requested_model_is_not_stored(self):
        cases = [
            {'status': 500},
            {'status': 404},
            {'status': 201},
            # A fallback answered.
            {'deployment': 'claude@K'},
            {'deployment': ''},
            {'more': {'error': {'message': 'in a 200'}}},
            {'more': {'choices': []}},
            # Answers on the volume must not hold a provider's key.
            {'text': f'my key is {PROVIDER_KEY}'},
        ]
        for case in cases:
            for name, value in case.items():
                setattr(self.litellm, name, value)
            states = [self.state(HELLO | {'user': str(case)}) for _ in range(2)]
            self.assertNotIn('hit', states, case)
            vars(self.litellm).update(vars(Litellm()) | {'asked': self.litellm.asked})

    def test_a_stream_that_was_cut_or_that_another_model_continued_is_not_stored(self):
        stream = HELLO | {'stream': True}
        self.litellm.fail_in_stream = True
        self.assert_states(stream, 'miss', 'miss')
        self.litellm.fail_in_stream = False
        self.litellm.cut = True
        with self.assertRaises(ConnectionError):
            asyncio.run(self.asked_raw(stream))
        self.litellm.cut = False
        self.assertIsNone(self.ask(stream, drop=3))
        self.assertEqual(self.cache.held, 0)
        self.assert_states(stream, 'miss', 'hit')

    async def asked_raw(self, body):
        recording = self.cache.recording(mock.Mock(deployments={b'gpt@K'}, words=cache_module.CacheWords()), mock.AsyncMock())

        async def receive():
            return {'body': json.dumps(body).encode()}

        try:
            await self.litellm({}, receive, recording.send)
        finally:
            self.assertGreater(self.cache.held, 0)
            recording.end()
        self.assertEqual(self.cache.held, 0)

    def test_a_long_answer_is_passed_on_and_not_stored(self):
        self.litellm.text = 'long ' * (MAX_ANSWER_BYTES // 5)
        self.assert_states(HELLO, 'miss', 'miss')
        self.litellm.text = 'short'
        with mock.patch.object(cache_module, 'MAX_HELD_BYTES', 10):
            self.assert_states(HELLO, 'miss', 'miss')
        self.assertEqual(self.cache.held, 0)
        self.assert_states(HELLO, 'miss', 'hit')


class Place(CacheTest):
    """What a hit costs the gateway's other parts."""

    def test_a_hit_is_not_handed_over(self):
        records = HandOvers(self.home / 'hand-overs')
        self.start(hand_overs=records)
        headers = [(b'x-switchyard-request', b'a3f1c0de-0000-4000-8000-000000000001')]
        with mock.patch.object(records, 'record', wraps=records.record) as record:
            self.ask(headers=headers)
            self.ask(headers=headers)
        self.assertEqual(record.call_count, 1)

    def test_a_hit_that_a_client_reads_slowly_has_no_slot(self):
        self.start(admission=Admission(1))
        self.ask()
        in_flight = []

        async def send(message):
            in_flight.append(self.filter.admission.in_flight)

        async def slow():
            scope = {'type': 'http', 'method': 'POST', 'path': CHAT, 'query_string': b'', 'headers': [(b'authorization', f'Bearer {KEY}'.encode())]}
            await self.app(scope, lambda: asyncio.sleep(0, {'type': 'http.request', 'body': json.dumps(HELLO).encode()}), send)

        asyncio.run(slow())
        self.assertEqual(in_flight, [0, 0])
        self.assertEqual(self.filter.admission.in_flight, 0)

    def test_a_draining_gateway_answers_hits_and_closes_the_connection(self):
        self.ask()
        self.filter.start_draining()
        headers = self.ask()[1]
        self.assertEqual((headers[b'x-switchyard-cache'], headers[b'connection']), (b'hit', b'close'))

    def test_a_volume_that_hangs_delays_one_request_and_no_other(self):
        self.ask()
        released, get = threading.Event(), self.cache.to_read.get

        def hanging(*args):
            released.wait(10)
            return get(*args)

        async def several():
            begun = time.monotonic()
            states = [(await self.asked())[1][b'x-switchyard-cache'] for _ in range(4)]
            took = time.monotonic() - begun
            released.set()
            await asyncio.sleep(0.1)
            return took, [*states, (await self.asked())[1][b'x-switchyard-cache']]

        with mock.patch.object(self.cache.to_read, 'get', hanging), self.assertLogs('switchyard', 'WARNING') as logged:
            took, states = asyncio.run(several())
        self.assertLess(took, 1.5)
        self.assertEqual(states, [b'miss'] * 4 + [b'hit'])
        self.assertEqual(len(logged.output), 1)

    def test_no_failure_of_the_cache_fails_a_request(self):
        for owner, part in ((self.cache.to_read, 'get'), (self.cache, 'row')):
            with mock.patch.object(owner, part, side_effect=RuntimeError('broken')), self.assertLogs('switchyard', 'ERROR'):
                self.assertEqual(self.ask(HELLO | {'user': part})[0], 200)
        (self.home / 'answers').rename(self.home / 'moved')
        (self.home / 'answers').write_text('in the way')
        with self.assertLogs('switchyard', 'WARNING'):
            self.assertEqual(self.ask()[0], 200)


class WithoutCache(CacheTest):
    def test_a_gateway_whose_cache_is_off_still_takes_the_words_out(self):
        self.filter.cache = None
        for _ in range(2):
            self.assertIsNone(self.state(HELLO | {'cache': {'ttl': 9}}))
        self.assertEqual(self.litellm.asked, [HELLO, HELLO])
        self.assertFalse(dataclasses.asdict(CacheSettings())['enabled'])


if __name__ == '__main__':
    unittest.main()
