"""Limits for the depth and the number of values of a JSON body, checked before the body is parsed.

LiteLLM copies and traverses a body many times, recursively, in one thread that all requests share. The cost of that depends on the number
of values, not on the length of the text. A long prompt full of brackets is one value.
"""

from __future__ import annotations

from itertools import accumulate

MAX_DEPTH = 100
# Objects and lists. A message of an agent has about six, a tool's schema about thirty.
MAX_CONTAINERS = 100_000
# All values. Token ids are long lists of numbers, which cost little.
MAX_VALUES = 500_000
# The text is processed in pieces: each step on a piece holds Python's global lock, and other requests run between two pieces.
PIECE = 1 << 18

_BRACKETS = b'[]{}'
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
# Plus and minus one, as signed bytes.
_SIGNS = bytes.maketrans(_BRACKETS, b'\x01\xff\x01\xff')


class OutOfBounds(ValueError):
    """A body is nested too deeply or has too many values. The message has the limit."""


class Bounds:
    """The counters of one request: its body and all JSON inside its strings count together."""

    def __init__(self) -> None:
        self.containers = self.values = 0

    def count(self, text: bytes) -> None:
        """Count one JSON text; raise OutOfBounds above a limit. Invalid JSON is counted up to its error, where a parser would stop too."""
        depth, in_string, carry = 0, False, b''
        for start in range(0, len(text), PIECE):
            piece = carry + text[start : start + PIECE]
            # A backslash at the end escapes the first byte of the next piece, unless it is itself escaped.
            carry = b'\\' if (len(piece) - len(piece.rstrip(b'\\'))) % 2 else b''
            piece = piece[: len(piece) - len(carry)]
            parts = piece.replace(b'\\\\', b'').replace(b'\\"', b'').split(b'"')
            outside = b''.join(parts[in_string::2])
            in_string ^= not len(parts) % 2
            self._add(outside)
            signs = memoryview(outside.translate(_SIGNS, _OTHERS)).cast('b')
            levels = list(accumulate(signs, initial=depth))
            if max(levels) > MAX_DEPTH:
                raise OutOfBounds(f'it is nested more than {MAX_DEPTH} levels deep')
            if min(levels) < 0:
                return
            depth = levels[-1]

    def _add(self, outside: bytes) -> None:
        opened = outside.count(b'[') + outside.count(b'{')
        self.containers += opened
        self.values += opened + outside.count(b',')
        if self.containers > MAX_CONTAINERS:
            raise OutOfBounds(f'it has more than {MAX_CONTAINERS} objects and lists')
        if self.values > MAX_VALUES:
            raise OutOfBounds(f'it has more than {MAX_VALUES} values')
