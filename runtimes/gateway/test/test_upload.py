"""Bodies are limited in size, memory and time, however they arrive."""

import asyncio
import gzip
import json
import os
import time
import tracemalloc
import unittest
from unittest import mock

import content_encoding
import upload as upload_module
from api_error import ApiError
from backports import zstd
from content_encoding import STEP
from memory_budget import MemoryBudget
from upload import MIB, SMALL, Upload, UploadLimits

CHUNKED = [(b'transfer-encoding', b'chunked')]
PIECE = 1 << 16


def length(size: int) -> list[tuple[bytes, bytes]]:
    return [(b'content-length', str(size).encode())]


def encoded(name: bytes) -> list[tuple[bytes, bytes]]:
    return [*CHUNKED, (b'content-encoding', name)]


class Client:
    """Sends a body in pieces, like uvicorn."""

    def __init__(self, body: bytes, then: str = 'end') -> None:
        self.pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)] or [b'']
        self.then, self.sent = then, 0

    async def receive(self):
        if self.pieces:
            piece = self.pieces.pop(0)
            self.sent += len(piece)
            return {'type': 'http.request', 'body': piece, 'more_body': bool(self.pieces) or self.then != 'end'}
        if self.then == 'stall':
            await asyncio.Event().wait()
        return {'type': 'http.disconnect'}


class Uploads(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.limits = UploadLimits(1, MemoryBudget(4 * MIB), stall_seconds=0.1, memory_seconds=0.1)

    def upload(self, body, headers, then='end'):
        self.client = Client(body, then)
        return Upload(headers, self.client.receive, self.limits)

    async def status(self, body, headers, then='end', until=None):
        """The status of the error, or the body."""
        self.last = self.upload(body, headers, then)
        try:
            return await self.last.read(until)
        except ApiError as error:
            self.error = error
            return error.status
        finally:
            self.last.release()
            self.assertEqual(self.limits.budget.used, 0)

    async def test_bodies_up_to_the_limit_are_taken_with_and_without_a_length(self):
        for size in (0, 1, SMALL - 1, SMALL, SMALL + 1, MIB - 1, MIB):
            body = os.urandom(size)
            for headers in (length(size), CHUNKED):
                self.assertEqual(await self.status(body, headers), body, size)

    async def test_a_larger_body_is_read_to_its_end_before_the_413(self):
        body = bytes(MIB + PIECE)
        for headers in (length(len(body)), CHUNKED):
            self.assertEqual(await self.status(body, headers), 413)
            self.assertEqual((self.client.sent, self.last.unread), (len(body), False))
            self.assertEqual((self.error.code, self.error.message), ('request_too_large', 'The request is larger than 1 MiB.'))
            self.assertEqual(json.loads(self.error.body(True))['error']['type'], 'request_too_large')
            self.assertEqual(json.loads(self.error.body(False))['error']['type'], 'invalid_request_error')
            self.assertIn((b'connection', b'close'), self.error.headers)

    async def test_at_most_twice_the_limit_is_read(self):
        body = bytes(5 * MIB)
        for headers in (length(len(body)), CHUNKED):
            self.assertEqual(await self.status(body, headers), 413)
            self.assertEqual((self.client.sent, self.last.unread), (2 * MIB, True))

    async def test_discarding_ends_after_a_few_seconds_and_keeps_nothing(self):
        with mock.patch.object(upload_module, 'DISCARD_SECONDS', 0.1):
            self.assertEqual(await self.status(bytes(MIB + PIECE), CHUNKED, 'stall'), 413)
        self.assertTrue(self.last.unread)
        tracemalloc.start()
        try:
            self.limits = UploadLimits(20)
            piece = {'type': 'http.request', 'body': bytes(PIECE), 'more_body': True}

            async def receive():
                peaks.append(tracemalloc.get_traced_memory()[0])
                return piece

            peaks = []
            with self.assertRaises(ApiError):
                await Upload(length(21 * MIB), receive, self.limits).read()
            self.assertLess(max(peaks) - peaks[0], MIB)
        finally:
            tracemalloc.stop()

    async def test_a_client_that_waits_for_100_continue_is_rejected_before_it_sends(self):
        self.assertEqual(await self.status(bytes(2 * MIB), [*length(2 * MIB), (b'expect', b'100-continue')]), 413)
        self.assertEqual((self.client.sent, self.last.unread), (0, True))

    async def test_a_stalled_upload_is_a_408_and_a_disconnected_one_is_aborted(self):
        for headers in (length(MIB), CHUNKED):
            self.assertEqual(await self.status(bytes(MIB // 2), headers, 'stall'), 408)
            with self.assertRaises(ConnectionAbortedError):
                await self.status(bytes(MIB // 2), headers, 'disconnect')

    async def test_a_compressed_body_is_unpacked(self):
        for size in (0, 10, SMALL, MIB):
            body = os.urandom(size // 2) + bytes(size - size // 2)
            for name, packed in ((b'gzip', gzip.compress(body)), (b'X-GZIP', gzip.compress(body)), (b'zstd', zstd.compress(body, 3))):
                self.assertEqual(await self.status(packed, encoded(name)), body, (name, size))
                self.assertEqual(await self.status(packed, [*length(len(packed)), (b'content-encoding', name)]), body, (name, size))
        self.assertEqual(await self.status(b'{}', encoded(b'identity')), b'{}')

    async def test_a_body_that_is_too_large_when_unpacked_is_a_413_and_never_needs_the_memory(self):
        huge = bytes(100 * MIB)
        for name, packed in ((b'gzip', gzip.compress(huge, 1)), (b'zstd', zstd.compress(huge, 3))):
            self.assertLess(len(packed), MIB)
            tracemalloc.start()
            try:
                self.assertEqual(await self.status(packed, encoded(name)), 413)
                self.assertLess(tracemalloc.get_traced_memory()[1], 3 * MIB + 2 * STEP)
            finally:
                tracemalloc.stop()
        self.assertEqual(await self.status(gzip.compress(bytes(MIB + 1)), encoded(b'gzip')), 413)

    async def test_a_damaged_body_is_a_400(self):
        for name, packed in ((b'gzip', gzip.compress(b'{}' * 1000)), (b'zstd', zstd.compress(b'{}' * 1000))):
            for damaged in (packed[:-1], packed[:5], b'', b'{}', packed + b'x', packed + packed, b'\0' * 100):
                self.assertEqual(await self.status(damaged, encoded(name)), 400, (name, damaged[:20]))
                self.assertEqual(self.error.code, 'invalid_content_encoding')

    async def test_a_zstd_body_with_a_large_window_is_a_400(self):
        options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
        packer = zstd.ZstdCompressor(options=options)
        self.assertEqual(await self.status(packer.compress(bytes(MIB)) + packer.flush(), encoded(b'zstd')), 400)

    async def test_an_unsupported_encoding_is_a_415_that_names_the_supported_ones(self):
        for value in (b'br', b'deflate', b'gzip, zstd', b'zstd,gzip', b'', b'utf-8', b'x' * 5000):
            self.assertEqual(await self.status(bytes(1000), encoded(value)), 415)
            self.assertEqual((self.error.code, self.last.unread), ('unsupported_content_encoding', False))
            self.assertIn('Supported: gzip and zstd', self.error.message)
            self.assertLess(len(self.error.message), 400)
        self.assertEqual(await self.status(b'', [*encoded(b'gzip'), (b'content-encoding', b'gzip')]), 415)

    async def test_an_image_without_zstd_supports_gzip_only(self):
        with mock.patch.object(content_encoding, 'zstd', None), mock.patch.object(content_encoding, 'SUPPORTED', ('gzip',)):
            self.assertEqual(await self.status(zstd.compress(b'{}'), encoded(b'zstd')), 415)
            self.assertIn('Supported: gzip, one at a time', self.error.message)
            self.assertEqual(await self.status(gzip.compress(b'{}'), encoded(b'gzip')), b'{}')


class Memory(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.budget = MemoryBudget(4 * MIB)
        self.limits = UploadLimits(2, self.budget, stall_seconds=5, memory_seconds=0.2)

    async def test_large_bodies_wait_without_being_read_and_small_ones_do_not_wait(self):
        held = [await self.budget.reserve(2 * MIB, 0) for _ in range(2)]
        large, chunked = Client(bytes(MIB)), Client(bytes(MIB))
        waiting = [asyncio.ensure_future(Upload(headers, client.receive, self.limits).read(time.time() + 20))
                   for headers, client in ((length(MIB), large), (CHUNKED, chunked))]
        small = Client(b'{}')
        self.assertEqual(await asyncio.wait_for(Upload(length(2), small.receive, self.limits).read(), 1), b'{}')
        await asyncio.sleep(0.4)
        self.assertEqual((large.sent, chunked.sent <= SMALL + PIECE), (0, True))
        held[0].shrink(0)
        self.assertEqual(len(await waiting[0]), MIB)
        self.assertFalse(waiting[1].done())
        held[1].shrink(0)
        self.assertEqual(len(await waiting[1]), MIB)

    async def test_a_request_that_gets_no_memory_in_time_is_a_503(self):
        held = await self.budget.reserve(4 * MIB, 0)
        for until in (None, time.time() + 0.1, time.time() - 5):
            with self.assertRaises(ApiError) as raised:
                await Upload(length(MIB), Client(bytes(MIB)).receive, self.limits).read(until)
            self.assertEqual((raised.exception.status, raised.exception.headers), (503, ((b'retry-after', b'5'),)))
        held.shrink(0)
        self.assertEqual((self.budget.used, len(self.budget.waiters)), (0, 0))

    async def test_a_chunked_body_keeps_only_what_it_needs(self):
        upload = Upload(CHUNKED, Client(bytes(MIB // 2)).receive, self.limits)
        await upload.read()
        self.assertEqual(self.budget.used, MIB // 2)
        upload.release()
        upload.release()
        self.assertEqual(self.budget.used, 0)

    async def test_a_waiter_that_is_cancelled_or_gives_up_blocks_nobody_and_loses_nothing(self):
        held = await self.budget.reserve(3 * MIB, 0)
        first = asyncio.ensure_future(self.budget.reserve(4 * MIB, 20))
        second = asyncio.ensure_future(self.budget.reserve(MIB, 20))
        await asyncio.sleep(0)
        self.assertFalse(second.done())
        first.cancel()
        (await second).shrink(0)
        granted = asyncio.ensure_future(self.budget.reserve(4 * MIB, 20))
        await asyncio.sleep(0)
        held.shrink(0)  # grants it …
        granted.cancel()  # … and it is cancelled before it runs
        with self.assertRaises(asyncio.CancelledError):
            await granted
        self.assertEqual((self.budget.used, len(self.budget.waiters)), (0, 0))

    async def test_many_clients_of_all_kinds_end_and_leave_the_budget_empty(self):
        async def one(number):
            then = ('end', 'end', 'disconnect', 'stall')[number % 4]
            headers = CHUNKED if number % 3 else length(MIB)
            upload = Upload(headers, Client(bytes(MIB), then).receive, UploadLimits(2, self.budget, 0.1, 60))
            try:
                await upload.read()
                await asyncio.sleep(0.01)
            except (ApiError, ConnectionAbortedError):
                pass
            finally:
                upload.release()
            self.assertLessEqual(self.budget.used, self.budget.total)

        await asyncio.wait_for(asyncio.gather(*(one(number) for number in range(60))), 60)
        self.assertEqual((self.budget.used, len(self.budget.waiters)), (0, 0))


if __name__ == '__main__':
    unittest.main()
