"""A request that fails behind gets an answer that its client can read."""

import asyncio
import json
import unittest
from types import SimpleNamespace

import uvicorn
from answered import Answered
from client_errors import ClientErrors
from redact import Redactor, RedactResponses

START = {'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', b'application/json')]}
STARLETTES = {'type': 'http.response.start', 'status': 500, 'headers': [(b'content-type', b'text/plain; charset=utf-8')]}


def layers(app):
    """What stands between this layer and LiteLLM that rewrites answers, as in server.py."""
    return RedactResponses(ClientErrors(app), Redactor(['a-key-of-a-provider']))


class Failing(unittest.TestCase):
    def setUp(self):
        self.guard = SimpleNamespace(leaving=False)

    def ask(self, app, path='/v1/chat/completions', gone=False):
        sent = []

        async def receive():
            return {'type': 'http.disconnect'} if gone else {'type': 'http.request', 'body': b''}

        async def send(message):
            sent.append(message)

        redacted = layers(app)
        scope = {'type': 'http', 'method': 'POST', 'path': path, 'headers': []}
        with self.assertLogs('switchyard', 'ERROR') if app in FAILING else self.assertNoLogs('switchyard'):
            asyncio.run(Answered(redacted, self.guard)(scope, receive, send))
        return sent

    def test_an_error_in_the_form_of_the_api(self):
        for app in (*FAILING, silent):
            start, body = self.ask(app)
            self.assertEqual((start['status'], dict(start['headers'])[b'connection']), (500, b'close'), app)
            self.assertEqual(json.loads(body['body'])['error']['code'], 'gateway_failed')
            self.assertEqual(json.loads(self.ask(app, '/v1/messages')[1]['body'])['type'], 'error')

    def test_a_leaving_gateway_that_cannot_hang_up_asks_to_send_it_again(self):
        self.guard.leaving = True
        for app in (*FAILING, silent):
            start, body = self.ask(app)
            headers = dict(start['headers'])
            self.assertEqual((start['status'], headers[b'retry-after'], headers[b'connection']), (503, b'1', b'close'), app)
            self.assertEqual(json.loads(body['body'])['error']['code'], 'gateway_leaving')

    def test_nothing_to_a_client_that_is_gone(self):
        self.assertEqual(self.ask(silent_reader, gone=True), [])

    def test_an_answer_that_had_begun_is_cut_and_not_fixed(self):
        sent = []

        async def send(message):
            sent.append(message)

        async def begun(scope, receive, send):
            await send({**START, 'headers': [(b'content-type', b'text/event-stream')]})
            raise ValueError('in the middle')

        with self.assertLogs('switchyard', 'ERROR'), self.assertRaises(ValueError):
            asyncio.run(Answered(begun, self.guard)({'type': 'http', 'path': '/', 'headers': []}, None, send))
        self.assertEqual([message['type'] for message in sent], ['http.response.start'])

    def test_what_is_answered_goes_out_as_it_is(self):
        async def good(scope, receive, send):
            await send(START)
            await send({'type': 'http.response.body', 'body': b'{}'})

        self.assertEqual([m.get('status', m.get('body')) for m in self.ask(good)], [200, b'{}'])


class Uvicorn(unittest.IsolatedAsyncioTestCase):
    """What goes over the wire, with the server that the gateway has."""

    async def exchange(self, app, leaving):
        guard = SimpleNamespace(leaving=leaving)
        redacted = layers(app)
        config = uvicorn.Config(Answered(redacted, guard), host='127.0.0.1', port=0, lifespan='off', ws='none', log_level='error')
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

    async def test_a_leaving_gateway_closes_the_connection_without_an_answer(self):
        for app in (*FAILING, silent):
            with self.assertNoLogs('uvicorn.error'):
                self.assertEqual(await self.exchange(app, leaving=True), b'', app)

    async def test_any_other_answers_in_the_form_of_the_api(self):
        for app in (*FAILING, silent):
            head, _, body = (await self.exchange(app, leaving=False)).partition(b'\r\n\r\n')
            self.assertTrue(head.startswith(b'HTTP/1.1 500 '), (app, head))
            self.assertEqual(json.loads(body)['error']['code'], 'gateway_failed')


async def raises(scope, receive, send):
    raise RuntimeError('No response returned.')


async def cancelled(scope, receive, send):
    raise asyncio.CancelledError


async def raises_with_its_head_held(scope, receive, send):
    await send(START)  # the redactor keeps it until the first bytes of the body
    raise ValueError('no body')


async def as_starlette(scope, receive, send):
    await send(STARLETTES)
    await send({'type': 'http.response.body', 'body': b'Internal Server Error'})
    raise ValueError('logged, and raised again')


async def silent(scope, receive, send):
    pass


async def silent_reader(scope, receive, send):
    await receive()


FAILING = (raises, cancelled, raises_with_its_head_held, as_starlette)

if __name__ == '__main__':
    unittest.main()
