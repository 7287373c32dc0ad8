"""Shows that limits hold: two requests of a reserved key go the way of a client's request, and the one above its budget must be refused.

Everything is real but the key, the model and its budget: the request filter, the check, the database. What it stores is removed again.
"""

from __future__ import annotations

import asyncio
import json

from ledger.files import LedgerFiles
from ledger.prices import Price

from limits.chains import Chains, Served
from limits.enforcer import Enforcer
from limits.input_bound import OVERHEAD
from limits.owner import Owner
from limits.policy import COST, Limit, Policy
from limits.refusals import BUDGET_EXCEEDED

MODEL = 'self-test'
# A nano-dollar for a token.
PRICE = Price(MODEL, MODEL, '', 0, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 'catalogue')
BODY = json.dumps({'model': MODEL, 'max_tokens': 1, 'messages': [{'role': 'user', 'content': ''}]}).encode()
# Room for one request and a half.
ROOM = (len(BODY) + OVERHEAD + 1) * 3 // 2


class NotEnforced(Exception):
    """A limit does not hold."""


class OneKey:
    """Instead of clientkeys.ClientKeys: a key that only this process knows. No client can have its name, which has a space."""

    def __init__(self, owner: str) -> None:
        self.name = f'self test {owner}'

    def find(self, key: str | None) -> dict | None:
        return {'name': self.name, 'sha256': '', 'models': [MODEL]} if key == self.name else None

    def ending(self, send, key: bytes):
        return send


def self_test(files: LedgerFiles, owner: Owner) -> None:
    """Raises NotEnforced or another exception with the reason if a request above a budget is not refused."""
    keys = OneKey(owner.id)
    limit = Limit('key', keys.name, COST, 'month', ROOM)
    served = {MODEL: Served(frozenset((MODEL,)), (PRICE,), None, None)}
    enforcer = Enforcer(Policy([limit]), Chains(served, {}), files, owner)
    enforcer.access.ready.set()
    try:
        answers = [asyncio.run(answer(enforcer, keys)) for _ in range(2)]
    finally:
        remove(enforcer, keys.name)
        enforcer.access.close()
    if [status for status, _ in answers] != [200, 429] or json.loads(answers[1][1])['error']['code'] != BUDGET_EXCEEDED:
        raise NotEnforced(f'the self-test expected the answers 200 and 429, found {" and ".join(str(status) for status, _ in answers)}')


async def answer(enforcer: Enforcer, keys: OneKey) -> tuple[int, bytes]:
    """Status and body of the answer to a request."""
    from client_errors import ClientErrors
    from ledger.recorder import Recorder
    from request_filter import RequestFilter
    from served_models import ServedModels

    sent: list[dict] = []

    async def receive() -> dict:
        return {'type': 'http.request', 'body': BODY, 'more_body': False}

    async def send(message: dict) -> None:
        sent.append(message)

    request_filter = RequestFilter(provider, keys, ServedModels({MODEL: 'chat'}))
    request_filter.limits = enforcer
    headers = [(b'authorization', f'Bearer {keys.name}'.encode()), (b'content-length', str(len(BODY)).encode())]
    scope = {'type': 'http', 'method': 'POST', 'path': '/v1/chat/completions', 'query_string': b'', 'headers': headers}
    await ClientErrors(Recorder(request_filter, {}, lambda request: None, lambda: None))(scope, receive, send)
    request_filter.checker.shutdown(wait=False)
    return sent[0]['status'], b''.join(message.get('body', b'') for message in sent[1:])


async def provider(scope, receive, send) -> None:
    """In the place of LiteLLM: a request that fits gets here."""
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': b'{}'})


def remove(enforcer: Enforcer, name: str) -> None:
    """Remove what the test has stored."""
    with enforcer.access.database.transaction() as execute:
        for table in ('reservations', 'limit_windows'):
            execute(f'DELETE FROM {table} WHERE scope = ? AND name = ?', ('key', name))
