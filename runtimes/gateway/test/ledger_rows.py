"""Rows for the tests of the ledger."""

from ledger.observed import Attempt, Deployment, Request
from ledger.prices import Price, PriceList
from ledger.rows import attempt_row, request_row

DEPLOYMENT = Deployment('gpt', 'openai', 'gpt-5.6', 'OPENAI_API_KEY')
# 1 $ for a million tokens of input, 2 $ for output.
PRICE = Price('openai', 'gpt-5.6', '', 0, 1_000_000_000, 100_000_000, 1_000_000_000, 1_000_000_000, 2_000_000_000, 2_000_000_000, 'litellm')
PRICES = PriceList([PRICE])
USAGE = b'{"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1010}'


def count(text: str) -> int:
    return len(text.split())


def request(alias: str = 'gpt', key: str = 'master', route: str = 'chat_completions') -> Request:
    made = Request(route, 'from-the-client', {'agent': 'tests'}, 'unittest')
    made.key_alias, made.alias = key, alias
    made.finished, made.http_status, made.completed_us = True, 200, made.started_us + 1000
    return made


def attempt(of: Request, answer: bytes = b'{"usage":' + USAGE + b'}', status: int = 200, ending: str = 'complete', **more) -> Attempt:
    made = Attempt(of, more.get('deployment', DEPLOYMENT), more.get('wire', 'chat'), more.get('body', b'{}'))
    made.http_status, made.content_type = status, more.get('content_type', 'application/json')
    if answer:
        made.add(answer)
    made.ending, made.error, made.completed_us = ending, more.get('error'), made.started_us + 900
    return made


def rows_of_request():
    """The rows of a request with one attempt, as functions for the writer."""
    asked = request()
    called = attempt(asked)
    return [lambda: attempt_row(called, PRICES, count), lambda: request_row(asked, PRICES)]


