"""What is spent of each budget, as JSON: `python3 -m ledger.limits_report [--limits FILE] [--folder FOLDER]`, by `docker exec`.

Prints `{"budgets": [{"scope", "name", "window", "nanoUsd", "spentNanoUsd", "reservedNanoUsd", "resetsAt"}]}`; `resetsAt` is in seconds
since 1970.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from ledger.files import FOLDER, LedgerFiles
from ledger.schema import limit_windows
from ledger.store import connect
from settings import LIMITS
from sqlalchemy import select

from limits.demand import Demand, State, current_states
from limits.policy import COST, Policy, load


def report(files: LedgerFiles, policy: Policy | None, now: float) -> dict:
    """The budgets of a policy at a time."""
    budgets = tuple(limit for limit in policy.limits if limit.measure == COST) if policy else ()
    states = current_states(Demand('', now, policy.zone, budgets, (), ()), stored(files, now)) if policy else {}
    return {'budgets': [described(limit, states[limit]) for limit in budgets]}


def stored(files: LedgerFiles, now: float) -> dict[tuple, State]:
    """The windows that have not ended."""
    if not files.database.exists():
        return {}
    engine = connect(files.url, read_only=True)
    try:
        with engine.connect() as connection:
            rows = connection.execute(select(limit_windows).where(limit_windows.c.ends_at > now, limit_windows.c.measure == COST)).all()
            return {tuple(row[:5]): State(*row[4:]) for row in rows}
    finally:
        engine.dispose()


def described(limit, state: State) -> dict:
    return {
        'scope': limit.scope, 'name': limit.name, 'window': limit.window, 'nanoUsd': limit.maximum,
        'spentNanoUsd': state.used, 'reservedNanoUsd': state.reserved, 'resetsAt': state.ends_at,
    }  # fmt: skip


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--limits', type=Path, default=LIMITS)
    parser.add_argument('--folder', type=Path, default=FOLDER)
    given = parser.parse_args()
    print(json.dumps(report(LedgerFiles(given.folder), load(given.limits), time.time())))
