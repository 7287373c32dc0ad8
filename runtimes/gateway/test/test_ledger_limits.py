"""Budgets and rates in the database: what is reserved, settled and released, with many threads and processes at once and with processes that are killed."""

import contextlib
import random
import subprocess
import sys
import threading
import time
import unittest
import uuid
from datetime import timezone

from ledger_rows import PRICES as LEDGER_PRICES
from ledger_rows import attempt, count, request
from limits_setup import HOLD, NOW, LimitsTest, budget, demand, usd
from sqlalchemy import text

from ledger.retention import Limits, remove_old
from ledger.rows import attempt_row, request_row
from limits.connection import Unavailable
from limits.database import Database
from limits.demand import Refused
from limits.owner import Owner
from limits.policy import PARALLEL, REQUESTS, TOKENS, Limit
from limits.windows import ALWAYS, MINUTE, window

ALICE, STACK, OPENAI = budget('key', 'alice', 10), budget('stack', '', 100, 'day'), budget('provider', 'openai', 50)
# Processes that reserve a tenth of the room as often as they can, and tell how often they could.
RESERVE = """
import sys, threading
from pathlib import Path
sys.path[:0] = ['/tests']
from limits_setup import *
from limits.demand import Refused
files, threads = LedgerFiles(Path(sys.argv[1])), int(sys.argv[2])
passed, start, lock = [0], threading.Barrier(threads), threading.Lock()
def run():
    database = Database(files, sys.argv[3], busy_seconds=60)
    start.wait()
    try:
        database.reserve(demand(budget('key', 'alice', 10), budget('stack', '', 100, 'day'), amount=usd(1)))
    except Refused:
        return
    with lock:
        passed[0] += 1
workers = [threading.Thread(target=run) for _ in range(threads)]
[worker.start() for worker in workers]
[worker.join() for worker in workers]
print(passed[0], flush=True)
"""


class Reserving(LimitsTest):
    def fits(self, *limits, **more):
        try:
            return self.database.reserve(demand(*limits, **more))
        except Refused as error:
            self.refusal = error.refusal
            return None

    def test_what_fits_is_reserved_in_all_limits_and_what_does_not_in_none(self):
        self.assertTrue(self.fits(ALICE, STACK, amount=usd(6)))
        self.assertFalse(self.fits(ALICE, STACK, amount=usd(5)))
        self.assertEqual((self.refusal.limit, self.refusal.reserved_is_the_cause), (ALICE, True))
        self.assertEqual((self.window(ALICE), self.window(STACK)), ([(0, usd(6))], [(0, usd(6))]))
        self.assertTrue(self.fits(ALICE, STACK, amount=usd(4)))
        self.assertFalse(self.fits(ALICE, STACK, amount=1))
        self.assertEqual(self.rows('SELECT count(*), sum(amount) FROM reservations'), [(4, 2 * usd(10))])

    def test_a_model_of_a_provider_without_budget_is_not_called_and_others_are(self):
        from limits.chains import Cost

        costs = Cost('gpt', frozenset(('openai',)), usd(60), 1), Cost('claude', frozenset(('anthropic',)), usd(5), 1)
        grant = self.database.reserve(demand(ALICE, OPENAI, amount=0)._replace(costs=costs))
        self.assertEqual((list(grant.blocked), grant.amounts), (['gpt'], {ALICE: usd(5)}))
        self.assertFalse(self.fits(OPENAI, amount=usd(60)))
        self.assertEqual(self.refusal.limit, OPENAI)

    def test_rates_count_requests_tokens_and_those_that_run(self):
        rates = Limit('key', 'alice', REQUESTS, MINUTE, 3), Limit('key', 'alice', TOKENS, MINUTE, 100), Limit('key', 'alice', PARALLEL, ALWAYS, 2)
        first = demand(*rates, amount=0, tokens=20)
        self.database.reserve(first)
        self.assertTrue(self.fits(*rates, amount=0, tokens=20))
        self.assertFalse(self.fits(*rates, amount=0, tokens=20))
        self.assertEqual(self.refusal.limit.measure, PARALLEL)
        for _ in range(2):
            self.database.release(first.request_id, [rates[2]])
        self.assertFalse(self.fits(*rates, amount=0, tokens=70))
        self.assertEqual(self.refusal.limit.measure, TOKENS)
        self.assertTrue(self.fits(*rates, amount=0, tokens=20))
        self.database.release(self.rows("SELECT request_id FROM reservations WHERE measure = 'parallel' LIMIT 1")[0][0], [rates[2]])
        self.assertFalse(self.fits(*rates, amount=0, tokens=1))
        self.assertEqual(self.refusal.limit.measure, REQUESTS)
        self.database.release(self.rows("SELECT request_id FROM reservations WHERE measure = 'parallel' LIMIT 1")[0][0], [rates[2]])
        # In the next minute the first two begin anew.
        self.assertTrue(self.fits(*rates, amount=0, tokens=100, now=NOW + 60))

    def test_windows_follow_the_clock_and_one_that_goes_back_finds_no_fresh_budget(self):
        begin, end = window('month', NOW, timezone.utc)
        self.assertTrue(self.fits(ALICE, amount=usd(10), now=end - 1))
        self.assertFalse(self.fits(ALICE, amount=1, now=begin))
        self.assertTrue(self.fits(ALICE, amount=usd(10), now=end))
        # Back into a window that is used up, and into one that was never open.
        self.assertFalse(self.fits(ALICE, amount=1, now=end - 1))
        other = budget('key', 'bob', 10)
        self.assertTrue(self.fits(other, amount=usd(10), now=end))
        self.assertFalse(self.fits(other, amount=1, now=end - 1))
        self.assertEqual(self.refusal.state.ends_at, window('month', end, timezone.utc)[1])

    def test_the_sum_of_used_and_reserved_never_exceeds_a_limit(self):
        """Random requests, attempts and ends, against a model of them; the clock goes on through windows of hours."""
        chance, limits = random.Random(7), (budget('key', 'alice', 3, 'hour'), budget('stack', '', 5, 'hour'))
        running, attempts, now = [], [], NOW
        for step in range(400):
            now += chance.randrange(0, 240)
            if chance.random() < 0.6:
                made, worst = request(key='alice'), chance.randrange(0, usd(1))
                made.counted_us = int(now * 1e6)
                if self.fits(*limits, amount=worst, now=now, request=made.id):
                    running.append([made, worst])
            elif running:
                made, left = one = chance.choice(running)
                cost = chance.randrange(0, left + 1)
                one[1] -= cost
                table, row = attempt_row(attempt(made), LEDGER_PRICES, count)
                attempts.append(row | {'cost_nano_usd': cost})
                rows = [(table, attempts[-1])]
                if chance.random() < 0.5:
                    running.remove(one)
                    rows.append(request_row(made, LEDGER_PRICES))
                self.settle(rows)
            for limit in limits:
                for used, reserved in self.window(limit):
                    self.assertTrue(used + reserved <= limit.maximum and min(used, reserved) >= 0, (step, used, reserved))
        self.settle([request_row(made, LEDGER_PRICES) for made, _ in running])
        self.assertEqual(self.rows('SELECT count(*) FROM reservations') + self.rows('SELECT sum(reserved) FROM limit_windows'), [(0,), (0,)])
        # What is spent in each window is the sum of its attempts.
        sums = dict(self.rows('SELECT counted_at_us / 3600000000 * 3600, sum(cost_nano_usd) FROM attempts GROUP BY 1'))
        spent = {start: used for start, used in self.rows("SELECT started_at, used FROM limit_windows WHERE scope = 'stack'") if used}
        self.assertEqual(spent, {start: cost for start, cost in sums.items() if cost})
        self.assertGreater(len(spent), 5)


class Settling(LimitsTest):
    def reserved(self, *limits, amount=usd(2)):
        made = request(key='alice')
        made.counted_us = int(NOW * 1e6)
        self.database.reserve(demand(*limits, amount=amount, request=made.id))
        return made

    def test_attempts_take_the_place_of_the_reservation_and_the_end_releases_the_rest(self):
        made = self.reserved(ALICE, STACK, OPENAI)
        self.settle([attempt_row(attempt(made), LEDGER_PRICES, count)])
        self.assertEqual(self.window(ALICE), [(1_020_000, usd(2) - 1_020_000)])
        self.settle([attempt_row(attempt(made), LEDGER_PRICES, count), request_row(made, LEDGER_PRICES)])
        for limit in (ALICE, STACK, OPENAI):
            self.assertEqual(self.window(limit), [(2_040_000, 0)])
        self.assertEqual(self.rows('SELECT count(*) FROM reservations'), [(0,)])

    def test_a_bill_above_the_worst_case_counts_in_full(self):
        made = self.reserved(ALICE, amount=20_000)
        self.settle([attempt_row(attempt(made), LEDGER_PRICES, count), request_row(made, LEDGER_PRICES)])
        self.assertEqual(self.window(ALICE), [(1_020_000, 0)])

    def test_a_batch_that_is_written_again_counts_once(self):
        from ledger.settlement import Settlement
        from ledger.store import write

        made = self.reserved(ALICE)
        rows = [attempt_row(attempt(made), LEDGER_PRICES, count), request_row(made, LEDGER_PRICES)]
        rows = [(table, {name: value for name, value in row.items() if name != 'price'}) for table, row in rows]
        for again in (False, True):
            with self.engine.begin() as connection:
                write(connection, rows, again, Settlement({}))
        self.assertEqual(self.window(ALICE), [(1_020_000, 0)])

    def test_requests_without_a_reservation_count_in_open_windows(self):
        self.reserved(ALICE, STACK)
        for key in ('alice', 'bob'):
            made = request(key=key)
            made.counted_us = int(NOW * 1e6)
            self.settle([attempt_row(attempt(made), LEDGER_PRICES, count)])
        self.assertEqual((self.window(ALICE)[0][0], self.window(STACK)[0][0]), (1_020_000, 2_040_000))

    def test_a_new_budget_counts_what_was_spent_before_in_its_window(self):
        times = window('month', NOW, timezone.utc)
        for key, second in (('alice', times[0]), ('alice', NOW), ('bob', NOW), ('alice', times[0] - 1), ('alice', times[1])):
            made = request(key=key)
            made.started_us = made.counted_us = int(second * 1e6)
            called = attempt(made)
            called.started_us = made.started_us
            self.settle([attempt_row(called, LEDGER_PRICES, count)])
        for limit, requests in ((ALICE, 2), (budget('stack', '', 5), 3), (OPENAI, 3), (budget('lane', 'fast', 1), 0)):
            database = Database(self.files, 'tests', providers={'gpt': frozenset(('openai',))})
            self.addCleanup(database.close)
            for _ in range(2):
                database.open_windows((limit,), NOW, timezone.utc)
            self.assertEqual(self.window(limit), [(requests * 1_020_000, 0)])

    def test_no_check_waits_for_more_than_one_window_that_is_opened(self):
        """The sum of what was spent before takes a while with many rows."""
        budgets = tuple(budget('key', name, 5) for name in ('alice', 'bob', 'carol'))
        transactions: list[int] = []

        class Counting(Database):
            def spent(self, execute, limit, state):
                transactions[-1] += 1
                return super().spent(execute, limit, state)

            @contextlib.contextmanager
            def transaction(self):
                transactions.append(0)
                with super().transaction() as execute:
                    yield execute

        database = Counting(self.files, 'test')
        self.addCleanup(database.close)
        database.open_windows(budgets, NOW, timezone.utc)
        self.assertEqual(transactions, [0, 1, 1, 1])
        transactions.clear()
        database.open_windows(budgets, NOW, timezone.utc)
        self.assertEqual(transactions, [0])


class Processes(LimitsTest):
    def run_python(self, program, *more, **options):
        command = [sys.executable, '-c', program, str(self.files.folder), *map(str, more)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.kill)
        return child

    def test_of_fifty_at_once_exactly_those_pass_that_fit(self):
        for processes in (1, 2, 4):
            with self.subTest(processes=processes):
                with self.engine.begin() as connection:
                    connection.execute(text('DELETE FROM limit_windows'))
                shares = [50 // processes + (number < 50 % processes) for number in range(processes)]
                children = [self.run_python(RESERVE, share, uuid.uuid4().hex) for share in shares]
                self.assertEqual(sum(int(child.communicate(timeout=120)[0]) for child in children), 10)
                self.assertEqual(self.window(ALICE), [(0, usd(10))])

    def test_what_a_killed_process_had_reserved_is_released(self):
        enforcer = self.gateway(ALICE)
        child = self.run_python(HOLD)
        self.assertEqual(child.stdout.readline(), 'holds\n')
        keeper = self.keeper(enforcer)
        self.assertEqual(keeper.tick(), '')
        # It is alive.
        self.assertEqual(self.window(ALICE), [(0, usd(4))])
        child.kill()
        child.wait()
        self.assertEqual(keeper.tick(), '')
        self.assertEqual(self.window(ALICE), [(0, 0)])
        self.assertEqual(self.rows('SELECT count(*) FROM reservations'), [(0,)])
        self.assertEqual([file.name for file in (self.files.folder / 'owners').iterdir()], [self.owner.id])

    def test_what_is_reserved_for_nobody_is_released_and_what_runs_is_kept(self):
        enforcer = self.gateway(ALICE)
        database = Database(self.files, self.owner.id)
        self.addCleanup(database.close)
        running, lost = demand(ALICE, amount=usd(1)), demand(ALICE, amount=usd(2))
        database.reserve(running)
        database.reserve(lost)
        enforcer.running.add(running.request_id)
        self.assertEqual(self.keeper(enforcer).tick(), '')
        self.assertEqual(self.window(ALICE), [(0, usd(1))])

    def keeper(self, enforcer):
        from limits.keeper import Keeper

        opened = threading.Event()
        opened.set()
        keeper = Keeper(enforcer, opened, lambda: None, lambda state: None)
        self.addCleanup(keeper.database.close)
        return keeper

    def test_a_check_waits_for_a_writer_only_for_a_while(self):
        database = Database(self.files, 'tests', busy_seconds=0.1)
        self.addCleanup(database.close)
        database.reserve(demand(ALICE, amount=1))
        with self.engine.begin():
            with self.assertRaisesRegex(Unavailable, 'locked'):
                database.reserve(demand(ALICE, amount=1))
        database.reserve(demand(ALICE, amount=1))
        self.assertEqual(self.window(ALICE), [(0, 2)])

    def test_old_windows_are_removed_and_those_of_the_last_months_kept(self):
        enforcer = self.gateway(ALICE)
        rate = Limit('key', 'alice', REQUESTS, MINUTE, 5)
        for days in (100, 40, 0):
            self.database.reserve(demand(ALICE, rate, amount=0, now=NOW - days * 86400))
        self.assertEqual(self.keeper(enforcer).tick(), '')
        self.assertEqual((len(self.window(ALICE)), len(self.window(rate))), (3, 1))
        remove_old(Limits(90, 1024), self.engine, NOW)
        self.assertEqual((len(self.window(ALICE)), len(self.window(rate))), (2, 1))

    def test_a_check_waits_for_a_migration_only_for_a_while(self):
        database = Database(self.files, 'tests', busy_seconds=0.2)
        self.addCleanup(database.close)
        database.reserve(demand(ALICE, amount=1))
        with self.files.lock(exclusive=True):
            with self.assertRaises(Unavailable):
                database.reserve(demand(ALICE, amount=1))
        held = self.files.lock(exclusive=True)
        held.__enter__()
        timer = threading.Timer(0.1, held.__exit__, (None, None, None))
        timer.start()
        database.busy_seconds = 20
        database.reserve(demand(ALICE, amount=1))
        timer.join()

    def test_a_gateway_without_limits_counts_in_the_windows_of_one_that_has_some(self):
        from ledger.settlement import Settlement
        from ledger.store import write

        self.database.reserve(demand(ALICE, amount=usd(1)))
        made = request(key='alice')
        made.counted_us = int(NOW * 1e6)
        table, row = attempt_row(attempt(made), LEDGER_PRICES, count)
        del row['price']
        with self.engine.begin() as connection:
            write(connection, [(table, row)], settle=Settlement({}, limited=False))
        self.assertEqual(self.window(ALICE), [(1_020_000, usd(1))])

    def test_an_owner_is_dead_when_its_process_or_its_file_is_gone(self):
        first, second = Owner(self.files.folder), Owner(self.files.folder)
        first.claim()
        second.claim()
        self.assertFalse(first.is_dead(second.id))
        second.close()
        self.assertTrue(first.is_dead(second.id))
        self.assertTrue(first.is_dead('nobody'))
        self.assertFalse(first.is_dead(first.id))
        first.end()

    def test_a_check_costs_little_more_than_its_transaction(self):
        """The figure is printed; only a ratio is claimed, because machines differ."""
        limits = ALICE, STACK, budget('lane', 'fast', 100), Limit('key', 'alice', REQUESTS, MINUTE, 10**9), OPENAI

        def median(work, times=400):
            found = []
            for _ in range(times):
                begun = time.thread_time()
                work()
                found.append(time.thread_time() - begun)
            return sorted(found)[times // 2]

        def check():
            asked = demand(*limits, amount=1)
            self.database.reserve(asked)
            self.database.release(asked.request_id, [limit for limit in limits if limit.measure != REQUESTS])

        def core():
            from ledger.schema import limit_windows
            from sqlalchemy import update

            with self.engine.begin() as connection:
                for _ in limits:
                    connection.execute(update(limit_windows).where(limit_windows.c.name == 'nobody').values(used=1))

        whole = median(lambda: self.database.reserve(demand(*limits, amount=1)))
        check()
        print(f'a check of {len(limits)} limits: {whole * 1e6:.0f} µs of CPU at p50')
        # As many statements of SQLAlchemy Core that change nothing.
        self.assertLess(whole, 2 * median(core))


if __name__ == '__main__':
    unittest.main()
