"""The id of a request, and the format of the edge's errors. Run by haproxy-image.test.ts."""

import json
import unittest

from rig import KEY, ask, read, send, wait_for
from test_edge import OK, WithEdge

ANTHROPIC = {
    '/v1/messages': '',
    '/v1/messages/count_tokens?beta=true': '',
    '/v1/models': 'anthropic-version: 2023-06-01\r\n',
    '/v1/models/claude': 'anthropic-version: 2023-06-01\r\n',
}
OPENAI = {
    '/v1/chat/completions': 'anthropic-version: 2023-06-01\r\n',
    '/v1/responses': '',
    '/v1/models': '',
    '/health/readiness': '',
    '/portkey/v1/messages': '',
}
UUID = r'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'


class Errors(WithEdge):
    def check(self, response, status, expected):
        """The response has exactly this error, the request's id in the header and the body, and is in the log."""
        actual, headers, body = response
        self.assertEqual((actual, headers['content-type']), (status, 'application/json'))
        name = headers['x-request-id']
        self.assertRegex(name, UUID)
        error = json.loads(body)
        message = error['error'].pop('message')
        self.assertRegex(message, r'\.$')
        if 'code' in expected:
            self.assertEqual(error, {'error': {**expected, 'param': None, 'request_id': name}})
        else:
            self.assertEqual(error, {'type': 'error', 'error': expected, 'request_id': name})
        wait_for(lambda: self.edge.logged(name), 'the log line')
        (line,) = self.edge.logged(name)
        self.assertIn(f': {status} ', line)

    def test_a_missing_key(self):
        for path, headers in ANTHROPIC.items():
            self.check(read(send(path=path, headers=headers)), 401, {'type': 'authentication_error'})
        for path, headers in OPENAI.items():
            if not path.startswith('/health/'):
                self.check(read(send(path=path, headers=headers)), 401, {'type': 'invalid_request_error', 'code': 'invalid_api_key'})

    def test_the_key_header_of_litellm(self):
        self.gateways()
        name = 'x-litellm-api-key: Bearer the-key\r\n'
        self.assertEqual(ask(headers=name), OK)
        # The gateway is asked about the key before the body has arrived.
        self.assertEqual(ask(b'x' * 3_000_000, headers=name), OK)
        self.assertEqual(ask(b'x' * 3_000_000, headers='x-litellm-api-key: Bearer other\r\n'), (401, 'invalid_api_key'))

    def test_browsers_on_pages_of_an_allowed_origin(self):
        self.gateways()
        asked = 'access-control-request-method: POST\r\naccess-control-request-headers: authorization,content-type\r\n'
        allowed, other = 'origin: https://app.example\r\n', 'origin: https://other.example\r\n'
        status, headers, _ = read(send(headers=allowed + asked, method='OPTIONS'))
        self.assertEqual((status, headers['access-control-allow-origin']), (204, 'https://app.example'))
        self.assertEqual(headers['access-control-allow-headers'], 'authorization,content-type')
        self.assertEqual(read(send(headers=other + asked, method='OPTIONS'))[0], 401)
        # Errors too, so that the page can read them.
        for key, expected in ((KEY, 200), ('', 401)):
            status, headers, _ = read(send(headers=key + allowed))
            self.assertEqual((status, headers.get('access-control-allow-origin'), 'x-request-id' in headers), (expected, 'https://app.example', True))
            self.assertNotIn('access-control-allow-origin', read(send(headers=key + other))[1])

    def test_a_websocket_reaches_the_gateway_which_refuses_it(self):
        self.gateways()
        headers = KEY + 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
        self.assertEqual(read(send(b'', path='/v1/responses', headers=headers, method='GET'))[0], 200)

    def test_gateways_that_close_the_connection(self):
        (gateway,) = self.gateways()
        gateway.closes = True
        for path, headers in ANTHROPIC.items():
            self.check(read(send(path=path, headers=KEY + headers)), 502, {'type': 'api_error'})
        self.check(read(send()), 502, {'type': 'server_error', 'code': 'no_answer'})

    def test_no_gateway(self):
        self.check(read(send(path='/health/readiness')), 503, {'type': 'server_error', 'code': 'no_gateway'})

    def test_no_portkey(self):
        for path in ('/portkey/v1/messages', '/portkey/v1/chat/completions'):
            self.check(read(send(path=path)), 503, {'type': 'server_error', 'code': 'no_portkey'})

    def test_a_body_that_is_not_allowed(self):
        response = read(send(path='/v1/messages', headers=KEY + 'content-length: 2\r\n', method='GET'))
        self.check(response, 400, {'type': 'invalid_request_error'})


class NoRules(WithEdge):
    changes = (('front.cfg', r'http-request set-var\(txn\.(id|anthropic)\).*', ''),)

    def test_an_error_before_any_rule_is_valid_json(self):
        status, _, body = read(send(path='/v1/messages', headers=''))
        self.assertEqual((status, json.loads(body)['error']['request_id']), (401, ''))


class Stalling(WithEdge):
    changes = (('haproxy.cfg', r'timeout http-request \d+s', 'timeout http-request 1s'),)
    check = Errors.check

    def test_a_stalled_upload(self):
        self.gateways()
        stalled = KEY + 'content-length: 900\r\n'
        self.check(read(send(path='/v1/messages', headers=stalled, method='POST')), 408, {'type': 'timeout_error'})
        self.check(read(send(headers=stalled, method='POST')), 408, {'type': 'invalid_request_error', 'code': 'request_timeout'})


class Ids(WithEdge):
    def test_a_clients_own_id_is_used_if_it_is_harmless(self):
        (gateway,) = self.gateways()
        for name in ('req-1234', 'A' * 64, '0.a_b-C.9'):
            status, headers, _ = read(send(headers=f'{KEY}x-request-id: {name}\r\n'))
            self.assertEqual((status, headers['x-request-id']), (200, name))
            self.assertEqual(gateway.requests[-1][0]['x-request-id'], name)
            wait_for(lambda name=name: len(self.edge.logged(name)) == 1, 'the log line')

    def test_any_other_id_is_replaced(self):
        (gateway,) = self.gateways()
        for name in ('', 'short-1', 'A' * 65, '-req-1234', 'req 1234', 'req-1234,req-5678', 'req-1234"}', '%[src]%ci%ts'):
            _, headers, _ = read(send(headers=f'{KEY}x-request-id: {name}\r\n'))
            self.assertRegex(headers['x-request-id'], UUID)
            self.assertEqual(gateway.requests[-1][0]['x-request-id'], headers['x-request-id'])
        _, headers, _ = read(send())
        self.assertRegex(headers['x-request-id'], UUID)

    def test_two_ids_become_one(self):
        (gateway,) = self.gateways()
        gateway.headers = 'x-request-id: the-providers-id\r\n'
        _, headers, _ = read(send(headers=f'{KEY}x-request-id: req-1234\r\nX-Request-Id: req-5678\r\n'))
        self.assertEqual(headers['x-request-id'], gateway.requests[-1][0]['x-request-id'])

    def test_each_request_has_an_id_of_the_edge_that_its_retries_keep(self):
        (gateway,) = self.gateways()
        own = 'x-request-id: req-1234\r\nx-switchyard-request: req-1234\r\n'
        self.assertEqual([ask(headers=KEY + own) for _ in range(3)], [OK] * 3)
        names = [headers['x-switchyard-request'] for headers, _ in gateway.requests]
        self.assertEqual(len(set(names)), 3)
        for name in names:
            self.assertRegex(name, UUID)
        gateway.requests.clear()
        gateway.closes = True
        self.assertEqual(ask(headers=KEY + own), (502, 'no_answer'))
        self.assertGreater(len(gateway.requests), 2)
        retries = {(headers['x-switchyard-request'], headers['x-request-id']) for headers, _ in gateway.requests}
        self.assertEqual(len(retries), 1)
        self.assertNotIn(retries.pop()[0], names)


if __name__ == '__main__':
    unittest.main()
