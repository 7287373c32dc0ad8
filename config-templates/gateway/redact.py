"""Takes provider keys out of everything that leaves the gateway: response bodies, response headers, logs.

LiteLLM hides keys whose shape it knows; a key without a known prefix, echoed by an upstream's error, it passes on. Here the
keys themselves are known, so any text that holds one, plain or escaped or encoded, whole or cut by a stream's chunks,
leaves with a mask of the same length (the length of a body is announced before its bytes are known).
"""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

# A shorter value would mask ordinary words; no provider issues such keys.
SHORTEST = 8
MASK = b'*'
# Shapes of keys that are not ours to know by value: those that clients hold, and those of users' own accounts.
SHAPES = re.compile(
    rb'(?<![A-Za-z0-9])(?:(?:sk|pk|rk|sess|pplx|xai)-|(?:gsk|hf|r8|tgp_v1)_|AIza)[A-Za-z0-9_\-]{16,}'
    rb'|(?i:(?:authorization|x-api-key|api-key|api_key)["\']?\s*[:=]\s*["\']?(?:bearer\s+)?)[A-Za-z0-9_\-.+/=]{12,}'
    rb'|(?i:bearer\s+)[A-Za-z0-9_\-.+/=]{12,}'
)


def _encoded(key: bytes) -> set[bytes]:
    """What base64 makes of the key inside a longer text: the characters that depend on it alone, in all three alignments."""
    out = set()
    for offset, start in ((0, 0), (1, 2), (2, 3)):
        stable = (offset + len(key)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            out.add(encode(b'\0' * offset + key)[start:stable])
    return out


def variants(key: str) -> set[bytes]:
    """Every spelling of a key that is looked for, in lower case, since the search ignores case."""
    escaped = json.dumps(key)[1:-1]
    texts = {key, escaped, json.dumps(escaped)[1:-1], key.replace('/', r'\/'), repr(key)[1:-1], html.escape(key)}
    texts |= {quote(key), quote(key, safe=''), quote_plus(key), quote(quote(key, safe=''), safe='')}
    raw = key.encode()
    return {spelling.lower() for spelling in {text.encode() for text in texts} | _encoded(raw) | {raw.hex().encode()}}


class Redactor:
    """Masks the given keys. Holds no state of a stream: see `Stream`."""

    def __init__(self, keys: list[str]) -> None:
        found = {spelling for key in keys if len(key) >= SHORTEST for spelling in variants(key)}
        # The longest first: a spelling can lie inside another.
        self.spellings = sorted(found, key=len, reverse=True)
        self.beginnings = {s[:end] for s in found for end in range(1, len(s))}
        self.letters = frozenset(b''.join(found))
        self.longest = len(self.spellings[0]) if self.spellings else 0

    @classmethod
    def of_folder(cls, folder: Path) -> Redactor:
        """The keys are the files of the folder, except the list of clients' keys, which holds hashes only."""
        files = [file for file in sorted(folder.glob('*')) if file.is_file() and file.suffix != '.json']
        return cls([file.read_text().strip() for file in files])

    def mask(self, data: bytes) -> bytes:
        lower = data.lower()
        for spelling in self.spellings:
            at = lower.find(spelling)
            while at >= 0:
                end = at + len(spelling)
                data = data[:at] + MASK * len(spelling) + data[end:]
                lower = lower[:at] + MASK * len(spelling) + lower[end:]
                at = lower.find(spelling, end)
        return data

    def mask_log(self, line: bytes) -> bytes:
        """For logs, whatever looks like a key goes as well."""
        return SHAPES.sub(lambda match: match[0][:5] + MASK * (len(match[0]) - 5), self.mask(line))

    def open_end(self, data: bytes) -> int:
        """How many bytes at the end could be the beginning of a key. An event of a stream ends with a line feed: none."""
        if not data or data[-1:].lower()[0] not in self.letters:
            return 0
        lower = data[-self.longest :].lower()
        return next((n for n in range(min(len(lower), self.longest - 1), 0, -1) if lower[-n:] in self.beginnings), 0)


class Stream:
    """One body in pieces. Only the few bytes that could begin a key wait for the next piece."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.held = b''

    def feed(self, piece: bytes, last: bool) -> bytes:
        data = self.redactor.mask(self.held + piece)
        cut = len(data) if last else len(data) - self.redactor.open_end(data)
        self.held = data[cut:]
        return data[:cut]


class RedactResponses:
    """ASGI: nothing that the application sends leaves with a key in it."""

    def __init__(self, app, redactor: Redactor) -> None:
        self.app, self.redactor = app, redactor

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] != 'http' or not self.redactor.spellings:
            return await self.app(scope, receive, send)
        stream = Stream(self.redactor)

        async def masked(message) -> None:
            if message['type'] == 'http.response.start':
                headers = [(name, self.redactor.mask(value)) for name, value in message.get('headers', [])]
                message = {**message, 'headers': headers}
            elif message['type'] == 'http.response.body':
                more = message.get('more_body', False)
                message = {**message, 'body': stream.feed(message.get('body', b''), last=not more)}
                if more and not message['body']:
                    return
            await send(message)

        await self.app(scope, receive, masked)
