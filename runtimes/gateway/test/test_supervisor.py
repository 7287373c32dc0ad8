"""Log lines of any length have no key in them, and the supervisor tells the edge whether the gateway can take requests."""

import http.client
import io
import time
import types
import unittest

from readiness import SILENT_SECONDS, serve_readiness
from redact import Redactor
from settings import Settings
from supervisor import MAX_ENCODED_KEY, MAX_LINE, Supervisor, clean_lines

KEY = '9f8e7d6c5b4a39281706f5e4d3c2b1a0ffeeddcc'
CLIENT = 'sk-' + 'Q7' * 20
redactor = Redactor([KEY])


def cleaned(text: bytes) -> list[bytes]:
    return list(clean_lines(io.BytesIO(text), redactor))


class Lines(unittest.TestCase):
    def test_ordinary_lines_are_not_changed(self):
        self.assertEqual(cleaned(b'one\n\ntwo\nthree'), [b'one\n', b'\n', b'two\n', b'three'])

    def test_a_key_is_removed_anywhere_in_a_long_line(self):
        for key in (KEY, CLIENT):
            for border in (MAX_LINE - MAX_ENCODED_KEY, MAX_LINE, 2 * MAX_LINE):
                for before in range(border - len(key) - 1, border + 2, 3):
                    text = b''.join(cleaned(b'x' * (before - 1) + b' ' + key.encode() + b' tail' + b'y' * MAX_LINE + b'\nnext\n'))
                    for start in range(0, len(key) - 12):
                        self.assertNotIn(key[start : start + 12].encode(), text, (before, start))
                    self.assertTrue(text.endswith(b'omitted)\nnext\n'))

    def test_a_cut_line_says_so(self):
        lines = cleaned(b'a' * (3 * MAX_LINE) + b'\nnext\n')
        self.assertEqual([len(lines), lines[1]], [2, b'next\n'])
        self.assertTrue(lines[0].startswith(b'a' * 40_000))
        self.assertTrue(lines[0].endswith(b'the rest of this line was omitted)\n'))

    def test_a_line_of_the_maximum_length_is_complete(self):
        line = b'a' * (MAX_LINE - 1) + b'\n'
        self.assertEqual(cleaned(line + b'b' * MAX_LINE), [line, *cleaned(b'b' * MAX_LINE)])


class Readiness(unittest.TestCase):
    def setUp(self):
        self.supervisor = Supervisor(Settings(), redactor)
        self.supervisor.watchdog = types.SimpleNamespace(started=True, last_beat=time.monotonic())
        self.server = serve_readiness(self.supervisor.is_ready, 0)
        self.addCleanup(self.server.server_close)

    def status(self) -> int:
        connection = http.client.HTTPConnection('127.0.0.1', self.server.server_address[1], timeout=5)
        connection.request('GET', '/ready')
        status = connection.getresponse().status
        connection.close()
        return status

    def test_a_gateway_that_is_only_busy_is_ready(self):
        self.supervisor.watchdog.last_beat = time.monotonic() - SILENT_SECONDS + 2
        self.assertEqual(self.status(), 200)

    def test_a_gateway_that_starts_hangs_or_stops_is_not_ready(self):
        self.supervisor.watchdog.last_beat = time.monotonic() - SILENT_SECONDS
        self.assertEqual(self.status(), 503)
        self.supervisor.watchdog = types.SimpleNamespace(started=False, last_beat=time.monotonic())
        self.assertEqual(self.status(), 503)
        self.supervisor.watchdog.started = True
        self.assertEqual(self.status(), 200)
        self.supervisor.stopping = True
        self.assertEqual(self.status(), 503)

    def test_a_client_that_sends_nothing_blocks_no_other(self):
        silent = http.client.HTTPConnection('127.0.0.1', self.server.server_address[1])
        silent.connect()
        self.assertEqual(self.status(), 200)
        silent.close()


if __name__ == '__main__':
    unittest.main()
