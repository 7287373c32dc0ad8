"""Checks on the event loop: as many pass as with the thread, and nothing makes the loop wait."""

import asyncio
import subprocess
import sys
import threading
import time
from unittest import mock

from limits_setup import LimitsTest, budget

import limits.enforcer as enforcer_module
from ledger.store import connect
from limits.connection import Busy, Unavailable
from limits.database import Database
from limits.on_loop import FIRST_PAUSE, LONGEST_PAUSE, MOST_LOST_SECONDS, NotNow, OnLoop, sleeps
from limits.plans import MAX_PLANS
from limits.policy import PARALLEL, REQUESTS, TOKENS, Limit
from limits.windows import ALWAYS, MINUTE

ALICE = budget('key', 'alice', 1)
FIVE = ALICE, budget('stack', '', 10, 'day'), budget('provider', 'openai', 10), Limit('key', 'alice', REQUESTS, MINUTE, 10**9), Limit('key', 'alice', TOKENS, MINUTE, 10**9)
# A gateway of its own: opens the database by a first request of another key, and then sends many at once. Tells how many passed, and how many checks
# the loop has done.
GATEWAY = """
import sys
sys.path[:0] = ['/tests']
from unittest import mock
import limits.enforcer
from limits_setup import *
from ledger.files import LedgerFiles
test, count = LimitsTest(), int(sys.argv[2])
test.files, test.now, test.settle = LedgerFiles(Path(sys.argv[1])), NOW, lambda rows: None
worst = 1_000 * 1_000 + int(sys.argv[3]) * 1_000 + 10 * 2_000
async def many():
    while not test.enforcer.access.on_loop.is_open:
        await test.ask_async('bob')
        await asyncio.sleep(0.05)
    print('ready', flush=True)
    sys.stdin.readline()
    return await asyncio.gather(*(test.ask_async('alice') for _ in range(count)))
with mock.patch.object(limits.enforcer, 'PAUSES', ()):
    test.gateway(budget('key', 'alice', worst * 10 / 1e9), budget('key', 'bob', 1))
    test.calls = []
    statuses = [status for status, *_ in asyncio.run(many())]
print('found', statuses.count(200), statuses.count(429), flush=True)
"""


class OnTheLoop(LimitsTest):
    def setUp(self):
        super().setUp()
        pauses = mock.patch.object(enforcer_module, 'PAUSES', ())
        pauses.start()
        self.addCleanup(pauses.stop)

    def opened(self, *limits, **more):
        """A gateway whose loop has the database: the thread opens it at the first check."""
        enforcer = self.gateway(*limits, **more)
        self.calls = []
        self.assertEqual(self.ask()[0], 200)
        self.eventually(lambda: enforcer.access.on_loop.is_open)
        return enforcer

    def in_thread(self, enforcer):
        """What is given to the thread from now on."""
        given, put = [], enforcer.access.thread.put
        enforcer.access.thread.put = lambda work: (given.append(work), put(work))
        return given

    def once_in_thread(self, enforcer):
        """One check is done in the thread, which then opens the database for the loop again."""
        given = self.in_thread(enforcer)
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual(len(given), 2)
        self.eventually(lambda: enforcer.access.on_loop.is_open)
        self.assertEqual((self.ask()[0], len(given)), (200, 2))

    def test_a_check_needs_no_thread_and_two_statements_for_each_limit(self):
        enforcer = self.opened(*FIVE, Limit('key', 'alice', PARALLEL, ALWAYS, 1))
        given, statements = self.in_thread(enforcer), []
        enforcer.access.on_loop.database.connection.set_trace_callback(statements.append)
        for _ in range(20):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(given, [])
        words = [statement.split()[0] for statement in statements]
        # Each of six limits is read and taken, all but the number of requests are kept, and the end releases the parallel one.
        expected = {'BEGIN': 2, 'SELECT': 6 + 1, 'UPDATE': 6 + 1, 'INSERT': 5, 'DELETE': 1, 'COMMIT': 2}
        self.assertEqual({word: words.count(word) / 20 for word in set(words)}, expected)

    def test_of_fifty_at_once_in_several_gateways_exactly_those_pass_that_fit(self):
        from limits_setup import json

        length = len(json.dumps({'model': 'gpt', 'max_tokens': 10, 'messages': [{'role': 'user', 'content': 'hi'}]}))
        for processes in (1, 2, 4):
            with self.subTest(processes=processes):
                with self.engine.begin() as connection:
                    for table in ('limit_windows', 'reservations'):
                        connection.exec_driver_sql(f'DELETE FROM {table}')
                shares = [50 // processes + (number < 50 % processes) for number in range(processes)]
                command = [sys.executable, '-c', GATEWAY, str(self.files.folder)]
                pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE, 'text': True}
                children = [subprocess.Popen([*command, str(share), str(length)], **pipes) for share in shares]
                for child in children:
                    self.addCleanup(child.wait)
                    self.addCleanup(child.kill)
                    while child.stdout.readline() != 'ready\n':
                        self.assertIsNone(child.poll())
                found = [child.communicate('go\n', timeout=120)[0].split('found ')[1].split() for child in children]
                # How many were checked on the loop depends on how busy the machine is.
                passed, refused = (sum(int(one[place]) for one in found) for place in range(2))
                self.assertEqual((passed, refused), (10, 40))

    def test_the_loop_goes_on_while_another_process_writes(self):
        enforcer = self.opened(ALICE)
        blocker, ticks = connect(self.files.url), []

        async def tick():
            while True:
                ticks.append(time.monotonic())
                await asyncio.sleep(0.01)

        async def ask():
            ticking = asyncio.ensure_future(tick())
            held = blocker.begin()
            held.__enter__()
            asyncio.get_running_loop().call_later(1.0, held.__exit__, None, None, None)
            answer = await self.ask_async()
            ticking.cancel()
            return answer[0]

        with mock.patch.object(self, 'settle'):
            begun = time.monotonic()
            self.assertEqual(asyncio.run(ask()), 200)
        blocker.dispose()
        self.assertGreater(time.monotonic() - begun, 0.9)
        self.assertLess(max(after - before for before, after in zip(ticks, ticks[1:])), 0.9)
        # The connection is still good.
        given = self.in_thread(enforcer)
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual(given, [])

    def test_a_window_that_is_not_open_and_another_file_are_for_the_thread(self):
        enforcer = self.opened(ALICE)
        self.now += 40 * 86400
        threads = []
        with mock.patch.object(Database, 'spent', side_effect=lambda *_: threads.append(threading.current_thread()) or 0):
            self.assertEqual(self.ask()[0], 200)
        self.assertEqual(threads, [enforcer.access.thread.thread])
        inode, copy = enforcer.access.on_loop.database.inode, self.files.database.with_name('copy')
        self.engine.dispose()
        source = connect(self.files.url)
        with source.connect() as connection:
            connection.exec_driver_sql('COMMIT')
            connection.exec_driver_sql(f"VACUUM INTO '{copy}'")
        source.dispose()
        with self.files.lock(exclusive=True):
            self.files.set_aside(self.now)
            copy.rename(self.files.database)
        self.once_in_thread(enforcer)
        self.assertNotEqual(enforcer.access.on_loop.database.inode, inode)
        database = connect(self.files.url)
        with database.connect() as connection:
            # What both have reserved is in the new file. Their ends have released it: nothing else is left.
            self.assertEqual(connection.exec_driver_sql('SELECT count(*) FROM limit_windows').scalar(), 2)
        database.dispose()

    def test_a_failure_on_the_loop_is_tried_in_the_thread(self):
        enforcer = self.opened(ALICE)
        enforcer.access.on_loop.database.execute.cursor.close()
        self.once_in_thread(enforcer)

    def test_the_loops_connection_makes_no_checkpoint(self):
        enforcer = self.opened(ALICE)
        with enforcer.access.on_loop.database.transaction() as execute:
            self.assertEqual(execute('PRAGMA wal_autocheckpoint').fetchone(), (0,))
            self.assertEqual(execute('PRAGMA busy_timeout').fetchone(), (0,))


class Kept(LimitsTest):
    def test_what_applies_to_a_key_is_found_out_once_and_clients_cannot_fill_the_memory(self):
        plans = self.gateway(ALICE, budget('lane', 'fast', 1)).plans
        first = plans.of('alice', '', ('gpt',), None)
        self.assertEqual((first.own, first.aliases, first.refused), ((ALICE,), ('gpt', 'claude'), None))
        self.assertEqual(list(first.unpriced), ['unknown'])
        # A lane without a budget is none.
        self.assertIs(plans.of('alice', 'slow', ('gpt',), None), first)
        self.assertEqual(len(plans.of('alice', 'fast', ('gpt',), None).own), 2)
        self.assertEqual(plans.of('alice', '', ('gpt',), frozenset({'gpt'})).aliases, ('gpt',))
        self.assertEqual(plans.of('alice', '', ('unknown',), None).refused, 'unknown')
        for _ in range(2):
            self.assertIsNone(plans.of('bob', '', ('gpt',), None))
        for number in range(3 * MAX_PLANS):
            plans.of('alice', '', ('gpt', f'fallback {number}'), None)
        self.assertLessEqual(len(plans.kept), MAX_PLANS)
        self.assertEqual(plans.of('alice', '', ('gpt',), None), first)


class Slow(LimitsTest):
    """A disk that makes the loop wait."""

    def setUp(self):
        super().setUp()
        self.time, self.sleeps = 1000.0, 0
        self.on_loop = OnLoop(Database(self.files, 'tests'), lambda: self.time, lambda: self.sleeps)
        self.on_loop.open()
        self.addCleanup(self.on_loop.close)

    def takes(self, seconds, asleep=True):
        """Whether the loop does something that takes this long, asleep or while others have the processor."""

        def work(database):
            self.time += seconds
            self.sleeps += asleep

        try:
            self.on_loop.do(work)
            return True
        except NotNow:
            return False

    def test_what_is_quick_stays_on_the_loop_and_one_stall_ends_that_for_a_while(self):
        for _ in range(1000):
            self.assertTrue(self.takes(0.004))
        self.assertTrue(self.takes(MOST_LOST_SECONDS + 0.1))
        self.assertFalse(self.takes(0))
        self.time += FIRST_PAUSE
        self.assertTrue(self.takes(0))

    def test_a_busy_machine_is_no_reason_for_a_thread(self):
        for _ in range(100):
            self.assertTrue(self.takes(2, asleep=False))

    def test_sleeping_is_told_from_computing(self):
        before = sleeps()
        time.sleep(0.01)
        self.assertGreater(sleeps(), before)

    def test_a_disk_that_is_always_slow_takes_a_small_share_of_the_loops_time(self):
        lost = 0.0
        begun = self.time
        while self.time < begun + 3600:
            lost += 0.05 if self.takes(0.05) else 0.0
            self.time += 0.01
        self.assertLess(lost, 0.01 * 3600)

    def test_pauses_double_and_begin_anew_after_it_went_well_for_as_long(self):
        def pause():
            self.assertTrue(self.takes(2))
            return round(self.on_loop.not_before - self.time)

        found = []
        for _ in range(7):
            found.append(pause())
            self.time = self.on_loop.not_before
        self.assertEqual(found, [min(LONGEST_PAUSE, FIRST_PAUSE * 2**number) for number in range(7)])
        self.time += LONGEST_PAUSE + 1
        self.assertEqual(pause(), FIRST_PAUSE)

    def test_after_a_failure_the_thread_opens_it_again(self):
        with mock.patch.object(self.on_loop.database, 'reserve', side_effect=Busy('locked')):
            with self.assertRaises(NotNow):
                self.on_loop.do(lambda database: database.reserve())
        self.assertTrue(self.on_loop.is_open)
        with mock.patch.object(self.on_loop.database, 'reserve', side_effect=Unavailable('disk I/O error')):
            with self.assertRaises(NotNow):
                self.on_loop.do(lambda database: database.reserve())
        self.assertFalse(self.takes(0))
        self.on_loop.open()
        self.assertTrue(self.takes(0))
