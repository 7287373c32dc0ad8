"""The hours in which a model costs less: by hand, and for every hour of a week as LiteLLM itself decides."""

import importlib.util
import unittest
from datetime import datetime, timedelta, timezone

from ledger.counting import Tokens
from ledger.off_peak import off_peak_of
from ledger.price_map import prices_of
from ledger.prices import PriceList

WEEKDAYS = ('00:00-01:00', '04:00-06:00', '10:00-00:00')
ENTRY = {
    'input_cost_per_token': 3e-07,
    'output_cost_per_token': 1.2e-06,
    'cache_read_input_token_cost': 6e-09,
    'off_peak_pricing': {
        'input_cost_per_token': 1.5e-07,
        'output_cost_per_token': 6e-07,
        'cache_read_input_token_cost': 3e-09,
        'windows': [{'hours_utc': list(WEEKDAYS), 'weekdays': [1, 2, 3, 4, 5]}, {'hours_utc': '00:00-00:00', 'weekdays': ['sat', 'Sunday']}],
    },
}
# A Monday.
MONDAY = datetime(2026, 11, 23, tzinfo=timezone.utc)


def at(day, text):
    hour, minute = text.split(':')
    return (MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))).timestamp()


class OffPeakTest(unittest.TestCase):
    def test_a_call_costs_what_it_costs_when_it_ends(self):
        prices = PriceList(prices_of('deepseek', 'm', ENTRY, 'litellm'))
        tokens = Tokens(input=1_000_000, cached=0, written=0, written_1h=0, output=0, reasoning=0)
        cases = {(0, '00:59'): 0.15, (0, '01:00'): 0.3, (0, '04:00'): 0.15, (4, '23:59'): 0.15, (5, '02:00'): 0.15, (6, '12:00'): 0.15, (4, '09:59'): 0.3}
        for (day, time), dollars in cases.items():
            cost = prices.cost('deepseek', 'm', tokens, at(day, time))
            self.assertEqual((cost.nano_usd, cost.price.tier), (round(dollars * 1e9), 'off_peak' if dollars == 0.15 else ''), (day, time))

    def test_what_the_block_does_not_say_is_as_usual(self):
        usual, low = prices_of('p', 'm', ENTRY | {'off_peak_pricing': {'hours_utc': '16:30-00:30', 'output_cost_per_token': 1e-07}}, 'litellm')
        self.assertEqual((low.input, low.cached, low.written), (usual.input, usual.cached, usual.written))
        self.assertEqual((low.output, low.reasoning), (100_000_000, 100_000_000))
        for day, time, inside in ((2, '16:29', False), (2, '16:30', True), (3, '00:29', True), (3, '00:30', False)):
            self.assertEqual(low.hours.contains(at(day, time)), inside, time)

    def test_what_cannot_be_read_leaves_the_usual_price(self):
        for block in (None, 7, {}, {'hours_utc': 'always'}, {'windows': 3}, {'windows': [3, {'hours_utc': 5}, {'hours_utc': ['25:00-01:00', '1-2', '']}]}):
            self.assertIsNone(off_peak_of({'off_peak_pricing': block}), block)
        self.assertFalse(off_peak_of({'off_peak_pricing': {'windows': [{'hours_utc': '00:00-00:00', 'weekdays': 'monday'}]}}).contains(at(0, '12:00')))

    @unittest.skipUnless(importlib.util.find_spec('litellm'), 'LiteLLM is not installed here')
    def test_each_quarter_of_an_hour_is_priced_as_litellm_does(self):
        from litellm.litellm_core_utils.llm_cost_calc.utils import TokenRates, apply_off_peak_pricing

        shanghai = {**ENTRY['off_peak_pricing'], 'weekday_timezone': 'Asia/Shanghai'}
        flat = {'hours_utc': '16:30-00:30', 'input_cost_per_token': 1e-07}
        for block in (ENTRY['off_peak_pricing'], shanghai, flat, {**flat, 'windows': [{'hours_utc': '05:00-06:00', 'weekdays': [7]}]}):
            entry = ENTRY | {'off_peak_pricing': block}
            prices = PriceList(prices_of('p', 'm', entry, 'litellm'))
            for quarter in range(7 * 24 * 4):
                time = MONDAY + timedelta(minutes=15 * quarter)
                rates = apply_off_peak_pricing(entry, time, TokenRates(3e-07, 1.2e-06, 6e-09, 3e-07, None))
                found = prices.find('p', 'm', '', 10, time.timestamp())
                expected = [round(rate * 1e15) for rate in (rates.input_rate, rates.output_rate, rates.cache_read_rate, rates.billed_reasoning_rate)]
                self.assertEqual([found.input, found.output, found.cached, found.reasoning], expected, (block, time))


if __name__ == '__main__':
    unittest.main()
