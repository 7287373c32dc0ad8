"""Limits for the depth and size of a body. What counts is what a parser would build from the text."""

import json
import random
import tracemalloc
import unittest

import bounds
from bounds import MAX_CONTAINERS, MAX_DEPTH, MAX_VALUES, PIECE, Bounds, OutOfBounds

MB = 1 << 20


def counted(text: bytes) -> Bounds:
    found = Bounds()
    found.count(text)
    return found


def nested(levels: int, opening=b'[', closing=b']') -> bytes:
    return opening * levels + b'1' + closing * levels


def measure(value) -> tuple[int, int, int]:
    """The number of containers, the number of values (as bounds.py counts them) and the depth of a parsed value."""
    if not isinstance(value, (dict, list)):
        return 0, 0, 0
    inner = [measure(item) for item in (value.values() if isinstance(value, dict) else value)]
    commas = max(0, len(value) - 1)
    return 1 + sum(i[0] for i in inner), 1 + commas + sum(i[1] for i in inner), 1 + max([i[2] for i in inner], default=0)


def random_value(rng, depth=0):
    kind = rng.randrange(6 if depth < 6 else 3)
    if kind < 3:
        return rng.choice(['\\', '"', '\\"', '[{,', '\\\\"]', 'é😀"', '', 7, None, True]) if kind else '\\"[' * rng.randrange(9)
    items = [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return items if kind < 5 else {f'{rng.choice("[,{")}{chr(34)}{n}': item for n, item in enumerate(items)}


class Counting(unittest.TestCase):
    def test_the_counts_equal_those_of_a_parser_for_any_size_of_the_pieces(self):
        rng = random.Random(24)
        self.addCleanup(setattr, bounds, 'PIECE', PIECE)
        for number in range(1000):
            value = [random_value(rng)]
            text = json.dumps(value, ensure_ascii=bool(number % 2)).encode()
            bounds.PIECE = rng.choice([1, 2, 3, 7, 64, PIECE])
            found = counted(text)
            self.assertEqual((found.containers, found.values), measure(value)[:2], text)

    def test_the_depth_is_limited(self):
        for opening, closing in ((b'[', b']'), (b'{"a":', b'}')):
            counted(nested(MAX_DEPTH, opening, closing))
            for levels in (MAX_DEPTH + 1, 480, 600, 50_000):
                with self.assertRaisesRegex(OutOfBounds, 'nested more than 100 levels' if levels < MAX_CONTAINERS else ''):
                    counted(nested(levels, opening, closing))

    def test_the_depth_is_counted_across_pieces(self):
        self.addCleanup(setattr, bounds, 'PIECE', PIECE)
        bounds.PIECE = 10
        counted(nested(MAX_DEPTH))
        with self.assertRaises(OutOfBounds):
            counted(nested(MAX_DEPTH + 1))

    def test_the_number_of_values_is_limited(self):
        for text in (b'[' + b'[],' * 10_000_000 + b'[]]', b'[' + b'1,' * MAX_VALUES + b'1]', b'[' + b'{},' * MAX_CONTAINERS + b'1]', b'{' + b'"a":[],' * MAX_CONTAINERS + b'"a":1}', b'[' + b'"",' * MAX_VALUES + b'1]'):
            with self.assertRaises(OutOfBounds):
                counted(text)

    def test_several_texts_share_one_limit(self):
        found = Bounds()
        found.count(b'[' + b'[],' * (MAX_CONTAINERS - 10) + b'1]')
        with self.assertRaises(OutOfBounds):
            found.count(b'[' + b'[],' * 10 + b'1]')

    def test_brackets_in_strings_do_not_count(self):
        for text in ('[' * 1_000_000, '{"a": [' * 100_000, '\\"[' * 500_000, '\\' * 999_999 + '[' * 200_000, ',' * MB):
            found = counted(json.dumps({'messages': [{'role': 'user', 'content': text}]}).encode())
            self.assertEqual(found.containers, 3)

    def test_large_bodies_of_real_agents_are_allowed(self):
        message = {'role': 'assistant', 'content': [{'type': 'text', 'text': 'x'}], 'tool_calls': [{'id': 'c', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}]}
        counted(json.dumps({'messages': [message] * 10_000}).encode())
        tool = {'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': {f'p{n}': {'type': 'string', 'enum': ['a', 'b']} for n in range(20)}}}}
        counted(json.dumps({'tools': [tool] * 1000}).encode())
        counted(json.dumps({'input': [list(range(1000))] * 300}).encode())

    def test_32_mb_take_no_more_memory_than_a_piece(self):
        """The size of a piece also limits how long other requests wait: each step on a piece holds Python's global lock."""
        for text in (b'"' + b'a' * 32 * MB + b'"', b'"' + b'\\"[' * 10 * MB + b'"', b'[' + b'""' * 16 * MB, b'"' + b'\\' * 32 * MB, b']' * 32 * MB):
            tracemalloc.start()
            try:
                counted(text)
            except OutOfBounds:
                pass
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            self.assertLess(peak, 64 * MB, text[:20])


if __name__ == '__main__':
    unittest.main()
