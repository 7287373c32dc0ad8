"""The sums of the ledger as JSON, for `./switchyard usage`: `python3 -m ledger.report --since SECONDS --until SECONDS [--by COLUMNS] [--folder FOLDER]`.

Reads only the table of sums, so its cost grows with hours, keys and models, not with requests. Prints one object:
`{"database": "none" | "ok", "rows": [{<columns of --by>, <sums>}]}`, a row after the other, because this runs in a gateway's container, whose
memory is the gateway's. `day` is a day in UTC, as seconds since 1970.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from ledger.files import FOLDER, LedgerFiles
from ledger.schema import DIMENSIONS, SUMS, usage_hours
from ledger.store import connect

DAY = 86_400
COLUMNS = ('day', *(name for name in DIMENSIONS if name != 'hour'))


def report(files: LedgerFiles, since: int, until: int, by: tuple[str, ...] = COLUMNS) -> Iterator[str]:
    """The pieces of the JSON: the sums from `since` on and before `until`, both in seconds since 1970 and counted in whole hours. `by`: what they are grouped by, some of COLUMNS."""
    if not files.database.exists():
        yield json.dumps({'database': 'none', 'rows': []})
        return
    engine = connect(files.url, read_only=True)
    try:
        with engine.connect() as connection:
            yield '{"database": "ok", "rows": ['
            for number, row in enumerate(sums(connection, since, until, by)):
                yield f'{"," if number else ""}\n{json.dumps(row)}'
            yield ']}\n'
    finally:
        engine.dispose()


def sums(connection, since: int, until: int, by: tuple[str, ...] = COLUMNS) -> Iterator[dict]:
    hour = usage_hours.c.hour
    groups = [(hour - hour % DAY).label('day') if name == 'day' else usage_hours.c[name] for name in by]
    # PostgreSQL's sums of bigint are decimals.
    query = select(*groups, *(func.sum(usage_hours.c[name]).label(name) for name in SUMS))
    query = query.where(hour >= since, hour < until).group_by(*groups).order_by(*groups)
    for row in connection.execute(query).mappings():
        yield {name: int(value) if name in SUMS else value for name, value in row.items()}


def columns(text: str) -> tuple[str, ...]:
    """The names in a text with commas. Raises a ValueError if one is unknown."""
    names = tuple(text.split(','))
    if not set(names) <= set(COLUMNS):
        raise ValueError(text)
    return names


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--since', type=int, required=True)
    parser.add_argument('--until', type=int, required=True)
    parser.add_argument('--by', type=columns, default=COLUMNS)
    parser.add_argument('--folder', type=Path, default=FOLDER)
    given = parser.parse_args()
    sys.stdout.writelines(report(LedgerFiles(given.folder), given.since, given.until, given.by))
