"""The ledger's schema: the migrations make what schema.py says, and databases of earlier releases keep working."""

import shutil
import sqlite3
import tempfile
import unittest
from pathlib import Path

from ledger_databases import DatabaseChecks
from sqlalchemy import text

from ledger.files import LedgerFiles
from ledger.migrate import migrate
from ledger.store import REVISIONS, connect, is_current

FIXTURES = Path(__file__).parent / 'ledger-schemas'


class SchemaTest(DatabaseChecks, unittest.TestCase):
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

    def test_the_migrations_make_the_schema(self):
        migrate(self.files)
        migrate(self.files)
        self.check_schema(self.engine())
        self.check_write(self.engine())

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
