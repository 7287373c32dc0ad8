"""How deep and how large a JSON body may be, checked before any parser walks it.

LiteLLM copies and walks a body many times, in one thread that everybody shares, and its walks are recursive. What costs there is
not the length of the text but the number of values. A long prompt full of brackets is one value.
"""

from __future__ import annotations

from itertools import accumulate

DEPTH = 100
# Objects and lists. An agent's message takes about six, a tool's schema about thirty.
CONTAINERS = 100_000
# All values. Token ids come as long lists of numbers, which cost little.
VALUES = 500_000
# Read in pieces: each step on one holds Python's lock, and other requests run between two of them.
PIECE = 1 << 18

_BRACKETS = b'[]{}'
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
# Plus and minus one, as signed bytes.
_SIGNS = bytes.maketrans(_BRACKETS, b'\x01\xff\x01\xff')


class OutOfBounds(ValueError):
    """A body that is nested too deep or holds too much; the message says what is allowed."""


class Bounds:
    """The allowance of one request: its body and all JSON that stands as text inside it count together."""

    def __init__(self) -> None:
        self.containers = self.values = 0

    def take(self, text: bytes) -> None:
        """Counts one JSON text. Text that is no JSON is counted up to its fault, where a parser stops as well."""
        depth, in_string, held = 0, False, b''
        for start in range(0, len(text), PIECE):
            piece = held + text[start : start + PIECE]
            # A backslash at the end belongs to what comes next, unless it is itself escaped.
            held = b'\\' if (len(piece) - len(piece.rstrip(b'\\'))) % 2 else b''
            piece = piece[: len(piece) - len(held)]
            parts = piece.replace(b'\\\\', b'').replace(b'\\"', b'').split(b'"')
            outside = b''.join(parts[in_string::2])
            in_string ^= not len(parts) % 2
            self._count(outside)
            signs = memoryview(outside.translate(_SIGNS, _OTHERS)).cast('b')
            levels = list(accumulate(signs, initial=depth))
            if max(levels) > DEPTH:
                raise OutOfBounds(f'it is nested more than {DEPTH} levels deep')
            if min(levels) < 0:
                return
            depth = levels[-1]

    def _count(self, outside: bytes) -> None:
        opened = outside.count(b'[') + outside.count(b'{')
        self.containers += opened
        self.values += opened + outside.count(b',')
        if self.containers > CONTAINERS:
            raise OutOfBounds(f'it holds more than {CONTAINERS} objects and lists')
        if self.values > VALUES:
            raise OutOfBounds(f'it holds more than {VALUES} values')
