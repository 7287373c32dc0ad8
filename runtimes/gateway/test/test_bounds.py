"""How deep and how large a body may be. What counts is what a parser would build, whatever the text looks like."""

import json
import random
import tracemalloc
import unittest

import bounds
from bounds import CONTAINERS, DEPTH, PIECE, VALUES, Bounds, OutOfBounds

MB = 1 << 20


def taken(text: bytes) -> Bounds:
    found = Bounds()
    found.take(text)
    return found


def nested(levels: int, opening=b'[', closing=b']') -> bytes:
    return opening * levels + b'1' + closing * levels


def walk(value) -> tuple[int, int, int]:
    """Containers, values that follow a comma or open a container, depth: by walking what a parser made."""
    if not isinstance(value, (dict, list)):
        return 0, 0, 0
    inner = [walk(item) for item in (value.values() if isinstance(value, dict) else value)]
    commas = max(0, len(value) - 1)
    return 1 + sum(i[0] for i in inner), 1 + commas + sum(i[1] for i in inner), 1 + max([i[2] for i in inner], default=0)


def anything(rng, depth=0):
    kind = rng.randrange(6 if depth < 6 else 3)
    if kind < 3:
        return rng.choice(['\\', '"', '\\"', '[{,', '\\\\"]', 'é😀"', '', 7, None, True]) if kind else '\\"[' * rng.randrange(9)
    items = [anything(rng, depth + 1) for _ in range(rng.randrange(4))]
    return items if kind < 5 else {f'{rng.choice("[,{")}{chr(34)}{n}': item for n, item in enumerate(items)}


class Counting(unittest.TestCase):
    def test_it_counts_what_a_parser_finds_wherever_a_piece_ends(self):
        rng = random.Random(24)
        self.addCleanup(setattr, bounds, 'PIECE', PIECE)
        for number in range(1000):
            value = [anything(rng)]
            text = json.dumps(value, ensure_ascii=bool(number % 2)).encode()
            bounds.PIECE = rng.choice([1, 2, 3, 7, 64, PIECE])
            found = taken(text)
            self.assertEqual((found.containers, found.values), walk(value)[:2], text)

    def test_the_depth(self):
        for opening, closing in ((b'[', b']'), (b'{"a":', b'}')):
            taken(nested(DEPTH, opening, closing))
            for levels in (DEPTH + 1, 480, 600, 50_000):
                with self.assertRaisesRegex(OutOfBounds, 'nested more than 100 levels' if levels < CONTAINERS else ''):
                    taken(nested(levels, opening, closing))

    def test_depth_adds_up_over_pieces(self):
        self.addCleanup(setattr, bounds, 'PIECE', PIECE)
        bounds.PIECE = 10
        taken(nested(DEPTH))
        with self.assertRaises(OutOfBounds):
            taken(nested(DEPTH + 1))

    def test_the_number_of_values(self):
        for text in (b'[' + b'[],' * 10_000_000 + b'[]]', b'[' + b'1,' * VALUES + b'1]', b'[' + b'{},' * CONTAINERS + b'1]', b'{' + b'"a":[],' * CONTAINERS + b'"a":1}', b'[' + b'"",' * VALUES + b'1]'):
            with self.assertRaises(OutOfBounds):
                taken(text)

    def test_several_texts_share_one_allowance(self):
        found = Bounds()
        found.take(b'[' + b'[],' * (CONTAINERS - 10) + b'1]')
        with self.assertRaises(OutOfBounds):
            found.take(b'[' + b'[],' * 10 + b'1]')

    def test_brackets_in_strings_are_text(self):
        for text in ('[' * 1_000_000, '{"a": [' * 100_000, '\\"[' * 500_000, '\\' * 999_999 + '[' * 200_000, ',' * MB):
            found = taken(json.dumps({'messages': [{'role': 'user', 'content': text}]}).encode())
            self.assertEqual(found.containers, 3)

    def test_real_bodies_of_big_agents_pass(self):
        message = {'role': 'assistant', 'content': [{'type': 'text', 'text': 'x'}], 'tool_calls': [{'id': 'c', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}]}
        taken(json.dumps({'messages': [message] * 10_000}).encode())
        tool = {'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': {f'p{n}': {'type': 'string', 'enum': ['a', 'b']} for n in range(20)}}}}
        taken(json.dumps({'tools': [tool] * 1000}).encode())
        taken(json.dumps({'input': [list(range(1000))] * 300}).encode())

    def test_32_mb_take_no_more_memory_than_a_piece_does(self):
        """A step on one piece is also what other requests wait for: it holds Python's lock."""
        for text in (b'"' + b'a' * 32 * MB + b'"', b'"' + b'\\"[' * 10 * MB + b'"', b'[' + b'""' * 16 * MB, b'"' + b'\\' * 32 * MB, b']' * 32 * MB):
            tracemalloc.start()
            try:
                taken(text)
            except OutOfBounds:
                pass
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            self.assertLess(peak, 64 * MB, text[:20])


if __name__ == '__main__':
    unittest.main()
