"""The transactions of limits: each is short, and locks the database from its beginning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from ledger.files import LedgerFiles

from limits.connection import BUSY_SECONDS, Busy, Connection
from limits.demand import Demand, Grant, Refusal, Refused, State, current_states, decide, window_at
from limits.policy import COST, REQUESTS, Limit
from limits.statements import FIND, GIVE, OPEN, RELEASE, RESERVE, RESERVE_MORE, RESERVED, SPENT, TAKE, Execute

# An attempt begins after its request was counted, but for a clock that went back.
CLOCK_US = 3600 * 1_000_000


class Database(Connection):
    """The limits in the ledger's database, for one thread."""

    def __init__(
        self, files: LedgerFiles, owner: str, busy_seconds: float = BUSY_SECONDS, providers: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        """`owner` names this process in its reservations. `providers` are those of each alias."""
        super().__init__(files, busy_seconds)
        self.owner, self.providers = owner, providers or {}

    def reserve(self, demand: Demand) -> Grant:
        """Reserve what a request can cost. Raises Refused if it does not fit, Unavailable if the database does not work."""
        with self.transaction() as execute:
            states = self.states(execute, demand)
            grant = decide(demand, states)
            for limit, amount in grant.amounts.items():
                take(execute, limit, states[limit], amount, states)
            # A request stays counted, whatever it costs.
            kept = [
                (demand.request_id, *limit[:4], states[limit].started_at, amount, self.owner)
                for limit, amount in grant.amounts.items()
                if limit.measure != REQUESTS
            ]
            execute.many(RESERVE, kept)
        return grant

    def reserve_again(self, request_id: str, grant: Grant, limits: list[Limit]) -> None:
        """Reserve the amounts of these limits once more, for a further call of a provider. Raises like `reserve`."""
        with self.transaction() as execute:
            for limit in limits:
                take(execute, limit, grant.states[limit], grant.amounts[limit], grant.states)
                if not execute(RESERVE_MORE, (grant.amounts[limit], request_id, *limit[:4])).rowcount:
                    execute(RESERVE, (request_id, *limit[:4], grant.states[limit].started_at, grant.amounts[limit], self.owner))

    def release(self, request_id: str, limits: list[Limit]) -> None:
        """Release what is reserved for a request in these limits. Raises Unavailable if the database does not work."""
        with self.transaction() as execute:
            for limit in limits:
                for started_at, amount in execute(RESERVED, (request_id, *limit[:4])).fetchall():
                    execute(GIVE, (amount, *limit[:4], started_at))
                    execute(RELEASE, (request_id, *limit[:4]))

    def open_windows(self, limits: tuple[Limit, ...], now: float, zone: tzinfo) -> None:
        """Open the current windows of budgets that are not open. Raises Unavailable if the database does not work.

        Each in a transaction of its own, because the sum of what was spent in it before can take a while, and checks wait meanwhile.
        """
        demand = Demand('', now, zone, limits, (), ())
        with self.transaction() as execute:
            rows = self.rows(execute, demand)
        for limit, state in current_states(demand, rows).items():
            if (*limit[:4], state.started_at) not in rows:
                with self.transaction() as execute:
                    self.states(execute, demand._replace(own=(limit,)))

    def rows(self, execute: Execute, demand: Demand) -> dict[tuple, State]:
        """The rows of the windows that are open, of each limit those around now."""
        rows: dict[tuple, State] = {}
        for limit in demand.limits:
            for row in execute(FIND, (*limit[:4], *window_at(limit.window, demand.now, demand.zone))).fetchall():
                rows[*limit[:4], row[0]] = State(*row)
        return rows

    def states(self, execute: Execute, demand: Demand) -> dict[Limit, State]:
        """The state of each limit in its current window. A window that is not open yet is opened, with what was spent in it before."""
        rows = self.rows(execute, demand)
        states = current_states(demand, rows)
        for limit, state in states.items():
            if (*limit[:4], state.started_at) not in rows:
                if not self.patient:
                    raise Busy('a window is not open yet')
                states[limit] = state = state._replace(used=self.spent(execute, limit, state) if limit.measure == COST else 0)
                execute(OPEN, (*limit[:4], state.started_at, state.ends_at, state.used))
        return states

    def spent(self, execute: Execute, limit: Limit, state: State) -> int:
        """What the stored attempts of a window cost: those before its budget existed, or that were let through without a check."""
        begin, end = state.started_at * 1_000_000, state.ends_at * 1_000_000
        columns = {'key': 'key_alias', 'lane': 'lane', 'provider': 'deployment_alias'}
        names = [limit.name]
        if limit.scope == 'provider':
            names = sorted(alias for alias, providers in self.providers.items() if limit.name in providers)
        whose = f' AND {columns[limit.scope]} IN ({", ".join("?" * len(names)) or "NULL"})' if limit.scope in columns else ''
        values = (begin - CLOCK_US, begin, end - 1, *(names if whose else ()))
        return int(execute(SPENT + whose, values).fetchone()[0])


def take(execute: Execute, limit: Limit, state: State, amount: int, states: dict[Limit, State]) -> None:
    """Take an amount from a limit. The condition holds for PostgreSQL too, whose transactions see each other's changes."""
    used, reserved = (amount, 0) if limit.measure == REQUESTS else (0, amount)
    if not execute(TAKE, (used, reserved, *limit[:4], state.started_at, amount, limit.maximum)).rowcount:
        raise Refused(Refusal(limit, state, amount), states)
