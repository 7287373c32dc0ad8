"""A gateway's ledger that is killed again and again: what was written stays, and nothing stays reserved.

Once by default. With SWITCHYARD_SOAK=1 a hundred times, and no row older than a second may be lost.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

from limits_setup import LimitsTest, budget

from limits.keeper import Keeper

SOAK = os.environ.get('SWITCHYARD_SOAK') == '1'
KILLS = int(os.environ.get('SWITCHYARD_KILLS', '100' if SOAK else '1'))
# A machine that is busy with other tests needs longer for a commit.
LOST_SECONDS = float(os.environ.get('SWITCHYARD_LOST_SECONDS', '1' if SOAK else '3'))
ALICE, STACK = budget('key', 'alice', 10**6), budget('stack', '', 10**6, 'day')
# A process that does for one request after the other what a gateway does: it reserves, gives the rows to the writer, and tells the number of
# the request as it is answered. Every fourth request is still running when the next one begins, and its rows come later.
STEADY = """
import signal, sys, time
from pathlib import Path
sys.path.insert(0, %r)
from ledger_rows import PRICE, PRICES, attempt, count, request
from ledger.files import LedgerFiles
from ledger.rows import attempt_row, request_row
from ledger.settlement import Settlement
from ledger.writer import Writer
from limits.database import Database
from limits.owner import Owner
from limits_setup import demand
from test_ledger_kills import ALICE, STACK
files = LedgerFiles(Path(sys.argv[1]))
writer = Writer(files, [PRICE], settle=Settlement({}))
writer.start()
writer.opened.wait(60)
owner = Owner(files.folder)
owner.claim()
database = Database(files, owner.id, busy_seconds=60)
ending = []
signal.signal(signal.SIGTERM, lambda *_: ending.append(1))
def answer(made):
    called = attempt(made)
    for make in (lambda: attempt_row(called, PRICES, count), lambda: request_row(made, PRICES)):
        writer.put(make)
    print(made.id, time.time(), flush=True)
running, number = [], 0
while not ending:
    made, number = request(key='alice'), number + 1
    now = time.time()
    made.counted_us = int(now * 1e6)
    database.reserve(demand(ALICE, STACK, amount=10**9, now=now, request=made.id))
    if number %% 4:
        answer(made)
    else:
        running.append(made)
    if len(running) > 5:
        answer(running.pop(0))
    time.sleep(0.002)
for made in running:
    answer(made)
writer.close()
owner.end()
""" % str(Path(__file__).parent)


class KillsTest(LimitsTest):
    def setUp(self):
        super().setUp()
        # The first process makes the database.
        self.engine.dispose()
        shutil.rmtree(self.files.folder)

    def steady(self):
        """A steady process, once it has answered its first request; and the lines that it prints."""
        child = subprocess.Popen([sys.executable, '-c', STEADY, str(self.files.folder)], stdout=subprocess.PIPE, text=True)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(child.stdout), daemon=True)
        reader.start()
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.kill)
        self.eventually(lambda: lines, 60)
        return child, reader, lines

    def keeper(self):
        """The keeper of another gateway, whose limits are the same."""
        enforcer = self.gateway(ALICE, STACK)
        enforcer.clock = time.time
        opened = threading.Event()
        opened.set()
        keeper = Keeper(enforcer, opened, lambda: None, lambda state: None)
        self.addCleanup(keeper.database.close)
        return keeper

    def stored(self, table='requests'):
        return {row[0] for row in self.rows(f'SELECT request_id FROM {table}')}

    def check_sums(self):
        """The sums of the hours are those of the rows, and what is spent of the budgets is what the attempts cost."""
        attempts, requests, cost = self.rows('SELECT (SELECT count(*) FROM attempts), (SELECT count(*) FROM requests), (SELECT sum(cost_nano_usd) FROM attempts)')[0]
        self.assertEqual(self.rows('SELECT sum(attempts), sum(requests), sum(cost_nano_usd) FROM usage_hours'), [(attempts, requests, cost)])
        for limit in (ALICE, STACK):
            # All windows, in case a day or a month ends meanwhile.
            self.assertEqual(sum(used for used, _ in self.window(limit)), cost)

    def check_nothing_reserved(self):
        self.assertEqual(self.rows('SELECT count(*) FROM reservations') + self.rows('SELECT sum(reserved) FROM limit_windows'), [(0,), (0,)])

    def test_a_killed_writer_loses_no_row_older_than_a_second_and_leaks_no_reservation(self):
        keeper, due, held = None, set(), 0
        for number in range(KILLS):
            child, reader, lines = self.steady()
            time.sleep(LOST_SECONDS + 0.5 + (number % 10) / 10)
            # Before the kill: this process can lose the CPU between the two.
            killed = time.time()
            child.kill()
            child.wait()
            reader.join(10)
            answered = [line.split() for line in lines if line.endswith('\n')]
            due |= {request for request, at in (line for line in answered if len(line) == 2) if float(at) < killed - LOST_SECONDS}
            held += self.rows('SELECT count(DISTINCT request_id) FROM reservations')[0][0]
            keeper = keeper or self.keeper()
            self.assertEqual(keeper.tick(), '')
            self.check_nothing_reserved()
            self.check_sums()
        print(f'{KILLS} kills: {len(due)} requests answered more than {LOST_SECONDS} s before, {held} requests had a reservation')
        self.assertGreater(len(due), KILLS)
        # Otherwise no kill was in the middle of a request.
        self.assertGreaterEqual(held, KILLS)
        self.assertEqual(self.rows('PRAGMA integrity_check'), [('ok',)])
        for table in ('attempts', 'requests'):
            self.assertEqual(due - self.stored(table), set())

    def test_two_writers_share_a_database_and_sigterm_loses_nothing(self):
        processes = [self.steady() for _ in range(2)]
        time.sleep(1)
        for child, *_ in processes:
            child.terminate()
        for child, reader, _ in processes:
            self.assertEqual(child.wait(60), 0)
            reader.join(10)
        answered = {line.split()[0] for *_, lines in processes for line in lines if line.endswith('\n')}
        self.assertGreater(len(answered), 20)
        self.assertEqual((answered - self.stored(), answered - self.stored('attempts')), (set(), set()))
        self.check_nothing_reserved()
        self.check_sums()


if __name__ == '__main__':
    unittest.main()
