"""Who was held waits for a turn, in order; who was not is LiteLLM's to refuse; and a place is never lost."""

import asyncio
import hashlib
import json
import tempfile
import time
import unittest
from pathlib import Path

from admission import Admission
from clientkeys import ClientKeys
from guard import Guard
from served import Served

KEY = 'sk-' + 'k' * 40
CAP = 3


def soon() -> float:
    return time.time() + 30


class Turns(unittest.IsolatedAsyncioTestCase):
    async def test_without_having_been_held_nobody_waits(self):
        admission = Admission(1)
        for _ in range(3):
            await asyncio.wait_for(admission.enter(None), 1)
        self.assertEqual(admission.inside, 3)

    async def test_the_held_go_in_one_by_one_in_their_order(self):
        admission, order = Admission(1), []

        async def one(number):
            await admission.enter(soon())
            order.append(number)
            self.assertEqual(admission.inside, 1)
            await asyncio.sleep(0)
            admission.leave()

        await asyncio.gather(*(one(number) for number in range(20)))
        self.assertEqual((order, admission.inside, len(admission.waiting)), (list(range(20)), 0, 0))

    async def test_one_too_many_that_was_let_in_gives_no_place_away(self):
        admission = Admission(1)
        await admission.enter(None)
        await admission.enter(None)
        held = asyncio.ensure_future(admission.enter(soon()))
        await asyncio.sleep(0)
        admission.leave()
        await asyncio.sleep(0.01)
        self.assertFalse(held.done())
        admission.leave()
        await asyncio.wait_for(held, 1)

    async def test_waiting_in_vain_ends_in_time(self):
        admission = Admission(1)
        await admission.enter(None)
        begun = time.monotonic()
        await admission.enter(time.time() + 0.2)
        self.assertTrue(0.1 < time.monotonic() - begun < 5)
        await admission.enter(time.time() - 1)
        self.assertEqual((admission.inside, len(admission.waiting)), (3, 0))

    async def test_who_leaves_the_queue_takes_no_place_along(self):
        admission = Admission(1)
        await admission.enter(None)
        gone = asyncio.get_running_loop().create_future()
        left = asyncio.ensure_future(admission.enter(soon(), gone))
        cancelled = asyncio.ensure_future(admission.enter(soon()))
        last = asyncio.ensure_future(admission.enter(soon()))
        await asyncio.sleep(0.01)
        gone.set_result(None)
        with self.assertRaises(ConnectionAbortedError):
            await left
        admission.leave()  # hands the place to the next …
        cancelled.cancel()  # … who leaves with it in hand
        with self.assertRaises(asyncio.CancelledError):
            await cancelled
        await asyncio.wait_for(last, 1)
        self.assertEqual((admission.inside, len(admission.waiting)), (1, 0))


class Crowd(unittest.IsolatedAsyncioTestCase):
    """The guard before an application that refuses at once what is beyond its limit, as LiteLLM does."""

    async def asyncSetUp(self):
        self.inside = self.asked = 0
        self.seconds = 0.02
        file = Path(tempfile.mkdtemp()) / 'client-keys.json'
        file.write_text(json.dumps({'keys': [{'name': 'master', 'sha256': hashlib.sha256(KEY.encode()).hexdigest()}]}))
        self.guard = Guard(self.app, ClientKeys(file), Served({'m': 'chat'}), Admission(CAP))

    async def app(self, scope, receive, send):
        self.asked += 1
        status = 200 if self.inside < CAP else 503
        self.inside += 1
        self.assertEqual((await receive())['type'], 'http.request')
        await asyncio.sleep(self.seconds if status == 200 else 0)
        await send({'type': 'http.response.start', 'status': status, 'headers': []})
        await send({'type': 'http.response.body', 'body': b'{}'})
        self.inside -= 1

    async def ask(self, method='POST', held=True, until=None, leaves=False):
        headers = {'authorization': f'Bearer {KEY}', 'x-switchyard-until': str(int(until or soon()))}
        if held:
            headers['x-switchyard-held'] = '1'
        scope = {'type': 'http', 'method': method, 'path': '/v1/models' if method == 'GET' else '/v1/messages', 'query_string': b''}
        scope['headers'] = [(n.encode(), v.encode()) for n, v in headers.items()]
        parts, sent = [{'type': 'http.request', 'body': b'{"model": "m"}' if method == 'POST' else b''}], []

        async def receive():
            if parts:
                return parts.pop()
            if not leaves:
                await asyncio.Event().wait()
            return {'type': 'http.disconnect'}

        async def send(message):
            sent.append(message)

        await asyncio.wait_for(self.guard(scope, receive, send), 20)
        return sent[0]['status'] if sent else None

    async def test_a_crowd_that_was_held_is_answered(self):
        answers = await asyncio.gather(*(self.ask(('POST', 'GET')[number % 2]) for number in range(40)))
        self.assertEqual(answers, [200] * 40)
        self.assertEqual(self.guard.admission.inside, 0)

    async def test_one_that_was_not_is_refused_at_once(self):
        self.seconds = 2
        answers = await asyncio.gather(*(self.ask(held=False) for _ in range(CAP + 4)))
        self.assertEqual((answers.count(200), answers.count(503)), (CAP, 4))

    async def test_no_longer_than_the_edge_would_have_held_it(self):
        self.seconds = 2
        answers = await asyncio.gather(*(self.ask(until=1) for _ in range(CAP + 4)))
        self.assertEqual((answers.count(200), answers.count(503)), (CAP, 4))

    async def test_a_client_that_left_is_not_asked_for(self):
        answers = await asyncio.gather(*(self.ask() for _ in range(CAP)), self.ask(leaves=True), self.ask())
        self.assertEqual((answers, self.asked), ([200] * CAP + [None, 200], CAP + 1))


if __name__ == '__main__':
    unittest.main()
