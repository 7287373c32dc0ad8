"""The clients' keys. The gateway has only their hashes.

The file is `{"keys": [{"name": "master", "sha256": "<hex>"}, {"name": "master-previous", "sha256": "…", "until": "<ISO time>"}]}`. A
virtual key can have `"models": ["<alias>", …]`: it may use only these.
Each request checks whether the file has changed, and reads it again if so. `until` is compared with the time of the request, so an old
key expires without a restart. If the file cannot be read, the last valid list stays in force (it fails closed).

With `"endStreams": true` beside `keys`, a running stream ends at its next event if its key is no longer in the list.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from datetime import datetime, timezone
from pathlib import Path

from settings import CLIENT_KEYS

log = logging.getLogger('switchyard')

# How often running streams look for a new list, if no request does: an event every few milliseconds must not cost a system call each.
STREAM_CHECK_SECONDS = 0.25


def parse(text: str) -> list[dict]:
    """The validated entries. An error names the invalid entry, but never its content."""
    entries = json.loads(text)['keys']
    for position, entry in enumerate(entries):
        if len(bytes.fromhex(entry['sha256'])) != 32:
            raise ValueError(f'keys[{position}].sha256 is not 32 bytes in hex')
        if 'until' in entry and datetime.fromisoformat(entry['until']).tzinfo is None:
            raise ValueError(f'keys[{position}].until has no time zone')
        models = entry.get('models', [])
        if not isinstance(models, list) or not all(isinstance(alias, str) for alias in models):
            raise ValueError(f'keys[{position}].models is not a list of aliases')
    return entries


def key_name(entry: dict) -> str:
    """The name of an entry's key. After a rotation the old value (`master-previous`) is still the same key."""
    return entry['name'].removesuffix('-previous')


def allowed_models(entry: dict) -> frozenset[str] | None:
    """The aliases that an entry's key may use. None for all of them."""
    return frozenset(entry['models']) if 'models' in entry else None


class KeyRemoved(Exception):
    """The key of a running stream was removed. Nothing in LiteLLM handles this, so uvicorn closes the connection."""


class ClientKeys:
    def __init__(self, path: Path = CLIENT_KEYS) -> None:
        self.path = path
        self.seen = self._version()
        self.refreshed = time.monotonic()
        self._load()

    def _load(self) -> None:
        text = self.path.read_text()
        self.entries: list[dict] = parse(text)
        self.end_streams: bool = json.loads(text).get('endStreams') is True

    def _version(self) -> tuple[int, int, int]:
        stat = self.path.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _refresh(self) -> None:
        self.refreshed = time.monotonic()
        try:
            version = self._version()
            if version != self.seen:
                self.seen = version
                self._load()
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error('client keys: %s cannot be read (%s); the last valid list stays in force', self.path, error)

    def find(self, key: str | None, now: datetime | None = None) -> dict | None:
        """The entry of a key that is valid now. All entries are compared, so that the duration reveals nothing about the keys."""
        self._refresh()
        if not key:
            return None
        digest = hashlib.sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()
        found = None
        for entry in self.entries:
            if hmac.compare_digest(digest, entry['sha256'].lower()):
                found = entry
        if found and 'until' in found:
            now = now or datetime.now(timezone.utc)
            return found if now < datetime.fromisoformat(found['until']) else None
        return found

    def ending(self, send, key: bytes):
        """An ASGI `send` that ends the stream of a key that is no longer in the list, if the list says so."""
        entries = self.entries

        async def wrapped(message) -> None:
            if message.get('more_body'):
                if time.monotonic() > self.refreshed + STREAM_CHECK_SECONDS:
                    self._refresh()
                if self.end_streams and self.entries is not entries and not self.find(key.decode('latin-1')):
                    raise KeyRemoved('the key of this stream was removed from the list')
            await send(message)

        return wrapped
