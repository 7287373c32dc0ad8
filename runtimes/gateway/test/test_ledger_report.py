"""What `usage` reads, and what is removed with time: on a database with many rows."""

import os
import shutil
import tempfile
import time
import unittest
from pathlib import Path

from ledger_rows import rows_of_request
from sqlalchemy import func, select

from ledger.files import LedgerFiles
from ledger.migrate import migrate
from ledger.report import DAY, report
from ledger.retention import Limits, remove_old, used_bytes
from ledger.schema import attempts, requests, usage_hours
from ledger.store import connect, write

NOW = 1_800_000_000
# 1,000,000 in the soak.
REQUESTS = int(os.environ.get('SWITCHYARD_LEDGER_REQUESTS', '10000'))


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = Path(tempfile.mkdtemp(prefix='ledger-'))
        self.addCleanup(shutil.rmtree, folder)
        self.files = LedgerFiles(folder)
        migrate(self.files)
        self.engine = connect(self.files.url)
        self.addCleanup(self.engine.dispose)

    def fill(self, requests_count, days):
        """Requests, evenly over this many days before NOW, by 5 keys."""
        made = [make() for make in rows_of_request()]
        made = [(table, {name: value for name, value in row.items() if name != 'price'}) for table, row in made]
        for start in range(0, requests_count, 5000):
            rows = []
            for number in range(start, min(start + 5000, requests_count)):
                at = int((NOW - days * DAY * (1 - number / requests_count)) * 1e6)
                more = {'request_id': f'{number:032x}', 'started_at_us': at, 'completed_at_us': at + 1, 'key_alias': f'key-{number % 5}'}
                rows += [(table, {**row, **more}) for table, row in made]
            with self.engine.begin() as connection:
                write(connection, rows)

    def count(self, table):
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar()

    def test_usage_reads_sums_and_not_rows(self):
        self.fill(REQUESTS, 30)
        begun = time.process_time()
        found = report(self.files, NOW - 31 * DAY, NOW + DAY)['rows']
        seconds = time.process_time() - begun
        self.assertEqual((sum(row['requests'] for row in found), sum(row['attempts'] for row in found)), (REQUESTS, REQUESTS))
        self.assertEqual(sum(row['cost_nano_usd'] for row in found), REQUESTS * 1_020_000)
        # At most one row for each hour and key, however many requests there are.
        self.assertLessEqual(self.count(usage_hours), 31 * 24 * 5)
        with self.engine.connect() as connection:
            plan = connection.exec_driver_sql('EXPLAIN QUERY PLAN SELECT sum(requests) FROM usage_hours WHERE hour >= 5 AND hour < 9').fetchall()
        self.assertIn('SEARCH', str(plan))
        print(f'{REQUESTS} requests: {len(found)} rows of usage in {seconds * 1000:.0f} ms of CPU')
        self.assertLess(seconds, 1)
        self.assertLess(len(report(self.files, NOW - 2 * DAY, NOW + DAY)['rows']), len(found) / 5)

    def test_a_missing_database_is_no_error(self):
        self.assertEqual(report(LedgerFiles(self.files.folder / 'other'), 0, NOW), {'database': 'none', 'rows': []})

    def test_old_rows_are_removed_and_their_sums_stay(self):
        self.fill(3000, 30)
        remove_old(Limits(10, 1024), self.engine, NOW)
        for table in (attempts, requests):
            self.assertEqual(self.count(table), 1000)
        self.assertEqual(sum(row['requests'] for row in report(self.files, 0, NOW + DAY)['rows']), 3000)
        remove_old(Limits(1, 1024), self.engine, NOW)
        self.assertAlmostEqual(sum(row['requests'] for row in report(self.files, 0, NOW + DAY)['rows']), 1000, delta=10)

    def test_the_size_is_capped(self):
        self.fill(5000, 2)
        size = used_bytes(self.engine)
        remove_old(Limits(3650, size * 0.7 / 2**20), self.engine, NOW)
        self.assertTrue(1000 < self.count(attempts) < 4500, self.count(attempts))
        self.assertLess(used_bytes(self.engine), size * 0.7)
        with self.engine.connect() as connection:
            # The freed pages were given back.
            self.assertEqual(connection.exec_driver_sql('PRAGMA freelist_count').scalar(), 0)


if __name__ == '__main__':
    unittest.main()
