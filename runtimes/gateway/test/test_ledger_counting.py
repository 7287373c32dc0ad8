"""Tokens and costs: each provider's arithmetic, the rows of every kind of answer, and real recordings summed independently."""

import asyncio
import json
import os
import random
import re
import unittest
from fractions import Fraction
from pathlib import Path

import requests_log
from ledger_rows import DEPLOYMENT, PRICE, PRICES, attempt, count, request

from ledger.counting import Tokens, tokens_of
from ledger.observed import Deployment, deployments_of
from ledger.price_map import prices_of
from ledger.prices import Price, PriceList, nano_usd
from ledger.rows import attempt_row, request_row
from ledger.transport import ask_for_usage, observe_calls
from ledger.wire import wire_of

RECORDINGS = Path(os.environ.get('SWITCHYARD_RECORDINGS', '/recordings'))

# provider, format, usage → input, cached, written, written for an hour, output, reasoning
USAGES = [
    ('openai', 'chat', {'prompt_tokens': 100, 'completion_tokens': 20, 'prompt_tokens_details': {'cached_tokens': 64}, 'completion_tokens_details': {'reasoning_tokens': 12}}, (100, 64, 0, 0, 20, 12)),
    ('openai', 'responses', {'input_tokens': 100, 'output_tokens': 20, 'input_tokens_details': {'cached_tokens': 64}, 'output_tokens_details': {'reasoning_tokens': 12}}, (100, 64, 0, 0, 20, 12)),
    ('openai', 'chat', {'prompt_tokens': 4, 'total_tokens': 4}, (4, 0, 0, 0, 0, 0)),
    ('deepseek', 'chat', {'prompt_tokens': 100, 'prompt_cache_hit_tokens': 90, 'prompt_cache_miss_tokens': 10, 'completion_tokens': 5}, (100, 90, 0, 0, 5, 0)),
    ('mistral', 'chat', {'prompt_tokens': 64, 'num_cached_tokens': 32, 'completion_tokens': 6}, (64, 32, 0, 0, 6, 0)),
    ('xai', 'chat', {'prompt_tokens': 30, 'completion_tokens': 10, 'total_tokens': 140, 'completion_tokens_details': {'reasoning_tokens': 100}}, (30, 0, 0, 0, 110, 100)),
    ('xai', 'chat', {'prompt_tokens': 30, 'completion_tokens': 110, 'total_tokens': 140, 'completion_tokens_details': {'reasoning_tokens': 100}}, (30, 0, 0, 0, 110, 100)),
    ('openrouter', 'chat', {'prompt_tokens': 50, 'completion_tokens': 9, 'prompt_tokens_details': {'cached_tokens': 10, 'cache_write_tokens': 20}}, (50, 10, 20, 0, 9, 0)),
    ('anthropic', 'messages', {'input_tokens': 3, 'cache_read_input_tokens': 1111, 'cache_creation_input_tokens': 418, 'output_tokens': 33}, (1532, 1111, 418, 0, 33, 0)),
    ('anthropic', 'messages', {'input_tokens': 3, 'cache_creation_input_tokens': 418, 'cache_creation': {'ephemeral_5m_input_tokens': 18, 'ephemeral_1h_input_tokens': 400}, 'output_tokens': 33, 'output_tokens_details': {'thinking_tokens': 8}}, (421, 0, 418, 400, 33, 8)),
    ('gemini', 'gemini', {'promptTokenCount': 70, 'cachedContentTokenCount': 20, 'candidatesTokenCount': 8, 'thoughtsTokenCount': 30, 'toolUsePromptTokenCount': 5}, (75, 20, 0, 0, 38, 30)),
    # What contradicts itself must not make a cost negative.
    ('openai', 'chat', {'prompt_tokens': 10, 'completion_tokens': 2, 'prompt_tokens_details': {'cached_tokens': 64}, 'completion_tokens_details': {'reasoning_tokens': 12}}, (10, 10, 0, 0, 2, 2)),
    ('openai', 'chat', {'prompt_tokens': '7', 'completion_tokens': None, 'prompt_tokens_details': 3}, (0, 0, 0, 0, 0, 0)),
]  # fmt: skip


def sse(*events):
    return b''.join(b'data: ' + (event if isinstance(event, bytes) else json.dumps(event).encode()) + b'\n\n' for event in events)


def chunk(text, **more):
    return {'id': 'c', 'model': 'gpt-5.6-real', 'choices': [{'index': 0, 'delta': {'content': text}, 'finish_reason': None}], **more}


END = {'id': 'c', 'model': 'gpt-5.6-real', 'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]}
USAGE = {'prompt_tokens': 7, 'completion_tokens': 5, 'total_tokens': 12}
ASKED = json.dumps({'model': 'gpt-5.6', 'messages': [{'role': 'user', 'content': 'one two three'}]}).encode()


class CountingTest(unittest.TestCase):
    def row(self, answer=b'', prices=PRICES, **more):
        return attempt_row(attempt(request(), answer, **more), prices, count)[1]

    def stream(self, *events, **more):
        return self.row(sse(*events), content_type='text/event-stream; charset=utf-8', body=ASKED, **more)

    def numbers(self, row):
        return row['status'], row['gen_ai_usage_input_tokens'], row['gen_ai_usage_output_tokens'], row['usage_source']

    def test_each_providers_usage(self):
        for provider, wire, usage, expected in USAGES:
            with self.subTest(provider=provider, usage=usage):
                self.assertEqual(tuple(tokens_of(provider, wire, usage))[:6], expected)

    def test_a_cost_is_rounded_once_and_is_the_sum_of_its_parts(self):
        chance = random.Random(15)
        for _ in range(5000):
            rates = [chance.choice((0, chance.randrange(10**6), chance.randrange(10**12))) for _ in range(6)]
            price = Price('p', 'm', '', 0, *rates, 'litellm')
            given, output = chance.randrange(10**6), chance.randrange(10**6)
            cached = chance.randint(0, given)
            written = chance.randint(0, given - cached)
            hour, reasoning = chance.randint(0, written), chance.randint(0, output)
            tokens = Tokens(given, cached, written, hour, output, reasoning)
            parts = (given - cached - written, cached, written - hour, hour, output - reasoning, reasoning)
            exact = sum(Fraction(part * rate, 10**6) for part, rate in zip(parts, rates))
            # Python rounds fractions half to even.
            self.assertEqual(nano_usd(price, tokens), round(exact))

    def test_any_usage_gives_parts_within_the_whole(self):
        chance = random.Random(7)
        values = (0, 1, 5, 1000, -3, 2.5, None, True, 'x', {}, [], 10**15, float('nan'), float('inf'))
        names = {name for *_, usage, _ in USAGES for name in usage}
        inner = ('cached_tokens', 'cache_write_tokens', 'reasoning_tokens', 'ephemeral_1h_input_tokens', 'ephemeral_5m_input_tokens', 'thinking_tokens')
        for _ in range(5000):
            usage = {name: chance.choice((chance.choice(values), {one: chance.choice(values) for one in inner})) for name in names if chance.random() < 0.5}
            for wire in ('chat', 'messages', 'responses', 'gemini'):
                tokens = tokens_of(chance.choice(('openai', 'xai')), wire, usage)
                self.assertTrue(0 <= tokens.cached + tokens.written <= tokens.input and 0 <= tokens.written_1h <= tokens.written)
                self.assertTrue(0 <= tokens.reasoning <= tokens.output)

    def test_prices_of_long_requests_and_service_tiers(self):
        entry = {'input_cost_per_token': 1.25e-06, 'output_cost_per_token': 1e-05, 'cache_read_input_token_cost': 1.25e-07}
        entry |= {'input_cost_per_token_above_200k_tokens': 2.5e-06, 'output_cost_per_token_above_200k_tokens': 1.5e-05, 'input_cost_per_token_flex': 6.25e-07}
        prices = PriceList(prices_of('gemini', 'm', entry, 'litellm'))
        self.assertEqual(prices.find('gemini', 'm', '', 200_000, 0).input, 1_250_000_000)
        self.assertEqual(prices.find('gemini', 'm', '', 200_001, 0).input, 2_500_000_000)
        self.assertEqual(prices.find('gemini', 'm', 'flex', 10, 0).input, 625_000_000)
        self.assertEqual(prices.find('gemini', 'm', 'priority', 10, 0).cached, 125_000_000)
        self.assertEqual(prices_of('p', 'm', {'input_cost_per_token': 7.5e-09}, 'litellm')[0].input, 7_500_000)
        self.assertEqual(prices_of('p', 'm', {'output_cost_per_token': 1e-06}, 'litellm'), [])

    def test_the_limit_of_a_long_request_is_whatever_the_price_map_says(self):
        entry = {'input_cost_per_token': 1e-07, 'output_cost_per_token': 5e-07, 'input_cost_per_token_above_100k_tokens': 5e-07, 'output_cost_per_token_above_100k_tokens': 2.5e-06}
        entry |= {'cache_creation_input_token_cost': 1.25e-07, 'cache_creation_input_token_cost_above_1hr_above_100k_tokens': 1e-06, 'input_cost_per_token_priority': 2e-07}
        for provider, last in (('anthropic', 100_000), ('xai', 99_999)):
            prices = PriceList(prices_of(provider, 'm', entry, 'litellm'))
            self.assertEqual([prices.find(provider, 'm', '', tokens, 0).output for tokens in (last, last + 1)], [500_000_000, 2_500_000_000])
            self.assertEqual(prices.find(provider, 'm', '', 100_001, 0).written_1h, 1_000_000_000)
            # What a tier has no price for costs the usual one: long requests, and the output.
            self.assertEqual([prices.find(provider, 'm', 'priority', tokens, 0)[4:9:4] for tokens in (last, last + 1)], [(200_000_000, 500_000_000), (500_000_000, 2_500_000_000)])

    def test_prices_in_a_list_by_length_are_those_of_long_requests(self):
        tiers = [{'range': [0, 32000.0], 'input_cost_per_token': 1e-06, 'output_cost_per_token': 5e-06}, {'range': [32000.0, 128000.0], 'input_cost_per_token': 2e-06, 'output_cost_per_token': 9e-06, 'output_cost_per_reasoning_token': 1e-05, 'cache_read_input_token_cost': 2e-07}]
        prices = PriceList(prices_of('dashscope', 'qwen', {'tiered_pricing': tiers}, 'litellm'))
        self.assertEqual([prices.cost('dashscope', 'qwen', Tokens(given, output=10, reasoning=4), 0).nano_usd for given in (32_000, 32_001)], [32_000 * 1000 + 10 * 5000, 32_001 * 2000 + 6 * 9000 + 4 * 10_000])
        for broken in (None, {}, [], [None, {'range': 5}, {'range': []}, {'range': ['x', 5]}], [{'input_cost_per_query': 1, 'range': [0, 5]}]):
            self.assertEqual(prices_of('dashscope', 'qwen', {'tiered_pricing': broken}, 'litellm'), [])

    def test_every_service_tier_has_its_price_in_the_providers_word(self):
        entry = {'input_cost_per_token': 1e-06, 'output_cost_per_token': 0, **{f'input_cost_per_token_{tier}': rate for tier, rate in (('flex', 5e-07), ('balanced', 7e-07), ('priority', 2e-06), ('ultrafast', 6e-06))}}
        prices = PriceList(prices_of('openai', 'm', entry, 'litellm'))
        for tier, expected in (('', 1000), ('default', 1000), ('standard', 1000), ('auto', 1000), ('flex', 500), ('balanced', 700), ('priority', 2000), ('fast', 2000), ('on_demand_priority', 2000), ('ultrafast', 6000)):
            self.assertEqual(prices.cost('openai', 'm', Tokens(1), 0, tier).nano_usd, expected, tier)

    def test_sound_has_a_price_of_its_own(self):
        entry = {'input_cost_per_token': 1e-06, 'output_cost_per_token': 2e-06, 'input_cost_per_audio_token': 1e-05, 'output_cost_per_audio_token': 2e-05, 'cache_read_input_token_cost': 1e-07}
        entry |= {'input_cost_per_token_priority': 2e-06, 'input_cost_per_audio_token_priority': 3e-05}
        for priced, tier, caveat, expected in (
            (entry, 'default', '', 30 * 100 + 30 * 1000 + 40 * 10_000 + 4 * 2000 + 6 * 20_000),
            (entry, 'priority', '', 30 * 2000 + 30 * 2000 + 40 * 30_000 + 4 * 2000 + 6 * 20_000),
            ({name: rate for name, rate in entry.items() if 'audio' not in name}, '', 'audio', 30 * 100 + 70 * 1000 + 10 * 2000),
        ):  # fmt: skip
            usage = {'prompt_tokens': 100, 'completion_tokens': 10, 'prompt_tokens_details': {'cached_tokens': 30, 'audio_tokens': 40}, 'completion_tokens_details': {'audio_tokens': 6}}
            row = self.row(json.dumps({'usage': usage, 'service_tier': tier}).encode(), PriceList(prices_of('openai', 'gpt-5.6', priced, 'litellm')))
            self.assertEqual((row['cost_nano_usd'], row['cost_caveat']), (expected, caveat))
        usage = {'promptTokenCount': 100, 'candidatesTokenCount': 10, 'promptTokensDetails': [{'modality': 'TEXT', 'tokenCount': 60}, {'modality': 'AUDIO', 'tokenCount': 40}]}
        self.assertEqual(tokens_of('gemini', 'gemini', usage)[-2:], (40, 0))
        self.assertEqual(tokens_of('gemini', 'gemini', usage).caveats, ('audio',))

    def test_anthropics_surcharges_are_a_part_of_the_bill(self):
        entry = {'input_cost_per_token': 5e-06, 'output_cost_per_token': 2.5e-05, 'provider_specific_entry': {'us': 1.1, 'fast': 2.0}}
        usage = {'input_tokens': 1000, 'output_tokens': 100, 'service_tier': 'standard'}
        deployment = Deployment('claude', 'anthropic', 'claude-opus-5', 'KEY')
        usual = 1000 * 5000 + 100 * 25_000
        for more, percent in (({}, 100), ({'speed': 'standard', 'inference_geo': 'global'}, 100), ({'speed': 'fast'}, 200), ({'inference_geo': 'us'}, 110), ({'inference_geo': 'US', 'speed': 'fast'}, 220), ({'inference_geo': 'eu', 'speed': 'fast'}, 200), ({'inference_geo': 'not_available'}, 100), ({'inference_geo': 5}, 100)):
            answer = json.dumps({'type': 'message', 'usage': {**usage, **more}}).encode()
            row = self.row(answer, PriceList(prices_of('anthropic', 'claude-opus-5', entry, 'litellm')), deployment=deployment, wire='messages')
            self.assertEqual(row['cost_nano_usd'], usual * percent // 100, more)
        # A stream tells them at its beginning.
        events = [{'type': 'message_start', 'message': {'usage': {**usage, 'output_tokens': 1, 'speed': 'fast'}}}, {'type': 'message_delta', 'delta': {'stop_reason': 'end_turn'}, 'usage': {'output_tokens': 100}}, {'type': 'message_stop'}]
        row = self.stream(*events, wire='messages', deployment=deployment, prices=PriceList(prices_of('anthropic', 'claude-opus-5', entry, 'litellm')))
        self.assertEqual((row['cost_nano_usd'], row['price'].tier), (usual * 2, 'fast_mode'))

    def test_the_service_tier_is_the_one_that_was_given_and_not_the_one_that_was_asked_for(self):
        prices = PriceList(prices_of('openai', 'gpt-5.6', {'input_cost_per_token': 1e-06, 'input_cost_per_token_priority': 2e-06}, 'litellm'))
        usage = {'input_tokens': 7, 'output_tokens': 5}
        for asked, given, expected in (('priority', 'default', 7000), ('auto', 'priority', 14_000), ('auto', 'default', 7000)):
            row = self.stream({'type': 'response.created', 'response': {'service_tier': asked}}, {'type': 'response.completed', 'response': {'usage': usage, 'service_tier': given}}, wire='responses', prices=prices)
            self.assertEqual(row['cost_nano_usd'], expected)
        # Gemini tells it in a header, Vertex AI in the usage.
        entry = {'input_cost_per_token': 3e-07, 'input_cost_per_token_priority': 5.4e-07, 'output_cost_per_token': 2.5e-06, 'output_cost_per_token_priority': 4.5e-06}
        for header, more, expected in (('priority', {}, 9900), ('standard', {}, 5500), ('', {'trafficType': 'ON_DEMAND_PRIORITY'}, 9900), ('', {'trafficType': 'ON_DEMAND'}, 5500)):
            made = attempt(request(), json.dumps({'candidates': [], 'usageMetadata': {'promptTokenCount': 10, 'candidatesTokenCount': 1, **more}}).encode(), wire='gemini', deployment=Deployment('g', 'gemini', 'm', 'KEY'))
            made.service_tier = header
            self.assertEqual(attempt_row(made, PriceList(prices_of('gemini', 'm', entry, 'litellm')), count)[1]['cost_nano_usd'], expected)

    def test_streams_with_and_without_usage(self):
        whole = self.stream(chunk('a b'), chunk(' c'), END, {'choices': [], 'usage': USAGE}, b'[DONE]')
        self.assertEqual(self.numbers(whole), ('success', 7, 5, 'provider'))
        self.assertEqual((whole['cost_nano_usd'], whole['cost_source'], whole['price']), (7 * 1000 + 5 * 2000, 'local', PRICE))
        self.assertEqual((whole['gen_ai_response_model'], whole['gen_ai_response_finish_reason']), ('gpt-5.6-real', 'stop'))
        without = self.stream(chunk('a b'), chunk(' c'), END, b'[DONE]')
        self.assertEqual(self.numbers(without), ('success', 3, 3, 'counted'))
        self.assertEqual(without['cost_caveat'], 'input_counted,output_counted')
        groq = self.stream(chunk('a'), {**END, 'x_groq': {'usage': USAGE}}, b'[DONE]')
        self.assertEqual(self.numbers(groq), ('success', 7, 5, 'provider'))
        # OpenAI closes nothing after [DONE], and its SDK does not read further.
        self.assertEqual(self.stream(chunk('a'), END, {'choices': [], 'usage': USAGE}, b'[DONE]', ending='closed')['status'], 'success')

    def test_a_stream_is_asked_for_its_usage_whatever_the_client_asks_for(self):
        import httpx

        for given, expected in (
            ({'stream': True}, {'include_usage': True}), ({'stream': True, 'stream_options': {'include_usage': False}}, {'include_usage': True}), ({'stream': True, 'stream_options': None}, {'include_usage': True}),
            ({'stream': True, 'stream_options': {'include_obfuscation': False}}, {'include_obfuscation': False, 'include_usage': True}), ({'stream': True, 'tools': [{'x': {'stream_options': {'include_usage': True}}}]}, {'include_usage': True}),
            ({'stream': False, 'tools': [{'x': {'stream': True}}]}, None),
        ):  # fmt: skip
            asked = httpx.Request('POST', 'http://x/chat/completions', json=given)
            body = ask_for_usage(asked, asked.content)
            self.assertEqual(json.loads(body).get('stream_options'), expected, given)
            self.assertEqual((asked.content, asked.headers['content-length']), (body, str(len(body))))

    def test_ollamas_own_format(self):
        for path in ('/api/chat', '/v1/api/generate', '/api/embed'):
            self.assertEqual(wire_of(path), 'ollama')
        self.assertEqual([wire_of(path) for path in ('/api/show', '/api/tags', '/api/embeddings')], ['', '', 'chat'])

        def read(*lines, **more):
            return self.row(b'\n'.join(json.dumps(line).encode() for line in lines), wire='ollama', body=ASKED, **more)

        end = {'model': 'qwen', 'message': {'content': ''}, 'done': True, 'done_reason': 'stop', 'context': [1] * 9000, 'total_duration': 5, 'prompt_eval_count': 26, 'eval_duration': 9, 'eval_count': 7}
        row = read({'model': 'qwen', 'message': {'content': 'a b "eval_count": 900'}, 'done': False}, end, content_type='application/x-ndjson')
        self.assertEqual((self.numbers(row), row['gen_ai_response_model'], row['gen_ai_response_finish_reason'], row['stream']), (('success', 26, 7, 'provider'), 'qwen', 'stop', True))
        self.assertEqual(self.numbers(read({**end, 'response': 'x'})), ('success', 26, 7, 'provider'))
        self.assertEqual(self.numbers(read({'model': 'e', 'embeddings': [[0.1] * 9000], 'prompt_eval_count': 8})), ('success', 8, 0, 'provider'))
        self.assertEqual(self.numbers(read({'message': {'content': 'a b '}, 'done': False}, {'response': 'c', 'done': False}, ending='closed')), ('cancelled', 3, 3, 'counted'))
        self.assertEqual(read({'error': 'x'})['status'], 'error')

    def test_hang_ups_and_broken_streams(self):
        closed = self.stream(chunk('a b'), chunk(' c'), ending='closed')
        self.assertEqual(self.numbers(closed), ('cancelled', 3, 3, 'counted'))
        self.assertEqual(self.numbers(self.stream(chunk('a b'), ending='failed', error=OSError()))[:3], ('error', 3, 2))
        cancelled = self.row(status=0, ending='failed', error=asyncio.CancelledError(), body=ASKED)
        self.assertEqual(self.numbers(cancelled), ('cancelled', 3, 0, 'counted'))
        start = {'type': 'message_start', 'message': {'id': 'm', 'model': 'claude', 'usage': {'input_tokens': 40, 'output_tokens': 1}}}
        begun = self.stream(start, {'type': 'content_block_delta', 'delta': {'type': 'text_delta', 'text': 'a b c'}}, wire='messages', ending='closed')
        self.assertEqual(self.numbers(begun), ('cancelled', 40, 3, 'counted'))
        self.assertEqual(begun['cost_caveat'], 'output_counted')

    def test_messages_and_responses(self):
        start = {'type': 'message_start', 'message': {'id': 'm', 'model': 'claude', 'usage': {'input_tokens': 40, 'cache_read_input_tokens': 60, 'output_tokens': 1}}}
        end = [{'type': 'message_delta', 'delta': {'stop_reason': 'end_turn'}, 'usage': {'output_tokens': 9}}, {'type': 'message_stop'}]
        row = self.stream(start, {'type': 'content_block_delta', 'delta': {'text': 'x'}}, *end, wire='messages')
        self.assertEqual((self.numbers(row), row['gen_ai_usage_cache_read_input_tokens']), (('success', 100, 9, 'provider'), 60))
        self.assertEqual((row['gen_ai_response_id'], row['gen_ai_response_finish_reason']), ('m', 'end_turn'))
        done = {'object': 'response', 'id': 'r', 'model': 'gpt', 'status': 'completed', 'usage': {'input_tokens': 7, 'output_tokens': 5}}
        row = self.stream({'type': 'response.created', 'response': {'id': 'r'}}, {'type': 'response.completed', 'response': done}, wire='responses')
        self.assertEqual((self.numbers(row), row['gen_ai_response_finish_reason']), (('success', 7, 5, 'provider'), 'completed'))

    def test_failures_cost_nothing(self):
        for status in (400, 401, 429, 500, 529):
            row = self.row(b'{"error":{"message":"one two"}}', status=status)
            self.assertEqual((row['status'], row['error_type'], row['cost_nano_usd'], row['usage_source'], row['cost_source']), ('error', str(status), 0, 'none', 'none'))
        refused = self.row(status=0, ending='failed', error=ConnectionRefusedError())
        self.assertEqual((refused['status'], refused['error_type'], refused['cost_nano_usd']), ('error', 'connection', 0))
        late = self.row(status=0, ending='failed', error=TimeoutError())
        self.assertEqual((late['error_type'], late['cost_caveat']), ('timeout', 'no_answer'))
        self.assertEqual(self.stream(chunk('a'), {'error': {'message': 'overloaded'}})['error_type'], 'provider_error')

    def test_a_missing_price_and_a_providers_own_cost_are_marked(self):
        body = json.dumps({'model': 'm', 'usage': USAGE, 'choices': []}).encode()
        row = self.row(body, PriceList())
        self.assertEqual((row['cost_nano_usd'], row['cost_source'], row['price']), (0, 'unpriced', None))
        body = json.dumps({'usage': {**USAGE, 'cost': 0.0000123}}).encode()
        row = self.row(body)
        self.assertEqual((row['cost_nano_usd'], row['cost_source']), (12_300, 'provider'))
        body = json.dumps({'usage': {**USAGE, 'cost': 0, 'is_byok': True, 'cost_details': {'upstream_inference_cost': 0.0002265}}}).encode()
        self.assertEqual(self.row(body)['cost_nano_usd'], 226_500)

    def test_an_answer_from_the_cache_costs_nothing_and_says_what_it_saved(self):
        asked = request()
        asked.cached = DEPLOYMENT, USAGE
        row = request_row(asked, PRICES)[1]
        self.assertEqual((row['cache_hit'], row['attempts'], row['saved_nano_usd'], row['gen_ai_request_model']), ('exact', 0, 17_000, 'gpt-5.6'))

    def test_what_a_hit_saved_is_the_providers_cost_or_its_price_and_never_what_litellm_put_into_a_stream(self):
        for provider, saved in (('openai', 17_000), ('openrouter', 99_000)):
            asked = request()
            asked.cached = DEPLOYMENT._replace(provider=provider), {**USAGE, 'cost': 0.000099}
            self.assertEqual(request_row(asked, PRICES)[1]['saved_nano_usd'], saved)

    def test_the_mock_has_its_own_name_with_and_without_the_cache(self):
        mock = {'model_name': 'mock', 'litellm_params': {'model': 'openai/mock', 'mock_response': 'hi'}, 'model_info': {'id': 'mock'}}
        deployments = deployments_of([mock])

        class Router:
            async def make_call(self, function, *_args, **_kwargs):
                return await function()

        async def answer():
            return 'an answer without a call'

        observe_calls(Router, [], deployments, self.fail)
        state = requests_log.begin([])
        asked = state.record = request(alias='mock')
        self.assertEqual(asyncio.run(Router().make_call(answer, model='mock', metadata={'model_info': {'id': 'mock'}})), 'an answer without a call')
        again = request(alias='mock')
        again.cached = deployments['mock'], USAGE
        for row, hit in ((request_row(asked, PRICES)[1], 'no'), (request_row(again, PRICES)[1], 'exact')):
            names = (row['gen_ai_provider_name'], row['gen_ai_request_model'], row['model_alias'])
            self.assertEqual((*names, row['cache_hit'], row['attempts'], row['saved_nano_usd']), ('mock', 'mock', 'mock', hit, 0, 0))

    def test_names_of_clients_and_providers_cannot_harm(self):
        row = self.row(json.dumps({'id': 'x' * 10_000, 'model': 'a\x00\x1b[31mb\nc', 'usage': USAGE}).encode())
        self.assertEqual((len(row['gen_ai_response_id']), row['gen_ai_response_model']), (128, 'a[31mbc'))

    def test_a_large_answer_is_read_at_its_end(self):
        numbers = b','.join([b'0.123456789'] * 400_000)
        asked = request(route='embeddings')
        made = attempt(asked, b'')
        body = b'{"data":[{"embedding":[' + numbers + b']}],"model":"e","usage":{"prompt_tokens":7,"total_tokens":7}}'
        for start in range(0, len(body), 16_384):
            made.add(body[start : start + 16_384])
        self.assertLess(len(made.answer), 2_000_000)
        self.assertEqual(self.numbers(attempt_row(made, PRICES, count)[1]), ('success', 7, 0, 'provider'))

    def test_a_large_last_event_is_read_at_its_end(self):
        deltas = [{'type': 'response.output_text.delta', 'delta': 'word ' * 200} for _ in range(1200)]
        done = {'id': 'r', 'status': 'completed', 'output': [{'text': 'word ' * 100_000}], 'usage': {'input_tokens': 700, 'output_tokens': 9, 'output_tokens_details': {'reasoning_tokens': 4}}, 'user': None}
        body = sse({'type': 'response.created', 'response': {'id': 'r', 'usage': None}}, *deltas, {'type': 'response.completed', 'response': done})
        made = attempt(request(), b'', wire='responses', content_type='text/event-stream')
        for start in range(0, len(body), 16_384):
            made.add(body[start : start + 16_384])
        row = attempt_row(made, PRICES, count)[1]
        self.assertEqual((self.numbers(row), row['gen_ai_usage_reasoning_output_tokens']), (('success', 700, 9, 'provider'), 4))

    @unittest.skipUnless(RECORDINGS.is_dir(), f'the recorded exchanges are not at {RECORDINGS}')
    def test_real_recordings_agree_with_an_independent_sum(self):
        """The sum here looks only at the last number of each kind in the text of an answer."""
        mine = {'input': 0, 'output': 0, 'cost': 0}
        independent = {'input': 0, 'output': 0, 'cost': Fraction(0)}
        seen = 0
        for file in sorted(RECORDINGS.glob('*.jsonl')):
            for line in file.read_text().splitlines():
                exchange = json.loads(line)
                path, streamed = exchange['path'], exchange['kind'] == 'stream'
                wire = next((name for end, name in (('completions', 'chat'), ('embeddings', 'chat'), ('/messages', 'messages'), ('/responses', 'responses')) if path.endswith(end)), None)
                if exchange.get('status', 200) != 200 or wire is None:
                    continue
                body = exchange['body'] if streamed else json.dumps(exchange['response'])
                deployment = Deployment('a', exchange['provider'], 'gpt-5.6', 'K')
                price = PRICE._replace(provider=exchange['provider'], cached=PRICE.input, written_1h=PRICE.input)
                made = attempt(request(), body.encode(), wire=wire, deployment=deployment, content_type='text/event-stream' if streamed else 'application/json')
                row = attempt_row(made, PriceList([price]), count)[1]
                found = independent_usage(exchange, body, wire)
                if found is None:
                    continue
                seen += 1
                mine['input'] += row['gen_ai_usage_input_tokens']
                mine['output'] += row['gen_ai_usage_output_tokens']
                mine['cost'] += row['cost_nano_usd'] if row['cost_source'] == 'local' else 0
                independent['input'] += found[0]
                independent['output'] += found[1]
                independent['cost'] += found[0] * 1000 + found[1] * 2000 if row['cost_source'] == 'local' else 0
                self.assertEqual((row['gen_ai_usage_input_tokens'], row['gen_ai_usage_output_tokens']), found, body[-500:])
        self.assertGreater(seen, 60)
        self.assertEqual(mine, independent)


def independent_usage(exchange, body, wire):
    def last(*names):
        found = [re.findall(rf'"{name}": ?(\d+)', body) for name in names]
        return next((int(values[-1]) for values in found if values), None)

    given, output = last('prompt_tokens', 'input_tokens'), last('completion_tokens', 'output_tokens')
    if given is None:
        return None
    if wire == 'messages':
        # The first one: the last event of a stream repeats some of them.
        given += (last('cache_read_input_tokens') or 0) + (last('cache_creation_input_tokens') or 0)
    return given, output or 0


if __name__ == '__main__':
    unittest.main()
