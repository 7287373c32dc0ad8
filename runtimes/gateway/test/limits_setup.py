"""A stack with limits, for tests: a database, a catalogue of two priced models and one without a price, and requests as clients send them."""

import asyncio
import hashlib
import json
import shutil
import tempfile
import threading
import time
import unittest
import uuid
from datetime import timezone
from pathlib import Path

import requests_log
from client_errors import ClientErrors
from clientkeys import ClientKeys
from ledger.files import LedgerFiles
from ledger.migrate import migrate
from ledger.observed import Attempt, Deployment
from ledger.prices import Price, PriceList
from ledger.recorder import Recorder
from ledger.rows import attempt_row, request_row
from ledger.settlement import Settlement
from ledger.store import connect, write
from limits.chains import Chains, Cost
from limits.database import Database
from limits.demand import Demand
from limits.enforcer import Enforcer
from limits.owner import Owner
from limits.policy import COST, Limit, Policy
from request_filter import RequestFilter
from served_models import ServedModels

# A dollar for a million tokens of input, two for output.
PRICES = [Price(provider, model, '', 0, 10**9, 10**9, 10**9, 10**9, 2 * 10**9, 2 * 10**9, 'litellm') for provider, model in (('openai', 'gpt'), ('anthropic', 'claude'))]
CONFIG = {
    'model_list': [
        {'model_name': alias, 'litellm_params': {'model': model}, 'model_info': {'id': f'{alias}@1', 'mode': mode, **limits}}
        for alias, model, mode, limits in (
            ('gpt', 'openai/gpt', 'chat', {'max_input_tokens': 100_000, 'max_output_tokens': 10_000}),
            ('claude', 'anthropic/claude', 'chat', {'max_input_tokens': 200_000, 'max_output_tokens': 20_000}),
            ('free', 'custom_openai/free', 'chat', {'input_cost_per_token': 0, 'output_cost_per_token': 0}),
            ('unknown', 'groq/unknown', 'chat', {}),
            ('vectors', 'openai/gpt', 'embedding', {'max_input_tokens': 8_000}),
        )
    ],
    'router_settings': {'fallbacks': [{'gpt': ['claude']}, {'claude': ['unknown']}]},
}  # fmt: skip
FREE = Price('custom_openai', 'free', '', 0, 0, 0, 0, 0, 0, 0, 'catalogue')
PRICE_LIST = PriceList([*PRICES, FREE])
DEPLOYMENTS = {entry['model_info']['id']: Deployment(entry['model_name'], *entry['litellm_params']['model'].split('/'), 'KEY') for entry in CONFIG['model_list']}
KEYS = {'alice': 'sk-alice-' + 'a' * 30, 'bob': 'sk-bob-' + 'b' * 30, 'master': 'sk-master-' + 'm' * 30}
NOW = 1_800_000_000.0
# A process that reserves and then waits to be killed.
HOLD = """
import sys, time
from pathlib import Path
sys.path[:0] = ['/tests']
from limits_setup import *
files = LedgerFiles(Path(sys.argv[1]))
owner = Owner(files.folder)
owner.claim()
Database(files, owner.id).reserve(demand(budget('key', 'alice', 10), amount=usd(4)))
print('holds', flush=True)
time.sleep(1000)
"""


def usd(dollars: float) -> int:
    return round(dollars * 10**9)


def budget(scope: str, name: str, dollars: float, window: str = 'month') -> Limit:
    return Limit(scope, name, COST, window, usd(dollars))


def demand(*limits: Limit, amount: int, now: float = NOW, tokens: int = 1, request: str = '', provider: str = 'openai') -> Demand:
    own = tuple(limit for limit in limits if limit.scope != 'provider')
    cost = Cost('gpt', frozenset((provider,)), amount, tokens)
    return Demand(request or uuid.uuid4().hex, now, timezone.utc, own, tuple(limit for limit in limits if limit.scope == 'provider'), (cost,))


class LimitsTest(unittest.TestCase):
    """A database of its own for each test, and a clock that stands still."""

    def setUp(self):
        folder = Path(tempfile.mkdtemp(prefix='limits-'))
        self.addCleanup(shutil.rmtree, folder)
        self.files = LedgerFiles(folder / 'ledger')
        migrate(self.files)
        self.now = NOW
        self.database = Database(self.files, 'tests')
        self.addCleanup(self.database.close)
        self.engine = connect(self.files.url)
        self.addCleanup(self.engine.dispose)

    def rows(self, query):
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def window(self, limit):
        """Used and reserved in all windows of a limit."""
        where = ' AND '.join(f"{column} = '{value}'" for column, value in zip(('scope', 'name', 'measure', 'time_window'), limit[:4]))
        return self.rows(f'SELECT used, reserved FROM limit_windows WHERE {where} ORDER BY started_at')

    def settle(self, rows):
        """Write rows as the writer does."""
        rows = [(table, {name: value for name, value in row.items() if name != 'price'}) for table, row in rows]
        providers = Chains.of_config(CONFIG, DEPLOYMENTS, PRICE_LIST, {}, {}).providers()
        with self.engine.begin() as connection:
            write(connection, rows, settle=Settlement(providers))

    # A gateway of which LiteLLM is replaced.

    def gateway(self, *limits: Limit, models: dict | None = None, refuse: bool = True, **more):
        """A gateway with these limits. `models`: those of a key; it may use all others."""
        self.owner = Owner(self.files.folder)
        self.owner.claim()
        self.addCleanup(self.owner.end)
        chains = Chains.of_config(CONFIG, DEPLOYMENTS, PRICE_LIST, {}, {})
        enforcer = Enforcer(Policy(limits, refuse=refuse), chains, self.files, self.owner, lambda: self.now)
        enforcer.access.ready.set()
        self.addCleanup(enforcer.access.close)
        file = self.files.folder / 'client-keys.json'
        known = [{'name': name, 'sha256': hashlib.sha256(key.encode()).hexdigest(), **({'models': models[name]} if name in (models or {}) else {})} for name, key in KEYS.items()]
        file.write_text(json.dumps({'keys': known}))
        modes = {entry['model_name']: entry['model_info']['mode'] for entry in CONFIG['model_list']}
        self.filter = RequestFilter(self.litellm, ClientKeys(file), ServedModels(modes), **more)
        self.filter.limits = enforcer
        self.app = ClientErrors(Recorder(self.filter, DEPLOYMENTS, self.ended, lambda: None))
        self.enforcer, self.reached, self.lock = enforcer, [], threading.Lock()
        # What a provider answers: prompt and completion tokens of each call, and how long a request takes.
        self.calls, self.seconds = [(10, 10)], 0.0
        return enforcer

    async def litellm(self, scope, receive, send):
        body = json.loads((await receive())['body'])
        with self.lock:
            self.reached.append((scope['path'], body))
        await asyncio.sleep(self.seconds)
        record = requests_log.current().record
        for given, output in self.calls:
            deployment = DEPLOYMENTS[f'{body["model"]}@1']
            if record.allowance:
                await record.allowance.before_call(deployment.alias)
            attempt = Attempt(record, deployment, 'chat', b'{}')
            if record.allowance:
                record.allowance.calls.append(attempt)
            attempt.http_status, attempt.content_type, attempt.ending = 200, 'application/json', 'complete'
            attempt.add(json.dumps({'usage': {'prompt_tokens': given, 'completion_tokens': output}}).encode())
            attempt.started_us = int(self.now * 1_000_000)
            attempt.completed_us = attempt.started_us + 1
            record.key_alias = requests_log.current().key_name
            self.settle([attempt_row(attempt, PRICE_LIST, len)])
        await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'x-ratelimit-limit-requests', b'from the provider')]})
        await send({'type': 'http.response.body', 'body': b'{}'})

    def ended(self, record):
        self.enforcer.request_ended(record)
        self.settle([request_row(record, PRICE_LIST)])

    def ask(self, key='alice', path='/v1/chat/completions', body=None, headers=(), **more):
        """Status, body and headers of the answer to one request. `body`: its bytes or fields; a small request to gpt without."""
        return asyncio.run(self.ask_async(key, path, body, headers, **more))

    async def ask_async(self, key='alice', path='/v1/chat/completions', body=None, headers=(), method='POST', query=b''):
        if body is None:
            body = {'model': 'gpt', 'max_tokens': 10, 'messages': [{'role': 'user', 'content': 'hi'}]}
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = [(b'authorization', f'Bearer {KEYS.get(key, key)}'.encode('utf-8', 'surrogateescape'))] if key is not None else []
        scope = {'type': 'http', 'method': method, 'path': path, 'query_string': query, 'headers': [*given, *headers]}
        messages, sent = [{'type': 'http.request', 'body': body if method == 'POST' else b'', 'more_body': False}], []

        async def receive():
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        text = b''.join(message.get('body', b'') for message in sent[1:])
        return sent[0]['status'], json.loads(text) if text else None, {name.decode(): value.decode() for name, value in sent[0]['headers']}

    def eventually(self, condition, seconds=20.0):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)
