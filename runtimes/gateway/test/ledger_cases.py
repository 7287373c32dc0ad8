"""Cases of the whole gateway (test_gateway.py): what the upstream saw, and what the ledger says, agree call by call."""

import http.client
import json
import sqlite3
import time

KEY = 'sk-client-' + '7' * 30
DATABASE = '/data/ledger/ledger.db'
PROMPT = 'count this please'
TEXT = 'one two three four five'


def call(method, path, body=None, key=KEY, port=4000, headers=None):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    given = {**({'authorization': f'Bearer {key}'} if key else {}), **(headers or {})}
    connection.request(method, path, None if body is None else json.dumps(body), given)
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


def asked(path, alias, text, **more):
    """A request in the format of a path."""
    if path == '/v1/responses':
        return {'model': alias, 'input': text, **more}
    return {'model': alias, 'max_tokens': 99, 'messages': [{'role': 'user', 'content': text}], **more}


def inject(faults):
    """Make the fake upstream fail: one fault or a list, as sandbox/fake_upstream.py describes them."""
    global injected
    injected = True
    call('POST', '/_faults', faults, port=9000)


def without_cooldowns():
    """Remove the faults. If there were any, wait until no provider is in cooldown any more (`cooldown_time` of test_gateway.py is 1 s)."""
    global injected
    call('DELETE', '/_faults', port=9000)
    if injected:
        time.sleep(1.5)
    injected = False


injected = False


def rows_since(since, *tables):
    """The rows of each table since a time."""
    connection = sqlite3.connect(DATABASE)
    connection.row_factory = sqlite3.Row
    try:
        return [[dict(row) for row in connection.execute(f'SELECT * FROM {table} WHERE started_at_us >= ? ORDER BY started_at_us', (since,))] for table in tables]
    finally:
        connection.close()


def written(since, count):
    """The attempts and the requests since a time, once there are so many requests and all their attempts, and no more come."""
    found = None
    for _ in range(100):
        time.sleep(0.5)
        before, found = found, rows_since(since, 'attempts', 'requests')
        attempts, requests = found
        if found == before and len(requests) >= count and len(attempts) >= sum(row['attempts'] for row in requests):
            break
    return found


class LedgerCases:
    def ledger(self, *requests, faults=()):
        """Send requests, and return the attempts and the requests that the ledger has of them. Each is (path, body, headers)."""
        call('DELETE', '/_faults', port=9000)
        if faults:
            inject(list(faults))
        since = time.time_ns() // 1000
        self.answers = [call('POST', path, body, headers=headers) for path, body, headers in requests]
        return written(since, len(requests))

    def seen(self):
        return json.loads(call('GET', '/_requests', port=9000)[1])['requests']

    def numbers(self, attempts):
        names = ('gen_ai_provider_name', 'status', 'http_status', 'gen_ai_usage_input_tokens', 'gen_ai_usage_output_tokens', 'usage_source')
        return [tuple(row[name] for name in names) for row in attempts]

    def test_ledger_has_each_call_of_every_route(self):
        paths = [(path, stream) for path in ('/v1/chat/completions', '/v1/messages', '/v1/responses') for stream in (False, True)]
        aliases = ('gpt', 'claude', 'llama')
        tags = {'x-litellm-tags': 'agent:reviewer,lane:fast', 'x-request-id': 'the-same-id'}
        attempts, requests = self.ledger(
            *[(path, asked(path, alias, f'ledger {path} {stream}', stream=stream), tags) for path, stream in paths for alias in aliases]
        )
        self.assertEqual([status for status, _ in self.answers], [200] * 18)
        upstream = [(one['provider'], one['model'], one['stream']) for one in self.seen()]
        self.assertEqual([(row['gen_ai_provider_name'], row['gen_ai_request_model'], bool(row['stream'])) for row in attempts], upstream)
        self.assertEqual({row[1:] for row in self.numbers(attempts)}, {('success', 200, 7, 5, 'provider')})
        self.assertEqual(len({row['request_id'] for row in requests}), 18)
        self.assertEqual([row['request_id'] for row in attempts], [row['request_id'] for row in requests])
        self.assertEqual({(row['key_alias'], row['gen_ai_agent_name'], row['lane'], row['x_request_id']) for row in [*requests]}, {('master', 'reviewer', 'fast', 'the-same-id')})
        self.assertEqual({row['provider_key'] for row in attempts}, {'OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GROQ_API_KEY'})
        connection = sqlite3.connect(DATABASE)
        for row in attempts:
            if row['gen_ai_provider_name'] == 'groq':
                # LiteLLM's map has no price of this old model.
                self.assertEqual((row['cost_nano_usd'], row['cost_source'], row['price_id']), (0, 'unpriced', None))
                continue
            [(given, output)] = connection.execute('SELECT input_nano_usd_per_m, output_nano_usd_per_m FROM prices WHERE price_id = ?', (row['price_id'],))
            self.assertEqual((row['cost_nano_usd'], row['cost_source']), (round((7 * given + 5 * output) / 1e6), 'local'))
            self.assertGreater(row['cost_nano_usd'], 0)
        connection.close()

    def test_ledger_has_failed_calls_and_fallbacks_as_attempts_of_one_request(self):
        path = '/v1/chat/completions'
        attempts, requests = self.ledger((path, asked(path, 'claude', 'ledger fallback'), None), faults=[{'path': '/anthropic', 'status': 503}])
        self.assertEqual(self.numbers(attempts), [('anthropic', 'error', 503, 0, 0, 'none'), ('openai', 'success', 200, 7, 5, 'provider')])
        self.assertEqual([(row['attempt'], row['fallback_index'], row['model_alias'], row['deployment_alias']) for row in attempts], [(1, 0, 'claude', 'claude'), (2, 1, 'claude', 'gpt')])
        self.assertEqual([(row['status'], row['attempts'], row['gen_ai_provider_name']) for row in requests], [('success', 2, 'openai')])
        fault = {'path': '/openai', 'status': 400, 'body': {'error': {'message': f'your prompt {PROMPT} is bad', 'type': 'invalid_request_error'}}}
        attempts, requests = self.ledger((path, asked(path, 'gpt', 'ledger bad'), None), faults=[fault])
        self.assertEqual(self.numbers(attempts), [('openai', 'error', 400, 0, 0, 'none')])
        self.assertEqual([(row['status'], row['http_status']) for row in requests], [('error', 400)])
        # A provider without an alternative is called twice.
        attempts, requests = self.ledger((path, asked(path, 'gpt', 'ledger twice'), None), faults=[{'path': '/openai', 'close': True, 'times': 1}])
        self.assertEqual([row[1:3] for row in self.numbers(attempts)], [('error', 0), ('success', 200)])
        self.assertEqual(len(self.seen()), 5)

    def test_ledger_asks_for_the_usage_of_a_stream_and_the_client_gets_what_it_asked_for(self):
        events = [{'choices': [{'index': 0, 'delta': {'role': 'assistant', 'content': TEXT}, 'finish_reason': None}]}]
        events += [{'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]}]
        events += [{'choices': [], 'usage': {'prompt_tokens': 70, 'completion_tokens': 50, 'total_tokens': 120}}]
        base = {'id': 'chatcmpl-1', 'object': 'chat.completion.chunk', 'created': 1, 'model': 'gpt-5.6'}
        body = ''.join(f'data: {json.dumps({**base, **event})}\n\n' for event in events) + 'data: [DONE]\n\n'
        fault = {'path': '/openai', 'status': 200, 'headers': {'content-type': 'text/event-stream'}, 'body': body}
        path = '/v1/chat/completions'
        for more in ({}, *({'stream_options': options} for options in ({'include_usage': True}, {'include_usage': False}, {}, {'include_obfuscation': False}))):
            attempts, _ = self.ledger((path, asked(path, 'gpt', f'ledger usage {more}', stream=True, **more), None), faults=[fault])
            self.assertEqual(self.numbers(attempts), [('openai', 'success', 200, 70, 50, 'provider')])
            self.assertEqual(self.seen()[-1]['body']['stream_options'], {**more.get('stream_options', {}), 'include_usage': True})
            [(status, text)] = self.answers
            sent = [json.loads(line[6:]) for line in text.splitlines() if line.startswith('data: {')]
            self.assertEqual(''.join((choice['delta'].get('content') or '') for event in sent for choice in event['choices']), TEXT)
            self.assertEqual([event['usage']['prompt_tokens'] for event in sent if event.get('usage')], [70] if more.get('stream_options', {}).get('include_usage') else [])

    def test_ledger_counts_what_a_provider_does_not_tell(self):
        answer = {'id': 'x', 'object': 'chat.completion', 'created': 1, 'model': 'gpt-5.6'}
        answer['choices'] = [{'index': 0, 'message': {'role': 'assistant', 'content': TEXT}, 'finish_reason': 'stop'}]
        path = '/v1/chat/completions'
        attempts, _ = self.ledger((path, asked(path, 'gpt', PROMPT), None), faults=[{'path': '/openai', 'status': 200, 'body': answer}])
        self.assertEqual(self.numbers(attempts), [('openai', 'success', 200, 3, 5, 'counted')])
        self.assertEqual(attempts[0]['cost_caveat'], 'input_counted,output_counted')

    def test_ledger_bills_what_a_hang_up_consumed(self):
        since = time.time_ns() // 1000
        for path, alias in (('/v1/chat/completions', 'gpt'), ('/v1/messages', 'claude')):
            connection = http.client.HTTPConnection('127.0.0.1', 4000, timeout=60)
            body = asked(path, alias, 'ledger hang up #chunks=60 #delayMs=100 #text=' + 'word' * 60, stream=True)
            connection.request('POST', path, json.dumps(body), {'authorization': f'Bearer {KEY}'})
            response = connection.getresponse()
            received = b''
            while received.count(b'word') < 5:
                received += response.fp.readline()
            connection.close()
            response.close()
        attempts, requests = written(since, 2)
        self.assertEqual([(row['status'], row['usage_source']) for row in attempts], [('cancelled', 'counted')] * 2)
        self.assertEqual([row['status'] for row in requests], ['cancelled'] * 2)
        for row in attempts:
            # Every chunk is one word; what was sent while the connection was closed counts too.
            self.assertTrue(4 <= row['gen_ai_usage_output_tokens'] <= 20, row)
            self.assertGreater(row['gen_ai_usage_input_tokens'], 5)
            self.assertGreater(row['cost_nano_usd'], 0)

    def test_ledger_has_nothing_of_counted_tokens_wrong_keys_and_texts(self):
        since = time.time_ns() // 1000
        body = asked('/v1/messages', 'claude', PROMPT)
        del body['max_tokens']
        self.assertEqual(call('POST', '/v1/messages/count_tokens', body)[0], 200)
        self.assertEqual(call('POST', '/v1/messages', body, key='wrong')[0], 401)
        secret = 'a-very-special-sentence'
        path = '/v1/chat/completions'
        attempts, requests = self.ledger((path, asked(path, 'gpt', f'{secret} #text={secret.replace("-", "")}'), None))
        self.assertEqual((len(attempts), len(requests)), (1, 1))
        self.assertEqual(len(written(since, 1)[1]), 1)
        connection = sqlite3.connect(DATABASE)
        dump = '\n'.join(connection.iterdump())
        connection.close()
        for text in (secret, secret.replace('-', ''), KEY, '0f1e2d3c4b5a69788796a5b4c3d2e1f0'):
            self.assertNotIn(text, dump)
