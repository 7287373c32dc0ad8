"""What `usage` reads, and what is removed with time: on a database with many rows."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ledger_rows import rows_of_request
from sqlalchemy import delete, event, func, select

from ledger import report as report_module
from ledger.files import LedgerFiles
from ledger.migrate import migrate
from ledger.report import DAY, report
from ledger.retention import Limits, remove_old, used_bytes
from ledger.schema import SUMS, attempts, limit_windows, requests, usage_hours
from ledger.settlement import open_windows
from ledger.store import connect, write

NOW = 1_800_000_000
REQUESTS = int(os.environ.get('SWITCHYARD_LEDGER_REQUESTS', '1000000' if os.environ.get('SWITCHYARD_SOAK') == '1' else '10000'))


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = Path(tempfile.mkdtemp(prefix='ledger-'))
        self.addCleanup(shutil.rmtree, folder)
        self.files = LedgerFiles(folder)
        migrate(self.files)
        self.engine = connect(self.files.url)
        self.addCleanup(self.engine.dispose)

    def fill(self, requests_count, days, agents=1):
        """Requests, evenly over this many days before NOW, by 5 keys and this many agents of each."""
        made = [make() for make in rows_of_request()]
        made = [(table, {name: value for name, value in row.items() if name != 'price'}) for table, row in made]
        for start in range(0, requests_count, 5000):
            rows = []
            for number in range(start, min(start + 5000, requests_count)):
                at = int((NOW - days * DAY * (1 - number / requests_count)) * 1e6)
                more = {'request_id': f'{number:032x}', 'started_at_us': at, 'completed_at_us': at + 1, 'key_alias': f'key-{number % 5}', 'gen_ai_agent_name': f'agent-{number // 5 % agents}'}
                rows += [(table, {**row, **more}) for table, row in made]
            with self.engine.begin() as connection:
                write(connection, rows)

    def report(self, days, files=None, **more):
        """The rows of the last days before NOW."""
        return self.printed(days, files, **more)['rows']

    def printed(self, days, files=None, **more):
        return json.loads(''.join(report(files or self.files, NOW - days * DAY, NOW, **more)))

    def steps(self, days):
        """The steps of SQLite's machine for the same, in hundreds: they grow with what is read, and not with what else the machine does."""
        found = []

        def counting(url, **more):
            engine = connect(url, **more)
            event.listen(engine, 'connect', lambda connection, _: connection.set_progress_handler(lambda: found.append(1), 100))
            return engine

        with mock.patch.object(report_module, 'connect', counting):
            self.report(days)
        return len(found)

    def steps_of(self, work):
        """The same for what is done with an open connection."""
        found = []
        with self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            driver.set_progress_handler(lambda: found.append(1), 10)
            work(connection)
            driver.set_progress_handler(None, 0)
        return len(found)

    def count(self, table):
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar()

    def test_usage_reads_sums_and_not_rows(self):
        self.fill(REQUESTS, 30)
        found = self.report(30)
        self.assertEqual((sum(row['requests'] for row in found), sum(row['attempts'] for row in found)), (REQUESTS, REQUESTS))
        self.assertEqual(sum(row['cost_nano_usd'] for row in found), REQUESTS * 1_020_000)
        # At most one row for each hour and key, however many requests there are.
        self.assertLessEqual(self.count(usage_hours), 31 * 24 * 5)
        month, day = self.steps(30), self.steps(1)
        print(f'{REQUESTS} requests: a month of usage takes SQLite {month} steps, a day {day}')
        self.assertLess(day, month / 20)
        with self.engine.begin() as connection:
            for table in (attempts, requests):
                connection.execute(delete(table))
        self.assertEqual((self.report(30), self.steps(30)), (found, month))

    def test_usage_gives_only_what_is_shown(self):
        self.fill(3000, 10, agents=100)
        self.assertGreater(self.count(usage_hours), 2000)
        found = self.report(10, by=('day', 'key_alias'))
        # NOW is not the end of a day.
        self.assertEqual(len(found), 11 * 5)
        self.assertEqual(sum(row['requests'] for row in found), 3000)
        self.assertEqual(set(found[0]), {'day', 'key_alias', *SUMS})
        self.assertEqual([row['requests'] for row in self.report(10, by=('model_alias',))], [3000])

    def test_a_program_prints_the_rows_of_known_columns(self):
        self.fill(50, 2)
        times = ['--since', str(NOW - 3 * DAY), '--until', str(NOW), '--folder', str(self.files.folder)]
        program = [sys.executable, '-m', 'ledger.report', *times, '--by']
        printed = json.loads(subprocess.run([*program, 'key_alias'], stdout=subprocess.PIPE, check=True).stdout)
        self.assertEqual((printed['database'], [row['key_alias'] for row in printed['rows']]), ('ok', [f'key-{number}' for number in range(5)]))
        self.assertNotEqual(subprocess.run([*program, 'key_alias,1'], capture_output=True).returncode, 0)

    def test_a_missing_database_is_no_error(self):
        self.assertEqual(self.printed(1, LedgerFiles(self.files.folder / 'other')), {'database': 'none', 'rows': []})

    def test_a_batch_reads_only_the_windows_that_are_open(self):
        def windows(hours):
            names = {'scope': 'key', 'measure': 'nano_usd', 'time_window': 'hour'}
            rows = [{**names, 'name': f'key-{key}', 'started_at': NOW - hour * 3600, 'ends_at': NOW - (hour - 1) * 3600} for key in range(20) for hour in hours]
            with self.engine.begin() as connection:
                connection.execute(limit_windows.insert(), rows)

        def batch(connection):
            self.assertEqual(len(open_windows(connection, [{'counted_at_us': NOW * 10**6, 'started_at_us': 0}])), 20)

        windows([0])
        few = self.steps_of(batch)
        windows(range(1, 500))
        self.assertLess(self.steps_of(batch), 2 * few + 10)

    def test_old_rows_are_removed_and_their_sums_stay(self):
        self.fill(3000, 30)
        remove_old(Limits(10, 1024), self.engine, NOW)
        for table in (attempts, requests):
            self.assertEqual(self.count(table), 1000)
        self.assertEqual(sum(row['requests'] for row in self.report(400)), 3000)
        remove_old(Limits(1, 1024), self.engine, NOW)
        self.assertAlmostEqual(sum(row['requests'] for row in self.report(400)), 1000, delta=10)

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
