"""The checks of the fake upstream: extra keys are refused at every level, and in each provider's own words."""

import copy
import unittest

from strict_requests import Fault, StrictRequests, refusal

STRICT = StrictRequests()
PARAMETERS = {'type': 'object', 'properties': {'a': {'type': 'string'}}}
CALL = {'id': 'c', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}
CHAT = {
    'model': 'm',
    'messages': [
        {'role': 'system', 'content': 's'},
        {'role': 'user', 'content': [{'type': 'text', 'text': 't'}, {'type': 'image_url', 'image_url': {'url': 'data:image/png;base64,AA=='}}]},
        {'role': 'assistant', 'content': None, 'tool_calls': [CALL]},
        {'role': 'tool', 'tool_call_id': 'c', 'content': 'r'},
    ],
    'tools': [{'type': 'function', 'function': {'name': 'f', 'description': 'd', 'parameters': PARAMETERS}}],
    'max_tokens': 5,
    'stream': True,
}
MESSAGES = {
    'model': 'm', 'max_tokens': 5, 'system': [{'type': 'text', 'text': 's', 'cache_control': {'type': 'ephemeral'}}],
    'messages': [
        {'role': 'user', 'content': [{'type': 'document', 'source': {'type': 'base64', 'media_type': 'application/pdf', 'data': 'AA=='}}]},
        {'role': 'assistant', 'content': [{'type': 'thinking', 'thinking': 'r', 'signature': 's'}, {'type': 'tool_use', 'id': 't', 'name': 'f', 'input': {}}]},
        {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': 't', 'content': [{'type': 'text', 'text': 'r'}]}]},
    ],
    'tools': [{'name': 'f', 'input_schema': PARAMETERS}],
}  # fmt: skip
RESPONSES = {
    'model': 'm',
    'input': [
        {'type': 'message', 'role': 'user', 'content': [{'type': 'input_text', 'text': 't'}]},
        {'type': 'reasoning', 'summary': [{'type': 'summary_text', 'text': 'r'}], 'encrypted_content': 'e'},
        {'type': 'function_call', 'call_id': 'c', 'name': 'f', 'arguments': '{}'},
        {'type': 'function_call_output', 'call_id': 'c', 'output': 'r'},
    ],
    'tools': [{'type': 'function', 'name': 'f', 'parameters': PARAMETERS, 'strict': False}],
}
REQUESTS = [(provider, f'/{provider}/v1/chat/completions', CHAT) for provider in STRICT.providers if provider != 'anthropic']
REQUESTS += [('anthropic', '/anthropic/v1/messages', MESSAGES), ('deepseek', '/deepseek/anthropic/v1/messages', MESSAGES)]
REQUESTS += [('openai', '/openai/v1/responses', RESPONSES)]
# Where anything may be: the schemas of tools, and their input.
FREE = ('parameters', 'input_schema', 'input')


def objects(value, path=()):
    """The paths of all objects in a request that have fields of their own."""
    if isinstance(value, dict):
        yield path
        for name, inner in value.items():
            if name not in FREE or isinstance(inner, list):
                yield from objects(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from objects(inner, (*path, index))


def at(value, path):
    for step in path:
        value = value[step]
    return value


class Strict(unittest.TestCase):
    def test_all_nine_providers_have_schemas(self):
        self.assertEqual(
            sorted(STRICT.providers), ['anthropic', 'deepseek', 'groq', 'huggingface', 'mistral', 'openai', 'openrouter', 'perplexity', 'together']
        )

    def test_ordinary_requests_pass(self):
        for provider, path, body in REQUESTS:
            self.assertEqual((path, STRICT.fault(provider, path, body)), (path, None))

    def test_an_unknown_field_is_refused_in_every_object(self):
        for provider, path, body in REQUESTS:
            places = list(objects(body))
            self.assertGreater(len(places), 7)
            for place in places:
                wrong = copy.deepcopy(body)
                at(wrong, place)['surely_unknown'] = 1
                with self.subTest(path=path, place=place):
                    self.assertEqual(STRICT.fault(provider, path, wrong), Fault((*place, 'surely_unknown'), 'unknown'))

    def test_wrong_types_and_missing_fields_are_refused(self):
        for provider, path, body in REQUESTS:
            tokens = 'max_tokens' if 'max_tokens' in body else 'max_output_tokens'
            self.assertEqual(STRICT.fault(provider, path, {**body, tokens: '5'}), Fault((tokens,), 'invalid'))
            self.assertEqual(STRICT.fault(provider, path, {**body, tokens: True}), Fault((tokens,), 'invalid'))
        for provider, path, body in REQUESTS[:-1]:
            self.assertEqual(STRICT.fault(provider, path, {k: v for k, v in body.items() if k != 'messages'}), Fault(('messages',), 'missing'))

    def test_what_groq_refuses(self):
        for name in ('reasoning_content', 'thinking_blocks'):
            body = copy.deepcopy(CHAT)
            body['messages'][2][name] = 'x'
            fault = STRICT.fault('groq', '/groq/openai/v1/chat/completions', body)
            status, answer = refusal('groq', '/groq/openai/v1/chat/completions', fault)
            self.assertEqual((status, answer['error']['message']), (400, f"'messages.2' : property '{name}' is unsupported"))

    def test_each_provider_refuses_in_its_own_form(self):
        fault = Fault(('messages', 0, 'x'), 'unknown')
        self.assertEqual(refusal('anthropic', '/v1/messages', fault)[1]['error']['message'], 'messages.0.x: Extra inputs are not permitted')
        self.assertEqual(refusal('openai', '/v1/chat/completions', fault)[1]['error']['param'], 'messages[0].x')
        status, body = refusal('mistral', '/v1/chat/completions', fault)
        self.assertEqual((status, body['message']['detail'][0]['loc']), (422, ['body', 'messages', 0, 'x']))

    def test_only_objects_without_fields_of_their_own_are_open(self):
        for provider, entry in STRICT.providers.items():
            for name, schema in entry['definitions'].items():
                self.assertIs(schema['additionalProperties'], False, f'{provider} {name}')


if __name__ == '__main__':
    unittest.main()
