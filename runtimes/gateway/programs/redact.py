"""Takes provider keys out of everything that leaves the gateway: response bodies, response headers, logs.

LiteLLM hides keys whose shape it knows; a key without a known prefix, echoed by an upstream's error, it passes on. Here the
keys themselves are known, so any text that holds one, plain or escaped or encoded, whole or cut by a stream's chunks,
leaves with a mask of the same length (the length of a body is announced before its bytes are known).

That search is exact and cheap, and all that a successful answer gets. What an upstream says of its errors (bodies of a status
from 400 on, error events of a stream, log lines, headers) is decoded besides: see decode.py.
"""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

from decode import SHORTEST, Decoder
from headers import passes
from refuse import Refuse, speaks_anthropic

MASK = b'*'
# An error text beyond this is not searched but replaced: no reader needs so much of it.
LONGEST_ERROR = 262_144
# An event of a stream beyond this is no longer waited for as a whole.
LONGEST_EVENT = 1_048_576
# Said in place of an error's text in which no single part could be masked.
_HIDDEN = Refuse(502, 'api_error', "The provider's error text held a secret or was too long, and is left out.", 'upstream_error')
# In OpenAI's and in Anthropic's shape.
HIDDEN = (_HIDDEN.body(anthropic=False), _HIDDEN.body(anthropic=True))
_WORD = re.compile(rb'\s+|(?<!\\)(?:\\\\)*\\[nrt]')
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ERROR_EVENT = re.compile(rb'"error"\s*:\s*[^\sn]|"type"\s*:\s*"(?:error|response\.failed)"', re.IGNORECASE)
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
        self.decoder = Decoder(keys)
        self.names: dict[bytes, bool] = {}

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

    def holds(self, data: bytes) -> bool:
        """Whether a key is in it, in any spelling that can be undone."""
        return self.decoder.holds(data.decode('utf-8', 'replace'))

    def mask_error(self, data: bytes) -> bytes | None:
        """An error's text, of the same length: masked are the words that hold a key, else the strings that do. None: no such part."""
        data = self.mask(data)
        if len(data) > LONGEST_ERROR:
            return None
        if not self.holds(data):
            return data
        masked = _STRING.sub(lambda match: b'"' + self._mask_words(match[0][1:-1]) + b'"', data)
        # Asterisks alone are no JSON.
        if masked == data and not data.lstrip().startswith((b'{', b'[', b'data:')):
            text = data.rstrip(b'\r\n')
            masked = self._mask_words(text) + data[len(text) :]
        return None if self.holds(masked) else masked

    def _mask_words(self, text: bytes) -> bytes:
        if not self.holds(text):
            return text
        cuts = [0, *(at for match in _WORD.finditer(text) for at in match.span()), len(text)]
        parts = [text[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]
        masked = b''.join(MASK * len(part) if len(part) >= SHORTEST and self.holds(part) else part for part in parts)
        return MASK * len(text) if self.holds(masked) else masked

    def mask_log(self, line: bytes) -> bytes:
        """For logs, whatever looks like a key goes as well."""
        clean = self.mask_error(line)
        if clean is None:
            return b'(a line that held a secret is left out)\n'
        return SHAPES.sub(lambda match: match[0][:5] + MASK * (len(match[0]) - 5), clean)

    def headers(self, headers: list[tuple[bytes, bytes]], error: bool) -> list[tuple[bytes, bytes]]:
        """Those that leave, without keys in name or value. LiteLLM's own values are decoded with an error only: a success is no news."""
        left = [(name, self.mask(value)) for name, value in headers if self._leaves(name)]
        foreign = [value for name, value in left if len(value) >= SHORTEST and (error or not name.startswith((b'x-litellm-', b'content-')))]
        # One search for all; they are seldom gone through one by one.
        if not self.holds(b'\0'.join(foreign)):
            return left
        return [(name, MASK * len(value) if self.holds(value) else value) for name, value in left]

    def _leaves(self, name: bytes) -> bool:
        verdict = self.names.get(name)
        if verdict is None:
            verdict = passes(name) and not self.holds(name)
            # Names are few, unless an upstream invents them.
            if len(self.names) < 1024:
                self.names[name] = verdict
        return verdict

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


class Events:
    """A stream of events, line by line: lines of errors are decoded, all others searched as they are."""

    def __init__(self, redactor: Redactor, hidden: bytes) -> None:
        self.redactor, self.hidden = redactor, hidden
        self.parts: list[bytes] = []
        self.held = 0
        self.error = False

    def feed(self, piece: bytes, last: bool) -> bytes:
        # A client can do nothing with half a line.
        end = len(piece) if last or self.held + len(piece) > LONGEST_EVENT else piece.rfind(b'\n') + 1
        if end == 0:
            self.parts.append(piece)
            self.held += len(piece)
            return b''
        whole = b''.join((*self.parts, piece[:end]))
        self.parts, self.held = [piece[end:]], len(piece) - end
        # Most pieces are an event without any error.
        if not self.error and b'error' not in whole and b'failed' not in whole:
            return self.redactor.mask(whole)
        return b''.join(map(self._line, whole.splitlines(keepends=True)))

    def _line(self, line: bytes) -> bytes:
        if not line.strip():
            self.error = False
            return line
        self.error |= line.lower().startswith(b'event:') and b'error' in line.lower()
        if not self.error and not _ERROR_EVENT.search(line):
            return self.redactor.mask(line)
        masked = self.redactor.mask_error(line)
        return b'data: ' + self.hidden + b'\n' if masked is None else masked


class ErrorBody:
    """The body of an error, kept back until it is whole."""

    def __init__(self, redactor: Redactor, hidden: bytes) -> None:
        self.redactor, self.hidden = redactor, hidden
        self.parts: list[bytes] = []
        self.length = 0

    def add(self, piece: bytes) -> None:
        self.length += len(piece)
        # What is too long is replaced anyway.
        if self.length <= LONGEST_ERROR:
            self.parts.append(piece)

    def clean(self) -> bytes:
        masked = None if self.length > LONGEST_ERROR else self.redactor.mask_error(b''.join(self.parts))
        return self.hidden if masked is None else masked


class RedactResponses:
    """ASGI: nothing that the application sends leaves with a key in it."""

    def __init__(self, app, redactor: Redactor) -> None:
        self.app, self.redactor = app, redactor

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] != 'http' or not self.redactor.spellings:
            return await self.app(scope, receive, send)
        answer = Answer(self.redactor, send, HIDDEN[speaks_anthropic(scope)])
        await self.app(scope, receive, answer.send)


class Answer:
    """One answer on its way out."""

    def __init__(self, redactor: Redactor, send, hidden: bytes) -> None:
        self.redactor, self.out, self.hidden = redactor, send, hidden
        self.body: Stream | Events | ErrorBody = Stream(redactor)
        # A head that waits for the first bytes of its body. Where the gateway dies in between, the client has seen nothing, and the
        # edge can send the request to another one.
        self.start: dict | None = None

    async def send(self, message) -> None:
        if message['type'] == 'http.response.start':
            message = {**message, 'headers': self.redactor.headers(message.get('headers', []), message['status'] >= 400)}
            self.start = message
            if message['status'] >= 400:
                self.body = ErrorBody(self.redactor, self.hidden)
                return
            if not any(name.lower() == b'content-type' and b'event-stream' in value for name, value in message['headers']):
                return
            self.body, self.start = Events(self.redactor, self.hidden), None
        elif message['type'] == 'http.response.body':
            more = message.get('more_body', False)
            if isinstance(self.body, ErrorBody):
                self.body.add(message.get('body', b''))
                return None if more else await self._error(self.body, self.start or {})
            message = {**message, 'body': self.body.feed(message.get('body', b''), last=not more)}
            if more and not message['body']:
                return
            if self.start is not None:
                start, self.start = self.start, None
                await self.out(start)
        await self.out(message)

    async def _error(self, error: ErrorBody, start: dict) -> None:
        body = error.clean()
        headers = start['headers']
        if error.length:
            # What answers a HEAD announces a body that is not there.
            length = str(len(body)).encode()
            headers = [(name, length if name.lower() == b'content-length' else value) for name, value in headers]
        else:
            body = b''
        await self.out({**start, 'headers': headers})
        await self.out({'type': 'http.response.body', 'body': body})
