"""What clients without a key, and clients that stop half-way, can do to the edge. Run by edge.test.ts."""

import json
import os
import socket
import time

from rig import EDGE, KEY, Gateway, ask, ask_together, receive, resident, send, wait_for
from test_edge import OK, WithEdge, dns

NO_KEY = (401, 'invalid_api_key')
WRONG = 'x-api-key: not-the-key\r\n'
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + b'\0\0\0\4\0\0\0\0\0'
CROWD = 1000


def head(method='POST', path='/v1/chat/completions', headers=''):
    return f'{method} {path} HTTP/1.1\r\nhost: edge\r\n{headers}\r\n'.encode()


def opened(data):
    """A connection on which this was sent, as far as it was taken."""
    connection = socket.create_connection(EDGE, 60)
    try:
        connection.sendall(data)
    except OSError:
        pass
    return connection


class WithoutKey(WithEdge):
    def test_no_key_is_refused_before_the_body_and_no_gateway_is_asked(self):
        (gateway,) = self.gateways()
        for headers in ('content-length: 30000000\r\n', 'transfer-encoding: chunked\r\n', 'content-length: 2\r\n'):
            self.assertEqual(receive(opened(head(headers=headers))), NO_KEY)
        self.assertEqual(gateway.requests, [])

    def test_a_wrong_key_is_refused_before_the_body(self):
        (gateway,) = self.gateways()
        for headers in ('content-length: 30000000\r\n', 'transfer-encoding: chunked\r\n'):
            self.assertEqual(receive(opened(head(headers=WRONG + headers))), NO_KEY)
        self.assertEqual(gateway.requests, [])
        self.assertEqual(gateway.key_checks, 2)

    def test_anthropics_clients_are_refused_in_their_form(self):
        with opened(head(path='/v1/messages', headers='content-length: 9\r\n')) as connection:
            answer = connection.makefile('rb').read()
        self.assertRegex(answer, rb'^HTTP/1.1 401 ')
        self.assertRegex(answer, rb'(?i)\r\nwww-authenticate: bearer\r\n')
        error = json.loads(answer.partition(b'\r\n\r\n')[2])
        self.assertEqual((error['type'], error['error']['type']), ('error', 'authentication_error'))

    def test_a_valid_key_is_asked_for_once_in_a_while_only(self):
        (gateway,) = self.gateways()
        large = b'x' * 200_000
        self.assertEqual([ask(large) for _ in range(8)], [OK] * 8)
        # Each of the two threads remembers for itself.
        self.assertTrue(1 <= gateway.key_checks <= 2)
        self.assertEqual([ask() for _ in range(8)], [OK] * 8)
        self.assertTrue(1 <= gateway.key_checks <= 2)

    def test_cleartext_http_2_is_refused(self):
        with opened(PREFACE) as connection:
            self.assertRegex(connection.makefile('rb').read(), rb'^HTTP/1.1 400 ')
        upgrade = 'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n'
        with opened(head('GET', '/health/edge', upgrade)) as connection:
            self.assertRegex(connection.recv(12), rb'^HTTP/1.1 200')


class Bodies(WithEdge):
    def test_a_get_has_no_body(self):
        (gateway,) = self.gateways()
        for method in ('GET', 'HEAD'):
            for headers in ('content-length: 5\r\n', 'transfer-encoding: chunked\r\n'):
                with opened(head(method, '/v1/models', KEY + headers)) as connection:
                    self.assertRegex(connection.makefile('rb').read(), rb'^HTTP/1.1 400 ')
        self.assertEqual(gateway.requests, [])

    def test_an_announced_length_is_refused_before_the_body(self):
        self.gateways()
        self.assertEqual(receive(opened(head(headers=KEY + 'content-length: 40000000\r\n'))), (413, 'request_too_large'))


class Uploading(WithEdge):
    changes = (('haproxy.cfg', r'timeout http-request \d+s', 'timeout http-request 2s'),)

    def test_a_stalled_upload_ends_and_its_connection_too(self):
        self.gateways()
        begun = time.monotonic()
        # Larger ones reach the gateway, which ends them: guard.py.
        for sent in (0, 10, 500_000):
            stalled = opened(head(headers=KEY + 'content-length: 3000000\r\n') + b'x' * sent)
            self.assertEqual(receive(stalled), (408, 'request_timeout'))
        # Not after front.cfg's time for clients that do not read.
        self.assertLess(time.monotonic() - begun, 30)


class Stalling(WithEdge):
    changes = (('front.cfg', r'timeout client \d+s', 'timeout client 2s'),)

    def test_a_slow_answer_lives(self):
        (gateway,) = self.gateways()
        gateway.pauses = [3, 3]
        self.assertEqual(ask(), OK)

    def test_a_client_that_stops_reading_ends(self):
        (gateway,) = self.gateways()
        gateway.size = 50_000_000
        unread = send()
        wait_for(lambda: gateway.cut, 'the end of the answer that nobody reads', 30)
        unread.close()


class Crowds(WithEdge):
    """A thousand connections of each kind, none of them with a valid key."""

    KINDS = {
        'slow head': b'POST /v1/chat/completions HTTP/1.1\r\nhost: ',
        'large slow head': b'POST /v1/chat/completions HTTP/1.1\r\nhost: ' + b'x' * 20_000,
        'stalled body': head(headers='content-length: 30000000\r\n') + b'x' * 30_000,
        'stalled body, wrong key': head(headers=WRONG + 'content-length: 30000000\r\n') + b'x' * 30_000,
        'unread answer': head('GET', '/v1/models') * 200,
        'h2 preface': PREFACE,
        'body on a GET': head('GET', '/v1/models', 'content-length: 1000000\r\n') + b'x' * 30_000,
    }

    def test_a_request_with_a_key_is_answered_meanwhile(self):
        self.gateways()
        before = self.edge.processes()
        for kind, data in self.KINDS.items():
            with self.subTest(kind):
                crowd = [opened(data) for _ in range(CROWD)]
                # While slow heads may still come: none of the crowd has to end first.
                begun = time.monotonic()
                self.assertEqual([ask(), ask(b'x' * 300_000)], [OK, OK])
                self.assertLess(time.monotonic() - begun, 5)
                self.check(before)
                for connection in crowd:
                    connection.close()

    def test_all_kinds_together(self):
        self.gateways()
        before = self.edge.processes()
        crowd = [opened(data) for _ in range(CROWD // 2) for data in self.KINDS.values()]
        self.assertEqual([ask(), ask(b'x' * 300_000)], [OK, OK])
        self.check(before)
        for connection in crowd:
            connection.close()

    def check(self, before):
        self.assertEqual(self.edge.processes(), before)
        self.assertLess(self.edge.megabytes(), float(os.environ['MEMORY_MB']))

    def test_a_connection_of_the_front_takes_no_more_than_its_share(self):
        front = self.edge.processes()[1]
        before = resident(front)
        crowd = [opened(self.KINDS['large slow head']) for _ in range(CROWD)]
        self.assertLess((resident(front) - before) / CROWD, float(os.environ['FRONT_CONNECTION_MB']))
        for connection in crowd:
            connection.close()


class Waiting(WithEdge):
    def test_while_no_gateway_can_check_a_key_requests_wait(self):
        gateway = Gateway()

        def come():
            dns.gateways = [gateway.listen().address]

        self.assertEqual(ask_together([b'x' * 300_000] * 5, come), [OK] * 5)

