"""Removes provider keys from everything that leaves the gateway: response bodies, response headers, logs.

LiteLLM hides keys in formats that it knows, but passes on a key without a known prefix that an upstream's error echoes. This code knows the
keys themselves. So every occurrence of a key (plain, escaped or encoded, whole or split over a stream's chunks) is replaced with a mask of
the same length, because Content-Length is sent before the body is known.

This search is exact and cheap, and the only one for successful responses. Texts about an upstream's errors (bodies with a status of 400 and
above, error events of a stream, log lines, headers) are also decoded: see decode.py.
"""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

from api_error import ApiError, is_anthropic
from decode import MIN_KEY_LENGTH, Decoder, is_searched_for
from headers import is_allowed

MASK = b'*'
# A longer error text is replaced without a search: no reader needs that much of it.
MAX_ERROR_BYTES = 262_144
# A longer event of a stream is processed in parts.
MAX_EVENT_BYTES = 1_048_576
# Replaces an error's text if its key could not be masked part by part.
_OMITTED = ApiError(502, 'api_error', "The provider's error text was omitted: it contained a secret or was too long.", 'upstream_error')
# In the format of OpenAI's API and of Anthropic's.
OMITTED = (_OMITTED.body(anthropic=False), _OMITTED.body(anthropic=True))
_WORD = re.compile(rb'\s+|(?<!\\)(?:\\\\)*\\[nrt]')
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ERROR_EVENT = re.compile(rb'"error"\s*:\s*[^\sn]|"type"\s*:\s*"(?:error|response\.failed)"', re.IGNORECASE)
# Patterns of keys whose value the gateway does not know: clients' keys, and keys of users' own accounts.
KEY_PATTERNS = re.compile(
    rb'(?<![A-Za-z0-9])(?:(?:sk|pk|rk|sess|pplx|xai)-|(?:gsk|hf|r8|tgp_v1)_|AIza)[A-Za-z0-9_\-]{16,}'
    rb'|(?i:(?:authorization|x-api-key|api-key|api_key)["\']?\s*[:=]\s*["\']?(?:bearer\s+)?)[A-Za-z0-9_\-.+/=]{12,}'
    rb'|(?i:bearer\s+)[A-Za-z0-9_\-.+/=]{12,}'
)


def _encoded(key: bytes) -> set[bytes]:
    """The key in base64 inside a longer text: the characters that depend only on the key, in all three alignments."""
    out = set()
    for offset, start in ((0, 0), (1, 2), (2, 3)):
        stable = (offset + len(key)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            out.add(encode(b'\0' * offset + key)[start:stable])
    return out


def variants(key: str) -> set[bytes]:
    """All spellings of a key that are searched for, in lower case, since the search ignores case."""
    escaped = json.dumps(key)[1:-1]
    texts = {key, escaped, json.dumps(escaped)[1:-1], key.replace('/', r'\/'), repr(key)[1:-1], html.escape(key)}
    texts |= {quote(key), quote(key, safe=''), quote_plus(key), quote(quote(key, safe=''), safe='')}
    raw = key.encode()
    return {spelling.lower() for spelling in {text.encode() for text in texts} | _encoded(raw) | {raw.hex().encode()}}


class Redactor:
    """Masks the given keys. It has no state of a stream: see `Stream`."""

    def __init__(self, keys: list[str]) -> None:
        found = {spelling for key in keys if is_searched_for(key) for spelling in variants(key)}
        # The longest first, because one spelling can contain another.
        self.spellings = sorted(found, key=len, reverse=True)
        self.prefixes = {s[:end] for s in found for end in range(1, len(s))}
        self.key_bytes = frozenset(b''.join(found))
        self.longest = len(self.spellings[0]) if self.spellings else 0
        self.decoder = Decoder(keys)
        self.allowed_names: dict[bytes, bool] = {}

    @classmethod
    def of_folder(cls, folder: Path) -> Redactor:
        """The keys are the files of the folder, except the list of clients' keys, which has only hashes."""
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

    def contains_key(self, data: bytes) -> bool:
        """Whether the data contains a key in any encoding that can be decoded."""
        return self.decoder.contains_key(data.decode('utf-8', 'replace'))

    def mask_error(self, data: bytes) -> bytes | None:
        """An error's text with the words (or else the JSON strings) that contain a key masked; same length. None if that is not possible."""
        data = self.mask(data)
        if len(data) > MAX_ERROR_BYTES:
            return None
        if not self.contains_key(data):
            return data
        masked = _STRING.sub(lambda match: b'"' + self._mask_words(match[0][1:-1]) + b'"', data)
        # A JSON text must stay valid JSON, so only other texts are masked word by word.
        if masked == data and not data.lstrip().startswith((b'{', b'[', b'data:')):
            text = data.rstrip(b'\r\n')
            masked = self._mask_words(text) + data[len(text) :]
        return None if self.contains_key(masked) else masked

    def _mask_words(self, text: bytes) -> bytes:
        if not self.contains_key(text):
            return text
        cuts = [0, *(at for match in _WORD.finditer(text) for at in match.span()), len(text)]
        parts = [text[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]
        masked = b''.join(MASK * len(part) if len(part) >= MIN_KEY_LENGTH and self.contains_key(part) else part for part in parts)
        return MASK * len(text) if self.contains_key(masked) else masked

    def mask_log(self, line: bytes) -> bytes:
        """A log line without keys; everything that looks like a key is masked too."""
        clean = self.mask_error(line)
        if clean is None:
            return b'(a line was omitted: it contained a secret)\n'
        return KEY_PATTERNS.sub(lambda match: match[0][:5] + MASK * (len(match[0]) - 5), clean)

    def headers(self, headers: list[tuple[bytes, bytes]], error: bool) -> list[tuple[bytes, bytes]]:
        """The allowed headers without keys in names or values. Values of LiteLLM's own headers are decoded only if the response is an error."""
        allowed = [(name, self.mask(value)) for name, value in headers if self._is_allowed(name)]
        trusted = () if error else (b'x-litellm-', b'content-')
        untrusted = [value for name, value in allowed if len(value) >= MIN_KEY_LENGTH and not name.startswith(trusted)]
        # One search for all values; only if it finds a key are they searched one by one.
        if not self.contains_key(b'\0'.join(untrusted)):
            return allowed
        return [(name, MASK * len(value) if self.contains_key(value) else value) for name, value in allowed]

    def _is_allowed(self, name: bytes) -> bool:
        allowed = self.allowed_names.get(name)
        if allowed is None:
            allowed = is_allowed(name) and not self.contains_key(name)
            # There are few names, unless an upstream invents them. So the cache is limited.
            if len(self.allowed_names) < 1024:
                self.allowed_names[name] = allowed
        return allowed

    def partial_key_length(self, data: bytes) -> int:
        """How many bytes at the end could be the beginning of a key. None for an event of a stream, which ends with a line feed."""
        if not data or data[-1:].lower()[0] not in self.key_bytes:
            return 0
        lower = data[-self.longest :].lower()
        return next((n for n in range(min(len(lower), self.longest - 1), 0, -1) if lower[-n:] in self.prefixes), 0)


class Stream:
    """Masks a body that comes in pieces. Only the few bytes that could begin a key wait for the next piece."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.pending = b''

    def feed(self, piece: bytes, last: bool) -> bytes:
        data = self.redactor.mask(self.pending + piece)
        cut = len(data) if last else len(data) - self.redactor.partial_key_length(data)
        self.pending = data[cut:]
        return data[:cut]


class Events:
    """Masks a stream of events line by line. Lines of errors are decoded, all others are searched without decoding."""

    def __init__(self, redactor: Redactor, omitted: bytes) -> None:
        self.redactor, self.omitted = redactor, omitted
        self.parts: list[bytes] = []
        self.pending = 0
        self.error = False

    def feed(self, piece: bytes, last: bool) -> bytes:
        # Incomplete lines wait: a client can do nothing with them.
        end = len(piece) if last or self.pending + len(piece) > MAX_EVENT_BYTES else piece.rfind(b'\n') + 1
        if end == 0:
            self.parts.append(piece)
            self.pending += len(piece)
            return b''
        whole = b''.join((*self.parts, piece[:end]))
        self.parts, self.pending = [piece[end:]], len(piece) - end
        # Fast path: most pieces are complete events without an error.
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
        return b'data: ' + self.omitted + b'\n' if masked is None else masked


class ErrorBody:
    """The body of an error, buffered until it is complete."""

    def __init__(self, redactor: Redactor, omitted: bytes) -> None:
        self.redactor, self.omitted = redactor, omitted
        self.parts: list[bytes] = []
        self.length = 0

    def add(self, piece: bytes) -> None:
        self.length += len(piece)
        # A body that is too long is replaced anyway.
        if self.length <= MAX_ERROR_BYTES:
            self.parts.append(piece)

    def clean(self) -> bytes:
        masked = None if self.length > MAX_ERROR_BYTES else self.redactor.mask_error(b''.join(self.parts))
        return self.omitted if masked is None else masked


class RedactResponses:
    """ASGI middleware: removes keys from everything that the application sends."""

    def __init__(self, app, redactor: Redactor) -> None:
        self.app, self.redactor = app, redactor

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] != 'http' or not self.redactor.spellings:
            return await self.app(scope, receive, send)
        answer = Answer(self.redactor, send, OMITTED[is_anthropic(scope)])
        await self.app(scope, receive, answer.send)


class Answer:
    """Redacts one response."""

    def __init__(self, redactor: Redactor, send, omitted: bytes) -> None:
        self.redactor, self.out, self.omitted = redactor, send, omitted
        self.body: Stream | Events | ErrorBody = Stream(redactor)
        # The start message, which waits for the first bytes of the body. If the gateway dies before that, the client has received nothing,
        # and the edge can retry the request at another gateway.
        self.start: dict | None = None

    async def send(self, message) -> None:
        if message['type'] == 'http.response.start':
            message = {**message, 'headers': self.redactor.headers(message.get('headers', []), message['status'] >= 400)}
            self.start = message
            if message['status'] >= 400:
                self.body = ErrorBody(self.redactor, self.omitted)
                return
            if not any(name.lower() == b'content-type' and b'event-stream' in value for name, value in message['headers']):
                return
            self.body, self.start = Events(self.redactor, self.omitted), None
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
            # The response to a HEAD request has a Content-Length but no body: only a response with a body gets a new one.
            length = str(len(body)).encode()
            headers = [(name, length if name.lower() == b'content-length' else value) for name, value in headers]
        else:
            body = b''
        await self.out({**start, 'headers': headers})
        await self.out({'type': 'http.response.body', 'body': body})
