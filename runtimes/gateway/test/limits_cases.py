"""Cases of the whole gateway (test_gateway.py): budgets and rates with real LiteLLM."""

import http.client
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from ledger_cases import DATABASE, asked, call, inject, written

LIMITED = {name: f'sk-{name}-' + '5' * 30 for name in ('poor', 'rich', 'once', 'slow')}
CHAT, MESSAGES, RESPONSES = '/v1/chat/completions', '/v1/messages', '/v1/responses'


def budget(scope, name, nano_usd):
    return {'scope': scope, 'name': name, 'nanoUsd': nano_usd, 'window': 'month'}


# `poor` has less than any request needs, `rich` more than all, and `once` what its test gives it.
LIMITS = {
    'timeZone': 'Europe/Berlin',
    'onFailure': 'refuse',
    'budgets': [budget('key', 'poor', 1000), budget('key', 'rich', 10**12), budget('key', 'once', 0), budget('provider', 'capped', 0), budget('provider', 'alone', 0)],
    'rates': {'slow': {'requestsPerMinute': 1000, 'parallelRequests': 1}},
    'providers': {'capped': 'capped', 'alone': 'alone'},
}


class LimitsCases:
    def as_key(self, name, path, body, **headers):
        status, text = call('POST', path, body, key=LIMITED[name], headers=headers)
        return status, json.loads(text) if text.startswith('{') else text

    def attempts_of(self, key, count):
        """Cost and status of all attempts of a key, once there are so many and no more come."""
        rows, before = [], None
        while len(rows) < count or rows != before:
            time.sleep(0.7)
            connection = sqlite3.connect(DATABASE)
            before, rows = rows, connection.execute('SELECT cost_nano_usd, status FROM attempts WHERE key_alias = ?', (key,)).fetchall()
            connection.close()
        return rows

    def upstream_paths(self):
        return [one['path'] for one in json.loads(call('GET', '/_requests', port=9000)[1])['requests']]

    def test_limits_are_enforced_says_the_self_test_and_it_leaves_nothing(self):
        for _ in range(100):
            state = json.loads(Path('/tmp/switchyard-ledger.json').read_text()) if Path('/tmp/switchyard-ledger.json').exists() else {}
            if state.get('limits'):
                break
            time.sleep(0.2)
        self.assertEqual(state['limits'], {'enforced': True, 'problem': ''})
        self.assertNotIn('self test', json.dumps(self.budgets()))

    def budgets(self):
        """What `./switchyard` reads."""
        command = [sys.executable, '-m', 'ledger.limits_report']
        done = subprocess.run(command, env={'PYTHONPATH': '/etc/switchyard'}, capture_output=True, text=True, check=True)
        return {one['name']: one for one in json.loads(done.stdout)['budgets']}

    def test_limits_refuse_on_every_route_that_costs_in_the_callers_shape(self):
        since = time.time_ns() // 1000
        for path, alias in ((CHAT, 'gpt'), (MESSAGES, 'claude'), (RESPONSES, 'gpt'), ('/v1/completions', 'gpt')):
            status, body = self.as_key('poor', path, {'model': alias, 'prompt': 'x', 'max_tokens': 5} if path.endswith('/completions') and path != CHAT else asked(path, alias, 'limits'))
            self.assertEqual(status, 429, body)
            self.assertEqual(body['error']['type'], 'rate_limit_error')
            self.assertIn('The budget of the key "poor" has no room for this request: 0.000001 USD a month', body['error']['message'])
            self.assertEqual(body['type'] if path == MESSAGES else body['error']['code'], 'error' if path == MESSAGES else 'budget_exceeded')
        self.assertEqual(self.as_key('poor', '/v1/embeddings', {'model': 'vectors', 'input': 'x'})[0], 429)
        self.assertEqual(self.upstream_paths(), [])
        # The ledger knows what was asked for.
        refused = [row for row in written(since, 5)[1] if row['key_alias'] == 'poor' and row['http_status'] == 429]
        self.assertEqual([row['model_alias'] for row in refused], ['gpt', 'claude', 'gpt', 'gpt', 'vectors'])
        self.assertEqual(self.as_key('poor', '/v1/messages/count_tokens', {'model': 'claude', 'messages': [{'role': 'user', 'content': 'hi'}]})[0], 200)

    def test_limits_of_a_provider_skip_it_and_its_fallback_answers(self):
        status, body = self.as_key('rich', CHAT, asked(CHAT, 'capped', 'limits capped'))
        self.assertEqual(status, 200, body)
        self.assertEqual([path.split('/')[1] for path in self.upstream_paths()], ['openai'])
        # The same with the master key, and without a fallback.
        self.assertEqual(call('POST', MESSAGES, asked(MESSAGES, 'capped', 'limits capped 2'))[0], 200)
        status, text = call('POST', CHAT, asked(CHAT, 'alone', 'limits alone'))
        self.assertEqual((status, json.loads(text)['error']['code']), (429, 'budget_exceeded'))
        self.assertIn('The budget of the provider \\"alone\\"', text)
        # A fallback whose provider has no budget left is not called, and the client gets the failure of the first model.
        inject([{'path': '/openai', 'status': 503}])
        status, _ = self.as_key('rich', CHAT, asked(CHAT, 'gpt', 'limits failing', fallbacks=['capped']))
        self.assertEqual(status, 503)
        self.assertNotIn('capped', json.dumps(self.upstream_paths()))

    def test_limits_settle_what_attempts_cost_also_after_failures_streams_and_hang_ups(self):
        inject([{'path': '/anthropic', 'status': 503, 'times': 1}])
        for path in (CHAT, MESSAGES, RESPONSES):
            for stream in (False, True):
                self.assertEqual(self.as_key('rich', path, asked(path, 'claude', f'limits {path} {stream}', stream=stream))[0], 200)
        connection = http.client.HTTPConnection('127.0.0.1', 4000, timeout=60)
        connection.request('POST', CHAT, json.dumps(asked(CHAT, 'gpt', 'limits hang up #chunks=600 #delayMs=100 #text=' + 'word' * 600, stream=True)), {'authorization': f'Bearer {LIMITED["rich"]}'})
        response = connection.getresponse()
        while b'word' not in response.fp.readline():
            pass
        self.assertGreater(self.budgets()['rich']['reservedNanoUsd'], 0)
        connection.close()
        response.close()
        # From the cache.
        for _ in range(2):
            self.assertEqual(self.as_key('rich', CHAT, asked(CHAT, 'gpt', 'limits cached', temperature=0))[0], 200)
        attempts = self.attempts_of('rich', 9)
        found, mine = self.budgets()['rich'], sum(cost for cost, _ in attempts)
        self.assertIn('cancelled', {status for _, status in attempts})
        self.assertEqual((found['spentNanoUsd'], found['reservedNanoUsd']), (mine, 0))
        self.assertGreater(mine, 0)

    def test_limits_are_checked_again_before_a_further_call_that_costs(self):
        """The answer of the first model costs and cannot be used. The budget has room for one call."""
        body = asked(CHAT, 'claude', 'limits once')
        inject([{'path': '/anthropic', 'status': 200, 'headers': {'content-type': 'application/json'}, 'body': 'no json'}])
        from limits.database import Database
        from ledger.files import LedgerFiles

        database = Database(LedgerFiles(), 'tests')
        # Room for one call and a half, whatever the prices are.
        need = int(float(self.as_key('once', CHAT, body)[1]['error']['message'].split('can need ')[1].split(' USD')[0]) * 1e9)
        with database.transaction() as execute:
            execute("UPDATE limit_windows SET used = used - ? WHERE name = ? AND measure = ?", (need * 3 // 2, 'once', 'nano_usd'))
        database.close()
        status, answer = self.as_key('once', CHAT, body)
        self.assertGreaterEqual(status, 429, answer)
        self.assertEqual([path.split('/')[1] for path in self.upstream_paths()], ['anthropic'])
        # The model that was not called is not in cooldown.
        self.assertEqual(call('POST', CHAT, asked(CHAT, 'gpt', 'limits after once'))[0], 200)

    def test_limits_of_parallel_requests_and_the_headers_of_rates(self):
        for number in range(5):
            self.assertEqual(self.as_key('slow', CHAT, asked(CHAT, 'gpt', f'limits slow {number}'))[0], 200)
        connection = http.client.HTTPConnection('127.0.0.1', 4000, timeout=60)
        connection.request('POST', CHAT, json.dumps(asked(CHAT, 'gpt', 'limits slow #chunks=30 #delayMs=100 #text=word word', stream=True)), {'authorization': f'Bearer {LIMITED["slow"]}'})
        response = connection.getresponse()
        self.assertEqual(response.headers['x-ratelimit-limit-requests'], '1000')
        status, body = self.as_key('slow', CHAT, asked(CHAT, 'gpt', 'limits slow second'))
        self.assertEqual((status, body['error']['code']), (429, 'rate_limit_exceeded'), body)
        response.read()
        connection.close()
        self.assertEqual(self.as_key('slow', CHAT, asked(CHAT, 'gpt', 'limits slow third'))[0], 200)
