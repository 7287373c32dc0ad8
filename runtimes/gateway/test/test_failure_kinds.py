"""How a provider's error is classified, and which error the client gets."""

import asyncio
import json
import unittest

from client_errors import ClientErrors
from failure_kinds import RULES, Kind, kind_of
from provider_failure import CUT, TIMED_OUT, UNREACHABLE, UNREADABLE, Failure, failure_of, plain
from requests_log import current


def openai(message: str, kind: str | None = None, code: str | None = None) -> str:
    return json.dumps({'error': {'message': message, 'type': kind, 'param': None, 'code': code}})


def anthropic(message: str, kind: str = 'invalid_request_error') -> str:
    return json.dumps({'type': 'error', 'error': {'type': kind, 'message': message}})


GEMINI_KEY = {'error': {'code': 400, 'message': 'API key not valid.', 'status': 'INVALID_ARGUMENT', 'details': [{'reason': 'API_KEY_INVALID'}]}}
FLAGGED = {'error': {'code': 403, 'message': 'Your input was flagged', 'metadata': {'reasons': ['x'], 'flagged_input': 'y'}}}
CASES = (
    ('openai', 400, openai('Unknown parameter.'), Kind.REQUEST),
    ('openai', 400, openai('too long', code='context_length_exceeded'), Kind.LENGTH),
    ('openai', 429, openai('slow down', code='rate_limit_exceeded'), Kind.RATE),
    ('openai', 429, openai('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'), Kind.KEY),
    ('openai', 404, openai('The model `x` does not exist', code='model_not_found'), Kind.KEY),
    ('openai', 404, openai("Previous response with id 'resp_1' not found.", code='previous_response_not_found'), Kind.REQUEST),
    ('anthropic', 400, anthropic('Your credit balance is too low to access the Anthropic API.'), Kind.KEY),
    ('anthropic', 400, anthropic('You have reached your specified API usage limits. You will regain access soon.'), Kind.KEY),
    ('anthropic', 400, anthropic('prompt is too long: 9 tokens > 8 maximum'), Kind.LENGTH),
    ('anthropic', 413, anthropic('Request exceeds the maximum size', 'request_too_large'), Kind.REQUEST),
    ('anthropic', 529, anthropic('Overloaded', 'overloaded_error'), Kind.PROVIDER),
    ('deepseek', 402, openai('Insufficient Balance', 'unknown_error'), Kind.KEY),
    ('deepseek', 422, openai('Invalid parameters'), Kind.REQUEST),
    ('gemini', 400, json.dumps(GEMINI_KEY), Kind.KEY),
    ('gemini', 400, json.dumps([GEMINI_KEY]), Kind.KEY),
    ('groq', 413, openai('Request too large ... tokens per minute (TPM)', 'tokens', 'rate_limit_exceeded'), Kind.RATE),
    ('groq', 413, openai('Request Entity Too Large'), Kind.REQUEST),
    ('groq', 498, openai('Flex tier capacity exceeded'), Kind.RATE),
    ('mistral', 429, json.dumps({'object': 'error', 'message': 'Service tier capacity exceeded', 'type': 'x', 'code': '3505'}), Kind.RATE),
    ('mistral', 400, json.dumps({'object': 'error', 'message': 'Prompt contains 9 tokens and 0 draft tokens, too large for model with 8 maximum context length'}), Kind.LENGTH),
    ('mistral', 422, json.dumps({'detail': [{'loc': ['body', 'x'], 'msg': 'extra'}]}), Kind.REQUEST),
    ('together_ai', 403, openai('input token count + `max_tokens` parameter must be less than the model context length'), Kind.LENGTH),
    ('together_ai', 403, openai('forbidden'), Kind.KEY),
    ('openrouter', 402, openai('This request requires more credits'), Kind.KEY),
    ('openrouter', 403, json.dumps(FLAGGED), Kind.REQUEST),
    ('openrouter', 403, openai('Key limit exceeded'), Kind.KEY),
    *(('openai', status, 'not JSON', Kind.PROVIDER) for status in (408, 500, 502, 503, 529)),
    *(('openai', status, '', Kind.KEY) for status in (401, 402, 403)),
    *(('openai', status, '', Kind.REQUEST) for status in (400, 405, 413, 415, 422)),
)


class Kinds(unittest.TestCase):
    def test_each_case(self):
        for provider, status, text, kind in CASES:
            with self.subTest(provider=provider, status=status, text=text):
                self.assertEqual(kind_of(provider, status, text), kind)

    def test_text_quoted_from_the_prompt_does_not_blame_the_key(self):
        """A message that quotes the prompt can contain anything."""
        for words in ('Your credit balance is too low', 'API key not valid', 'insufficient_quota', 'API_KEY_INVALID', 'rate_limit_exceeded'):
            for provider in ('anthropic', 'gemini', 'openai', 'groq'):
                for status in (400, 413):
                    with self.subTest(words=words, provider=provider, status=status):
                        body = openai(f'Invalid value: "{words}"', 'invalid_request_error')
                        self.assertEqual(kind_of(provider, status, body), Kind.REQUEST)

    def test_every_rule_has_a_source(self):
        self.assertEqual([rule for rule in RULES if not rule.source.startswith('https://')], [])


class Messages(unittest.TestCase):
    def test_what_litellm_adds_to_a_message_is_removed(self):
        for text in (
            'litellm.RateLimitError: RateLimitError: OpenAIException - Slow down.',
            'litellm.BadRequestError: AnthropicException - {"type": "error", "error": {"type": "x", "message": "Slow down."}}',
            "litellm.RateLimitError: RateLimitError: OpenAIException - Error code: 429 - {'error': {'message': 'Slow down.', 'type': 't'}}",
            'litellm.InternalServerError: AnthropicException - {"error": {"message": "Slow down."}}. Handle with `litellm.InternalServerError`.',
            "litellm.BadRequestError: OpenAIException - Slow down.\n\nLiteLLM: model group 'a' failed with the error above",
            'litellm.BadRequestError: GeminiException BadRequestError - {"error": {"message": "Slow down."}}',
            'litellm.Timeout: Timeout Error: OpenAIException - Slow down.\n\nDeployment Info: request_timeout: None',
        ):
            with self.subTest(text=text):
                self.assertEqual(plain(text), 'Slow down.')

    def test_technical_messages_are_replaced(self):
        self.assertEqual(plain("litellm.InternalServerError: OpenAIException - Cannot connect to host 10.0.0.1:9 ssl:<x>"), UNREACHABLE)
        self.assertEqual(plain('litellm.Timeout: APITimeoutError - Request timed out. Error_str: x'), TIMED_OUT)
        self.assertEqual(plain('litellm.APIError: APIError: OpenAIException - <html>Welcome</html>'), UNREADABLE)
        self.assertEqual(plain("Response payload is not completed: <TransferEncodingError: 400, message='x'>"), CUT)


def exchange(path: str, status: int, body: bytes, failures=(), content=b'application/json', headers=()):
    """The response that a client gets when the application responds like this after these failed attempts."""
    sent = []

    async def app(scope, receive, send):
        for failure in failures:
            current().record_failure('a@KEY', failure, 0)
        await send({'type': 'http.response.start', 'status': status, 'headers': [(b'content-type', content), (b'retry-after', b'99')]})
        await send({'type': 'http.response.body', 'body': body})

    async def send(message):
        sent.append(message)

    scope = {'type': 'http', 'method': 'POST', 'path': path, 'headers': list(headers)}
    asyncio.run(ClientErrors(app)(scope, None, send))
    return sent[0]['status'], dict(sent[0]['headers']), b''.join(message['body'] for message in sent[1:])


REJECTED = Failure(Kind.REQUEST, 413, 'Too large.', error={'type': 'tokens', 'code': 'c', 'param': 'p'})
FULL = b'{"error": {"message": "Max in-flight requests reached, set general_settings::max_in_flight", "type": null, "param": null, "code": "503"}}'


class Causes(unittest.TestCase):
    def test_the_failure_of_an_earlier_attempt_is_not_a_cause(self):
        class RouterRateLimitError(Exception):
            pass

        try:
            try:
                raise RouterRateLimitError('the first alias is in cooldown')
            except RouterRateLimitError as first:
                self.assertEqual(failure_of(first).kind, Kind.COOLDOWN)
                # As LiteLLM does: the fallback is called in the handler.
                try:
                    raise ConnectionRefusedError('refused')
                except ConnectionRefusedError:
                    raise RuntimeError('the fallback failed')
        except RuntimeError as second:
            self.assertEqual(failure_of(second)[:3], (Kind.PROVIDER, 502, UNREACHABLE))

    def test_an_error_that_was_raised_from_a_known_one_describes_it(self):
        known = RuntimeError('known')
        known.switchyard_failure = Failure(Kind.PROVIDER, 504, TIMED_OUT)
        known.__cause__ = TimeoutError()
        outer = RuntimeError('outer')
        outer.__cause__ = known
        self.assertEqual(failure_of(outer).message, TIMED_OUT)


class Answers(unittest.TestCase):
    def test_an_error_has_the_format_of_the_clients_api(self):
        status, headers, body = exchange('/v1/chat/completions', 400, b'{"error": {"message": "litellm.X"}}', [REJECTED])
        name = headers[b'x-request-id'].decode()
        self.assertEqual(status, 413)
        self.assertEqual(json.loads(body), {'error': {'message': 'Too large.', 'type': 'tokens', 'param': 'p', 'code': 'c', 'request_id': name}})
        status, headers, body = exchange('/v1/messages', 400, b'{"error": {"message": "litellm.X"}}', [REJECTED])
        name = headers[b'x-request-id'].decode()
        self.assertEqual(json.loads(body), {'type': 'error', 'error': {'type': 'request_too_large', 'message': 'Too large.'}, 'request_id': name})
        self.assertEqual(headers[b'content-length'], str(len(body)).encode())

    def test_settings_of_litellm_are_not_mentioned(self):
        for path in ('/v1/chat/completions', '/v1/messages'):
            status, _, body = exchange(path, 503, FULL)
            self.assertEqual(status, 503)
            self.assertNotRegex(body.decode(), 'general_settings|in-flight')
            self.assertIn('limit of concurrent requests', body.decode())

    def test_errors_of_the_request_filter_are_not_changed(self):
        _, headers, body = exchange('/v1/responses', 400, b'{"error": {"message": "Why.", "type": "invalid_request_error", "param": "x", "code": "refused_field"}}')
        error = json.loads(body)['error']
        self.assertEqual((error['message'], error['param'], error['code']), ('Why.', 'x', 'refused_field'))
        self.assertEqual(headers[b'retry-after'], b'99')

    def test_a_body_that_is_not_json(self):
        _, _, body = exchange('/v1/messages', 502, b'Bad Gateway', content=b'text/plain')
        self.assertEqual(json.loads(body)['error'], {'type': 'api_error', 'message': 'Bad Gateway'})

    def test_an_internal_error_is_left_to_the_error_boundary(self):
        own = b'Internal Server Error'
        _, headers, body = exchange('/v1/messages', 500, own, content=b'text/plain')
        self.assertEqual((body, headers[b'content-type']), (own, b'text/plain'))
        status, _, body = exchange('/v1/messages', 500, own, [REJECTED], content=b'text/plain')
        self.assertEqual((status, json.loads(body)['error']['message']), (413, 'Too large.'))

    def test_a_stream_that_failed_at_its_start(self):
        events = b'data: {"error": {"message": "Why.", "type": "t", "param": null, "code": "500"}}\n\ndata: [DONE]\n\n'
        _, headers, body = exchange('/v1/responses', 500, events, content=b'text/event-stream')
        self.assertEqual((json.loads(body)['error']['message'], headers[b'content-type']), ('Why.', b'application/json'))

    def test_retry_after_is_passed_on(self):
        for seconds, header in ((1.2, b'2'), (None, None)):
            _, headers, _ = exchange('/v1/responses', 429, b'{}', [Failure(Kind.RATE, 429, 'Slow.', seconds)])
            self.assertEqual(headers.get(b'retry-after'), header)

    def test_a_rejected_key_is_reported_as_the_gateways(self):
        key, down = Failure(Kind.KEY, 401, 'Wrong key.'), Failure(Kind.PROVIDER, 503, 'Down.')
        status, _, body = exchange('/v1/responses', 500, b'{}', [key])
        self.assertEqual((status, json.loads(body)['error']['message']), (401, "The provider rejected the gateway's account: Wrong key."))
        status, _, body = exchange('/v1/responses', 500, b'{}', [key, down])
        self.assertEqual((status, json.loads(body)['error']['message']), (503, 'Down.'))

    def test_errors_in_a_stream(self):
        text = b'data: {"error": {"message": "litellm.APIConnectionError: APIConnectionError: OpenAIException - Busy.", "type": null, "param": null, "code": "500"}}\n\n'
        good = b'data: {"choices": [{"delta": {"content": "an \\"error\\""}}]}\n\n'
        status, _, body = exchange('/v1/chat/completions', 200, good + text, content=b'text/event-stream')
        self.assertEqual((status, body[: len(good)]), (200, good))
        error = json.loads(body[len(good) + 6 :])['error']
        self.assertEqual((error['message'], error['type']), ('Busy.', 'server_error'))

    def test_only_a_valid_request_id_is_kept(self):
        _, headers, _ = exchange('/x', 404, b'{}', headers=[(b'x-request-id', b'from-the-edge-1')])
        self.assertEqual(headers[b'x-request-id'], b'from-the-edge-1')
        _, headers, _ = exchange('/x', 404, b'{}', headers=[(b'x-request-id', b'two\nlines of a log')])
        self.assertRegex(headers[b'x-request-id'].decode(), '^[0-9a-f]{32}$')


if __name__ == '__main__':
    unittest.main()
