"""Which requests the cache answers, and that two requests share an answer only if LiteLLM cannot tell them apart."""

import copy
import json
import random
import unittest

import orjson
from api_error import ApiError
from body import check_body
from cache_key import Meanings, cache_key
from cache_rules import MAX_TTL, CacheWords, cached_route, is_repeatable, is_stateful
from field_types import FieldTypes
from known_fields import KnownFields
from served_models import ServedModels

SERVED = ServedModels({'gpt': 'chat', 'claude': 'chat', 'vectors': 'embedding'})
CONFIG = {
    'model_list': [
        {'model_name': 'gpt', 'litellm_params': {'model': 'openai/gpt-5.6', 'api_key': 'os.environ/K', 'timeout': 60}, 'model_info': {'id': 'gpt@K'}},
        {'model_name': 'claude', 'litellm_params': {'model': 'anthropic/opus'}, 'model_info': {'id': 'claude@K'}},
    ],
    'litellm_settings': {'drop_params': True, 'request_timeout': 120},
    'router_settings': {'fallbacks': [{'gpt': ['claude']}]},
}
CHECKS = (SERVED, FieldTypes(), KnownFields.of_config(CONFIG), None)
MESSAGES = [{'role': 'user', 'content': 'hi'}]


def key(body, client='master', path='/v1/chat/completions', headers=(), config=CONFIG, version='1'):
    """The key of a request, from the body as the client sends it."""
    checked = check_body(body if isinstance(body, bytes) else orjson.dumps(body), path, *CHECKS)
    meanings = Meanings(config, version)
    aliases = [checked.fields['model'], *checked.fields.get('fallbacks', [])]
    given = {'namespace': checked.words.namespace, 'meanings': meanings.of(aliases), 'headers': meanings.headers(headers)}
    return cache_key(route=cached_route(path), client=client, fields=checked.fields, **given)


def changed(**paths):
    """The configuration with other values: `model_list__0__model_name='x'`."""
    config = copy.deepcopy(CONFIG)
    for path, value in paths.items():
        *parents, last = path.split('__')
        inner = config
        for name in parents:
            inner = inner[int(name) if name.isdigit() else name]
        inner[last] = value
    return config


class Words(unittest.TestCase):
    def test_words_are_read_and_do_not_reach_litellm(self):
        words = {'no-cache': True, 'no-store': True, 'ttl': 60, 's-maxage': 5, 'namespace': 'a'}
        checked = check_body(orjson.dumps({'model': 'gpt', 'cache': words, 'messages': MESSAGES}), '/v1/messages', *CHECKS)
        self.assertEqual(checked.words, CacheWords(True, True, True, 60, 5, 'a'))
        self.assertEqual(orjson.loads(checked.text), {'model': 'gpt', 'messages': MESSAGES})

    def test_the_catalogues_maximum_limits_a_ttl(self):
        self.assertEqual(CacheWords.of({'cache': {'ttl': 10**12}}).ttl, MAX_TTL)

    def test_a_word_that_is_wrong_is_named(self):
        cases = {
            'cache': ([], 5, 'no-cache', None),
            'cache.no-cache': ({'no-cache': 1}, {'no-cache': 'yes'}),
            'cache.use-cache': ({'use-cache': 'true'},),
            'cache.ttl': ({'ttl': '60'}, {'ttl': -1}, {'ttl': True}, {'ttl': []}),
            'cache.s-maxage': ({'s-maxage': '60'},),
            'cache.namespace': ({'namespace': 5},),
        }
        for param, values in cases.items():
            for value in values:
                with self.assertRaises(ApiError) as caught:
                    CacheWords.of({'cache': value})
                self.assertEqual((caught.exception.status, caught.exception.param), (400, param), value)
        with self.assertRaises(ApiError) as caught:
            CacheWords.of({'cache': {'no_cache': True}})
        self.assertIn('allowed are no-cache, no-store, use-cache, ttl, s-maxage, s-max-age, namespace', caught.exception.message)


class Repeatable(unittest.TestCase):
    def test_a_temperature_above_zero_without_a_seed_or_tools_mean_another_answer(self):
        tool = [{'type': 'function', 'function': {'name': 'f'}}]
        for fields in (
            *({}, {'temperature': None}, {'temperature': 0}, {'temperature': 0.0}, {'temperature': 1, 'seed': 0}, {'tools': []}, {'tools': None}),
            *({'top_p': 0.1}, {'extra_body': {'temperature': 0}}, {'input': 'x'}),
        ):
            self.assertTrue(is_repeatable(fields), fields)
        for fields in (
            *({'temperature': 0.01}, {'temperature': 1}, {'temperature': '0'}, {'temperature': 1, 'seed': None}, {'extra_body': {'temperature': 1}}),
            *({'tools': tool}, {'tools': tool, 'seed': 1}, {'functions': [{'name': 'f'}]}, {'mcp_servers': [{}]}, {'extra_body': {'tools': tool}}),
            *({'web_search_options': {}}, {'litellm_params': {'extra_body': {'temperature': 1}}}),
        ):
            self.assertFalse(is_repeatable(fields), fields)

    def test_what_depends_on_the_providers_store_is_never_cached(self):
        for fields in (
            *({'previous_response_id': 'r'}, {'conversation': 'c'}, {'background': True}),
            *({'store': True}, {'prompt': {'id': 'p'}}, {'extra_body': {'store': True}}),
        ):
            self.assertTrue(is_stateful(fields), fields)
        for fields in ({}, {'store': False}, {'background': False}, {'prompt': 'text'}, {'previous_response_id': None}):
            self.assertFalse(is_stateful(fields), fields)

    def test_routes(self):
        for path in ('/v1/chat/completions', '/chat/completions', '/v1/completions', '/responses', '/v1/embeddings', '/v1/messages'):
            self.assertIsNotNone(cached_route(path), path)
        for path in ('/v1/messages/count_tokens', '/v1/models', '/v1/models/gpt'):
            self.assertIsNone(cached_route(path), path)


class Keys(unittest.TestCase):
    BODY = {'model': 'gpt', 'messages': MESSAGES}

    def test_the_same_request_has_the_same_key_however_it_is_written(self):
        texts = [
            b'{"model":"gpt","messages":[{"role":"user","content":"h\\u0069"}]}',
            b' { "messages" : [{"role":"user","content":"hi"}],\n"model":"gpt"} ',
            b'{"model":"other","model":"gpt","messages":[{"role":"user","content":"hi"}]}',
            b'\xef\xbb\xbf{"model":"gpt","messages":[{"role":"user","content":"hi"}]}',
            b'{"model":"gpt","messages":[{"role":"user","content":"hi"}],"cache":{"no-cache":true,"ttl":5}}',
        ]
        self.assertEqual({key(text) for text in texts}, {key(self.BODY)})
        self.assertEqual(key(self.BODY, path='/chat/completions'), key(self.BODY))

    def test_fields_that_litellms_own_cache_ignores_are_part_of_the_key(self):
        fields = {
            'search_recency_filter': ('day', 'year'),
            'search_domain_filter': (['a.org'], ['b.org']),
            'provider': ({'only': ['a']}, {'only': ['b']}),
            'min_p': (0.1, 0.9),
            'safe_prompt': (True, False),
            'chat_template_kwargs': ({'enable_thinking': True}, {'enable_thinking': False}),
            'stream': (True, False),
            'user': ('a', 'b'),
            'metadata': ({'a': 1}, {'a': 2}),
            'extra_body': ({'x': 1}, {'x': 2}),
            'a_field_of_next_year': (1, 2),
        }
        keys = {key(self.BODY | {name: value}) for name, values in fields.items() for value in values}
        self.assertEqual(len(keys | {key(self.BODY)}), 2 * len(fields) + 1)

    def test_the_order_inside_a_schema_is_part_of_the_key(self):
        schemas = [{'properties': dict(pairs)} for pairs in ([('a', {}), ('b', {})], [('b', {}), ('a', {})])]
        self.assertEqual(len({key(self.BODY | {'response_format': {'type': 'json_schema', 'json_schema': one}}) for one in schemas}), 2)

    def test_api_client_namespace_and_headers_are_part_of_the_key(self):
        body = {'model': 'gpt', 'messages': MESSAGES}
        keys = [
            key(body),
            key(body, client='other'),
            key(body, path='/v1/messages'),
            key(body | {'cache': {'namespace': 'n'}}),
            *(key(body, headers=[(name, b'1')]) for name in (b'anthropic-beta', b'anthropic-version', b'openai-organization', b'origin')),
            key(body, headers=[(b'anthropic-beta', b'2')]),
        ]
        self.assertEqual(len(set(keys)), len(keys))
        for name in (b'user-agent', b'x-request-id', b'x-stainless-retry-count', b'accept', b'authorization', b'x-litellm-tags'):
            self.assertEqual(key(body, headers=[(name, b'1')]), key(body), name)

    def test_if_an_operator_forwards_headers_all_that_may_matter_count(self):
        forwarding = CONFIG | {'general_settings': {'forward_client_headers_to_llm_api': True}}
        self.assertNotEqual(*(key(self.BODY, headers=[(b'x-mine', value)], config=forwarding) for value in (b'1', b'2')))
        for name in (b'x-request-id', b'user-agent', b'authorization', b'x-litellm-call-id'):
            self.assertEqual(*(key(self.BODY, headers=[(name, value)], config=forwarding) for value in (b'1', b'2')))

    def test_an_alias_with_another_meaning_has_other_keys(self):
        before = key(self.BODY)
        for other in (
            changed(model_list__0__litellm_params__model='openai/gpt-7'),
            changed(model_list__0__litellm_params__api_base='http://other'),
            changed(model_list__0__litellm_params__extra_headers={'x': '1'}),
            changed(litellm_settings__drop_params=False),
            changed(model_list__1__model_name='gpt'),
        ):
            self.assertNotEqual(key(self.BODY, config=other), before)
        self.assertNotEqual(key(self.BODY, version='2'), before)
        for same in (
            changed(model_list__0__litellm_params__api_key='os.environ/L', model_list__0__model_info__id='gpt@L'),
            changed(model_list__0__litellm_params__timeout=9, litellm_settings__request_timeout=9),
            changed(model_list__1__litellm_params__model='anthropic/other'),
            changed(router_settings__fallbacks=[]),
        ):
            self.assertEqual(key(self.BODY, config=same), before)
        # A second model that the request names counts too.
        both = self.BODY | {'fallbacks': ['claude']}
        self.assertNotEqual(key(both), key(both, config=changed(model_list__1__litellm_params__model='anthropic/other')))

    def test_property_a_body_that_differs_anywhere_has_another_key(self):
        chance = random.Random(13)
        for number in range(2000):
            body = {'model': 'gpt', 'messages': MESSAGES, 'thing': random_value(chance, 4)}
            other = copy.deepcopy(body)
            mutate(other, chance)
            # 1 and 1.0, true and 1 are equal in Python, but not for a provider.
            differ = json.dumps(other) != json.dumps(body)
            self.assertEqual(key(other) != key(body), differ, (number, body, other))


def random_value(chance, depth):
    """A random JSON value."""
    kinds = ['text', 'number', 'constant'] + ['object', 'list'] * (depth > 0)
    match chance.choice(kinds):
        case 'text':
            return ''.join(chance.choice('ab"\\\n\u00e9\u2028\U0001f600 ') for _ in range(chance.randrange(5)))
        case 'number':
            return chance.choice([0, 1, -1, 0.0, 1.0, 0.1, 1e300, 2**53, 2**53 + 1, 2**63, 2**64 - 1, chance.random()])
        case 'constant':
            return chance.choice([None, True, False, '', [], {}])
        case 'object':
            return {chance.choice('abcdef'): random_value(chance, depth - 1) for _ in range(chance.randrange(4))}
        case 'list':
            return [random_value(chance, depth - 1) for _ in range(chance.randrange(4))]


def mutate(body, chance):
    """Change one place of a body."""
    parent, name = body, 'thing'
    while isinstance(parent[name], dict | list) and parent[name] and chance.random() < 0.8:
        parent = parent[name]
        name = chance.choice(list(parent)) if isinstance(parent, dict) else chance.randrange(len(parent))
    if isinstance(parent, dict) and len(parent) > 1 and parent is not body and chance.random() < 0.3:
        moved = parent.pop(name)
        parent[chance.choice(['z', name])] = moved
    else:
        parent[name] = random_value(chance, 1)


if __name__ == '__main__':
    unittest.main()
