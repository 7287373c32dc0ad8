"""The ledger's schema: the migrations make what schema.py says, and databases of earlier releases keep working."""

import os
import shutil
import sqlite3
import tempfile
import unittest
from pathlib import Path

from ledger_rows import PRICE, rows_of_request
from sqlalchemy import text

from ledger.files import LedgerFiles
from ledger.migrate import migrate, upgrade
from ledger.schema import metadata
from ledger.store import REVISIONS, connect, is_current, sync_prices, write

FIXTURES = Path(__file__).parent / 'ledger-schemas'
# PostgreSQL's address for SQLAlchemy, e.g. postgresql+psycopg://…: the tests that run on both databases use it too.
POSTGRESQL = os.environ.get('SWITCHYARD_LEDGER_POSTGRESQL')


def batch():
    """Rows as the writer gives them to `write`."""
    made = [make() for make in rows_of_request()]
    return [(table, {name: value for name, value in row.items() if name != 'price'}) for table, row in made]


class SchemaTest(unittest.TestCase):
    def setUp(self):
        folder = Path(tempfile.mkdtemp(prefix='ledger-'))
        self.addCleanup(shutil.rmtree, folder)
        self.files = LedgerFiles(folder)

    def engine(self):
        engine = connect(self.files.url)
        self.addCleanup(engine.dispose)
        return engine

    def load(self, fixture):
        connection = sqlite3.connect(self.files.database)
        connection.executescript(fixture.read_text())
        connection.close()

    def check_write(self, engine):
        """Write a batch, and the same again."""
        with engine.begin() as connection:
            before = connection.execute(text('SELECT count(*) FROM attempts')).scalar()
            ids = sync_prices(connection, [PRICE], 1_000)
            self.assertEqual(sync_prices(connection, [PRICE], 2_000), ids)
            self.assertNotEqual(sync_prices(connection, [PRICE._replace(input=5)], 3_000), ids)
            rows = batch()
            write(connection, rows)
            write(connection, rows, again=True)
            self.assertEqual(connection.execute(text('SELECT count(*) FROM attempts')).scalar(), before + 1)
            self.assertEqual(connection.execute(text('SELECT sum(attempts) FROM usage_hours')).scalar(), before + 1)
            self.assertEqual(connection.execute(text('SELECT count(*) FROM prices')).scalar(), 2)

    def check_schema(self, engine):
        from alembic.autogenerate import compare_metadata
        from alembic.runtime.migration import MigrationContext

        with engine.connect() as connection:
            self.assertEqual(compare_metadata(MigrationContext.configure(connection), metadata), [])

    def test_the_migrations_make_the_schema(self):
        migrate(self.files)
        migrate(self.files)
        self.check_schema(self.engine())
        self.check_write(self.engine())

    def test_postgresql_works_alike(self):
        if not POSTGRESQL:
            self.skipTest('SWITCHYARD_LEDGER_POSTGRESQL is not set: no PostgreSQL to test with')
        engine = connect(POSTGRESQL)
        self.addCleanup(engine.dispose)
        with engine.begin() as connection:
            metadata.drop_all(connection)
            connection.execute(text('DROP TABLE IF EXISTS alembic_version'))
        upgrade(engine)
        self.check_schema(engine)
        self.check_write(engine)

    def test_a_database_of_each_release_is_migrated_and_written(self):
        fixtures = sorted(FIXTURES.glob('*.sql'))
        self.assertEqual([file.stem for file in fixtures], list(REVISIONS), 'every schema has its dump in ledger-schemas/')
        for fixture in fixtures:
            with self.subTest(fixture.stem):
                self.setUp()
                self.load(fixture)
                migrate(self.files)
                self.check_schema(self.engine())
                self.check_write(self.engine())

    def test_a_database_of_a_newer_release_is_written_and_not_migrated(self):
        migrate(self.files)
        engine = self.engine()
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            connection.execute(text("ALTER TABLE attempts ADD COLUMN later VARCHAR(9) NOT NULL DEFAULT ''"))
            self.assertTrue(is_current(connection))
        migrate(self.files)
        self.check_write(engine)


if __name__ == '__main__':
    unittest.main()
