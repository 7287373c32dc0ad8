"""The windows of budgets: known dates, and properties at random times in zones with difficult clocks."""

import random
import unittest
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from limits.windows import ALWAYS, MINUTE, NEVER, WINDOWS, window

BERLIN = ZoneInfo('Europe/Berlin')
# Clocks that change at midnight (Havana, Beirut, São Paulo), by half an hour (Lord Howe), a day that does not exist (Apia), odd offsets.
ZONES = [ZoneInfo(name) for name in ('UTC', 'Europe/Berlin', 'America/New_York', 'America/Havana', 'America/Sao_Paulo', 'Asia/Beirut', 'Australia/Lord_Howe',
                                     'Pacific/Apia', 'Asia/Kathmandu', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Kiritimati', 'Africa/Casablanca')]  # fmt: skip


def at(*parts, zone=BERLIN, fold=0):
    return int(datetime(*parts, tzinfo=zone, fold=fold).timestamp())


class Dates(unittest.TestCase):
    def check(self, kind, second, begin, end, zone=BERLIN):
        self.assertEqual(window(kind, second, zone), (begin, end), (kind, zone))

    def test_a_day_has_23_or_25_hours_when_the_clocks_change(self):
        for month, day, hours in ((3, 29, 23), (10, 25, 25), (6, 1, 24)):
            begin = at(2026, month, day)
            self.check('day', begin, begin, begin + hours * 3600)
            self.check('day', begin + hours * 3600 - 1, begin, begin + hours * 3600)
            self.check('day', begin - 1, at(2026, month, day) - 86400 if day > 1 else at(2026, month - 1, 31), begin)

    def test_the_hour_that_comes_twice_is_two_windows(self):
        first, second = at(2026, 10, 25, 2, 30), at(2026, 10, 25, 2, 30, fold=1)
        self.assertEqual(second - first, 3600)
        self.check('hour', first, first - 1800, first + 1800)
        self.check('hour', second, second - 1800, second + 1800)

    def test_weeks_begin_on_monday(self):
        # 2026-11-27 is a Friday.
        self.check('week', at(2026, 11, 27, 12), at(2026, 11, 23), at(2026, 11, 30))
        self.check('week', at(2026, 11, 23), at(2026, 11, 23), at(2026, 11, 30))
        self.check('week', at(2026, 11, 29, 23, 59, 59), at(2026, 11, 23), at(2026, 11, 30))

    def test_months_have_their_days_in_leap_years_too(self):
        for year, days in ((2026, 28), (2028, 29), (2100, 28), (2400, 29)):
            begin, end = window('month', at(year, 2, 15), BERLIN)
            self.assertEqual((begin, end - begin), (at(year, 2, 1), days * 86400))
        self.check('month', at(2026, 12, 31, 23), at(2026, 12, 1), at(2027, 1, 1))

    def test_a_zone_decides_in_which_month_a_time_is(self):
        last = int(datetime(2026, 11, 30, 23, 30, tzinfo=timezone.utc).timestamp())
        self.check('month', last, at(2026, 12, 1), at(2027, 1, 1))
        self.assertEqual(window('month', last, ZoneInfo('UTC'))[0], int(datetime(2026, 11, 1, tzinfo=timezone.utc).timestamp()))

    def test_a_day_begins_when_the_clocks_skip_midnight(self):
        zone = ZoneInfo('America/Sao_Paulo')
        skipped = int(datetime(2018, 11, 4, 3, tzinfo=timezone.utc).timestamp())
        self.check('day', skipped, skipped, skipped + 23 * 3600, zone)
        self.check('day', skipped - 1, skipped - 86400, skipped, zone)

    def test_an_hour_begins_by_the_clock_of_the_zone(self):
        zone = ZoneInfo('Asia/Kathmandu')
        begin = at(2026, 5, 5, 9, zone=zone)
        self.assertEqual(begin % 3600, 900)
        self.check('hour', begin + 100, begin, begin + 3600, zone)

    def test_minutes_are_of_utc_and_always_has_no_end(self):
        self.check(MINUTE, 125.9, 120, 180)
        self.check(ALWAYS, 125, 0, NEVER)

    def test_another_kind_is_an_error_that_names_the_allowed_ones(self):
        with self.assertRaisesRegex(ValueError, "'year' is no window; allowed are hour, day, week, month"):
            window('year', 0, BERLIN)


class Properties(unittest.TestCase):
    def times(self, count):
        """Random times, half of them close to a change of a zone's clocks."""
        chance = random.Random(20261127)
        for _ in range(count):
            zone = chance.choice(ZONES)
            second = chance.randrange(0, 4_100_000_000)
            if chance.random() < 0.5:
                second = near_change(second, zone) + chance.randrange(-90_000, 90_000)
            yield zone, second

    def test_windows_follow_each_other_without_gap_or_overlap(self):
        for zone, second in self.times(4000):
            for kind in (*WINDOWS, MINUTE):
                begin, end = window(kind, second, zone)
                self.assertTrue(begin <= second < end, (kind, zone, second))
                for inside in (begin, (begin + end) // 2, end - 1):
                    self.assertEqual(window(kind, inside, zone), (begin, end), (kind, zone, second))
                self.assertEqual(window(kind, end, zone)[0], end, (kind, zone, second))
                self.assertEqual(window(kind, begin - 1, zone)[1], begin, (kind, zone, second))

    def test_shorter_windows_end_with_longer_ones(self):
        for zone, second in self.times(2000):
            for shorter, longer in (('day', 'week'), ('day', 'month')):
                self.assertLessEqual(window(longer, second, zone)[0], window(shorter, second, zone)[0])
                self.assertGreaterEqual(window(longer, second, zone)[1], window(shorter, second, zone)[1])


def near_change(second, zone):
    """The next change of the zone's clocks within a year, to the hour."""
    here = datetime.fromtimestamp(second, timezone.utc)
    offset = here.astimezone(zone).utcoffset()
    for days in range(0, 366, 6):
        if (here + timedelta(days)).astimezone(zone).utcoffset() != offset:
            later = here + timedelta(days)
            while later.astimezone(zone).utcoffset() != offset:
                later -= timedelta(hours=1)
            return int(later.timestamp())
    return second


if __name__ == '__main__':
    unittest.main()
