"""A request that is not valid HTTP for uvicorn gets an error of the client's API, however long its body is."""

import json
import socket
import threading
import time
import unittest

import uvicorn
from invalid_http import answer_invalid_requests
from uvicorn.protocols.http.auto import AutoHTTPProtocol

MIB = 1 << 20
PORT = 4567


async def app(scope, receive, send):
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'2')]})
    await send({'type': 'http.response.body', 'body': b'ok'})


def answered(head, body=b''):
    """Sends a whole request, as the edge may, before it reads the response: status and body."""
    with socket.create_connection(('127.0.0.1', PORT), 30) as connection:
        connection.sendall(head + b'content-length: %d\r\n\r\n' % len(body))
        for start in range(0, len(body), MIB):
            connection.sendall(body[start : start + MIB])
        text = b''
        while piece := connection.recv(1 << 16):
            text += piece
            if b'\r\n\r\n' in text and len(text.split(b'\r\n\r\n', 1)[1]) >= int(text.lower().split(b'content-length: ')[1].split(b'\r\n')[0]):
                break
    return int(text.split(b' ')[1]), text.split(b'\r\n\r\n', 1)[1]


class InvalidHttp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        answer_invalid_requests(AutoHTTPProtocol)
        cls.server = uvicorn.Server(uvicorn.Config(app, port=PORT, lifespan='off', access_log=False, log_level='critical'))
        cls.thread = threading.Thread(target=cls.server.run, daemon=True)
        cls.thread.start()
        while not cls.server.started:
            time.sleep(0.02)

    @classmethod
    def tearDownClass(cls):
        cls.server.should_exit = True
        cls.thread.join(10)

    def test_it_is_a_400_in_the_format_of_the_api(self):
        for start in (b'X' * 300 + b' %s HTTP/1.1\r\n', b'post %s HTTP/1.1\r\n', b'POST %s HTTP/1.1\r\nx-id: \x01\x02\r\n'):
            with self.subTest(start=start):
                status, body = answered(start % b'/v1/chat/completions')
                self.assertEqual((status, json.loads(body)['error']['code']), (400, 'invalid_http'))
                status, body = answered(start % b'/v1/messages?beta=true')
                self.assertEqual((status, json.loads(body)['type']), (400, 'error'))

    def test_whoever_sends_a_large_body_first_can_still_read_it(self):
        for _ in range(5):
            self.assertEqual(answered(b'X' * 300 + b' /v1/messages HTTP/1.1\r\nhost: a\r\n', bytes(34 * MIB))[0], 400)

    def test_bytes_that_are_no_request_at_all(self):
        for start in (b'\x00\x01\x02\r\n', b'\r\r\r nothing\r\n', b'GET\r\n', b'GET / HTTP/9.9\r\n'):
            with self.subTest(start=start):
                self.assertEqual(answered(start)[0], 400)

    def test_its_connection_is_closed_although_the_client_keeps_it_open(self):
        with socket.create_connection(('127.0.0.1', PORT), 30) as connection:
            connection.sendall(b'post / HTTP/1.1\r\n\r\n')
            while connection.recv(1 << 16):
                pass

    def test_other_requests_are_as_before(self):
        self.assertEqual(answered(b'GET / HTTP/1.1\r\nhost: a\r\n'), (200, b'ok'))


if __name__ == '__main__':
    unittest.main()
