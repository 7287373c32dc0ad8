"""Budgets and rates: counters by window, and reservations. Attempts tell the window in which they count."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'


def key(column: str, length: int) -> sa.Column:
    return sa.Column(column, sa.String(length), primary_key=True)


def number(column: str) -> sa.Column:
    return sa.Column(column, sa.BigInteger, nullable=False, server_default='0')


def upgrade() -> None:
    # With a default: a gateway of the release before writes rows without it.
    op.add_column('attempts', number('counted_at_us'))
    op.create_table(
        'limit_windows',
        *(key('scope', 16), key('name', 128), key('measure', 16), key('time_window', 16)),
        sa.Column('started_at', sa.BigInteger, primary_key=True, autoincrement=False),
        *(number(column) for column in ('ends_at', 'used', 'reserved')),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'reservations',
        *(key('request_id', 32), key('scope', 16), key('name', 128), key('measure', 16), key('time_window', 16)),
        *(number(column) for column in ('started_at', 'amount')),
        sa.Column('owner', sa.String(32), nullable=False, server_default=''),
        sqlite_with_rowid=False,
    )
