"""Finds a key in a text in any encoding. Used for error texts and log lines, where the search may take some time.

An upstream that knows a key and wants to leak it can encode it in more ways than a fixed list has. So the text is decoded repeatedly, and
in each result only the letters and digits are compared: separators, invisible characters, case and character width make no difference.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
import zlib

# No key is shorter. A shorter value could match ordinary words, since only letters and digits are compared.
MIN_KEY_LENGTH = 8
# The "key" of a local server that needs none, such as lm-studio: masking an ordinary word would corrupt answers.
_ORDINARY_WORD = re.compile(r'[A-Za-z-]{1,12}')
MAX_ROUNDS = 8
MAX_DEPTH = 3
MAX_DECOMPRESSED = 65_536

_ESCAPE = re.compile(
    r'\\u\{([0-9a-f]{1,6})\}|(?-i:\\U)(00[01][0-9a-f]{5})|\\u([0-9a-f]{4})|\\x\{?([0-9a-f]{2})\}?|%u([0-9a-f]{4})|%([0-9a-f]{2})'
    r'|=([0-9a-f]{2})|0x([0-9a-f]{2})(?![0-9a-f])|&#x([0-9a-f]{1,8});?|\\([0-7]{3})|&#(\d{1,9});?|&(\w{2,31});|\\(.)',
    re.IGNORECASE | re.DOTALL,
)
_HEX, _OCTAL, _DECIMAL, _NAMED, _PLAIN = 9, 10, 11, 12, 13
# Entities that can begin another escape. No other name matters: none is a letter or a digit.
_NAMES = {'amp': '&', 'bsol': '\\', 'percnt': '%', 'num': '#', 'equals': '=', 'semi': ';'}
_OTHER = bytes(set(range(256)) - set(b'0123456789abcdefghijklmnopqrstuvwxyz'))
_UNPRINTABLE = bytes(set(range(256)) - set(range(32, 127)) - {9, 10, 13})
_NUMBERS = re.compile(r'(?<!\d)\d{1,3}(?:[^\w]+\d{1,3}){7,}(?!\d)')
_RUN = re.compile(r'[A-Za-z0-9+/_\-]{12,}')
_LINE_END = re.compile(r'[ \t]*[\r\n]+[ \t]*')


def is_searched_for(key: str) -> bool:
    """Whether the redactors search for a key: not if it is too short, or an ordinary word. The same as in Portkey's decode.mjs."""
    return len(key) >= MIN_KEY_LENGTH and not _ORDINARY_WORD.fullmatch(key)


def skeleton(text: str) -> bytes:
    """The letters and digits of a text in lower case, with variants (full width and the like) normalized to ASCII."""
    plain = text if text.isascii() else unicodedata.normalize('NFKC', text)
    return plain.encode('ascii', 'ignore').lower().translate(None, _OTHER)


def _aligned(data: bytes, bits: int, encode) -> list[str]:
    """The characters of an encoding that depend only on the data, for each alignment inside a longer text."""
    group = {6: 3, 5: 5}[bits]
    found = []
    for offset in range(group):
        start, end = -(-offset * 8 // bits), (offset + len(data)) * 8 // bits
        found.append(encode(bytes(offset) + data).decode()[start:end])
    return found


def needles(key: str) -> set[bytes]:
    """The key in each encoding that cannot be decoded without knowing where it begins."""
    raw, wide = key.encode(), key.encode('utf-16-le')
    texts = [key, key[::-1], raw.hex(), wide.hex(), base64.b85encode(raw).decode(), base64.a85encode(raw).decode()]
    texts += [text for data in (raw, wide) for text in _aligned(data, 6, base64.b64encode)]
    texts += [text for data in (raw, wide) for text in _aligned(data, 6, base64.urlsafe_b64encode)]
    texts += _aligned(raw, 5, base64.b32encode)
    return {needle for needle in map(skeleton, texts) if len(needle) >= MIN_KEY_LENGTH}


def _character(match: re.Match) -> str:
    index, given = match.lastindex or 0, match[match.lastindex or 0]
    if index == _PLAIN:
        # Line ends and the like become a space; every other escaped character is itself.
        return ' ' if given in 'nrtbf' else given
    if index == _NAMED:
        return _NAMES.get(given.lower(), ' ')
    code = int(given, {_OCTAL: 8, _DECIMAL: 10}.get(index, 16))
    return chr(code) if code < 0x110000 else ' '


def _unpacked(data: bytes) -> bytes:
    """Compressed data decompressed (at least its beginning); other data unchanged."""
    if data[:2] == b'\x1f\x8b' or data[:1] == b'\x78':
        try:
            return zlib.decompressobj(47).decompress(data, MAX_DECOMPRESSED)
        except zlib.error:
            pass
    return data


class Decoder:
    """Searches decoded text for the given keys."""

    def __init__(self, keys: list[str]) -> None:
        self.needles = sorted({needle for key in keys if is_searched_for(key) for needle in needles(key)}, key=len)
        self.shortest = len(self.needles[0]) if self.needles else 0

    def contains_key(self, text: str, depth: int = 0) -> bool:
        """Whether the text contains a key in any encoding that can be decoded."""
        if not self.needles:
            return False
        for _ in range(MAX_ROUNDS):
            if self._matches(text) or self._numbers(text) or self._encoded(text, depth):
                return True
            decoded = _ESCAPE.sub(_character, text)
            if decoded == text:
                return False
            text = decoded
        # Still not fully decoded after that many rounds: treat it as an attempt to hide a key.
        return True

    def _matches(self, text: str) -> bool:
        letters = skeleton(text)
        return len(letters) >= self.shortest and any(needle in letters for needle in self.needles)

    def _numbers(self, text: str) -> bool:
        """Whether a list of numbers, read as characters, is a key."""
        lists = (re.findall(r'\d+', match[0]) for match in _NUMBERS.finditer(text))
        return any(self._matches(''.join(chr(int(number)) for number in numbers)) for numbers in lists)

    def _encoded(self, text: str, depth: int) -> bool:
        """Whether there is base64 whose data (itself encoded, or compressed) contains a key."""
        if depth == MAX_DEPTH:
            return False
        return any(self._run_contains_key(run, depth) for run in set(_RUN.findall(_LINE_END.sub('', text))))

    def _run_contains_key(self, run: str, depth: int) -> bool:
        letters = run.replace('-', '+').replace('_', '/')
        for start in range(4):
            part = letters[start:]
            try:
                data = base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + '==')
            except (binascii.Error, ValueError):
                continue
            plain = _unpacked(data).replace(b'\0', b'')
            # Ordinary words decode to binary noise, which is not searched.
            if len(plain) - len(plain.translate(None, _UNPRINTABLE)) <= 4 + len(plain) // 8:
                if self.contains_key(plain.decode('latin-1'), depth + 1):
                    return True
        return False
