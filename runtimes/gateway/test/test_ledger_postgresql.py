"""The ledger on PostgreSQL: the schema, rows and sums, settling, what is removed with time.

run-python.ts mounts a server in the soak, which runs here as long as the tests do. Another one can be given by its address, whose tables are
dropped.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from ledger_databases import DatabaseChecks, batch
from ledger_rows import PRICES, attempt, count, request
from limits_setup import NOW, budget, usd
from sqlalchemy import exc, func, select, text

from ledger.migrate import upgrade
from ledger.report import DAY, sums
from ledger.retention import Limits, remove_old
from ledger.rows import attempt_row, request_row
from ledger.schema import attempts, limit_windows, metadata, requests, reservations, usage_hours
from ledger.settlement import Settlement
from ledger.store import connect, write

SERVER = Path('/postgresql')
URL = os.environ.get('SWITCHYARD_LEDGER_POSTGRESQL', '')
ALICE = budget('key', 'alice', 10)


class Server:
    """A server on a socket in a folder of its own."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix='postgresql-', dir='/data'))
        libraries = ':'.join(map(str, SERVER.glob('usr/lib/*-linux-gnu*')))
        programs, self.environment = next(SERVER.glob('usr/lib/postgresql/*/bin')), {**os.environ, 'LD_LIBRARY_PATH': libraries}
        data = str(self.folder / 'data')
        self.run(programs / 'initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '--no-locale', '-E', 'UTF8')
        started = [programs / 'postgres', '-D', data, '-k', str(self.folder), '-c', 'listen_addresses=', '-c', 'fsync=off']
        self.process = subprocess.Popen(started, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = f'postgresql+psycopg://postgres@/postgres?host={self.folder}'

    def run(self, *command):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise OSError(done.stderr)

    def close(self):
        # A fast shutdown.
        self.process.send_signal(2)
        self.process.wait(60)
        shutil.rmtree(self.folder)


@unittest.skipUnless(URL or SERVER.is_dir(), 'no PostgreSQL, which only the soak downloads')
class PostgresqlTest(DatabaseChecks, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.url = URL
        if not URL:
            server = Server()
            cls.addClassCleanup(server.close)
            cls.url = server.url

    def setUp(self):
        self.engine = connect(self.url)
        self.addCleanup(self.engine.dispose)
        until = time.monotonic() + 60
        while True:
            try:
                with self.engine.begin() as connection:
                    metadata.drop_all(connection)
                    connection.execute(text('DROP TABLE IF EXISTS alembic_version'))
                break
            except exc.OperationalError:
                # It has just started.
                self.assertLess(time.monotonic(), until)
                time.sleep(0.1)
        upgrade(self.engine)

    def count(self, table):
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar()

    def test_the_migrations_make_the_schema_and_a_batch_is_written_once(self):
        upgrade(self.engine)
        self.check_schema(self.engine)
        self.check_write(self.engine)

    def test_usage_sums_and_groups(self):
        at = NOW // DAY * DAY
        with self.engine.begin() as connection:
            for hour in range(48):
                write(connection, [(table, {**row, 'started_at_us': int((at + hour * 3600) * 1e6)}) for table, row in batch()])
            for by, rows in ((('day', 'key_alias'), [24, 24]), (('model_alias',), [48])):
                found = list(sums(connection, int(at), int(at) + 2 * DAY, by))
                self.assertEqual([row['requests'] for row in found], rows)
                self.assertEqual(sum(row['cost_nano_usd'] for row in found), 48 * 1_020_000)
                # The driver's decimals would not be JSON.
                json.dumps(found)

    def test_old_rows_are_removed_and_their_sums_stay(self):
        with self.engine.begin() as connection:
            for days in (100, 40, 0):
                write(connection, [(table, {**row, 'started_at_us': int((NOW - days * DAY) * 1e6)}) for table, row in batch()])
        remove_old(Limits(50, 1024), self.engine, NOW)
        self.assertEqual([self.count(table) for table in (attempts, requests, usage_hours)], [2, 2, 3])

    def test_what_is_reserved_is_settled_by_the_rows(self):
        made = request(key='alice')
        made.counted_us = int(NOW * 1e6)
        window = dict(zip(('scope', 'name', 'measure', 'time_window'), ALICE[:4]))
        with self.engine.begin() as connection:
            connection.execute(limit_windows.insert(), {**window, 'started_at': int(NOW) - 1, 'ends_at': int(NOW) + 1, 'reserved': usd(2)})
            connection.execute(reservations.insert(), {**window, 'request_id': made.id, 'started_at': int(NOW) - 1, 'amount': usd(2), 'owner': 'tests'})
            rows = [attempt_row(attempt(made), PRICES, count), request_row(made, PRICES)]
            rows = [(table, {name: value for name, value in row.items() if name != 'price'}) for table, row in rows]
            write(connection, rows, settle=Settlement({}))
            self.assertEqual(connection.execute(select(limit_windows.c.used, limit_windows.c.reserved)).all(), [(1_020_000, 0)])
        self.assertEqual(self.count(reservations), 0)


if __name__ == '__main__':
    unittest.main()
