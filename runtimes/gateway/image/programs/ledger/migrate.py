"""Brings the database to the newest schema: `python3 -m ledger.migrate [folder]`. The writer starts this as a process of its own.

Only this process imports Alembic. The exclusive lock lets one process migrate at a time; the others find that nothing is left to do.
Migrations only add (expand now, contract in a later release), because a gateway of the release before may still write.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ledger.files import LedgerFiles
from ledger.opening import reason
from ledger.store import MIGRATIONS, connect, is_current

SCRIPTS = Path(__file__).parent / MIGRATIONS


def migrate(files: LedgerFiles) -> None:
    """Migrate the database, or create it. A database of a newer release stays as it is."""
    with files.lock(exclusive=True):
        engine = connect(files.url)
        try:
            upgrade(engine)
        finally:
            engine.dispose()


def upgrade(engine) -> None:
    """The same for any database of SQLAlchemy. The caller has the lock."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with engine.connect() as connection:
        if is_current(connection):
            return
    scripts = ScriptDirectory(str(SCRIPTS), version_locations=[str(SCRIPTS)])
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={'fn': lambda revision, _: scripts._upgrade_revs('head', revision)})
        with Operations.context(context):
            context.run_migrations()


if __name__ == '__main__':
    try:
        migrate(LedgerFiles(*(Path(given) for given in sys.argv[1:2])))
    except Exception as error:
        # Not its trace: the gateway shows the last line.
        sys.exit(reason(error))
