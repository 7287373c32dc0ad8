"""Counts how many times a request was handed to LiteLLM by the gateways of a stack: at most twice.

If a gateway dies while LiteLLM processes a request, the edge sends the request to another gateway, since the client has received nothing.
But the provider may have been called, and a request that kills a gateway would kill all of them. So each gateway records what it hands over,
until the response has begun or the client is gone: after that the edge does not retry. A record that is never removed is one of a gateway
that died, or that closed the connection while it drained. All attempts of a request have the same value of `x-switchyard-request`.

The records are in a file on the stack's volume, which all its gateways map into their memory. They survive the end of a process, because
the kernel keeps the pages, and nobody needs them after a restart of the host: so nothing waits for the disk. Measured on a volume (ext4, a
busy machine with two cores): a record and its removal take 8 µs of CPU time in the mapping, and 46 µs as a file that is created and
removed. The file also waits for the file system's journal (250 µs in the mean, seconds on a slow disk), which would block all requests.
Doing that in a thread costs another 120 µs.

The file has a column for each gateway, and only that gateway writes to it; all read all columns. A gateway owns a column as long as it holds
a lock on the column's first byte. The kernel releases the lock when the process ends in any way, and then another one can have the column.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import mmap
import os
import struct
import time
from functools import partial
from pathlib import Path

from api_error import ApiError

log = logging.getLogger('switchyard')

# The number is the version of the file's format. Gateways of two releases share the volume during a deployment.
FILE = Path('/data/hand-overs-1')
HEADER = b'x-switchyard-request'
# The value of `handed_over` in an ASGI scope: a function that removes the request's record.
SCOPE_KEY = 'switchyard.handed_over'
MAX_HAND_OVERS = 2
# More than the gateways of a stack during a deployment: twice 8.
COLUMNS = 32
# Requests of one gateway whose response has not begun.
CELLS = 4096
# The request's hash, and when it was recorded, in seconds since 1970.
CELL = struct.Struct('<16sI')
COLUMN_BYTES = CELLS * CELL.size
# How many cells of each column have ever been used: only these are searched.
USED = struct.Struct(f'<{COLUMNS}H')
ONE_USED = struct.Struct('<H')
FILE_BYTES = USED.size + COLUMNS * COLUMN_BYTES
EMPTY = bytes(CELL.size)
# The edge retries within minutes.
MAX_AGE_SECONDS = 3600


class HandOvers:
    """The records of this process and of all others. If the file cannot be used, no request is counted."""

    def __init__(self, file: Path = FILE) -> None:
        self.column = self.used = 0
        self.free: list[int] = []
        self.table: mmap.mmap | None = None
        self.warned = False
        try:
            self.open(file)
        except OSError as error:
            self.table = None
            self.warn(f'{file} cannot be used: {error}')

    def open(self, file: Path) -> None:
        # Stays open: the lock ends when any descriptor of the file is closed.
        self.descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Without allocated blocks a write into the mapping could end the process when the disk is full.
        os.posix_fallocate(self.descriptor, 0, FILE_BYTES)
        self.table = mmap.mmap(self.descriptor, FILE_BYTES)
        self.column = self.claim_column()
        self.sweep()

    def claim_column(self) -> int:
        for column in range(COLUMNS):
            try:
                fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self.first_byte(column))
                return column
            except (BlockingIOError, PermissionError):
                continue
        raise OSError(f'all {COLUMNS} columns are in use')

    @staticmethod
    def first_byte(column: int) -> int:
        return USED.size + column * COLUMN_BYTES

    def sweep(self) -> None:
        """Keep the records that the former owner of the column left, except the old ones."""
        first, now = self.first_byte(self.column), time.time()
        self.used = ONE_USED.unpack_from(self.table, self.column * ONE_USED.size)[0]
        for cell in reversed(range(first, first + self.used * CELL.size, CELL.size)):
            _, recorded = CELL.unpack_from(self.table, cell)
            if not now - MAX_AGE_SECONDS < recorded <= now + MAX_AGE_SECONDS:
                self.remove(cell)

    def record(self, scope) -> None:
        """Record that this request is handed over now. A 502 if that has happened twice already.

        Puts the function that removes the record into the scope. A request without the edge's header is not counted.
        """
        request = next((value for name, value in scope['headers'] if name == HEADER), b'')
        if not request or self.table is None:
            return
        digest = hashlib.blake2b(request, digest_size=16).digest()
        if self.count(digest) >= MAX_HAND_OVERS:
            message = 'Two gateways failed while they processed this request. It is not sent again, because the provider may have charged for it.'
            raise ApiError(502, 'api_error', message, 'request_handed_over_twice', headers=((b'x-switchyard-handed-over', b'1'),))
        if (cell := self.next_cell()) is not None:
            CELL.pack_into(self.table, cell, digest, int(time.time()))
            scope[SCOPE_KEY] = partial(self.remove, cell)

    def count(self, digest: bytes) -> int:
        """How many records of this request there are."""
        table, found = self.table, 0
        for column, used in enumerate(USED.unpack_from(table)):
            if used:
                first = self.first_byte(column)
                found += table[first : first + used * CELL.size].count(digest)
        return found

    def next_cell(self) -> int | None:
        if self.free:
            return self.free.pop()
        if self.used == CELLS:
            return self.warn(f'more than {CELLS} requests at the same time')
        self.used += 1
        ONE_USED.pack_into(self.table, self.column * ONE_USED.size, self.used)
        return self.first_byte(self.column) + (self.used - 1) * CELL.size

    def remove(self, cell: int) -> None:
        """Remove a record."""
        self.table[cell : cell + CELL.size] = EMPTY
        self.free.append(cell)

    def warn(self, reason: str) -> None:
        if not self.warned:
            log.warning('requests are not counted, so one that ends several gateways is retried more than once: %s', reason)
        self.warned = True


def remove_record(scope) -> None:
    """Remove the record of this ASGI scope, if there is one: the response has begun, or the client is gone."""
    if remove := scope.pop(SCOPE_KEY, None):
        remove()
