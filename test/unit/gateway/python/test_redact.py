"""No key leaves, however it is spelled and wherever a chunk ends."""

import asyncio
import base64
import json
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

    def test_every_spelling(self):
        for key in (HEX, ODD):
            escaped = json.dumps(key)[1:-1]
            for spelled in (key, key.upper(), escaped, json.dumps(escaped)[1:-1], quote(key), quote(key, safe=''),
                            quote(key, safe='').lower(), key.replace('/', '\\/'), key.encode().hex(), repr(key)[1:-1]):
                with self.subTest(spelled=spelled):
                    self.assert_masked(spelled)

    def test_base64_in_every_alignment(self):
        for key in (HEX, ODD):
            for before in ('', 'B', 'Be', 'Bearer '):
                encoded = base64.b64encode(f'{before}{key} after'.encode())
                masked = redactor.mask(encoded)
                # The letters at both ends of the key also depend on its neighbours; what remains says nothing.
                self.assertGreaterEqual(masked.count(b'*'), len(key) * 4 // 3 - 3)

    def test_other_text_is_untouched(self):
        text = json.dumps({'embedding': [0.25] * 50, 'text': 'sk-an-example-of-a-key-in-an-answer 0123456789abcdef'}).encode()
        self.assertEqual(redactor.mask(text), text)

    def test_short_values_mask_nothing(self):
        self.assertEqual(Redactor(['none', '']).mask(b'none of it'), b'none of it')


class Chunks(unittest.TestCase):
    def test_a_key_cut_anywhere(self):
        body = f'data: {{"error": "{HEX}"}}\n\ndata: [DONE]\n\n'.encode()
        for size in range(1, len(body)):
            stream = Stream(redactor)
            pieces = [body[at : at + size] for at in range(0, len(body), size)]
            out = b''.join(stream.feed(piece, last=piece is pieces[-1]) for piece in pieces)
            self.assertEqual(len(out), len(body))
            self.assertNotIn(HEX.encode(), out, f'cut every {size} bytes')

    def test_a_whole_event_is_never_held(self):
        stream = Stream(redactor)
        event = b'data: {"delta": "0123"}\n\n'
        self.assertEqual(stream.feed(event, last=False), event)

    def test_what_only_looked_like_a_beginning_comes_out(self):
        stream = Stream(redactor)
        first = stream.feed(b'see 01234', last=False)
        self.assertEqual(first + stream.feed(b'xyz', last=False) + stream.feed(b'', last=True), b'see 01234xyz')


class Responses(unittest.TestCase):
    def test_headers_and_body(self):
        async def app(scope, receive, send):
            await send({'type': 'http.response.start', 'status': 401, 'headers': [(b'x-key', HEX.encode())]})
            await send({'type': 'http.response.body', 'body': HEX[:10].encode(), 'more_body': True})
            await send({'type': 'http.response.body', 'body': HEX[10:].encode()})

        sent = []

        async def send(message):
            sent.append(message)

        asyncio.run(RedactResponses(app, redactor)({'type': 'http'}, None, send))
        self.assertNotIn(HEX.encode(), repr(sent).encode())
        self.assertEqual(b''.join(m.get('body', b'') for m in sent), b'*' * len(HEX))
        self.assertEqual(sent[-1].get('more_body', False), False)


class Logs(unittest.TestCase):
    def test_shapes_of_keys_that_are_not_ours(self):
        for line in ('sk-' + 'a1B2' * 10, 'gsk_' + 'x' * 40, 'Authorization: Bearer ' + 'q' * 30, '"x-api-key": "' + 'z' * 24):
            self.assertNotIn(line[-12:], redactor.mask_log(line.encode()).decode())

    def test_a_plain_line_stays(self):
        line = b'INFO:     Application startup complete. model=openai/gpt-5.6 task-list key_management_system\n'
        self.assertEqual(redactor.mask_log(line), line)


if __name__ == '__main__':
    unittest.main()
