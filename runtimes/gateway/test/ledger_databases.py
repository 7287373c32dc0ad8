"""What holds for every database that the ledger can have, for tests."""

from ledger_rows import PRICE, rows_of_request
from sqlalchemy import text

from ledger.schema import metadata
from ledger.store import sync_prices, write


def batch():
    """Rows as the writer gives them to `write`."""
    made = [make() for make in rows_of_request()]
    return [(table, {name: value for name, value in row.items() if name != 'price'}) for table, row in made]


class DatabaseChecks:
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
