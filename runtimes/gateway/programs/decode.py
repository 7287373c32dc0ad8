"""Finds a key in a text whatever its spelling: for error texts and log lines, where the search may cost something.

Whoever knows a key and wants it out can spell it in more ways than a list of spellings has. So the text is decoded again and
again, and each result is searched for its letters and digits alone: separators, invisible characters, case and width hide nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
import zlib

# Shorter than a key ever is. What is left of a text's letters and digits must not match ordinary words.
SHORTEST = 8
ROUNDS = 8
DEPTH = 3
UNPACKED = 65_536

_ESCAPE = re.compile(
    r'\\u\{([0-9a-f]{1,6})\}|(?-i:\\U)(00[01][0-9a-f]{5})|\\u([0-9a-f]{4})|\\x\{?([0-9a-f]{2})\}?|%u([0-9a-f]{4})|%([0-9a-f]{2})'
    r'|=([0-9a-f]{2})|0x([0-9a-f]{2})(?![0-9a-f])|&#x([0-9a-f]{1,8});?|\\([0-7]{3})|&#(\d{1,9});?|&(\w{2,31});|\\(.)',
    re.IGNORECASE | re.DOTALL,
)
_HEX, _OCTAL, _DECIMAL, _NAMED, _PLAIN = 9, 10, 11, 12, 13
# Entities that begin another escape; no name stands for a letter or a digit, and the rest does not count.
_NAMES = {'amp': '&', 'bsol': '\\', 'percnt': '%', 'num': '#', 'equals': '=', 'semi': ';'}
_OTHER = bytes(set(range(256)) - set(b'0123456789abcdefghijklmnopqrstuvwxyz'))
_UNPRINTABLE = bytes(set(range(256)) - set(range(32, 127)) - {9, 10, 13})
_NUMBERS = re.compile(r'(?<!\d)\d{1,3}(?:[^\w]+\d{1,3}){7,}(?!\d)')
_RUN = re.compile(r'[A-Za-z0-9+/_\-]{12,}')
_LINE_END = re.compile(r'[ \t]*[\r\n]+[ \t]*')


def skeleton(text: str) -> bytes:
    """The letters and digits of a text, in lower case; of other widths and alphabets' variants the plain ones."""
    plain = text if text.isascii() else unicodedata.normalize('NFKC', text)
    return plain.encode('ascii', 'ignore').lower().translate(None, _OTHER)


def _aligned(data: bytes, bits: int, encode) -> list[str]:
    """The characters of an encoding that depend on the data alone, wherever it begins inside a longer text."""
    group = {6: 3, 5: 5}[bits]
    found = []
    for offset in range(group):
        start, end = -(-offset * 8 // bits), (offset + len(data)) * 8 // bits
        found.append(encode(bytes(offset) + data).decode()[start:end])
    return found


def needles(key: str) -> set[bytes]:
    """Of each encoding that cannot be undone without knowing where it begins: the key in it."""
    raw, wide = key.encode(), key.encode('utf-16-le')
    texts = [key, key[::-1], raw.hex(), wide.hex(), base64.b85encode(raw).decode(), base64.a85encode(raw).decode()]
    texts += [text for data in (raw, wide) for text in _aligned(data, 6, base64.b64encode)]
    texts += [text for data in (raw, wide) for text in _aligned(data, 6, base64.urlsafe_b64encode)]
    texts += _aligned(raw, 5, base64.b32encode)
    return {needle for needle in map(skeleton, texts) if len(needle) >= SHORTEST}


def _character(match: re.Match) -> str:
    index, given = match.lastindex or 0, match[match.lastindex or 0]
    if index == _PLAIN:
        # A line's end and its like; all others stand for themselves.
        return ' ' if given in 'nrtbf' else given
    if index == _NAMED:
        return _NAMES.get(given.lower(), ' ')
    code = int(given, {_OCTAL: 8, _DECIMAL: 10}.get(index, 16))
    return chr(code) if code < 0x110000 else ' '


def _unpacked(data: bytes) -> bytes:
    """The content of what is compressed, its beginning at least; other data as it is."""
    if data[:2] == b'\x1f\x8b' or data[:1] == b'\x78':
        try:
            return zlib.decompressobj(47).decompress(data, UNPACKED)
        except zlib.error:
            pass
    return data


class Decoder:
    """Looks for the given keys in decoded text."""

    def __init__(self, keys: list[str]) -> None:
        self.needles = sorted({needle for key in keys if len(key) >= SHORTEST for needle in needles(key)}, key=len)
        self.shortest = len(self.needles[0]) if self.needles else 0

    def holds(self, text: str, depth: int = 0) -> bool:
        """Whether the text holds a key in any spelling that can be undone."""
        if not self.needles:
            return False
        for _ in range(ROUNDS):
            if self._spells(text) or self._numbers(text) or self._encoded(text, depth):
                return True
            decoded = _ESCAPE.sub(_character, text)
            if decoded == text:
                return False
            text = decoded
        # Whoever escapes so often has something to hide.
        return True

    def _spells(self, text: str) -> bool:
        letters = skeleton(text)
        return len(letters) >= self.shortest and any(needle in letters for needle in self.needles)

    def _numbers(self, text: str) -> bool:
        """Characters as a list of numbers."""
        lists = (re.findall(r'\d+', match[0]) for match in _NUMBERS.finditer(text))
        return any(self._spells(''.join(chr(int(number)) for number in numbers)) for numbers in lists)

    def _encoded(self, text: str, depth: int) -> bool:
        """Base64 of what is encoded itself, or compressed."""
        if depth == DEPTH:
            return False
        return any(self._run(run, depth) for run in set(_RUN.findall(_LINE_END.sub('', text))))

    def _run(self, run: str, depth: int) -> bool:
        letters = run.replace('-', '+').replace('_', '/')
        for start in range(4):
            part = letters[start:]
            try:
                data = base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + '==')
            except (binascii.Error, ValueError):
                continue
            plain = _unpacked(data).replace(b'\0', b'')
            # Of ordinary words comes noise, in which there is nothing to look for.
            if len(plain) - len(plain.translate(None, _UNPRINTABLE)) <= 4 + len(plain) // 8:
                if self.holds(plain.decode('latin-1'), depth + 1):
                    return True
        return False
