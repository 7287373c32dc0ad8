"""A gateway's ledger on a file system that is really full, and free again later.

run-python.ts mounts a small file system for this. Elsewhere the tests are skipped.
"""

import contextlib
import os
import shutil
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from limits_setup import CONFIG, DEPLOYMENTS, PRICE_LIST, PRICES, LimitsTest, budget

import limits.enforcer as enforcer_module
from ledger import writer as module
from ledger.settlement import Settlement
from ledger.writer import Writer
from limits.chains import Chains
from limits.keeper import Keeper

SMALL = Path('/small')
ALICE = budget('key', 'alice', 10**6)
# A bound for loops that wait for the disk to be full.
MANY = 5000


@unittest.skipUnless(SMALL.is_dir(), f'{SMALL} is not there, a file system of some megabytes')
class FullDiskTest(LimitsTest):
    def setUp(self):
        size = os.statvfs(SMALL)
        self.assertLess(size.f_blocks * size.f_frsize, 64 << 20, f'{SMALL} is to be filled')
        for changed in (mock.patch.object(tempfile, 'tempdir', str(SMALL)), mock.patch.object(module, 'LONGEST_PAUSE', 0.5), mock.patch.object(enforcer_module, 'PAUSES', ())):
            changed.start()
            self.addCleanup(changed.stop)
        super().setUp()
        self.addCleanup(self.free)
        self.asked, self.states = 0, []

    def fill(self):
        """Write a file until nothing fits any more."""
        with open(SMALL / 'filler', 'wb', buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free(self):
        (SMALL / 'filler').unlink(missing_ok=True)

    def start(self, **more):
        """A gateway with a writer. The key alice has a budget, the key bob has none."""
        self.gateway(ALICE, **more)
        self.start_writer()

    def start_writer(self):
        self.writer = Writer(self.files, PRICES, report=self.states.append, settle=Settlement(Chains.of_config(CONFIG, DEPLOYMENTS, PRICE_LIST, {}, {}).providers()))
        self.writer.start()
        self.addCleanup(self.writer.close)

    def settle(self, rows):
        """Give rows to the writer, as a gateway does."""
        for row in rows:
            self.writer.put(lambda row=row: row)

    def ask(self, key='alice', **more):
        self.asked += 1
        return super().ask(key, **more)

    def problem(self):
        return self.states[-1]['problem'] if self.states else ''

    def until_full(self):
        """Ask until the disk is full for the writer, and for the check of a budget: both can use pages that SQLite has already."""
        self.fill()
        for _ in range(MANY):
            self.assertEqual(self.ask('bob')[0], 200)
            if self.problem():
                break
        for _ in range(MANY):
            answer = self.ask('alice')
            if answer[0] != 200:
                return answer
        self.fail('the disk is not full')

    def check_all_written(self):
        """Free the space: what waited is written, once."""
        self.free()
        self.eventually(lambda: self.states[-1] == {'waiting': 0, 'lost': 0, 'problem': ''})
        self.assertEqual([self.ask(key)[0] for key in ('alice', 'bob')], [200, 200])
        self.writer.close()
        self.assertEqual(self.rows('PRAGMA integrity_check'), [('ok',)])
        calls = len(self.reached)
        self.assertEqual(self.rows('SELECT (SELECT count(*) FROM requests), (SELECT count(*) FROM attempts)'), [(self.asked, calls)])
        self.assertEqual(self.rows('SELECT sum(requests), sum(attempts) FROM usage_hours'), [(self.asked, calls)])
        self.assertEqual(self.rows('SELECT sum(cost_nano_usd) FROM usage_hours'), self.rows('SELECT sum(cost_nano_usd) FROM attempts'))

    def check_budget(self):
        """What is spent is what the calls of the key cost, and nothing is reserved any more."""
        opened = threading.Event()
        opened.set()
        keeper = Keeper(self.enforcer, opened, lambda: None, lambda state: None)
        self.addCleanup(keeper.database.close)
        self.assertEqual(keeper.tick(), '')
        cost = self.rows("SELECT sum(cost_nano_usd) FROM attempts WHERE key_alias = 'alice'")[0][0]
        self.assertEqual(self.window(ALICE), [(cost, 0)])

    def test_requests_without_a_budget_are_served_and_those_with_one_are_refused_while_the_disk_is_full(self):
        self.start()
        self.assertEqual([self.ask(key)[0] for key in ('alice', 'bob')], [200, 200])
        status, body, headers = self.until_full()
        self.assertEqual((status, body['error']['code'], headers['retry-after']), (503, 'budget_unavailable', '1'))
        self.assertEqual([self.ask('bob')[0] for _ in range(20)], [200] * 20)
        # `./switchyard status` says so.
        self.eventually(lambda: self.states[-1]['waiting'] > 20)
        self.assertRegex(self.problem(), 'full|disk I/O')
        self.check_all_written()
        self.assertEqual(self.rows("SELECT http_status FROM requests WHERE status = 'error'"), [(503,)])
        self.check_budget()

    def test_requests_with_a_budget_pass_and_count_later_where_they_are_let_through(self):
        self.start(refuse=False)
        self.assertEqual(self.ask('alice')[0], 200)
        self.fill()
        for _ in range(MANY):
            self.assertEqual(self.ask('alice')[0], 200)
            if self.problem() and self.enforcer.problem:
                break
        self.assertRegex(self.enforcer.problem, 'full|disk I/O')
        self.assertEqual([self.ask('alice')[0] for _ in range(20)], [200] * 20)
        self.check_all_written()
        self.check_budget()

    def test_a_gateway_that_starts_on_a_full_disk_makes_the_database_when_there_is_space(self):
        self.engine.dispose()
        shutil.rmtree(self.files.folder)
        self.gateway(ALICE)
        self.fill()
        self.start_writer()
        self.assertEqual([self.ask('bob')[0] for _ in range(20)], [200] * 20)
        self.eventually(self.problem)
        self.assertRegex(self.problem(), 'the migration failed: .*(full|disk I/O)')
        self.assertEqual(self.ask('alice')[0], 503)
        self.check_all_written()
        self.check_budget()


if __name__ == '__main__':
    unittest.main()
