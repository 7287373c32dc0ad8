"""Which requests pass the request filter, and what LiteLLM gets."""

import asyncio
import hashlib
import json
import tempfile
import threading
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

import request_filter as request_filter_module
from clientkeys import ClientKeys, KeyRemoved
from redact import Redactor, RedactResponses
from request_filter import RequestFilter
from served_models import ServedModels
from upload import UploadLimits

KEY = 'sk-' + 'k' * 40


def key_file(**more) -> Path:
    file = Path(tempfile.mkdtemp()) / 'client-keys.json'
    write(file, [{'name': 'master', 'sha256': hashlib.sha256(KEY.encode()).hexdigest()} | more])
    return file


def write(file: Path, keys: list) -> None:
    file.write_text(json.dumps({'keys': keys}))


class Keys(unittest.TestCase):
    def test_until_is_compared_with_the_time_of_each_request(self):
        end = datetime(2026, 11, 25, 12, tzinfo=timezone.utc)
        keys = ClientKeys(key_file(until='2026-11-25T12:00:00Z'))
        self.assertEqual(keys.find(KEY, end - timedelta(seconds=1))['name'], 'master')
        self.assertIsNone(keys.find(KEY, end))

    def test_a_changed_file_is_used_at_once_and_a_broken_one_is_ignored(self):
        file = key_file()
        keys = ClientKeys(file)
        self.assertIsNone(keys.find('sk-other'))
        write(file, [{'name': 'new', 'sha256': hashlib.sha256(b'sk-other').hexdigest()}])
        self.assertEqual(keys.find('sk-other')['name'], 'new')
        self.assertIsNone(keys.find(KEY))
        file.write_text('{"keys": [{"name": "x", "sha256": "short"}]}')
        with self.assertLogs('switchyard', 'ERROR'):
            self.assertEqual(keys.find('sk-other')['name'], 'new')
        file.unlink()
        with self.assertLogs('switchyard', 'ERROR'):
            self.assertIsNone(keys.find(KEY))

    @mock.patch('clientkeys.STREAM_CHECK_SECONDS', 0)
    def test_a_stream_whose_key_was_removed_ends_only_if_the_list_says_so(self):
        file, new = key_file(), [{'name': 'new', 'sha256': hashlib.sha256(b'sk-other').hexdigest()}]
        sent = []

        async def send(message):
            sent.append(message['body'])

        async def stream(keys, key):
            wrapped = keys.ending(send, key.encode())
            await wrapped({'type': 'http.response.body', 'body': b'1', 'more_body': True})
            file.write_text(json.dumps({'keys': new}))
            await wrapped({'type': 'http.response.body', 'body': b'2', 'more_body': True})
            file.write_text(json.dumps({'keys': new, 'endStreams': True}))
            await wrapped({'type': 'http.response.body', 'body': b'3', 'more_body': True})

        with self.assertRaises(KeyRemoved):
            asyncio.run(stream(ClientKeys(file), KEY))
        self.assertEqual(sent, [b'1', b'2'])
        # A stream of a key that is still listed goes on.
        asyncio.run(stream(ClientKeys(file), 'sk-other'))
        self.assertEqual(sent[2:], [b'1', b'2', b'3'])

    def test_an_empty_key_is_invalid(self):
        keys = ClientKeys(key_file())
        for empty in ('', None, 'Bearer ', '\udcff'):
            self.assertIsNone(keys.find(empty))


class Requests(unittest.TestCase):
    def setUp(self):
        self.seen = []
        self.received = 0
        self.request_filter = RequestFilter(self.app, ClientKeys(key_file()), ServedModels({'x': 'chat', 'openai/gpt': 'chat', 'vectors': 'embedding'}))

    async def app(self, scope, receive, send):
        self.seen.append((scope, (await receive()).get('body') if scope['method'] == 'POST' else b''))
        await send({'type': 'http.response.start', 'status': 200, 'headers': []})
        await send({'type': 'http.response.body', 'body': b'{}'})

    def ask(self, method, path, headers=None, body=None, query=b''):
        if body is None:
            body = b'' if method == 'GET' else b'{"model": "vectors"}' if path.endswith('embeddings') else b'{"model": "x"}'
        given = {'authorization': f'Bearer {KEY}'} if headers is None else headers
        scope = {'type': 'http', 'method': method, 'path': path, 'query_string': query}
        scope['headers'] = [(n.encode(), v.encode()) for n, v in given.items()]
        halves = [{'type': 'http.request', 'body': body[:3], 'more_body': True}, {'type': 'http.request', 'body': body[3:]}]
        sent = []

        async def receive():
            self.received += 1
            return halves.pop(0)

        async def send(message):
            sent.append(message)

        asyncio.run(self.request_filter(scope, receive, send))
        return sent[0]['status'], json.loads(b''.join(m.get('body', b'') for m in sent[1:])), dict(sent[0]['headers'])

    def test_without_a_valid_key_everything_is_401(self):
        # A valid key with another scheme is rejected: the response asks for "Bearer" only.
        schemes = [{'authorization': f'{scheme} {KEY}'} for scheme in ('Basic', 'Token', 'Digest', 'xBearer', 'Bearer Basic')]
        for headers in ({}, {'authorization': 'Bearer wrong'}, {'x-api-key': 'wrong'}, {'authorization': ''}, *schemes):
            for method, path in (('GET', '/'), ('GET', '/ui/'), ('POST', '/v1/chat/completions'), ('DELETE', '/x'), ('POST', '/key/generate')):
                self.assertEqual(self.ask(method, path, headers, b'not json')[0], 401, (headers, path))
        status, body, _ = self.ask('POST', '/v1/messages', {})
        self.assertEqual((status, body['type'], body['error']['type']), (401, 'error', 'authentication_error'))
        self.assertEqual(self.seen, [])

    def test_a_key_is_accepted_in_three_headers_and_passed_on_in_one(self):
        for headers in ({'authorization': f'bearer {KEY}'}, {'x-api-key': KEY}, {'api-key': KEY}, {'authorization': 'Bearer x', 'x-api-key': KEY}):
            self.assertEqual(self.ask('POST', '/v1/messages', headers)[0], 200)
            names = [n for n, _ in self.seen[-1][0]['headers']]
            self.assertEqual(names.count(b'authorization'), 1)
            self.assertNotIn(b'x-api-key', names)

    def test_a_key_with_a_list_of_models_may_use_only_these(self):
        self.request_filter.keys = ClientKeys(key_file(name='alice', models=['x']))
        self.assertEqual(self.ask('POST', '/v1/chat/completions')[0], 200)
        self.assertEqual(self.ask('GET', '/v1/models/x')[0], 200)
        for method, path, body in (('POST', '/v1/messages', b'{"model": "openai/gpt"}'), ('POST', '/v1/embeddings', None), ('GET', '/v1/models/openai/gpt', None)):
            status, answer, _ = self.ask(method, path, body=body)
            self.assertEqual((status, answer['error']['type']), (403, 'permission_error'), path)
        self.assertEqual(len(self.seen), 2)
        self.request_filter.model_info = b'{"data": [{"model_name": "x"}, {"model_name": "openai/gpt"}]}'
        self.assertEqual(self.ask('GET', '/v1/model/info')[1], {'data': [{'model_name': 'x'}]})
        with self.assertRaisesRegex(ValueError, r'keys\[0\].models is not a list of aliases'):
            ClientKeys(key_file(models='x'))

    def test_health_checks_need_no_key_and_a_draining_gateway_is_not_ready(self):
        self.assertEqual(self.ask('GET', '/health/readiness', {})[0], 200)
        self.assertEqual(self.ask('GET', '/health/liveliness', {})[0], 200)
        self.request_filter.start_draining()
        self.assertEqual(self.ask('GET', '/health/readiness', {})[0], 503)
        status, _, headers = self.ask('POST', '/v1/messages')
        self.assertEqual((status, headers[b'connection']), (200, b'close'))

    def test_only_the_routes_that_clients_need_exist(self):
        for method, path in (('GET', '/v1/models'), ('GET', '/models/openai/gpt'), ('POST', '/v1/responses'), ('POST', '/embeddings'), ('POST', '/v1/messages/count_tokens')):
            self.assertEqual(self.ask(method, path)[0], 200, path)
        for method, path in (('POST', '/v1/model/info'), ('GET', '/v1/model/info/x'), ('POST', '/v1/models'), ('GET', '/health'), ('POST', '/openai/deployments/x/chat/completions'), ('GET', '/v1/models/../key/info'), ('POST', '/v1/files'), ('POST', '/v1/chat/completions/'), ('GET', '/metrics')):
            self.assertEqual(self.ask(method, path)[0], 404, path)

    def test_litellms_key_header_is_understood_and_not_passed_on(self):
        self.assertEqual(self.ask('POST', '/v1/messages', headers={'x-litellm-api-key': f'Bearer {KEY}'})[0], 200)
        self.assertNotIn(b'x-litellm-api-key', [name for name, _ in self.seen[-1][0]['headers']])
        self.assertEqual(self.ask('POST', '/v1/messages', headers={'x-litellm-api-key': 'wrong'})[0], 401)

    def test_a_websocket_is_a_426_and_the_list_of_models_needs_a_key(self):
        upgrade = {'authorization': f'Bearer {KEY}', 'connection': 'Upgrade', 'upgrade': 'WebSocket'}
        self.assertEqual(self.ask('GET', '/v1/responses', headers=upgrade)[0], 426)
        self.assertEqual(self.ask('GET', '/v1/responses', headers={'upgrade': 'websocket'})[0], 401)
        self.assertEqual(self.ask('GET', '/v1/model/info')[0], 200)
        self.assertEqual(self.ask('GET', '/v1/model/info', headers={})[0], 401)
        self.assertEqual(self.seen, [])

    def test_the_query_is_dropped_and_denied_names_in_it_are_rejected(self):
        self.assertEqual(self.ask('POST', '/v1/messages', query=b'beta=true')[0], 200)
        self.assertEqual(self.seen[-1][0]['query_string'], b'')
        for query in (b'model=x', b'a=1&Model=x', b'%6dodel=x', b'beta=true;model=x'):
            self.assertEqual(self.ask('POST', '/v1/messages', query=query)[0], 400)
        for query in (b'api_base=http%3A%2F%2Fx', b'a=1&api_key=x', b'API-Key', b'%61pi_base=x', b'ssl_verify=false', b'user_config=x', b'base_url='):
            for method, path in (('POST', '/v1/chat/completions'), ('GET', '/v1/models')):
                status, body, _ = self.ask(method, path, query=query)
                self.assertEqual((status, body['error']['code']), (400, 'refused_field'), query)

    def test_the_application_gets_the_body_that_was_checked(self):
        body = json.dumps({'model': 'x', 'messages': [{'role': 'user', 'content': 'ü' * 1000}]}).encode()
        self.ask('POST', '/v1/chat/completions', {'x-api-key': KEY, 'content-type': 'text/plain', 'transfer-encoding': 'chunked', 'x-litellm-model': 'y', 'x-portkey-config': '{}', 'x-switchyard-until': '1', 'x-litellm-tags': 'a'}, body)
        scope, got = self.seen[-1]
        headers = dict(scope['headers'])
        self.assertEqual((got, headers[b'content-type'], headers[b'content-length']), (body, b'application/json', str(len(body)).encode()))
        self.assertEqual([n for n in headers if n.startswith(b'x-')], [b'x-litellm-tags', b'x-litellm-call-id'])

    def test_half_a_surrogate_pair_is_replaced(self):
        self.assertEqual(self.ask('POST', '/v1/embeddings', body=b'{"model": "vectors", "input": "cut \\ud83d"}')[0], 200)
        self.assertEqual(json.loads(self.seen[-1][1]), {'model': 'vectors', 'input': 'cut ?'})

    def test_a_body_that_is_not_an_object_is_rejected(self):
        for body in (b'', b'[]', b'"x"', b'{', b'{"a": NaN}', b'[' * 50, '{"model": "x"}'.encode('utf-16'), b'model=x&api_base=y'):
            status, answer, _ = self.ask('POST', '/v1/chat/completions', body=body)
            self.assertEqual((status, answer['error']['code']), (400, 'invalid_json'), body[:20])

    def test_cache_must_be_an_object(self):
        for value in ('null', '5', 'true', '"no-cache"', '[]'):
            status, answer, _ = self.ask('POST', '/v1/messages', body=b'{"model": "x", "cache": %s}' % value.encode())
            self.assertEqual((status, answer['error']['type']), (400, 'invalid_request_error'), value)
        self.assertEqual(self.ask('POST', '/v1/messages', body=b'{"model": "x", "cache": {"no-cache": true}}')[0], 200)

    def test_a_rejection_without_a_key_does_not_wait_for_the_body_and_one_with_a_key_reads_it(self):
        # A client that still sends loses the response of a connection that is closed.
        for method, path, headers, status in (
            ('POST', '/v1/chat/completions', {'x-api-key': 'wrong'}, 401),
            ('GET', '/health/liveliness', {}, 401),
            ('POST', '/v1/files', {'x-api-key': KEY}, 404),
            ('post', '/v1/chat/completions', {'x-api-key': KEY}, 404),
            ('POST', '/v1/chat/completions?model=x', {'x-api-key': KEY}, 404),
            ('GET', '/v1/models', {'x-api-key': KEY}, 400),
            ('GET', '/v1/models/x', {'x-api-key': KEY}, 400),
            ('HEAD', '/v1/models', {'x-api-key': KEY}, 400),
            ('GET', '/health/readiness', {'x-api-key': KEY}, 400),
        ):
            for length in ({'content-length': '31000000'}, {'transfer-encoding': 'chunked'}):
                self.received = 0
                found, _, answered = self.ask(method, path, {**headers, **length}, b'{}')
                expected = (401, b'close', 0) if status == 401 else (status, None, 2)
                self.assertEqual((found, answered.get(b'connection'), self.received), expected, (method, path))
        self.assertEqual(self.seen, [])
        self.assertNotIn(b'connection', self.ask('POST', '/v1/messages', {'x-api-key': 'wrong', 'content-length': '0'})[2])
        self.assertEqual(self.ask('GET', '/v1/models', {'x-api-key': KEY, 'content-length': '0'})[0], 200)

    def test_the_body_of_a_get_is_not_passed_on(self):
        async def app(scope, receive, send):
            self.seen.append((await receive())['body'])
            await send({'type': 'http.response.start', 'status': 200, 'headers': []})
            await send({'type': 'http.response.body', 'body': b'{}'})

        self.request_filter.app = app
        self.assertEqual(self.ask('GET', '/v1/models', body=b'{"a": 1}')[0], 200)
        self.assertEqual(self.seen, [b''])

    def test_a_body_that_is_too_deep_or_too_large_is_a_400_in_the_format_of_the_api(self):
        def metadata(text):
            return b'{"model": "x", "metadata": ' + text + b'}'

        lists, text = b'[' * 480 + b']' * 480, b'[' + b'[],' * 200_000 + b'[]]'
        nested = '1'
        for _ in range(12):
            nested = json.dumps([[nested]])
        for body in (metadata(lists), metadata(b'{"a":' * 1100 + b'1' + b'}' * 1100), metadata(b'"' + lists + b'"'), metadata(text), metadata(b'["' + text + b'"]')):
            status, answer, _ = self.ask('POST', '/v1/chat/completions', body=body)
            self.assertEqual((status, answer['error']['code'], answer['error']['type']), (400, 'body_too_complex', 'invalid_request_error'), body[:50])
            status, answer, _ = self.ask('POST', '/v1/messages', body=body)
            self.assertEqual((status, answer['type'], answer['error']['type']), (400, 'error', 'invalid_request_error'))
        self.assertEqual(self.ask('POST', '/v1/messages', body=metadata(json.dumps(nested).encode()))[0], 200)
        code = json.dumps({'model': 'x', 'messages': [{'role': 'user', 'content': '[{"' * 1_000_000}]}).encode()
        self.assertEqual(self.ask('POST', '/v1/messages', body=code)[0], 200)
        self.assertEqual(self.seen[-1][1], code)

    def test_the_length_of_field_names_is_limited(self):
        status, answer, _ = self.ask('POST', '/v1/messages', body=json.dumps({'model': 'x', 'metadata': {'a[' * 100_000: {'b': 1}}}).encode())
        self.assertEqual((status, answer['error']['type']), (400, 'invalid_request_error'))
        self.assertLess(len(json.dumps(answer)), 600)

    def test_a_large_body_is_checked_in_a_thread(self):
        threads = []
        check_body = request_filter_module.check_body

        def spy(*arguments):
            threads.append(threading.current_thread() is threading.main_thread())
            return check_body(*arguments)

        with mock.patch.object(request_filter_module, 'check_body', spy):
            self.ask('POST', '/v1/messages')
            self.ask('POST', '/v1/messages', body=json.dumps({'model': 'x', 'system': 'a' * 100_000}).encode())
            status, _, _ = self.ask('POST', '/v1/messages', body=json.dumps({'model': 'y', 'system': 'a' * 100_000}).encode())
        self.assertEqual((threads, status), ([True, False, False], 404))

    def test_the_last_of_two_fields_with_the_same_name_counts(self):
        self.assertEqual(self.ask('POST', '/v1/messages', body=b'{"model": "y", "model": "x"}')[0], 200)
        self.assertEqual(self.ask('POST', '/v1/messages', body=b'{"model": "x", "model": "y"}')[0], 404)
        # Python's parser reads this one: the application gets what it has read.
        self.assertEqual(self.ask('POST', '/v1/messages', body=b'{"model": "y", "a": "\\ud83d", "model": "x"}')[0], 200)
        self.assertEqual(json.loads(self.seen[-1][1])['model'], 'x')

    def test_the_error_for_an_unknown_model_has_the_format_of_the_api(self):
        status, answer, _ = self.ask('POST', '/v1/chat/completions', body=b'{"model": "X"}')
        message = 'The model "X" does not exist here. Did you mean "x"? GET /v1/models lists the models.'
        self.assertEqual((status, answer), (404, {'error': {'message': message, 'type': 'invalid_request_error', 'param': 'model', 'code': 'model_not_found'}}))
        status, answer, _ = self.ask('POST', '/v1/messages', body=b'{"model": "X"}')
        self.assertEqual((status, answer), (404, {'type': 'error', 'error': {'type': 'not_found_error', 'message': message}}))
        status, answer, _ = self.ask('GET', '/v1/models/gpt', {'x-api-key': KEY, 'anthropic-version': '2023-06-01'})
        self.assertEqual((status, answer['error']['type']), (404, 'not_found_error'))
        self.assertEqual(self.ask('GET', '/v1/models/x')[0], 200)
        self.assertEqual(self.ask('GET', '/v1/models/x,x')[0], 404)

    def test_a_websocket_is_closed(self):
        sent = []

        async def send(message):
            sent.append(message)

        asyncio.run(self.request_filter({'type': 'websocket', 'path': '/v1/realtime', 'headers': []}, None, send))
        self.assertEqual(sent, [{'type': 'websocket.close', 'code': 1008}])


class Stalls(unittest.TestCase):
    def ask(self, messages, path='/v1/chat/completions'):
        """The status, headers and body of the response to a request whose body stalls after these messages."""
        request_filter = RequestFilter(None, ClientKeys(key_file()), ServedModels({'x': 'chat'}), uploads=UploadLimits(stall_seconds=0.05))
        sent = []

        async def receive():
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        scope = {'type': 'http', 'method': 'POST', 'path': path, 'query_string': b''}
        scope['headers'] = [(b'authorization', f'Bearer {KEY}'.encode()), (b'content-length', b'3000000')]
        app = RedactResponses(request_filter, Redactor(['a-key-of-a-provider']))
        asyncio.run(asyncio.wait_for(app(scope, receive, send), 30))
        return sent[0]['status'], dict(sent[0]['headers']), json.loads(sent[1]['body'])

    def test_a_stalled_upload_is_rejected_and_its_connection_closed(self):
        for sent in ([], [{'type': 'http.request', 'body': b'x' * 1_500_000, 'more_body': True}]):
            status, headers, body = self.ask(list(sent))
            self.assertEqual((status, headers[b'connection'], body['error']['code']), (408, b'close', 'request_timeout'))
            self.assertEqual(headers[b'x-switchyard-stalled'], b'1')

    def test_the_error_has_the_format_of_anthropics_api(self):
        status, _, body = self.ask([], '/v1/messages')
        self.assertEqual((status, body['type'], body['error']['type']), (408, 'error', 'invalid_request_error'))


class KeyCheck(unittest.TestCase):
    def test_only_a_valid_key_is_a_204_and_the_application_is_not_called(self):
        request_filter = RequestFilter(None, ClientKeys(key_file()), ServedModels({}))
        for headers, status in (
            ([(b'authorization', f'Bearer {KEY}'.encode())], 204),
            ([(b'x-api-key', b'other'), (b'api-key', KEY.encode())], 204),
            ([(b'x-api-key', b'other')], 401),
            ([(b'authorization', f'Basic {KEY}'.encode())], 401),
            ([], 401),
        ):
            sent = []

            async def send(message):
                sent.append(message)

            scope = {'type': 'http', 'method': 'GET', 'path': '/health/key', 'query_string': b'', 'headers': headers}
            asyncio.run(request_filter(scope, None, send))
            self.assertEqual(sent[0]['status'], status)


if __name__ == '__main__':
    unittest.main()
