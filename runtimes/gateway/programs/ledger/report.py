"""The sums of the ledger as JSON, for `./switchyard usage`: `python3 -m ledger.report --since SECONDS --until SECONDS [--folder FOLDER]`.

Reads only the table of sums, so its cost grows with hours, keys and models, not with requests. Prints one object:
`{"database": "none" | "ok", "rows": [{"day": …, <dimensions>, <sums>}]}`; `day` is a day in UTC, as seconds since 1970.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sqlalchemy import func, select

from ledger.files import FOLDER, LedgerFiles
from ledger.schema import DIMENSIONS, SUMS, usage_hours
from ledger.store import connect

DAY = 86_400


def report(files: LedgerFiles, since: int, until: int) -> dict:
    """The sums of each day from `since` on and before `until`, both in seconds since 1970 and counted in whole hours."""
    if not files.database.exists():
        return {'database': 'none', 'rows': []}
    engine = connect(files.url, read_only=True)
    try:
        with engine.connect() as connection:
            return {'database': 'ok', 'rows': sums(connection, since, until)}
    finally:
        engine.dispose()


def sums(connection, since: int, until: int) -> list[dict]:
    hour = usage_hours.c.hour
    day = (hour - hour % DAY).label('day')
    dimensions = [usage_hours.c[name] for name in DIMENSIONS if name != 'hour']
    # PostgreSQL's sums of bigint are decimals.
    query = select(day, *dimensions, *(func.sum(usage_hours.c[name]).label(name) for name in SUMS))
    query = query.where(hour >= since, hour < until).group_by(day, *dimensions).order_by(day, *dimensions)
    return [{name: int(value) if name in SUMS else value for name, value in row.items()} for row in connection.execute(query).mappings()]


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--since', type=int, required=True)
    parser.add_argument('--until', type=int, required=True)
    parser.add_argument('--folder', type=Path, default=FOLDER)
    given = parser.parse_args()
    print(json.dumps(report(LedgerFiles(given.folder), given.since, given.until)))
