"""Limits as clients see them: requests through the request filter, the recorder and the errors, with a fake LiteLLM and a real database."""

import asyncio
import json
import subprocess
import sys
import threading
import unittest
from unittest import mock

from limits_setup import HOLD, LimitsTest, budget, usd

import limits.enforcer as enforcer_module
from ledger.limits_report import report
from ledger.store import connect
from limits.connection import Unavailable
from limits.keeper import Keeper
from limits.policy import PARALLEL, REQUESTS, TOKENS, Limit, load, parse
from limits.self_test import NotEnforced, self_test
from limits.windows import ALWAYS, MINUTE, window

ALICE = budget('key', 'alice', 1)
CHAT, MESSAGES = '/v1/chat/completions', '/v1/messages'


def chat(model='gpt', **more):
    return {'model': model, 'max_tokens': 10, 'messages': [{'role': 'user', 'content': 'hi'}], **more}


class Budgets(LimitsTest):
    def setUp(self):
        super().setUp()
        # Nothing runs beside the requests of most tests, so that nothing is released meanwhile.
        self.pauses = mock.patch.object(enforcer_module, 'PAUSES', ())
        self.pauses.start()
        self.addCleanup(self.pauses.stop)

    def spent(self, limit=ALICE):
        return self.window(limit)

    def test_a_request_is_settled_with_what_its_attempts_cost(self):
        self.gateway(ALICE)
        self.calls = [(1000, 100)]
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual(self.spent(), [(1_200_000, 0)])
        self.assertEqual(self.rows('SELECT sum(cost_nano_usd) FROM attempts'), [(1_200_000,)])

    def test_a_refusal_names_scope_limit_spent_reserved_and_reset(self):
        self.gateway(budget('key', 'alice', 0.008))
        self.calls = [(5000, 1000)]
        self.assertEqual(self.ask()[0], 200)
        status, body, headers = self.ask()
        self.assertEqual((status, body['error']['code'], body['error']['type']), (429, 'budget_exceeded', 'rate_limit_error'))
        end = window('month', self.now, self.enforcer.policy.zone)[1]
        for text in ('The budget of the key "alice" has no room for this request: 0.008 USD a month, used: 0.007 USD.', 'It begins anew at 2027-02-01 00:00 (UTC).'):
            self.assertIn(text, body['error']['message'])
        self.assertEqual(headers['retry-after'], str(int(end - self.now)))
        self.assertNotIn('max_tokens', body['error']['message'])
        status, body, _ = self.ask(path=MESSAGES, body=chat('claude'))
        self.assertEqual((status, body['type'], body['error']['type']), (429, 'error', 'rate_limit_error'))
        self.assertIn('0.008 USD', body['error']['message'])
        # Another key is not limited.
        self.assertEqual(self.ask('bob')[0], 200)

    def test_a_request_that_no_window_has_room_for_is_not_told_to_wait(self):
        for limit, what in ((budget('key', 'alice', 0.0001, 'day'), 'budget: no day'), (Limit('key', 'alice', TOKENS, MINUTE, 3), 'limit: no minute')):
            with self.subTest(limit=limit):
                self.gateway(limit)
                status, body, _ = self.ask()
                self.assertEqual(status, 429)
                self.assertIn(f'That is more than the whole {what} has room for it.', body['error']['message'])
                self.assertNotIn('begins anew', body['error']['message'])

    def test_every_scope_and_window_counts_and_the_master_key_too(self):
        for limit, headers in (
            (budget('stack', '', 0.001, 'hour'), ()), (budget('lane', 'fast', 0.001, 'day'), [(b'x-litellm-tags', b'agent:x,lane:fast')]),
            (budget('provider', 'openai', 0.001, 'week'), ()), (budget('key', 'master', 0.001), ()),
        ):  # fmt: skip
            with self.subTest(limit=limit):
                self.gateway(limit)
                # Embeddings have no fallback at another provider.
                path, body = ('/v1/embeddings', {'model': 'vectors', 'input': 'hi'}) if limit.scope == 'provider' else (CHAT, None)
                status, answer, _ = self.ask('master', path, body, headers)
                self.assertEqual((status, answer['error']['code']), (429, 'budget_exceeded'), answer)
                self.assertIn(f'"{limit.name}"' if limit.name else 'this stack', answer['error']['message'])
                self.assertEqual(self.reached, [])

    def test_without_max_tokens_the_longest_answer_is_reserved_and_the_refusal_says_so(self):
        self.gateway(budget('key', 'alice', 0.02))
        body = chat()
        del body['max_tokens']
        status, answer, _ = self.ask(body=body)
        self.assertEqual(status, 429)
        self.assertIn('Send "max_tokens"', answer['error']['message'])
        self.assertEqual(self.ask()[0], 200)

    def test_a_cache_hit_and_a_rejected_request_release_everything(self):
        self.gateway(ALICE, Limit('key', 'alice', PARALLEL, ALWAYS, 1))
        self.calls = []
        for _ in range(3):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(self.ask(body=b'{"model": "nobody"}')[0], 404)
        self.eventually(lambda: self.rows('SELECT count(*) FROM reservations') == [(0,)])
        self.assertEqual(self.spent(), [(0, 0)])

    def test_the_check_comes_before_the_cache(self):
        class Cache:
            asked = 0

            def question(self, *_):
                Cache.asked += 1

        self.gateway(budget('key', 'alice', 0), cache=Cache())
        self.assertEqual(self.ask()[0], 429)
        self.assertEqual(Cache.asked, 0)

    def test_an_alias_without_a_price_is_refused_and_one_that_is_free_on_purpose_is_not(self):
        self.gateway(ALICE)
        status, body, _ = self.ask(body=chat('unknown'))
        self.assertEqual((status, body['error']['code']), (400, 'model_not_priced'))
        self.assertIn('"unknown" has no price', body['error']['message'])
        self.assertEqual(self.ask('bob', body=chat('unknown'))[0], 200)
        self.assertEqual(self.ask(body=chat('free'))[0], 200)
        # A rate needs no price.
        self.gateway(Limit('key', 'alice', REQUESTS, MINUTE, 5))
        self.assertEqual(self.ask(body=chat('unknown'))[0], 200)

    def test_what_goes_on_after_its_answer_is_refused_where_a_limit_applies(self):
        self.gateway(ALICE)
        for more in ({'background': True}, {'extra_body': {'background': True}}):
            status, body, _ = self.ask(path='/v1/responses', body={'model': 'gpt', 'input': 'hi', 'max_output_tokens': 1, **more})
            self.assertEqual((status, body['error']['code']), (400, 'refused_field'))
            self.assertEqual(self.ask('bob', '/v1/responses', {'model': 'gpt', 'input': 'hi', **more})[0], 200)
        self.assertEqual(self.ask(path='/v1/responses', body={'model': 'gpt', 'input': 'hi', 'max_output_tokens': 1, 'background': False})[0], 200)

    def test_a_price_of_zero_counts_only_if_the_catalogue_says_so(self):
        from ledger.observed import Deployment
        from ledger.prices import PriceList
        from limits.chains import price_of
        from limits_setup import FREE

        deployment = Deployment('free', FREE.provider, FREE.model, '')
        self.assertEqual(price_of(PriceList([FREE]), deployment), (FREE,))
        self.assertIsNone(price_of(PriceList([FREE._replace(source='litellm')]), deployment))
        self.assertIsNone(price_of(PriceList([]), deployment))

    def test_a_fallback_whose_budget_is_used_up_or_without_a_price_is_not_called(self):
        self.gateway(budget('provider', 'anthropic', 0), ALICE)
        seen = {}

        async def litellm(scope, receive, send):
            import requests_log

            seen.update(requests_log.current().refused_models)
            await send({'type': 'http.response.start', 'status': 200, 'headers': []})
            await send({'type': 'http.response.body', 'body': b'{}'})

        self.filter.app = litellm
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual({alias: (failure.status, failure.error['code']) for alias, failure in seen.items()}, {'claude': (429, 'budget_exceeded'), 'unknown': (400, 'model_not_priced')})
        # The first alias of a chain may be the one: its fallback answers.
        seen.clear()
        self.gateway(budget('provider', 'openai', 0))
        self.filter.app = litellm
        self.assertEqual((self.ask()[0], list(seen)), (200, ['gpt']))
        # Nothing else remains.
        self.gateway(budget('provider', 'openai', 0), budget('provider', 'anthropic', 0), budget('provider', 'groq', 1))
        self.assertEqual(self.ask()[1]['error']['code'], 'budget_exceeded')

    def test_each_further_call_that_costs_is_reserved_before_it_is_made(self):
        from limits.allowance import CallRefused

        self.gateway(budget('key', 'alice', 0.004))
        self.calls = [(900, 10)] * 10
        with self.assertRaises(CallRefused) as caught:
            self.ask()
        self.assertEqual(caught.exception.limit_failure.status, 429)
        [(used, reserved)] = self.window(budget('key', 'alice', 0.004))
        self.assertTrue(used <= usd(0.004) and used >= 3 * 920_000 and not reserved, (used, reserved))

    def test_fifty_at_once_pass_as_far_as_there_is_room(self):
        # Ten times the worst case of a request.
        self.gateway(ALICE)
        self.ask()
        worst = 1_000 * 1_000 + len(json.dumps(chat())) * 1_000 + 10 * 2_000
        self.gateway(budget('key', 'bob', worst * 10 / 1e9))
        self.calls, self.seconds = [(10, 10)], 1.0

        async def many():
            return await asyncio.gather(*(self.ask_async('bob') for _ in range(50)))

        statuses = [status for status, *_ in asyncio.run(many())]
        self.assertEqual((statuses.count(200), statuses.count(429)), (10, 40))
        self.assertEqual(self.window(budget('key', 'bob', 0)), [(10 * 30_000, 0)])


class Killed(LimitsTest):
    def test_a_request_that_a_killed_gateway_leaves_no_room_for_waits_until_that_is_released(self):
        """Not for the keeper's next round, which comes in 15 seconds."""
        self.gateway(budget('key', 'alice', 10))
        child = subprocess.Popen([sys.executable, '-c', HOLD.replace('usd(4)', 'usd(10)'), str(self.files.folder)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.kill)
        self.assertEqual(child.stdout.readline(), 'holds\n')
        opened = threading.Event()
        opened.set()
        keeper = Keeper(self.enforcer, opened, lambda: None, lambda state: None)
        keeper.start()
        self.addCleanup(keeper.close)
        self.assertEqual(self.ask()[0], 429)
        child.kill()
        child.wait()
        with mock.patch.object(enforcer_module, 'PAUSES', (0.2,) * 50):
            self.assertEqual(self.ask()[0], 200)


class Rates(LimitsTest):
    def test_headers_tell_limit_rest_and_reset_in_the_place_of_the_providers(self):
        self.gateway(Limit('key', 'alice', REQUESTS, MINUTE, 2), Limit('key', 'alice', TOKENS, MINUTE, 100_000))
        _, _, headers = self.ask()
        self.assertEqual([headers[f'x-ratelimit-{name}-requests'] for name in ('limit', 'remaining', 'reset')], ['2', '1', '60s'])
        self.assertEqual(headers['x-ratelimit-limit-tokens'], '100000')
        self.assertTrue(98_000 < int(headers['x-ratelimit-remaining-tokens']) < 99_000)
        self.now += 59
        self.assertEqual(self.ask()[2]['x-ratelimit-reset-requests'], '1s')
        status, body, headers = self.ask()
        self.assertEqual((status, body['error']['code'], headers['retry-after'], headers['x-ratelimit-remaining-requests']), (429, 'rate_limit_exceeded', '1', '0'))
        self.assertIn('The limit of the key "alice" is reached: 2 requests a minute.', body['error']['message'])
        self.now += 1
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual(self.ask('bob')[2].get('x-ratelimit-limit-requests'), 'from the provider')

    def test_tokens_are_settled_with_what_was_used(self):
        self.gateway(Limit('key', 'alice', TOKENS, MINUTE, 3000))
        for _ in range(5):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(self.window(Limit('key', 'alice', TOKENS, MINUTE, 0)), [(100, 0)])

    def test_one_after_the_other_passes_with_one_at_a_time_and_two_at_once_do_not(self):
        self.gateway(Limit('key', 'alice', PARALLEL, ALWAYS, 1))
        # The rows wait in the writer.
        self.calls = []
        with mock.patch.object(self, 'settle'):
            for _ in range(10):
                self.assertEqual(self.ask()[0], 200)
        self.seconds = 1.0

        async def two():
            return await asyncio.gather(self.ask_async(), self.ask_async())

        self.assertEqual(sorted(status for status, *_ in asyncio.run(two())), [200, 429])


class Failures(LimitsTest):
    def test_while_the_database_is_locked_only_limited_requests_are_refused_or_let_through(self):
        for refuse, expected in ((True, 503), (False, 200)):
            with self.subTest(refuse=refuse):
                enforcer = self.gateway(ALICE, refuse=refuse)
                enforcer.access.database.busy_seconds = 0.1
                blocker = connect(self.files.url)
                with blocker.begin():
                    self.calls = []
                    self.assertEqual(self.ask_without_ledger('bob'), (200, None))
                    status, code = self.ask_without_ledger('alice')
                    self.assertEqual((status, code), (expected, 'budget_unavailable' if refuse else None))
                    self.assertIn('locked', enforcer.problem)
                blocker.dispose()
                self.assertEqual(self.ask()[0], 200)
                self.assertEqual(enforcer.problem, '')

    def ask_without_ledger(self, key):
        """A request whose rows wait in the writer."""
        with mock.patch.object(self, 'settle'):
            status, body, _ = self.ask(key)
        return status, (body.get('error') or {}).get('code')

    def test_a_full_disk_a_missing_and_a_damaged_database_are_unavailable(self):
        enforcer = self.gateway(ALICE)
        file = self.files.database
        kept = file.with_name('kept')
        file.rename(kept)
        self.assertEqual(self.ask_without_ledger('alice'), (503, 'budget_unavailable'))
        file.write_bytes(b'\xff' * 8192)
        self.assertEqual(self.ask_without_ledger('alice'), (503, 'budget_unavailable'))
        file.unlink()
        kept.rename(file)
        self.assertEqual(self.ask_without_ledger('alice'), (200, None))
        with mock.patch('limits.connection.inode_of', side_effect=OSError(28, 'No space left on device')):
            self.assertEqual(self.ask_without_ledger('alice'), (503, 'budget_unavailable'))
            self.assertIn('No space', enforcer.problem)

    def test_without_sqlalchemy_limited_requests_are_refused(self):
        self.gateway(ALICE)
        with mock.patch.dict('sys.modules', {'ledger.store': None}):
            self.assertEqual(self.ask_without_ledger('alice'), (503, 'budget_unavailable'))
            self.assertEqual(self.ask_without_ledger('bob'), (200, None))

    def test_what_was_let_through_counts_later(self):
        self.gateway(ALICE, refuse=False)
        self.ask()
        with mock.patch('limits.database.Database.reserve', side_effect=Unavailable('locked')):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(self.window(ALICE), [(60_000, 0)])

    def test_what_was_let_through_in_a_window_that_nobody_had_opened_counts_too(self):
        self.gateway(ALICE, refuse=False)
        with mock.patch('limits.database.Database.reserve', side_effect=Unavailable('locked')):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(self.window(ALICE), [])
        self.ask()
        self.assertEqual(self.window(ALICE), [(60_000, 0)])

    def test_before_the_windows_are_open_nothing_passes(self):
        enforcer = self.gateway(ALICE)
        enforcer.access.ready.clear()
        with mock.patch('limits.access.WAIT_SECONDS', 0.2):
            self.assertEqual(self.ask_without_ledger('alice'), (503, 'budget_unavailable'))
            self.assertEqual(self.ask_without_ledger('bob'), (200, None))


class SelfTest(LimitsTest):
    def keeper(self):
        states = []
        opened = threading.Event()
        opened.set()
        keeper = Keeper(self.enforcer, opened, lambda: self_test(self.files, self.owner), states.append)
        self.addCleanup(keeper.database.close)
        return keeper, states

    def test_enforced_is_said_of_what_was_refused_and_nothing_is_left(self):
        self.gateway(ALICE)
        keeper, states = self.keeper()
        self.assertEqual(keeper.tick(), '')
        self.assertEqual(states, [{'enforced': True, 'problem': ''}])
        self.assertEqual(self.rows('SELECT name FROM limit_windows'), [('alice',)])
        self.assertEqual(self.rows('SELECT count(*) FROM reservations'), [(0,)])

    def test_a_check_that_does_not_refuse_is_not_enforced(self):
        self.gateway(ALICE)
        keeper, states = self.keeper()
        with mock.patch('limits.enforcer.Enforcer.check', return_value=None):
            self.assertIn('expected the answers 200 and 429, found 200 and 200', keeper.tick())
            with self.assertRaises(NotEnforced):
                self_test(self.files, self.owner)
        self.assertFalse(states[-1]['enforced'])
        # It is repeated until it is.
        keeper.tick()
        self.assertEqual(states[-1], {'enforced': True, 'problem': ''})

    def test_a_locked_database_is_a_problem_until_it_is_not(self):
        self.gateway(ALICE, refuse=False)
        keeper, states = self.keeper()
        keeper.tick()
        blocker = connect(self.files.url)
        keeper.database.busy_seconds = 0.1
        keeper.database.close()
        with blocker.begin():
            self.assertIn('locked', keeper.tick())
        blocker.dispose()
        keeper.tick()
        self.assertEqual([state['enforced'] for state in states], [True, False, True])


# What a gateway does at its start with the limits of a file, and which modules of limits it has then.
START = """
import sys
from pathlib import Path
sys.path[:0] = ['/tests']
import server, settings
from ledger.files import LedgerFiles
from ledger.gateway import GatewayLedger
settings.LIMITS = Path(sys.argv[1])
config = {'model_list': [{'model_name': 'gpt', 'litellm_params': {'model': 'openai/gpt'}, 'model_info': {'id': 'gpt@1'}}]}
ledger = GatewayLedger(config, {}, settings.Settings(), server.limits(), LedgerFiles(Path(sys.argv[2])))
print(ledger.limits is not None, len([name for name in sys.modules if name.partition('.')[0] == 'limits']))
"""


class Start(LimitsTest):
    def test_a_gateway_without_limits_does_not_load_their_package(self):
        file = self.files.folder / 'limits.json'
        found = []
        for _ in range(2):
            done = subprocess.run([sys.executable, '-c', START, file, self.files.folder], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            found.append(done.stdout.split())
            file.write_text(json.dumps(File.GOOD))
        self.assertEqual(found[0], ['False', '0'])
        self.assertEqual(found[1][0], 'True')
        self.assertGreater(int(found[1][1]), 10)


class File(LimitsTest):
    GOOD = {
        'timeZone': 'Europe/Berlin', 'onFailure': 'allow',
        'budgets': [{'scope': 'key', 'name': 'alice', 'nanoUsd': 5, 'window': 'month'}, {'scope': 'stack', 'name': '', 'nanoUsd': 7, 'window': 'day'}],
        'rates': {'alice': {'requestsPerMinute': 60, 'tokensPerMinute': 2000, 'parallelRequests': 4}},
    }  # fmt: skip

    def test_the_agreed_file_is_read_and_no_limits_are_none(self):
        policy = parse(json.dumps(self.GOOD))
        self.assertEqual((policy.zone_name, policy.refuse, len(policy.limits)), ('Europe/Berlin', False, 5))
        self.assertEqual(policy.of_request('alice', 'x')[-1], Limit('stack', '', 'nano_usd', 'day', 7))
        for nothing in ({}, {'budgets': []}, {'timeZone': 'UTC', 'onFailure': 'refuse', 'budgets': [], 'rates': {}}):
            self.assertIsNone(parse(json.dumps(nothing)))
        self.assertIsNone(load(self.files.folder / 'missing.json'))

    def test_an_invalid_file_is_an_error_that_names_the_field(self):
        one = self.GOOD['budgets'][0]
        for given, text in (
            ({'budgets': [one | {'nanoUsd': -1}]}, r'budgets\[0\].nanoUsd" must be a whole number of at least 0, found -1'), ({'budgets': [one | {'window': 'year'}]}, 'hour, day, week, month'),
            ({'budgets': [one | {'scope': 'team'}]}, 'key, lane, provider, stack'), ({'budgets': [one, one]}, 'the only budget'), ({'budgets': [one | {'name': ''}]}, 'the name of a key'),
            (self.GOOD | {'timeZone': 'Mars/Base'}, 'Mars/Base'), (self.GOOD | {'onFailure': 'ignore'}, '"refuse" or "allow"'), ({'limits': []}, 'unknown field "limits"'),
            ({'rates': {'alice': {'perDay': 5}}}, 'rates.alice'), ({'rates': {'alice': {'parallelRequests': 1.5}}}, 'rates.alice.parallelRequests'), ([], 'an object'),
        ):  # fmt: skip
            with self.assertRaisesRegex(ValueError, text):
                parse(json.dumps(given))

    def test_the_report_has_what_is_spent_and_reserved(self):
        policy = parse(json.dumps(self.GOOD))
        self.assertEqual([one['spentNanoUsd'] for one in report(self.files, policy, self.now)['budgets']], [0, 0])
        self.gateway(ALICE)
        self.calls = [(1000, 100)]
        self.ask()
        self.assertEqual(report(self.files, self.enforcer.policy, self.now)['budgets'], [{
            'scope': 'key', 'name': 'alice', 'window': 'month', 'nanoUsd': usd(1), 'spentNanoUsd': 1_200_000, 'reservedNanoUsd': 0,
            'resetsAt': window('month', self.now, self.enforcer.policy.zone)[1],
        }])  # fmt: skip
        self.assertEqual(report(self.files, None, self.now), {'budgets': []})


if __name__ == '__main__':
    unittest.main()
