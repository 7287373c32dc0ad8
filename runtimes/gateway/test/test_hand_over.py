"""A request is handed to LiteLLM at most twice, whichever gateway does it and however a gateway ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import hand_over
from api_error import ApiError
from error_boundary import ErrorBoundary
from hand_over import COLUMNS, SCOPE_KEY, HandOvers, remove_record

# A gateway that hands over one request, and is then alive until it is killed.
OTHER = """
import sys, time
from pathlib import Path
from hand_over import HandOvers
hand_overs = HandOvers(Path(sys.argv[1]))
hand_overs.record({'headers': [(b'x-switchyard-request', sys.argv[2].encode())]})
print(hand_overs.column, flush=True)
time.sleep(600)
"""


def request(number: object = 1, path: str = '/v1/chat/completions') -> dict:
    headers = [(b'x-switchyard-request', f'0b9ad7a6-0000-4000-8000-{number:0>12}'.encode())]
    return {'type': 'http', 'method': 'POST', 'path': path, 'headers': headers}


class Records(unittest.TestCase):
    def setUp(self):
        self.file = Path(tempfile.mkdtemp()) / 'hand-overs'

    def other(self, number=1) -> tuple[subprocess.Popen, int]:
        """Another gateway that has handed over this request, and its column."""
        process = subprocess.Popen([sys.executable, '-c', OTHER, self.file, request(number)['headers'][0][1]], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, int(process.stdout.readline())

    def assert_refused(self, hand_overs, number=1):
        with self.assertRaises(ApiError) as raised:
            hand_overs.record(request(number))
        self.assertEqual((raised.exception.status, raised.exception.code), (502, 'request_handed_over_twice'))
        self.assertEqual(raised.exception.headers, ((b'x-switchyard-handed-over', b'1'),))

    def test_the_third_hand_over_is_refused(self):
        hand_overs = HandOvers(self.file)
        hand_overs.record(request())
        hand_overs.record(request())
        self.assert_refused(hand_overs)
        hand_overs.record(request(2))

    def test_a_removed_record_does_not_count(self):
        hand_overs = HandOvers(self.file)
        for _ in range(10):
            scope = request()
            hand_overs.record(scope)
            remove_record(scope)
            remove_record(scope)
        self.assertEqual((len(hand_overs.free), hand_overs.used), (1, 1))

    def test_gateways_count_together_and_a_killed_one_still_counts(self):
        first, first_column = self.other()
        second, second_column = self.other()
        mine = HandOvers(self.file)
        self.assertEqual(len({first_column, second_column, mine.column}), 3)
        self.assert_refused(mine)
        for process in (first, second):
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.assert_refused(mine)
        # The next gateway gets the column of a killed one, with its records.
        third, third_column = self.other(2)
        self.assertEqual(third_column, min(first_column, second_column))
        self.assert_refused(mine)
        mine.record(request(2))
        self.assert_refused(mine, 2)

    def test_old_records_are_removed_by_the_next_gateway(self):
        for _ in range(2):
            process, _ = self.other()
            process.kill()
            process.wait()
        self.assert_refused(HandOvers(self.file))
        with mock.patch.object(time, 'time', lambda now=time.time(): now + 2 * hand_over.MAX_AGE_SECONDS):
            late = HandOvers(self.file)
        late.record(request())
        late.record(request())

    def test_a_file_that_cannot_be_used_lets_requests_pass_with_one_warning(self):
        for make in (lambda: HandOvers(self.file / 'missing'), self.full):
            with self.assertLogs('switchyard', 'WARNING') as logged:
                hand_overs = make()
                for _ in range(5):
                    hand_overs.record(request())
            self.assertEqual(len(logged.output), 1)

    def full(self) -> HandOvers:
        with mock.patch.object(os, 'posix_fallocate', side_effect=OSError(28, 'No space left on device')):
            return HandOvers(self.file)

    def test_more_gateways_and_requests_than_there_is_room_for_pass(self):
        with mock.patch.object(hand_over, 'COLUMNS', 0), self.assertLogs('switchyard', 'WARNING'):
            HandOvers(self.file).record(request())
        with mock.patch.object(hand_over, 'CELLS', 3), self.assertLogs('switchyard', 'WARNING'):
            hand_overs = HandOvers(self.file)
            scopes = [request(number) for number in range(5)]
            for scope in scopes:
                hand_overs.record(scope)
        self.assertEqual([SCOPE_KEY in scope for scope in scopes], [True] * 3 + [False] * 2)

    def test_a_request_without_the_edges_header_is_not_counted(self):
        hand_overs = HandOvers(self.file)
        for _ in range(5):
            hand_overs.record({'headers': []})
        self.assertEqual(hand_overs.used, 0)

    def test_the_file_has_room_for_all_gateways_of_a_deployment(self):
        self.assertGreater(COLUMNS, 2 * 8)


class Responses(unittest.IsolatedAsyncioTestCase):
    """When a record is removed."""

    def setUp(self):
        self.hand_overs = HandOvers(Path(tempfile.mkdtemp()) / 'hand-overs')

    async def ask(self, app, draining=False, path='/v1/chat/completions'):
        sent = []
        scope = request(path=path)

        async def receive():
            return {'type': 'http.disconnect'}

        class Cycle:
            """Has what close_without_response needs of uvicorn's object."""

            transport = SimpleNamespace(abort=lambda: None)
            disconnected = True

            async def send(self, message):
                sent.append(message)

        async def handed_over(scope, receive, send):
            self.hand_overs.record(scope)
            await app(scope, receive, send)

        with self.assertLogs('switchyard') if app is raises else self.assertNoLogs('switchyard'):
            await ErrorBoundary(handed_over, SimpleNamespace(draining=draining))(scope, receive, Cycle().send)
        return sent

    def count(self):
        return self.hand_overs.used - len(self.hand_overs.free)

    async def test_the_record_is_removed_when_the_response_begins(self):
        counts = []

        async def app(scope, receive, send):
            counts.append(self.count())
            await send({'type': 'http.response.start', 'status': 200, 'headers': []})
            counts.append(self.count())
            await send({'type': 'http.response.body', 'body': b'{}'})

        await self.ask(app)
        self.assertEqual(counts, [1, 0])

    async def test_the_record_is_removed_when_the_client_is_gone_or_gets_an_error(self):
        async def disconnected(scope, receive, send):
            await receive()

        self.assertEqual((await self.ask(disconnected), self.count()), ([], 0))
        sent = await self.ask(raises)
        self.assertEqual((sent[0]['status'], json.loads(sent[1]['body'])['error']['code'], self.count()), (500, 'gateway_failed', 0))

    async def test_the_record_stays_when_a_draining_gateway_closes_the_connection_without_a_response(self):
        self.assertEqual((await self.ask(raises, draining=True), self.count()), ([], 1))


async def raises(scope, receive, send):
    raise RuntimeError('no response')


class Speed(unittest.TestCase):
    def test_a_record_costs_little(self):
        """Printed, and compared with the limit as processor time, which other jobs on the machine do not change much."""
        hand_overs = HandOvers(Path('/data/speed') if Path('/data').exists() else Path(tempfile.mkdtemp()) / 'speed')
        for number in range(100):
            hand_overs.record(request(number))
        scopes = [request(number) for number in range(1000, 6000)]
        begun = time.process_time()
        for scope in scopes:
            hand_overs.record(scope)
            remove_record(scope)
        micros = (time.process_time() - begun) / len(scopes) * 1e6
        print(f'a record and its removal beside 100 others: {micros:.1f} µs', file=sys.stderr)
        self.assertLess(micros, 60)


if __name__ == '__main__':
    unittest.main()
