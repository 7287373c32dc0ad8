"""No key leaves the gateway, in any encoding and however a stream is split."""

import asyncio
import base64
import gzip
import json
import re
import secrets
import unittest
from urllib.parse import quote

from redact import Redactor, RedactResponses, Stream

HEX = '0123456789abcdef0123456789abcdef'
ODD = 'tg/with+odd=chars"quote\\8f8f8f&<'
redactor = Redactor([HEX, ODD])


class Spellings(unittest.TestCase):
    def assert_masked(self, spelled: str) -> None:
        text = f'key: {spelled}.'.encode()
        masked = redactor.mask(text)
        self.assertEqual(len(masked), len(text))
        self.assertNotIn(spelled.encode().lower(), masked.lower())
        self.assertTrue(masked.startswith(b'key: ') and masked.endswith(b'.'), masked)

    def test_every_spelling_is_masked(self):
        for key in (HEX, ODD):
            escaped = json.dumps(key)[1:-1]
            for spelled in (key, key.upper(), escaped, json.dumps(escaped)[1:-1], quote(key), quote(key, safe=''),
                            quote(key, safe='').lower(), key.replace('/', '\\/'), key.encode().hex(), repr(key)[1:-1]):
                with self.subTest(spelled=spelled):
                    self.assert_masked(spelled)

    def test_base64_is_masked_in_every_alignment(self):
        for key in (HEX, ODD):
            for before in ('', 'B', 'Be', 'Bearer '):
                encoded = base64.b64encode(f'{before}{key} after'.encode())
                masked = redactor.mask(encoded)
                # The characters at both ends of the key also depend on its neighbours. What remains reveals nothing.
                self.assertGreaterEqual(masked.count(b'*'), len(key) * 4 // 3 - 3)

    def test_other_text_is_not_changed(self):
        text = json.dumps({'embedding': [0.25] * 50, 'text': 'sk-an-example-of-a-key-in-an-answer 0123456789abcdef'}).encode()
        self.assertEqual(redactor.mask(text), text)

    def test_short_values_are_not_masked(self):
        self.assertEqual(Redactor(['none', '']).mask(b'none of it'), b'none of it')

    def test_ordinary_words_are_not_masked(self):
        for word in ('lm-studio', 'not-needed', 'LocalServer'):
            redactor = Redactor([word, HEX])
            self.assertEqual(redactor.mask(word.encode()), word.encode())
            self.assertFalse(redactor.contains_key(word.encode()))
        for key in ('lm-studio1', 'an-ordinary-word', 'key_of_mine'):
            self.assertEqual(Redactor([key]).mask(key.encode()), b'*' * len(key))


class Chunks(unittest.TestCase):
    def test_a_key_is_masked_wherever_it_is_split(self):
        body = f'data: {{"error": "{HEX}"}}\n\ndata: [DONE]\n\n'.encode()
        for size in range(1, len(body)):
            stream = Stream(redactor)
            pieces = [body[at : at + size] for at in range(0, len(body), size)]
            out = b''.join(stream.feed(piece, last=piece is pieces[-1]) for piece in pieces)
            self.assertEqual(len(out), len(body))
            self.assertNotIn(HEX.encode(), out, f'cut every {size} bytes')

    def test_a_complete_event_is_not_delayed(self):
        stream = Stream(redactor)
        event = b'data: {"delta": "0123"}\n\n'
        self.assertEqual(stream.feed(event, last=False), event)

    def test_text_that_only_looks_like_the_beginning_of_a_key_is_sent(self):
        stream = Stream(redactor)
        first = stream.feed(b'see 01234', last=False)
        self.assertEqual(first + stream.feed(b'xyz', last=False) + stream.feed(b'', last=True), b'see 01234xyz')


class Responses(unittest.TestCase):
    def test_headers_and_body_are_masked(self):
        async def app(scope, receive, send):
            await send({'type': 'http.response.start', 'status': 401, 'headers': [(b'x-key', HEX.encode())]})
            await send({'type': 'http.response.body', 'body': HEX[:10].encode(), 'more_body': True})
            await send({'type': 'http.response.body', 'body': HEX[10:].encode()})

        sent = []

        async def send(message):
            sent.append(message)

        asyncio.run(RedactResponses(app, redactor)({'type': 'http', 'path': '/v1/responses', 'headers': []}, None, send))
        self.assertNotIn(HEX.encode(), repr(sent).encode())
        self.assertEqual(b''.join(m.get('body', b'') for m in sent), b'*' * len(HEX))
        self.assertEqual(sent[-1].get('more_body', False), False)


class Logs(unittest.TestCase):
    def test_unknown_keys_of_known_formats_are_masked(self):
        for line in ('sk-' + 'a1B2' * 10, 'gsk_' + 'x' * 40, 'Authorization: Bearer ' + 'q' * 30, '"x-api-key": "' + 'z' * 24):
            self.assertNotIn(line[-12:], redactor.mask_log(line.encode()).decode())

    def test_a_line_without_a_key_is_not_changed(self):
        line = b'INFO:     Application startup complete. model=openai/gpt-5.6 task-list key_management_system\n'
        self.assertEqual(redactor.mask_log(line), line)


# Keys of several shapes, new ones each time: with prefix and punctuation, hex, with a character of each escape.
KEYS = ['kx-' + secrets.token_urlsafe(30) + '-end', secrets.token_hex(16), secrets.token_hex(6) + '+/=%&"' + secrets.token_hex(6)]
random_redactor = Redactor(KEYS)


def each(pattern, key, join=''):
    return join.join(pattern % ord(character) for character in key)


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


# Encodings in which an upstream may leak a key.
ENCODINGS = {
    'json': lambda key: each('\\u%04x', key),
    'json, capitals': lambda key: each('\\u%04X', key),
    'json, twice': lambda key: json.dumps(each('\\u%04x', key))[1:-1],
    'json, some': lambda key: key[:9] + each('\\u%04x', key[9:12]) + key[12:],
    'percent': lambda key: each('%%%02x', key),
    'percent, twice': lambda key: quote(each('%%%02x', key), safe=''),
    'percent, mixed': lambda key: key[:7] + each('%%%02X', key[7:]),
    'decimal entities': lambda key: each('&#%d;', key),
    'padded entities': lambda key: each('&#%07d;', key),
    'entities without their end': lambda key: each('&#%d', key, ' '),
    'hexadecimal entities': lambda key: each('&#x%x;', key),
    'entities of entities': lambda key: each('&amp;#%d;', key),
    'percent of entities': lambda key: quote(each('&#%d;', key), safe=''),
    'hex escapes': lambda key: each('\\x%02x', key),
    'octal escapes': lambda key: each('\\%03o', key),
    'long escapes': lambda key: each('\\U%08x', key),
    'braces': lambda key: each('\\u{%x}', key),
    'quoted-printable': lambda key: each('=%02X', key),
    'hex with prefixes': lambda key: each('0x%02x', key, ', '),
    'hex with spaces': lambda key: each('%02x', key, ' '),
    'hex with colons': lambda key: each('%02X', key, ':'),
    'numbers': lambda key: json.dumps(list(key.encode())),
    'spaces': lambda key: ' '.join(key),
    'line feed': lambda key: key[:11] + '\n' + key[11:],
    'escaped line feed': lambda key: key[:11] + '\\n' + key[11:],
    'zero width': lambda key: '\u200b'.join(key),
    'full width': lambda key: ''.join(chr(ord(c) + 0xFEE0) if 32 < ord(c) < 127 else c for c in key),
    'other hyphens': lambda key: key.replace('-', '\u2010'),
    'without punctuation': lambda key: re.sub(r'\W', '', key),
    'upper case': str.upper,
    'backwards': lambda key: key[::-1],
    'base64': b64,
    'base64 in lines': lambda key: base64.encodebytes(b'Authorization: Bearer %s, and as much again' % key.encode()).decode(),
    'base64 of base64': lambda key: b64(b64(key)),
    'base64 of an escape': lambda key: b64(each('\\u%04x', key)),
    'base64 of gzip': lambda key: b64(gzip.compress(key.encode())),
    'base64 of utf-16': lambda key: b64(key.encode('utf-16-le')),
    'base32': lambda key: base64.b32encode(key.encode()).decode(),
    'base85': lambda key: base64.b85encode(key.encode()).decode(),
}


class ErrorTexts(unittest.TestCase):
    def test_a_key_is_masked_in_every_encoding(self):
        for name, encode in ENCODINGS.items():
            for key in KEYS:
                for where in ('refused: KEY.', '{"error": {"message": "bad key KEY", "type": "auth", "code": 401}}'):
                    with self.subTest(encoding=name, where=where):
                        encoded = encode(key)
                        if where.startswith('{'):
                            encoded = re.sub(r'(?<!\\)"', r'\\"', encoded)
                        text = where.replace('KEY', encoded).encode()
                        masked = random_redactor.mask_error(text)
                        self.assertFalse(masked is not None and encoded.encode() in masked)
                        if masked is not None:
                            self.assertEqual(len(masked), len(text))
                        if masked is not None and where.startswith('{'):
                            self.assertIn(b'"type": "auth", "code": 401}}', masked)

    def test_texts_without_a_key_are_not_changed(self):
        texts = [
            'Rate limit reached for gpt-5 in organization org-' + secrets.token_hex(12) + ' on tokens per min (TPM): Limit 30000',
            json.dumps({'error': {'message': 'litellm.NotFoundError: OpenAIException - \u00fcber \u65e5\u672c 100% &amp; \\n', 'code': '404'}}),
            'Traceback: File "/opt/litellm/lib/python3.11/site-packages/litellm/router.py", line 1234, in f 10, 20, 30, 40, 50, 60, 70, 80, 90',
            b64(secrets.token_bytes(300)),
        ]
        for text in texts:
            self.assertEqual(random_redactor.mask_error(text.encode()), text.encode())

    def test_only_the_words_with_the_key_are_masked(self):
        encoded = each('\\u%04x', KEYS[1])
        self.assertEqual(random_redactor.mask_error(f'the key {encoded} is wrong'.encode()), b'the key ' + b'*' * len(encoded) + b' is wrong')

    def test_keys_in_log_lines_are_masked(self):
        for name, encode in ENCODINGS.items():
            for key in KEYS:
                with self.subTest(encoding=name):
                    line = random_redactor.mask_log(f'ERROR: upstream said {encode(key)}\n'.encode())
                    self.assertNotIn(encode(key).encode(), line)
                    self.assertTrue(line.endswith(b'\n'))


class Answers(unittest.TestCase):
    def answered(self, status, headers, pieces):
        async def app(scope, receive, send):
            await send({'type': 'http.response.start', 'status': status, 'headers': headers})
            for piece in pieces:
                await send({'type': 'http.response.body', 'body': piece, 'more_body': True})
            await send({'type': 'http.response.body'})

        sent = []

        async def send(message):
            sent.append(message)

        asyncio.run(RedactResponses(app, random_redactor)({'type': 'http', 'path': '/v1/responses', 'headers': []}, None, send))
        self.assertEqual([m['type'] for m in sent].count('http.response.start'), 1)
        return dict(sent[0]['headers']), [m.get('body', b'') for m in sent[1:]]

    def test_an_omitted_text_is_replaced_in_the_format_of_the_api(self):
        async def app(scope, receive, send):
            await send({'type': 'http.response.start', 'status': 500, 'headers': []})
            await send({'type': 'http.response.body', 'body': b'x' * 300_000})

        for path, kind in (('/v1/messages', 'api_error'), ('/v1/responses', 'api_error')):
            sent = []

            async def send(message):
                sent.append(message)

            asyncio.run(RedactResponses(app, random_redactor)({'type': 'http', 'path': path, 'headers': []}, None, send))
            body = json.loads(sent[1]['body'])
            self.assertEqual((body.get('type'), body['error']['type']), ('error' if 'messages' in path else None, kind))

    def test_headers_are_allowed_by_name(self):
        kept = [b'content-type', b'x-litellm-model-id', b'llm_provider-x-request-id', b'x-ratelimit-remaining-tokens', b'retry-after',
                b'llm_provider-anthropic-ratelimit-input-tokens-remaining', b'llm_provider-openai-processing-ms']
        bare = re.sub(r'\W', '', KEYS[0]).lower()
        dropped = [f'llm_provider-{KEYS[1]}', KEYS[1], bare, f'x-litellm-{KEYS[1]}', 'llm_provider-set-cookie', 'llm_provider-x-litellm-model-id',
                   f'x-ratelimit-{KEYS[1]}', 'llm_provider-openai-organization', 'llm_provider-server']
        for status in (200, 401):
            headers, _ = self.answered(status, [(name, b'plain value') for name in kept + [name.encode() for name in dropped]], [b''])
            self.assertEqual([*headers], kept)

    def test_values_of_headers_are_decoded(self):
        for name, encode in ENCODINGS.items():
            for key in KEYS:
                with self.subTest(encoding=name):
                    value = encode(key).encode()
                    headers, _ = self.answered(200, [(b'llm_provider-x-request-id', value)], [b''])
                    self.assertNotIn(value, b''.join(headers.values()))

    def test_the_content_length_of_an_error_is_correct(self):
        for encoded in ('nothing', KEYS[1], each('\\u%04x', KEYS[0]), json.dumps(list(KEYS[1].encode())), 'x' * 300_000):
            body = b'{"error": {"message": "%s", "numbers": %s}}' % (b'no', encoded.encode() if encoded[0] == '[' else b'"' + encoded.encode() + b'"')
            headers, out = self.answered(400, [(b'content-length', str(len(body)).encode())], [body[:50], body[50:]])
            self.assertEqual(headers[b'content-length'], str(len(b''.join(out))).encode())
            json.loads(b''.join(out))
            self.assertEqual(b''.join(out) == body, encoded == 'nothing')

    def test_the_start_message_waits_for_the_body_except_for_streams(self):
        for kind, expected in ((b'application/json', []), (b'text/event-stream', ['http.response.start'])):

            async def app(scope, receive, send):
                await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', kind)]})
                raise ConnectionError('the gateway dies here')

            sent = []

            async def send(message):
                sent.append(message['type'])

            with self.assertRaises(ConnectionError):
                asyncio.run(RedactResponses(app, random_redactor)({'type': 'http', 'path': '/v1/responses', 'headers': []}, None, send))
            self.assertEqual(sent, expected)

    def test_an_error_in_a_stream_is_masked(self):
        good = b'data: {"choices": [{"delta": {"content": "an error is no \\\\u0041"}}]}\n\n'
        for name, encode in ENCODINGS.items():
            for form in ('data: {"error": {"message": %s}}\n\n', 'event: error\ndata: {"type": "error", "message": %s}\n\n'):
                encoded = json.dumps(encode(KEYS[0]))
                event = (form % encoded).encode()
                for size in (7, 50, 10_000):
                    with self.subTest(encoding=name, size=size):
                        pieces = [event[at : at + size] for at in range(0, len(event), size)]
                        _, out = self.answered(200, [(b'content-type', b'text/event-stream')], [good, *pieces, good])
                        self.assertEqual(out[0], good)
                        self.assertNotIn(encoded[1:-1].encode(), b''.join(out))
                        self.assertTrue(b''.join(out).endswith(b'\n\n' + good))


if __name__ == '__main__':
    unittest.main()
