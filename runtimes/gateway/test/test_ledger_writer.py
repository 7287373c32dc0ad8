"""The ledger's writer with a real SQLite file: batches, several processes, and every way in which the database can fail."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from ledger_rows import PRICE, rows_of_request

from ledger import writer as module
from ledger.files import LedgerFiles
from ledger.opening import run_migration
from ledger.writer import Writer

# Another process that locks a database until its input ends.
LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
sys.stdin.read()
"""


class WriterTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix='ledger-'))
        self.files = LedgerFiles(self.folder / 'ledger')
        self.states = []
        self.addCleanup(shutil.rmtree, self.folder)

    def writer(self, **more):
        made = Writer(self.files, [PRICE], report=self.states.append, **more)
        made.start()
        self.addCleanup(made.close)
        return made

    def put(self, writer, requests=1):
        for _ in range(requests):
            for make in rows_of_request():
                writer.put(make)

    def rows(self, query):
        connection = sqlite3.connect(self.files.database)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def count(self, table='attempts'):
        try:
            return self.rows(f'SELECT count(*) FROM {table}')[0][0]
        except sqlite3.Error:
            return -1

    def eventually(self, condition, seconds=20.0):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, self.states)
            time.sleep(0.05)

    def test_a_new_database_is_made_and_rows_and_sums_agree(self):
        writer = self.writer()
        self.put(writer, 700)
        # Loading SQLAlchemy and migrating take longer on a busy machine than the end may.
        self.assertTrue(writer.opened.wait(60))
        writer.close(60)
        self.assertEqual((self.count('attempts'), self.count('requests')), (700, 700))
        # 1000 tokens at 1 $ and 10 at 2 $ for a million.
        self.assertEqual(self.rows('SELECT sum(cost_nano_usd), sum(attempts), sum(requests) FROM usage_hours'), [(700 * 1_020_000, 700, 700)])
        self.assertEqual(self.rows('SELECT DISTINCT p.input_nano_usd_per_m FROM attempts a JOIN prices p USING (price_id)'), [(1_000_000_000,)])

    def test_a_batch_builds_no_statement(self):
        from ledger import store

        self.assertIs(store.add_to_hours('sqlite'), store.add_to_hours('sqlite'))
        # Building it was two thirds of what a batch of one request cost.
        with mock.patch.object(store.sqlite, 'insert', side_effect=AssertionError('built again')):
            writer = self.writer()
            self.put(writer, 3)
            self.eventually(lambda: self.count() == 3)

    def test_a_locked_database_only_delays_rows(self):
        run_migration(self.files)
        from ledger import store

        self.addCleanup(setattr, store, 'BUSY_SECONDS', store.BUSY_SECONDS)
        store.BUSY_SECONDS = 0.2
        # Its end closes the input of the other process, and so unlocks the database.
        with subprocess.Popen([sys.executable, '-c', LOCK, str(self.files.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as blocker:
            self.assertEqual(blocker.stdout.readline(), 'locked\n')
            writer = self.writer()
            # More than a batch.
            self.put(writer, 300)
            # It stays locked for some attempts.
            self.eventually(lambda: len(self.states) >= 3)
            self.assertIn('locked', self.states[-1]['problem'])
            self.assertEqual((self.count(), self.states[-1]['lost']), (0, 0))
        self.eventually(lambda: self.count() == 300)
        self.eventually(lambda: self.states[-1] == {'waiting': 0, 'lost': 0, 'problem': ''})

    def test_a_damaged_database_is_kept_aside_and_a_new_one_begun(self):
        writer = self.writer()
        self.put(writer)
        self.eventually(lambda: self.count() == 1)
        for name in ('ledger.db', 'ledger.db-wal'):
            file = self.files.folder / name
            file.write_bytes(b'\xff' * file.stat().st_size)
        # Another gateway opens it, as in a deployment, and finds the damage. The first one has its pages in memory.
        other = self.writer()
        self.put(other, 3)
        self.eventually(lambda: self.count() == 3)
        self.put(writer, 2)
        self.eventually(lambda: self.count() == 5)
        self.assertEqual(len(list(self.files.folder.glob('ledger.db.damaged-*[0-9]'))), 1)

    def test_a_deleted_database_is_made_again(self):
        writer = self.writer()
        self.put(writer)
        self.eventually(lambda: self.count() == 1)
        for file in self.files.folder.glob('ledger.db*'):
            file.unlink()
        self.put(writer, 2)
        self.eventually(lambda: self.count() == 2)

    def test_rows_wait_up_to_a_bound_and_the_oldest_are_lost(self):
        self.addCleanup(setattr, module, 'MAX_WAITING', module.MAX_WAITING)
        module.MAX_WAITING = 20
        (self.folder / 'ledger').write_text('a file in the place of the folder')
        writer = self.writer()
        self.put(writer, 25)
        self.eventually(lambda: writer.lost == 30)
        (self.folder / 'ledger').unlink()
        self.eventually(lambda: self.count() == 10)
        self.assertEqual(self.count('requests'), 10)

    def test_a_commit_whose_success_was_not_reported_is_not_written_twice(self):
        from ledger import store

        writer = self.writer()
        real, failed = store.write, []

        def write_and_fail(connection, rows, again=False, settle=None):
            real(connection, rows, again, settle)
            if not failed:
                failed.append(1)
                # As if the answer of COMMIT were lost.
                connection.exec_driver_sql('COMMIT')
                raise OSError('the answer was lost')

        store.write = write_and_fail
        self.addCleanup(setattr, store, 'write', real)
        self.put(writer, 4)
        self.eventually(lambda: self.count() == 4 and not writer.waiting)
        self.assertEqual(self.rows('SELECT sum(attempts), sum(requests) FROM usage_hours'), [(4, 4)])


if __name__ == '__main__':
    unittest.main()
