"""A request that fails inside the application gets a response that its client can parse."""

import asyncio
import json
import unittest
from types import SimpleNamespace

import uvicorn
from client_errors import ClientErrors
from error_boundary import ErrorBoundary
from redact import Redactor, RedactResponses
from requests_log import current

START = {'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', b'application/json')]}
STARLETTE_ERROR = {'type': 'http.response.start', 'status': 500, 'headers': [(b'content-type', b'text/plain; charset=utf-8')]}


def layers(app):
    """The middlewares between this one and LiteLLM that rewrite responses, as in server.py."""
    return RedactResponses(ClientErrors(app), Redactor(['a-key-of-a-provider']))


class Failing(unittest.TestCase):
    def setUp(self):
        self.request_filter = SimpleNamespace(draining=False)

    def ask(self, app, path='/v1/chat/completions', disconnected=False):
        sent = []

        async def receive():
            return {'type': 'http.disconnect'} if disconnected else {'type': 'http.request', 'body': b''}

        async def send(message):
            sent.append(message)

        redacted = layers(app)
        scope = {'type': 'http', 'method': 'POST', 'path': path, 'headers': [(b'x-request-id', b'from-the-edge-1')]}
        with self.assertLogs('switchyard', 'ERROR') if app in FAILING or getattr(app, 'raises', False) else self.assertNoLogs('switchyard'):
            asyncio.run(ErrorBoundary(redacted, self.request_filter)(scope, receive, send))
        return sent

    def test_an_error_has_the_format_of_the_api(self):
        for app in (*FAILING, silent):
            start, body = self.ask(app)
            self.assertEqual((start['status'], dict(start['headers'])[b'connection']), (500, b'close'), app)
            error = json.loads(body['body'])['error']
            self.assertEqual((error['code'], error['request_id']), ('gateway_failed', 'from-the-edge-1'))
            self.assertEqual(dict(start['headers'])[b'x-request-id'], b'from-the-edge-1')
            anthropic = json.loads(self.ask(app, '/v1/messages')[1]['body'])
            self.assertEqual((anthropic['type'], anthropic['request_id']), ('error', 'from-the-edge-1'))

    def test_a_draining_gateway_that_cannot_close_the_connection_asks_for_a_retry(self):
        self.request_filter.draining = True
        for app in (*FAILING, silent):
            start, body = self.ask(app)
            headers = dict(start['headers'])
            self.assertEqual((start['status'], headers[b'retry-after'], headers[b'connection']), (503, b'1', b'close'), app)
            self.assertEqual(json.loads(body['body'])['error']['code'], 'gateway_draining')

    def test_litellms_own_failure_before_it_calls_a_provider_is_a_400(self):
        for answers_with_error in (False, True):
            for calls, status in ((0, 400), (1, 500)):
                with self.subTest(answers_with_error=answers_with_error, calls=calls):
                    start, body = self.ask(litellm_failing(answers_with_error, calls))
                    error = json.loads(body['body'])['error']
                    self.assertEqual((start['status'], 'not iterable' in error['message']), (status, answers_with_error and calls == 1))
                    if calls == 0:
                        self.assertEqual((error['code'], error['type']), ('invalid_request', 'invalid_request_error'))

    def test_a_disconnected_client_gets_nothing(self):
        self.assertEqual(self.ask(silent_reader, disconnected=True), [])

    def test_a_response_that_has_begun_is_cut(self):
        sent = []

        async def send(message):
            sent.append(message)

        async def begun(scope, receive, send):
            await send({**START, 'headers': [(b'content-type', b'text/event-stream')]})
            raise ValueError('in the middle')

        with self.assertLogs('switchyard', 'ERROR'), self.assertRaises(ValueError):
            asyncio.run(ErrorBoundary(begun, self.request_filter)({'type': 'http', 'path': '/', 'headers': []}, None, send))
        self.assertEqual([message['type'] for message in sent], ['http.response.start'])

    def test_a_good_response_is_not_changed(self):
        async def good(scope, receive, send):
            await send(START)
            await send({'type': 'http.response.body', 'body': b'{}'})

        self.assertEqual([m.get('status', m.get('body')) for m in self.ask(good)], [200, b'{}'])


class Uvicorn(unittest.IsolatedAsyncioTestCase):
    """The bytes on the connection, with the gateway's real HTTP server."""

    async def exchange(self, app, draining):
        request_filter = SimpleNamespace(draining=draining)
        redacted = layers(app)
        config = uvicorn.Config(ErrorBoundary(redacted, request_filter), host='127.0.0.1', port=0, lifespan='off', ws='none', log_level='error')
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        writer.write(b'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}')
        try:
            answer = await asyncio.wait_for(reader.read(), 30)
        except ConnectionResetError:
            answer = b''
        writer.close()
        server.should_exit = True
        await serving
        return answer

    async def test_a_draining_gateway_closes_the_connection_without_a_response(self):
        for app in (*FAILING, silent):
            with self.assertNoLogs('uvicorn.error'):
                self.assertEqual(await self.exchange(app, draining=True), b'', app)

    async def test_another_gateway_sends_an_error_in_the_format_of_the_api(self):
        for app in (*FAILING, silent):
            head, _, body = (await self.exchange(app, draining=False)).partition(b'\r\n\r\n')
            self.assertTrue(head.startswith(b'HTTP/1.1 500 '), (app, head))
            self.assertEqual(json.loads(body)['error']['code'], 'gateway_failed')


async def raises(scope, receive, send):
    raise RuntimeError('No response returned.')


async def cancelled(scope, receive, send):
    raise asyncio.CancelledError


async def raises_after_its_start_message(scope, receive, send):
    await send(START)  # the redactor buffers it until the first bytes of the body
    raise ValueError('no body')


async def as_starlette(scope, receive, send):
    await send(STARLETTE_ERROR)
    await send({'type': 'http.response.body', 'body': b'Internal Server Error'})
    raise ValueError('logged, and raised again')


async def silent(scope, receive, send):
    pass


async def silent_reader(scope, receive, send):
    await receive()


def litellm_failing(answers_with_error: bool, calls: int):
    """LiteLLM with a request that it cannot process, after this many calls to providers."""

    async def app(scope, receive, send):
        current().handed_over, current().provider_calls = True, calls
        if not answers_with_error:
            raise TypeError("'bool' object is not iterable")
        await send({**START, 'status': 500})
        await send({'type': 'http.response.body', 'body': b'{"error": {"message": "\'bool\' object is not iterable", "code": "500"}}'})

    app.raises = not answers_with_error
    return app


FAILING = (raises, cancelled, raises_after_its_start_message, as_starlette)

if __name__ == '__main__':
    unittest.main()
