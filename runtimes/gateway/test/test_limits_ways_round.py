"""Ways round a key's models and its budget: only refusals, and LiteLLM and the cache are not reached. Hostile keys: only 401, and none in the log."""

import asyncio
import contextlib
import io
import json
import logging
import random
import unittest
from unittest import mock

from limits_setup import KEYS, LimitsTest, budget

import limits.enforcer as enforcer_module
from limits.input_bound import OVERHEAD
from limits.worst_case import bound_of

CHAT, COMPLETIONS, RESPONSES, MESSAGES, EMBEDDINGS = '/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/messages', '/v1/embeddings'
HI = [{'role': 'user', 'content': 'hi'}]
ALICE = f'Bearer {KEYS["alice"]}'.encode()


def chat(model, **more):
    return {'model': model, 'max_tokens': 1, 'messages': HI, **more}


# Of a key that may use `gpt` only: (path, body).
MODELS = [
    *((CHAT, chat(name)) for name in (
        'claude', 'CLAUDE', 'Claude', ' claude', 'claude ', 'claude\n', 'claude\t', 'claude\0', 'cl\u0430ude', '\uff43laude', 'claude\u200b', 'cla\u00adude', 'clau\u0064e',
        'anthropic/claude', 'anthropic/*', '*', 'claude@1', 'gpt,claude', 'claude,gpt', 'gpt/../claude', 'claude/', '/claude', 'claude?', 'claude#', '"claude"', 'gpt;claude',
        'os.environ/KEY', 'litellm_proxy/claude', 'openai/gpt', 'unknown', '',
    )),
    *((CHAT, chat(value)) for value in (['claude'], ['gpt', 'claude'], {'gpt': 'claude'}, None, 1, True)),
    *((path, chat('claude')) for path in ('/chat/completions', COMPLETIONS, '/completions', MESSAGES)),
    (RESPONSES, {'model': 'claude', 'input': 'hi'}),
    ('/responses', {'model': 'claude', 'input': 'hi'}),
    ('/v1/messages/count_tokens', {'model': 'claude', 'messages': HI}),
    (EMBEDDINGS, {'model': 'vectors', 'input': 'hi'}),
    # Two fields of one name: both parsers take the last one.
    (CHAT, b'{"model": "gpt", "max_tokens": 1, "messages": [], "model": "claude"}'),
    (CHAT, b'{"model": "gpt", "max_tokens": 1, "messages": [], "\\u006dodel": "claude"}'),
    (CHAT, b'\xef\xbb\xbf{"max_tokens": 1, "messages": [], "model": "claude"}'),
    (CHAT, chat('gpt', models=['claude'])),
    *((CHAT, chat('gpt', **{field: value})) for field in ('fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks') for value in (['claude'], [{'gpt': ['claude']}], [{'model': 'claude'}], [{'*': ['claude']}], 'claude')),
    *((CHAT, chat('gpt', **{field: {'model': 'claude'}})) for field in ('extra_body', 'litellm_params')),
    (CHAT, chat('gpt', extra_body={'fallbacks': ['claude']})),
    (CHAT, chat('gpt', fallbacks=[{'model': 'gpt', 'fallbacks': [{'model': 'claude'}]}])),
    *((CHAT, chat('gpt', **{field: 'claude'})) for field in ('base_model', 'specific_deployment', 'deployment_id', 'model_alias_map', 'silent_model', 'Model-Alias-Map')),
    *((CHAT, chat('gpt', **more)) for more in ({'model_list': [{}]}, {'api_base': 'http://x'}, {'api_key': 'x'}, {'user_config': {}}, {'custom_llm_provider': 'anthropic'}, {'metadata': {'model_info': {'id': 'claude@1'}}}, {'mock_response': 'x'}, {'metadata': '{"api_base": "x"}'})),
    (MESSAGES, chat('gpt', tools=[{'type': 'advisor_20260301', 'name': 'advisor', 'model': 'claude'}])),
    (RESPONSES, {'model': 'claude', 'previous_response_id': 'resp_1', 'input': 'hi'}),
]  # fmt: skip
# Other ways, of the same key: (method, path, query, headers, body).
OTHERS = [
    ('POST', CHAT, b'model=claude', (), chat('gpt')), ('POST', CHAT, b'api_base=x', (), chat('gpt')), ('POST', CHAT + '/', b'', (), chat('claude')),
    ('POST', '/v1//chat/completions', b'', (), chat('claude')), ('POST', '/v1/../v1/chat/completions', b'', (), chat('claude')), ('POST', '/V1/Chat/Completions', b'', (), chat('claude')),
    ('POST', '/anthropic/v1/messages', b'', (), chat('claude')), ('POST', '/openai/deployments/claude/chat/completions', b'', (), chat('claude')), ('POST', '/engines/claude/completions', b'', (), chat('gpt')),
    ('POST', '/v1/images/generations', b'', (), {'model': 'claude', 'prompt': 'x'}), ('POST', '/v1/audio/speech', b'', (), {'model': 'claude'}), ('POST', '/v1/batches', b'', (), {}),
    ('POST', '/v1/responses/resp_1/cancel', b'', (), {}), ('GET', '/v1/responses/resp_1', b'', (), None), ('DELETE', '/v1/responses/resp_1', b'', (), None), ('GET', '/v1/models/claude', b'', (), None),
    ('POST', '/v1/realtime', b'', (), {}), ('POST', '/key/generate', b'', (), {}), ('GET', '/key/info', b'', (), None), ('POST', '/model/new', b'', (), {}), ('POST', '/v1/rerank', b'', (), chat('claude')),
    ('PUT', CHAT, b'', (), chat('claude')), ('PATCH', CHAT, b'', (), chat('claude')), ('POST', CHAT, b'', [(b'content-encoding', b'gzip')], chat('claude')),
    *(('POST', CHAT, b'', [(name, b'claude')], chat('claude')) for name in (b'x-litellm-model', b'x-model', b'x-switchyard-model', b'x-portkey-config')),
]  # fmt: skip
# Of a key whose budget has no room for any request: (path, body, headers).
NO_ROOM = [
    *((CHAT, chat(name), ()) for name in ('gpt', 'claude', 'unknown')),
    *((path, chat('gpt'), ()) for path in ('/chat/completions', MESSAGES)), (COMPLETIONS, {'model': 'gpt', 'prompt': 'hi', 'max_tokens': 1}, ()), (RESPONSES, {'model': 'gpt', 'input': 'hi', 'max_output_tokens': 1}, ()),
    (EMBEDDINGS, {'model': 'vectors', 'input': 'hi'}, ()), ('/embeddings', {'model': 'vectors', 'input': ['hi']}, ()), (RESPONSES, {'model': 'gpt', 'input': 'hi', 'previous_response_id': 'resp_1'}, ()),
    (RESPONSES, {'model': 'gpt', 'input': 'hi', 'background': True}, ()), (RESPONSES, {'model': 'gpt', 'input': 'hi', 'extra_body': {'background': True}}, ()),
    *((CHAT, chat('gpt', **more), ()) for more in (
        {'max_tokens': 0}, {'max_tokens': -1}, {'max_tokens': None}, {'n': 0}, {'n': -5}, {'stream': True}, {'cache': {'no-store': True}}, {'cache': {'namespace': 'x'}}, {'user': 'bob'},
        {'metadata': {'tags': ['lane:free']}}, {'metadata': {'user_id': 'bob'}}, {'fallbacks': ['free']}, {'fallbacks': [{'model': 'free'}]}, {'service_tier': 'flex'}, {'id': 'x'}, {'litellm_session_id': 'x'},
        {'input_cost_per_token': 0}, {'output_cost_per_token': 0}, {'max_budget': 100}, {'metadata': {'spend': 0}}, {'no-log': True}, {'extra_body': {'max_tokens': 1}},
    )),
    *((CHAT, chat('gpt'), [header]) for header in (
        (b'x-litellm-tags', b'lane:free'), (b'x-litellm-tags', b'agent:master,lane:'), (b'x-litellm-call-id', b'1'), (b'x-request-id', b'self-test-1234'), (b'x-litellm-spend', b'0'), (b'x-litellm-key-alias', b'bob'),
        (b'x-litellm-trace-id', b'x'), (b'user-agent', b'bob'), (b'x-switchyard-request', b'1'), (b'x-litellm-timeout', b'1'), (b'x-api-key', KEYS['bob'].encode()), (b'anthropic-version', b'2023-06-01'),
    )),
]  # fmt: skip


class AlwaysStored:
    """A cache that has an answer to everything."""

    def question(self, *_):
        return 'question'

    async def find(self, question):
        class Answer:
            async def send(self, send):
                await send({'type': 'http.response.start', 'status': 200, 'headers': []})
                await send({'type': 'http.response.body', 'body': b'{}'})

        return Answer()


class WaysRound(LimitsTest):
    def setUp(self):
        super().setUp()
        silent = mock.patch.object(enforcer_module, 'PAUSES', ())
        silent.start()
        self.addCleanup(silent.stop)
        self.log = io.StringIO()

    def refused(self, *asked, **more):
        with contextlib.redirect_stdout(self.log):
            status, body, _ = self.ask(*asked, **more)
        self.assertIn(status, range(400, 500), (asked, more, body))
        self.assertEqual(self.reached, [], (asked, more))
        return body

    def test_a_key_reaches_no_other_model(self):
        self.gateway(budget('key', 'alice', 100), models={'alice': ['gpt']}, cache=AlwaysStored())
        for path, body in MODELS:
            self.refused('alice', path, body)
        for method, path, query, headers, body in OTHERS:
            self.refused('alice', path, body or b'', headers, method=method, query=query)
        self.assertGreater(len(MODELS) + len(OTHERS), 100)
        self.assertEqual(self.rows('SELECT count(*) FROM reservations'), [(0,)])
        # The list refuses, not the setup.
        with contextlib.redirect_stdout(self.log):
            self.assertEqual(self.ask('alice', CHAT, chat('gpt'))[0], 200)

    def test_a_key_without_room_in_its_budget_gets_no_answer(self):
        self.gateway(budget('key', 'alice', 0), cache=AlwaysStored())
        for path, body, headers in NO_ROOM:
            # The first valid key of a request counts, whatever others it has.
            self.refused('alice', path, body, headers)
        self.assertGreater(len(NO_ROOM), 40)

    def test_two_keys_in_one_request_are_the_first_one(self):
        self.gateway(budget('key', 'alice', 0), cache=AlwaysStored())
        self.assertIn('"alice"', self.refused(None, CHAT, chat('gpt'), [(b'authorization', ALICE), (b'authorization', f'Bearer {KEYS["bob"]}'.encode())])['error']['message'])

    def test_hostile_keys_are_401_and_in_no_log(self):
        self.gateway(budget('key', 'alice', 100), cache=AlwaysStored())
        chance, handler = random.Random(10_000), logging.StreamHandler(self.log)
        logging.getLogger().addHandler(handler)
        self.addCleanup(logging.getLogger().removeHandler, handler)
        valid = list(KEYS.values())
        given = [hostile(chance, valid[number % len(valid)]) for number in range(10_000)]
        names = b'authorization', b'x-api-key', b'api-key', b'x-litellm-api-key'

        async def statuses():
            return {(await self.ask_async(None, chance.choice((CHAT, MESSAGES, '/v1/models', '/nothing')), None, [(chance.choice(names), value)]))[0] for value in given}

        with contextlib.redirect_stdout(self.log):
            self.assertEqual(asyncio.run(statuses()), {401})
        self.assertEqual(self.reached, [])
        log = self.log.getvalue()
        self.assertEqual([value for value in given if len(value.strip()) > 6 and value.decode('latin-1').strip() in log], [])
        self.assertFalse(any(key in log for key in valid))
        self.assertEqual(self.rows('SELECT count(*) FROM requests'), [(0,)])


def hostile(chance: random.Random, valid: str) -> bytes:
    """A key that is none: random bytes, or a valid one with a change."""
    kind, place = chance.randrange(10), chance.randrange(len(valid))
    value = [
        chance.randbytes(chance.randrange(0, 300)).replace(b'\n', b'').replace(b'\r', b''), valid[:place].encode(), valid.upper().encode(), valid[:place].encode() + b'\0' + valid[place:].encode(),
        (valid[:place] + chance.choice('xyz\u00e9\u4e2d') + valid[place:]).encode(), valid[::-1].encode(), (valid + ',' + valid).encode(), b"' OR 1=1 --" + valid.encode(), b'%s%n' * chance.randrange(1, 50), f'sk-{chance.getrandbits(200):x}'.encode(),
    ][kind]  # fmt: skip
    return chance.choice((b'', b'Bearer ', b'bearer  ', b'Basic ', b'Token ', b'Bearer Bearer ')) + value


class WorstCase(unittest.TestCase):
    def bound(self, fields, route='/chat/completions'):
        return bound_of(route, json.dumps(fields).encode(), fields)

    def test_input_is_the_bytes_of_a_text_and_the_context_window_where_nothing_bounds_it(self):
        text = chat('gpt')
        self.assertEqual(self.bound(text).input, len(json.dumps(text)) + OVERHEAD)
        for more in (
            {'previous_response_id': 'x'}, {'tools': [{'type': 'web_search_20250305'}]}, {'tools': [{'googleSearch': {}}]}, {'tools': [{'type': 'mcp', 'name': 'x'}]}, {'messages': [{'role': 'user', 'content': [{'type': 'document', 'source': {'type': 'url', 'url': 'x'}}]}]},
            {'messages': [{'role': 'user', 'content': [{'type': 'tool_result', 'content': [{'type': 'file', 'file': {'file_id': 'x'}}]}]}]}, {'input': [{'type': 'item_reference', 'id': 'x'}]},
            {'messages': [{'role': 'user', 'content': [{'type': 'input_audio', 'input_audio': {'data': 'x'}}]}]}, {'extra_body': {'previous_response_id': 'x'}}, {'prompt': {'id': 'pmpt_1'}},
        ):  # fmt: skip
            self.assertIsNone(self.bound(text | more).input, more)
            self.assertEqual(self.bound(text | more).tokens(200_000, 5), (200_000, 1))
        # Words in a text are none of these.
        self.assertIsNotNone(self.bound(chat('gpt', messages=[{'role': 'user', 'content': '{"type": "document"}'}])).input)

    def test_several_inputs_have_several_answers_and_context_windows(self):
        texts = ['word ' * 1000] * 50
        for fields, answers in (({'prompt': texts}, 50), ({'prompt': 'x', 'extra_body': {'prompt': texts}}, 50), ({'prompt': [1, 2, 3]}, 1), ({'prompt': texts, 'n': 2}, 100), ({'prompt': 'x'}, 1)):
            found = self.bound({'model': 'x', 'max_tokens': 7, **fields}, '/completions')
            self.assertEqual(found.tokens(None, None)[1], 7 * answers, list(fields))
        for name in ('input', 'prompt'):
            self.assertGreater(self.bound({'model': 'x', name: texts}, '/embeddings' if name == 'input' else '/completions').tokens(8_000, 1)[0], 250_000)
        self.assertEqual(self.bound({'model': 'x', 'input': texts[0] * 50}, '/embeddings').tokens(8_000, 1)[0], 8_000)

    def test_what_an_overlay_or_a_fallback_brings_is_found(self):
        for inner in (
            {'tools': [{'type': 'web_search'}]}, {'tools': [{'googleSearch': {}}]}, {'previous_response_id': 'x'}, {'cachedContent': 'x'}, {'cached_content': 'x'}, {'web_search_options': {}},
            {'contents': [{'parts': [{'fileData': {'fileUri': 'x'}}]}]}, {'contents': [{'parts': [{'inline_data': {'data': 'x'}}]}]}, {'messages': [{'role': 'user', 'content': [{'type': 'document'}]}]},
        ):  # fmt: skip
            for more in ({'extra_body': inner}, {'litellm_params': inner}, {'fallbacks': [{'model': 'y', **inner}]}, {'fallbacks': [{'gpt': [{'model': 'y', **inner}]}]}, {'extra_body': {'extra_body': inner}}):
                self.assertIsNone(self.bound(chat('gpt') | more).input, more)
        escaped = b'{"model": "gpt", "messages": [], "extra_body": {"previous\\u005fresponse_id": "x"}}'
        self.assertIsNone(bound_of('/chat/completions', escaped, json.loads(escaped)).input)
        for more in ({'fallbacks': ['claude']}, {'extra_body': {'top_k': 1, 'tools': [{'type': 'function', 'function': {'name': 'x'}}]}}):
            self.assertIsNotNone(self.bound(chat('gpt') | more).input, more)

    def test_only_what_says_that_it_is_a_picture_counts_as_one(self):
        png = 'data:image/png;base64,AAAA'
        for part in (
            {'type': 'image_url', 'image_url': {'url': 'data:application/pdf;base64,AAAA'}}, {'type': 'image_url', 'image_url': {'url': png, 'format': 'video/mp4'}}, {'type': 'image_url', 'image_url': 'https://x/y.mp4'},
            {'type': 'image_url', 'image_url': {'url': 'https://youtu.be/x'}}, {'type': 'image_url', 'image_url': {'url': 'http://x/y.png'}}, {'type': 'input_image', 'image_url': 'gs://x/y.mp4'}, {'type': 'image_url', 'image_url': {'url': 'https://x/y.mp4?a=.png'}},
            {'type': 'image', 'source': {'type': 'base64', 'media_type': 'application/pdf', 'data': 'AAAA'}}, {'type': 'image', 'source': {'type': 'url', 'url': 'https://x/y.pdf'}},
        ):  # fmt: skip
            self.assertIsNone(self.bound(chat('gpt', messages=[{'role': 'user', 'content': [part]}])).input, part)
        for part in (
            {'type': 'image_url', 'image_url': {'url': png, 'format': 'image/png', 'detail': 'high'}}, {'type': 'image_url', 'image_url': {'url': 'https://x/y.JPG?z=1'}}, {'type': 'input_image', 'file_id': 'file-1', 'image_url': None},
            {'type': 'image', 'source': {'type': 'base64', 'media_type': 'image/webp', 'data': 'AAAA'}}, {'type': 'image', 'source': {'type': 'file', 'file_id': 'x'}}, {'type': 'computer_screenshot', 'file_id': 'x'},
        ):  # fmt: skip
            self.assertGreater(self.bound(chat('gpt', messages=[{'role': 'user', 'content': [part]}])).input or 0, 50_000, part)

    def test_earlier_items_and_sound_without_a_type_are_found(self):
        for item in ({'id': 'msg_1'}, {'id': 'msg_1', 'type': None}):
            self.assertIsNone(self.bound({'model': 'x', 'input': [{'role': 'user', 'content': 'hi'}, item]}, '/responses').input)
        self.assertIsNotNone(self.bound({'model': 'x', 'input': [{'role': 'user', 'content': 'hi'}, {'type': 'function_call', 'name': 'x'}]}, '/responses').input)
        self.assertIsNone(self.bound(chat('x', messages=[{'role': 'assistant', 'audio': {'id': 'audio_1'}}])).input)

    def test_inputs_that_nothing_bounds_are_as_many_context_windows(self):
        texts = ['word ' * 1000] * 50
        self.assertEqual(self.bound({'model': 'x', 'input': texts, 'conversation': 'x'}, '/embeddings').tokens(8_000, None), (400_000, 0))
        self.assertEqual(self.bound({'model': 'x', 'prompt': texts, 'conversation': 'x', 'max_tokens': 1}, '/completions').tokens(8_000, None), (400_000, 50))

    def test_several_inputs_of_a_fallback_are_found(self):
        texts = ['word ' * 1000] * 50
        for fallbacks in ([{'model': 'y', 'input': texts}], [{'x': [{'model': 'y', 'input': texts}]}]):
            self.assertGreater(self.bound({'model': 'x', 'input': 'x', 'fallbacks': fallbacks}, '/embeddings').tokens(8_000, None)[0], 250_000)

    def test_every_way_to_a_dearer_service_is_found(self):
        for more in (
            {'service_tier': 'priority'}, {'service_tier': 'auto'}, {'speed': 'fast'}, {'inference_geo': 'us'}, {'extra_body': {'service_tier': 'priority'}}, {'extra_body': {'speed': 'fast'}},
            {'fallbacks': [{'model': 'y', 'service_tier': 'priority'}]}, {'fallbacks': [{'gpt': [{'model': 'y', 'inference_geo': 'us'}]}]},
        ):  # fmt: skip
            self.assertTrue(self.bound(chat('x', **more)).priority, more)
        for more in ({}, {'service_tier': None}, {'service_tier': 'flex'}, {'speed': 'standard'}, {'inference_geo': 'global'}, {'fallbacks': ['y']}, {'extra_body': {'top_k': 1}}):
            self.assertFalse(self.bound(chat('x', **more)).priority, more)

    def test_a_prediction_is_billed_beside_the_answer(self):
        fields = chat('x', prediction={'type': 'content', 'content': 'word ' * 100})
        self.assertEqual(self.bound(fields).output, 1 + len(json.dumps(fields)))
        self.assertGreater(self.bound(chat('x', fallbacks=[{'model': 'y', 'prediction': {'content': 'word ' * 100}}])).output, 500)

    def test_a_type_that_is_written_with_escapes_is_found(self):
        body = b'{"model": "gpt", "messages": [{"role": "user", "content": [{"type": "\\u0064ocument"}]}]}'
        self.assertIsNone(bound_of('/chat/completions', body, json.loads(body)).input)

    def test_a_picture_counts_by_its_kind_and_not_by_its_bytes(self):
        data = 'data:image/png;base64,' + 'A' * 1_000_000
        pictures = [{'type': 'image_url', 'image_url': {'url': data}}, {'type': 'image', 'source': {'type': 'base64', 'data': 'A' * 500_000}}, {'type': 'input_image', 'image_url': 'https://x/y.png'}]
        found = self.bound(chat('gpt', messages=[{'role': 'user', 'content': pictures}])).input
        self.assertTrue(150_000 < found < 152_000, found)

    def test_output_is_the_largest_maximum_that_may_have_an_effect(self):
        for fields, expected in (
            (chat('x'), (1, 1)), (chat('x', max_completion_tokens=9), (9, 1)), (chat('x', n=3), (1, 3)), (chat('x', extra_body={'max_tokens': 50, 'n': 4}), (50, 4)),
            (chat('x', extra_body={'generationConfig': {'maxOutputTokens': 70, 'candidateCount': 2}}), (70, 2)), (chat('x', fallbacks=[{'model': 'y', 'max_tokens': 80}]), (80, 1)),
            (chat('x', extra_body={'max_tokens': None}), (None, 1)), (chat('x', extra_body={'max_tokens': 'many'}), (None, 1)), (chat('x', max_tokens=None, max_completion_tokens=7), (7, 1)),
            (chat('x', max_tokens=None), (None, 1)), (chat('x', max_tokens=0), (None, 1)), ({'model': 'x', 'max_output_tokens': 5}, (None, 1)),
        ):  # fmt: skip
            found = self.bound(fields)
            self.assertEqual((found.output, found.answers), expected, fields)
        self.assertEqual(self.bound({'model': 'x', 'input': 'hi', 'max_tokens': 5}, '/responses').output, None)
        self.assertEqual(self.bound({'model': 'x', 'input': 'hi', 'max_output_tokens': 5}, '/responses').output, 5)
        self.assertEqual(self.bound({'model': 'x', 'input': 'hi'}, '/embeddings').output, 0)
        self.assertEqual(self.bound(chat('x', max_tokens=None)).tokens(None, 400)[1], 400)

    def test_sound_is_reserved_at_its_price(self):
        from ledger.counting import Tokens
        from ledger.price_map import prices_of
        from ledger.prices import PriceList
        from limits.chains import dearest

        prices = prices_of('openai', 'm', {'input_cost_per_token': 1e-06, 'output_cost_per_token': 2e-06, 'input_cost_per_audio_token': 1e-05, 'output_cost_per_audio_token': 2e-05}, 'litellm')
        sound = [{'role': 'user', 'content': [{'type': 'input_audio', 'input_audio': {'data': 'x'}}]}]
        for fields, most in ((chat('x'), Tokens(1000, output=1)), (chat('x', messages=sound), Tokens(5000, output=1, audio=5000)), (chat('x', audio={'voice': 'v'}), Tokens(1000, output=1, audio_output=1)), (chat('x', extra_body={'audio': {}}), Tokens(1000, output=1, audio_output=1))):
            bound = self.bound(fields)
            reserved = max(dearest(price, *bound.tokens(5000, None), bound) for price in prices)
            self.assertGreaterEqual(reserved, PriceList(prices).cost('openai', 'm', most, 0).nano_usd, fields)
        # Nobody pays for sound that cannot be there.
        bound = self.bound(chat('x'))
        self.assertLess(max(dearest(price, *bound.tokens(5000, None), bound) for price in prices), 2_000_000)

    def test_a_context_window_is_not_smaller_than_the_provider_has_it(self):
        from ledger.gateway import prices_for
        from ledger.observed import deployments_of
        from ledger.prices import PriceList
        from limits.chains import Chains

        price_map = {'anthropic/long': {'input_cost_per_token': 3e-06, 'output_cost_per_token': 1e-05, 'max_input_tokens': 200_000, 'max_output_tokens': 64_000}}
        price_map['anthropic/longer'] = {**price_map['anthropic/long'], 'input_cost_per_token_above_200k_tokens': 6e-06}
        models = [{'model_name': name, 'litellm_params': {'model': f'anthropic/{name}'}, 'model_info': {'id': name, 'max_input_tokens': 100_000, 'max_output_tokens': 1}} for name in ('long', 'longer')]
        chains = Chains.of_config({'model_list': models}, deployments_of(models), PriceList(prices_for(models, price_map)), price_map, {})
        # The catalogue's smaller limits are for clients. Who has a price for longer requests takes them.
        self.assertEqual([chains.served[name][2:] for name in ('long', 'longer')], [(200_000, 64_000), (None, 64_000)])
        bound = self.bound(chat('x', messages=[{'role': 'user', 'content': 'x' * 500_000}]))
        self.assertGreater(chains.cost('longer', bound).nano_usd, 500_000 * 6000)

    def test_the_cost_of_a_real_call_is_never_above_the_worst_case(self):
        """Random tokens within the bounds, at prices with tiers for long requests and for priority."""
        from ledger.counting import Tokens
        from ledger.prices import Price, PriceList
        from limits.chains import dearest
        from limits.worst_case import Bound

        chance = random.Random(5)
        for _ in range(3000):
            prices = [Price('p', 'm', tier, above, *(chance.randrange(0, 10**10) for _ in range(6)), 'litellm') for tier in ('', 'priority') for above in (0, 1000)]
            bound = Bound(chance.randrange(1, 3000), chance.randrange(1, 3000), 1, chance.random() < 0.5, chance.random() < 0.5)
            given, output = chance.randrange(1, bound.input + 1), chance.randrange(0, bound.output + 1)
            cached = chance.randrange(0, given + 1)
            written = chance.randrange(0, given - cached + 1)
            hour = chance.randrange(0, written + 1) if bound.cached_for_an_hour else 0
            tokens = Tokens(given, cached, written, hour, output, chance.randrange(0, output + 1))
            cost = PriceList(prices).cost('p', 'm', tokens, 0, 'priority' if bound.priority and chance.random() < 0.5 else '')
            self.assertLessEqual(cost.nano_usd, max(dearest(price, *bound.tokens(None, None), bound) for price in prices))


if __name__ == '__main__':
    unittest.main()
