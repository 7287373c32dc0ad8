"""The statements of limits, as SQL for the database's driver.

SQLAlchemy's own layer costs three times as much CPU time here, more than the rest of a check. SQLite and PostgreSQL take the same SQL,
except for the sign of a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence

_LIMIT = 'scope = ? AND name = ? AND measure = ? AND time_window = ?'
# The windows that begin between two times. A statement for each limit: one for all of them takes SQLite three times as long, and
# `IN (?, ?)`, for which it makes a table, twice as long.
FIND = f'SELECT started_at, ends_at, used, reserved FROM limit_windows WHERE {_LIMIT} AND started_at BETWEEN ? AND ?'
OPEN = (
    'INSERT INTO limit_windows (scope, name, measure, time_window, started_at, ends_at, used) VALUES (?, ?, ?, ?, ?, ?, ?)'
    ' ON CONFLICT DO NOTHING'
)
SPENT = (
    'SELECT coalesce(sum(cost_nano_usd), 0) FROM attempts WHERE started_at_us >= ?'
    ' AND (CASE WHEN counted_at_us > 0 THEN counted_at_us ELSE started_at_us END) BETWEEN ? AND ?'
)
TAKE = f'UPDATE limit_windows SET used = used + ?, reserved = reserved + ? WHERE {_LIMIT} AND started_at = ? AND used + reserved + ? <= ?'
GIVE = f'UPDATE limit_windows SET reserved = reserved - ? WHERE {_LIMIT} AND started_at = ?'
RESERVE = (
    'INSERT INTO reservations (request_id, scope, name, measure, time_window, started_at, amount, owner)'
    ' VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
)
RESERVE_MORE = f'UPDATE reservations SET amount = amount + ? WHERE request_id = ? AND {_LIMIT}'
RESERVED = f'SELECT started_at, amount FROM reservations WHERE request_id = ? AND {_LIMIT}'
RELEASE = f'DELETE FROM reservations WHERE request_id = ? AND {_LIMIT}'


class Execute:
    """Executes statements of the open transaction."""

    def __init__(self, cursor, mark: str) -> None:
        """`mark` is the driver's sign of a parameter."""
        self.cursor, self.mark = cursor, mark

    def __call__(self, statement: str, values: Sequence = ()):
        """Execute a statement. Returns the driver's cursor, which has the rows until the next statement."""
        self.cursor.execute(self.written(statement), values)
        return self.cursor

    def many(self, statement: str, rows: list[tuple]) -> None:
        """Execute a statement for each of these rows of values."""
        self.cursor.executemany(self.written(statement), rows)

    def written(self, statement: str) -> str:
        """A statement as the driver expects it. SQLite's finds a prepared one sooner by the same text object."""
        return statement if self.mark == '?' else statement.replace('?', self.mark)
