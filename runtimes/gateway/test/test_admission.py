"""Queued requests wait for a slot in order; LiteLLM rejects the others; and no slot is ever lost."""

import asyncio
import hashlib
import json
import tempfile
import time
import unittest
from pathlib import Path

from admission import Admission
from requests_log import begin, current
from turns import LARGE, Turns
from api_error import ApiError
from clientkeys import ClientKeys
from request_filter import RequestFilter
from served_models import ServedModels

KEY = 'sk-' + 'k' * 40
LIMIT = 3


def soon() -> float:
    return time.time() + 30


class Slots(unittest.IsolatedAsyncioTestCase):
    async def test_a_request_that_was_not_queued_does_not_wait(self):
        admission = Admission(1)
        await asyncio.wait_for(admission.acquire(None), 1)
        for _ in range(3):
            with self.assertRaises(ApiError) as raised:
                await asyncio.wait_for(admission.acquire(None), 1)
            self.assertEqual((raised.exception.status, raised.exception.headers), (503, ((b'retry-after', b'1'),)))
        self.assertEqual(admission.in_flight, 1)

    async def test_queued_requests_get_slots_in_order(self):
        admission, order = Admission(1), []

        async def one(number):
            await admission.acquire(soon())
            order.append(number)
            self.assertEqual(admission.in_flight, 1)
            await asyncio.sleep(0)
            admission.release()

        await asyncio.gather(*(one(number) for number in range(20)))
        self.assertEqual((order, admission.in_flight, len(admission.waiters)), (list(range(20)), 0, 0))

    async def test_waiting_ends_at_the_deadline(self):
        admission = Admission(1)
        await admission.acquire(None)
        begun = time.monotonic()
        for deadline in (time.time() + 0.2, time.time() - 1):
            with self.assertRaises(ApiError):
                await admission.acquire(deadline)
        self.assertTrue(0.1 < time.monotonic() - begun < 5)
        self.assertEqual((admission.in_flight, len(admission.waiters)), (1, 0))

    async def test_a_cancelled_waiter_loses_no_slot(self):
        admission = Admission(1)
        await admission.acquire(None)
        disconnected = asyncio.get_running_loop().create_future()
        aborted = asyncio.ensure_future(admission.acquire(soon(), disconnected))
        cancelled = asyncio.ensure_future(admission.acquire(soon()))
        last = asyncio.ensure_future(admission.acquire(soon()))
        await asyncio.sleep(0.01)
        disconnected.set_result(None)
        with self.assertRaises(ConnectionAbortedError):
            await aborted
        admission.release()  # grants the slot to the next waiter …
        cancelled.cancel()  # … which is cancelled after the grant
        with self.assertRaises(asyncio.CancelledError):
            await cancelled
        await asyncio.wait_for(last, 1)
        self.assertEqual((admission.in_flight, len(admission.waiters)), (1, 0))


class Burst(unittest.IsolatedAsyncioTestCase):
    """The request filter in front of an application with a limit of its own, like LiteLLM."""

    async def asyncSetUp(self):
        self.in_flight = self.calls = 0
        self.seconds = 0.02
        file = Path(tempfile.mkdtemp()) / 'client-keys.json'
        file.write_text(json.dumps({'keys': [{'name': 'master', 'sha256': hashlib.sha256(KEY.encode()).hexdigest()}]}))
        self.request_filter = RequestFilter(self.app, ClientKeys(file), ServedModels({'m': 'chat'}), Admission(LIMIT))

    async def app(self, scope, receive, send):
        self.calls += 1
        self.assertLess(self.in_flight, LIMIT)
        self.in_flight += 1
        self.assertEqual((await receive())['type'], 'http.request')
        await asyncio.sleep(self.seconds)
        await send({'type': 'http.response.start', 'status': 200, 'headers': []})
        await send({'type': 'http.response.body', 'body': b'{}'})
        self.in_flight -= 1

    async def ask(self, method='POST', queued=True, until=None, disconnects=False, body=b'{"model": "m"}'):
        headers = {'authorization': f'Bearer {KEY}', 'x-switchyard-until': str(int(until or soon()))}
        if queued:
            headers['x-switchyard-held'] = '1'
        scope = {'type': 'http', 'method': method, 'path': '/v1/models' if method == 'GET' else '/v1/messages', 'query_string': b''}
        scope['headers'] = [(n.encode(), v.encode()) for n, v in headers.items()]
        parts, sent = [{'type': 'http.request', 'body': body if method == 'POST' else b''}], []

        async def receive():
            if parts:
                return parts.pop()
            if not disconnects:
                await asyncio.Event().wait()
            return {'type': 'http.disconnect'}

        async def send(message):
            sent.append(message)

        await asyncio.wait_for(self.request_filter(scope, receive, send), 20)
        return sent[0]['status'] if sent else None

    async def test_all_requests_of_a_queued_burst_are_answered(self):
        answers = await asyncio.gather(*(self.ask(('POST', 'GET')[number % 2]) for number in range(40)))
        self.assertEqual(answers, [200] * 40)
        self.assertEqual(self.request_filter.admission.in_flight, 0)

    async def test_a_burst_that_was_not_queued_is_rejected_at_once_and_unparsed(self):
        self.seconds = 2
        # Not JSON: a body that is parsed is a 400.
        answers = await asyncio.gather(*(self.ask(queued=False) for _ in range(LIMIT)), *(self.ask(queued=False, body=b'{') for _ in range(4)))
        self.assertEqual(answers, [200] * LIMIT + [503] * 4)

    async def test_a_queued_request_is_not_parsed_before_it_has_a_slot(self):
        self.seconds = 0.5
        begun = time.monotonic()
        answers = await asyncio.gather(*(self.ask() for _ in range(LIMIT)), self.ask(body=b'{'))
        self.assertEqual(answers, [200] * LIMIT + [400])
        self.assertGreaterEqual(time.monotonic() - begun, 0.5)
        self.assertEqual(self.request_filter.admission.in_flight, 0)

    async def test_waiting_ends_at_the_edges_deadline(self):
        self.seconds = 2
        answers = await asyncio.gather(*(self.ask(until=1) for _ in range(LIMIT + 4)))
        self.assertEqual((answers.count(200), answers.count(503)), (LIMIT, 4))

    async def test_a_request_whose_client_disconnected_does_not_reach_the_application(self):
        answers = await asyncio.gather(*(self.ask() for _ in range(LIMIT)), self.ask(disconnects=True), self.ask())
        self.assertEqual((answers, self.calls), ([200] * LIMIT + [None, 200], LIMIT + 1))


class LargeRequests(unittest.IsolatedAsyncioTestCase):
    async def test_one_large_request_after_another_is_prepared_and_small_ones_do_not_wait(self):
        turns, order = Turns(), []

        async def ask(name, size, ends_without_a_call=False):
            begin([])
            turn = await turns.take(size)
            order.append(f'{name} begins')
            await asyncio.sleep(0.05)
            if not ends_without_a_call:
                current().count_call()
                current().count_call()
                await asyncio.sleep(0.3)
            turn.end()
            order.append(f'{name} ends')

        large = [ask('a', LARGE), ask('b', LARGE, True), ask('c', LARGE)]
        await asyncio.gather(*map(asyncio.create_task, (*large, ask('small', LARGE - 1))))
        # The second one begins when the first one has called its provider, not when that has answered.
        self.assertEqual(order, ['a begins', 'small begins', 'b begins', 'b ends', 'c begins', 'a ends', 'small ends', 'c ends'])
        self.assertFalse(turns.lock.locked())

    async def test_a_large_request_that_is_cancelled_while_it_waits_blocks_nobody(self):
        turns = Turns()
        begin([])
        first = await turns.take(LARGE)
        waiting = asyncio.create_task(turns.take(LARGE))
        await asyncio.sleep(0)
        waiting.cancel()
        first.end()
        await asyncio.wait_for(turns.take(LARGE), 1)


if __name__ == '__main__':
    unittest.main()
