"""The edge under clients without a key and clients that stall. Run by haproxy-image.test.ts."""

import collections
import http.client
import json
import os
import socket
import time

from rig import EDGE, KEY, Gateway, ask, ask_together, receive, resident, send, wait_for
from test_edge import OK, WithEdge, dns

NO_KEY = (401, 'invalid_api_key')
WRONG_KEY = 'x-api-key: not-the-key\r\n'
CHUNKED = 'transfer-encoding: chunked\r\n'
CLOSE = 'connection: close\r\n'
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + b'\0\0\0\4\0\0\0\0\0'
CROWD_SIZE = 1000


def head(method='POST', path='/v1/chat/completions', headers=''):
    return f'{method} {path} HTTP/1.1\r\nhost: edge\r\n{headers}\r\n'.encode()


def opened(data):
    """Opens a connection and sends the data on it, as far as the edge accepts it."""
    connection = socket.create_connection(EDGE, 60)
    try:
        connection.sendall(data)
    except OSError:
        pass
    return connection


class WithoutKey(WithEdge):
    def test_a_missing_key_is_rejected_before_the_body_and_reaches_no_gateway(self):
        (gateway,) = self.gateways()
        for headers in ('content-length: 30000000\r\n', 'transfer-encoding: chunked\r\n', 'content-length: 2\r\n'):
            self.assertEqual(receive(opened(head(headers=headers))), NO_KEY)
        self.assertEqual(gateway.requests, [])

    def test_a_wrong_key_is_rejected_before_the_body(self):
        (gateway,) = self.gateways()
        for headers in ('content-length: 30000000\r\n', 'transfer-encoding: chunked\r\n'):
            self.assertEqual(receive(opened(head(headers=WRONG_KEY + headers))), NO_KEY)
        self.assertEqual(gateway.requests, [])
        self.assertEqual(gateway.key_checks, 2)

    def test_errors_of_anthropics_api_have_its_format(self):
        with opened(head(path='/v1/messages', headers='content-length: 9\r\n')) as connection:
            answer = connection.makefile('rb').read()
        self.assertRegex(answer, rb'^HTTP/1.1 401 ')
        self.assertRegex(answer, rb'(?i)\r\nwww-authenticate: bearer\r\n')
        error = json.loads(answer.partition(b'\r\n\r\n')[2])
        self.assertEqual((error['type'], error['error']['type']), ('error', 'authentication_error'))

    def test_a_valid_key_is_cached(self):
        (gateway,) = self.gateways()
        large = b'x' * 200_000
        self.assertEqual([ask(large) for _ in range(8)], [OK] * 8)
        # Each of the two threads has its own cache.
        self.assertTrue(1 <= gateway.key_checks <= 2)
        self.assertEqual([ask() for _ in range(8)], [OK] * 8)
        self.assertTrue(1 <= gateway.key_checks <= 2)

    def test_cleartext_http_2_is_rejected(self):
        with opened(PREFACE) as connection:
            self.assertRegex(connection.makefile('rb').read(), rb'^HTTP/1.1 400 ')
        upgrade = 'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n'
        with opened(head('GET', '/health/edge', upgrade)) as connection:
            self.assertRegex(connection.recv(12), rb'^HTTP/1.1 200')


class Bodies(WithEdge):
    def test_a_get_with_a_body_is_rejected(self):
        (gateway,) = self.gateways()
        for method in ('GET', 'HEAD'):
            for headers in ('content-length: 5\r\n', 'transfer-encoding: chunked\r\n'):
                with opened(head(method, '/v1/models', KEY + headers)) as connection:
                    self.assertRegex(connection.makefile('rb').read(), rb'^HTTP/1.1 400 ')
        self.assertEqual(gateway.requests, [])

    def test_chunked_bodies_of_any_size_reach_the_gateway(self):
        (gateway,) = self.gateways()
        for pieces in ([10], [900_000], [200_000] * 15, [2_000_000] * 4):
            body = b''.join(b'%x\r\n%s\r\n' % (size, b'x' * size) for size in (*pieces, 0))
            self.assertEqual(receive(opened(head(headers=KEY + CLOSE + CHUNKED) + body)), OK)
            self.assertEqual(gateway.requests[-1][1], sum(pieces))

    def test_the_gateways_413_is_read_by_a_client_that_is_still_sending(self):
        (gateway,) = self.gateways()
        gateway.limit = 8 << 20
        body = b'x' * (12 << 20)
        for chunked in (False, True):
            answers = collections.Counter(post(iter([body]) if chunked else body) for _ in range(20))
            self.assertEqual(answers, {413: 20})
        self.assertEqual(len(gateway.requests), 40)

    def test_a_body_of_any_length_is_rejected_without_a_valid_key(self):
        (gateway,) = self.gateways()
        for headers in ('content-length: 400000000\r\n', CHUNKED):
            self.assertEqual(receive(opened(head(headers=headers) + b'fffff\r\n' + b'x' * 30_000)), NO_KEY)
            self.assertEqual(receive(opened(head(headers=WRONG_KEY + headers) + b'fffff\r\n' + b'x' * 30_000)), NO_KEY)
        self.assertEqual(gateway.requests, [])

    def test_portkeys_requests_are_limited_by_the_edge(self):
        path, too_large = '/portkey/v1/chat/completions', (413, 'request_too_large')
        self.assertEqual(receive(opened(head(path=path, headers=KEY + 'content-length: 40000000\r\n'))), too_large)
        body = b'f4241\r\n' + b'x' * 0xF4241 + b'\r\n0\r\n\r\n'
        self.assertEqual(receive(opened(head(path=path, headers=KEY + CLOSE + CHUNKED) + body)), too_large)


def post(body):
    """The status that a client gets that sends the whole body before it reads, as Python's HTTP libraries do."""
    connection = http.client.HTTPConnection(*EDGE, timeout=60)
    try:
        connection.request('POST', '/v1/chat/completions', body, {'authorization': 'Bearer the-key'})
    except BrokenPipeError:
        pass
    try:
        return connection.getresponse().status
    except OSError as error:
        return str(error)
    finally:
        connection.close()


class Uploading(WithEdge):
    changes = (('haproxy.cfg', r'timeout http-request \d+s', 'timeout http-request 2s'),)

    def test_a_stalled_upload_is_ended_and_its_connection_closed(self):
        self.gateways()
        begun = time.monotonic()
        # Larger uploads reach the gateway, which ends them: request_filter.py.
        for sent in (0, 10, 500_000):
            stalled = opened(head(headers=KEY + 'content-length: 3000000\r\n') + b'x' * sent)
            self.assertEqual(receive(stalled), (408, 'request_timeout'))
        # Not only after front.cfg's timeout for clients that do not read.
        self.assertLess(time.monotonic() - begun, 30)


class SlowResponses(WithEdge):
    changes = (('front.cfg', r'timeout client \d+s', 'timeout client 2s'),)

    def test_a_slow_response_is_not_cut(self):
        (gateway,) = self.gateways()
        gateway.pauses = [3, 3]
        self.assertEqual(ask(), OK)

    def test_a_client_that_stops_reading_is_disconnected(self):
        (gateway,) = self.gateways()
        gateway.size = 50_000_000
        unread = send()
        wait_for(lambda: gateway.cut, 'the end of the unread response', 30)
        unread.close()


class Crowds(WithEdge):
    """A thousand connections of each kind, none with a valid key."""

    KINDS = {
        'slow headers': b'POST /v1/chat/completions HTTP/1.1\r\nhost: ',
        'large slow headers': b'POST /v1/chat/completions HTTP/1.1\r\nhost: ' + b'x' * 20_000,
        'stalled body': head(headers='content-length: 30000000\r\n') + b'x' * 30_000,
        'stalled body, wrong key': head(headers=WRONG_KEY + 'content-length: 30000000\r\n') + b'x' * 30_000,
        'unread response': head('GET', '/v1/models') * 200,
        'HTTP/2 preface': PREFACE,
        'body on a GET': head('GET', '/v1/models', 'content-length: 1000000\r\n') + b'x' * 30_000,
    }

    def test_a_request_with_a_key_is_answered_at_the_same_time(self):
        self.gateways()
        before = self.edge.processes()
        for kind, data in self.KINDS.items():
            with self.subTest(kind):
                crowd = [opened(data) for _ in range(CROWD_SIZE)]
                # Within the time allowed for slow headers: no connection of the crowd has to end first.
                # While a busy machine still looks at the crowd's keys, there is no place for a further large body for a moment.
                wait_for(lambda: [ask(), ask(b'x' * 300_000)] == [OK, OK], f'answers beside a crowd: {kind}', 5)
                self.check(before)
                for connection in crowd:
                    connection.close()

    def test_all_kinds_at_once(self):
        self.gateways()
        before = self.edge.processes()
        crowd = [opened(data) for _ in range(CROWD_SIZE // 2) for data in self.KINDS.values()]
        self.assertEqual([ask(), ask(b'x' * 300_000)], [OK, OK])
        self.check(before)
        for connection in crowd:
            connection.close()

    def check(self, before):
        self.assertEqual(self.edge.processes(), before)
        self.assertLess(self.edge.megabytes(), float(os.environ['MEMORY_MB']))

    def test_a_connection_of_front_cfg_takes_no_more_memory_than_planned(self):
        front = self.edge.processes()[1]
        before = resident(front)
        crowd = [opened(self.KINDS['large slow headers']) for _ in range(CROWD_SIZE)]
        self.assertLess((resident(front) - before) / CROWD_SIZE, float(os.environ['FRONT_CONNECTION_MB']))
        for connection in crowd:
            connection.close()


class NoGateway(WithEdge):
    def test_requests_are_queued_while_no_gateway_can_check_a_key(self):
        gateway = Gateway()

        def start_gateway():
            dns.gateways = [gateway.listen().address]

        self.assertEqual(ask_together([b'x' * 300_000] * 5, start_gateway), [OK] * 5)

