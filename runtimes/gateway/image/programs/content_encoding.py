"""Unpacks compressed request bodies (`content-encoding`) in small steps, so that a few bytes cannot become gigabytes of memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from api_error import ApiError, bad_request, quoted

try:
    from compression import zstd  # Python 3.14
except ImportError:
    try:
        from backports import zstd  # the gateway's own image
    except ImportError:
        zstd = None  # a published image of LiteLLM (the setting `image`)

# Maximum number of bytes of one step. Unpacking that much takes half a millisecond.
STEP = 1 << 18
# 16: only gzip's format. 15: its largest window.
GZIP_WINDOW = 16 + 15
# RFC 9659: a zstd body that needs a larger window than 8 MiB is invalid as a content encoding.
ZSTD_WINDOW_LOG = 23
SUPPORTED = ('gzip', 'zstd') if zstd else ('gzip',)
ERRORS = (zlib.error, EOFError, zstd.ZstdError) if zstd else (zlib.error,)


def decoder_of(headers: list[tuple[bytes, bytes]]) -> Decoder | None:
    """The decoder for a body with these headers; None if it is not compressed. A 415 if the encoding is not supported."""
    values = [value.strip().lower() for name, value in headers if name == b'content-encoding']
    if not values or values == [b'identity']:
        return None
    if values in ([b'gzip'], [b'x-gzip']):
        return Decoder('gzip', Gzip())
    if values == [b'zstd'] and zstd:
        return Decoder('zstd', zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}))
    given = quoted(b', '.join(values).decode('latin-1'))
    message = f'The content encoding {given} is not supported. Supported: {" and ".join(SUPPORTED)}, one at a time, or none.'
    raise ApiError(415, 'invalid_request_error', message, 'unsupported_content_encoding', headers=((b'accept-encoding', ', '.join(SUPPORTED).encode()),))


class Gzip:
    """zlib's object with the interface of zstd's."""

    def __init__(self) -> None:
        self.inner = zlib.decompressobj(GZIP_WINDOW)
        self.eof = False
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self.inner.decompress(self.inner.unconsumed_tail + data, max_length)
        self.eof = self.inner.eof
        # With less than the maximum there is nothing left to get from the input so far.
        self.needs_input = not self.inner.unconsumed_tail and len(out) < max_length
        return out

    @property
    def unused_data(self) -> bytes:
        return self.inner.unused_data


class Decoder:
    """Unpacks one body that arrives in pieces. Errors are 400s."""

    def __init__(self, name: str, inner) -> None:
        self.name, self.inner = name, inner

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The unpacked bytes of a piece, in steps of at most `STEP` bytes."""
        inner = self.inner
        if inner.eof:
            if piece:
                raise self.error('there are bytes after its end')
            return
        while True:
            try:
                part = inner.decompress(piece, STEP)
            except ERRORS:
                raise self.error('it cannot be unpacked') from None
            piece = b''
            if part:
                yield part
            if inner.eof:
                if inner.unused_data:
                    raise self.error('there are bytes after its end')
                return
            if inner.needs_input:
                return

    def finish(self) -> None:
        """Check that the body was complete."""
        if not self.inner.eof:
            raise self.error('it ends too early')

    def error(self, reason: str) -> ApiError:
        return bad_request(f'The body is not valid {self.name}: {reason}.', 'invalid_content_encoding')
