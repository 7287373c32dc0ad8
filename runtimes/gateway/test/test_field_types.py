"""The types of a request's well-known fields: read from the SDKs in the image, so that this test needs it."""

import unittest

from api_error import ApiError
from field_types import FieldTypes

HELLO = [{'role': 'user', 'content': 'hello'}]
VALID = {
    '/chat/completions': {'messages': HELLO},
    '/completions': {'prompt': 'hello'},
    '/responses': {'input': 'hello'},
    '/embeddings': {'input': 'hello'},
    '/v1/messages': {'messages': HELLO, 'max_tokens': 9},
    '/v1/messages/count_tokens': {'messages': HELLO},
}
CHAT, RESPONSES, EMBEDDINGS, MESSAGES, COMPLETIONS = '/chat/completions', '/responses', '/embeddings', '/v1/messages', '/completions'
TOOL = {'type': 'function', 'function': {'name': 'f', 'parameters': {}}}
# What clients send, and the APIs take.
ACCEPTED = [
    (CHAT, {'tools': [TOOL], 'tool_choice': 'auto', 'stop': 'x', 'max_tokens': 9.0, 'temperature': 1, 'stream': True, 'stream_options': {'include_usage': True}}),
    (CHAT, {'tools': None, 'stop': ['x'], 'max_tokens': None, 'tool_choice': TOOL, 'response_format': {'type': 'json_object'}, 'reasoning_effort': 'low'}),
    (CHAT, {'an_unknown_field': True, 'thinking': {'type': 'enabled'}, 'metadata': {'a': 'b'}, 'logprobs': True, 'n': 1, 'seed': 12345678901234567890}),
    (RESPONSES, {'input': HELLO, 'instructions': 'be short', 'reasoning': {'effort': 'low'}, 'text': {}, 'store': False, 'include': ['a']}),
    (RESPONSES, {'input': [], 'conversation': 'c', 'previous_response_id': 'r', 'tools': [{'type': 'web_search'}], 'tool_choice': {'type': 'web_search'}}),
    (EMBEDDINGS, {'input': ['a', 'b'], 'dimensions': 8, 'encoding_format': 'base64', 'stream': False}),
    (EMBEDDINGS, {'input': [[1, 2], [3]]}),
    (EMBEDDINGS, {'input': [1, 2]}),
    (COMPLETIONS, {'prompt': [[1, 2]], 'logprobs': 2, 'suffix': 'x', 'stream': True}),
    (MESSAGES, {'system': 'x', 'stop_sequences': ['x'], 'tools': [{'name': 'f', 'input_schema': {}}], 'tool_choice': {'type': 'any'}, 'container': 'c'}),
    (MESSAGES, {'system': [{'type': 'text', 'text': 'x'}], 'thinking': {'type': 'enabled', 'budget_tokens': 1}, 'metadata': {'user_id': 'u'}, 'stream': True}),
]
# What fails inside LiteLLM, each seen: the field that is named.
REJECTED = [
    (CHAT, {'tools': True}, 'tools'),
    (CHAT, {'tools': [None]}, 'tools[0]'),
    (CHAT, {'tools': [TOOL, []]}, 'tools[1]'),
    (CHAT, {'max_tokens': {}}, 'max_tokens'),
    (CHAT, {'max_tokens': True}, 'max_tokens'),
    (CHAT, {'messages': 'hello'}, 'messages'),
    (CHAT, {'messages': None}, 'messages'),
    (CHAT, {'messages': [[]]}, 'messages[0]'),
    (CHAT, {'metadata': 'x'}, 'metadata'),
    (CHAT, {'response_format': ''}, 'response_format'),
    (CHAT, {'web_search_options': []}, 'web_search_options'),
    (CHAT, {'stop': 1}, 'stop'),
    (CHAT, {'timeout': 'x'}, 'timeout'),
    (CHAT, {'tags': [[]]}, 'tags[0]'),
    (CHAT, {'extra_body': 'x'}, 'extra_body'),
    (COMPLETIONS, {'prompt': -1}, 'prompt'),
    (COMPLETIONS, {'tool_choice': []}, 'tool_choice'),
    (RESPONSES, {'input': 1.5}, 'input'),
    (RESPONSES, {'reasoning': 'x'}, 'reasoning'),
    (EMBEDDINGS, {'input': {}}, 'input'),
    (EMBEDDINGS, {'encoding_format': 1}, 'encoding_format'),
    (EMBEDDINGS, {'tools': 1}, 'tools'),
    (EMBEDDINGS, {'stream': True}, 'stream'),
    (MESSAGES, {'messages': None}, 'messages'),
    (MESSAGES, {'tool_choice': 'auto'}, 'tool_choice'),
    (MESSAGES, {'response_format': 'x'}, 'response_format'),
    ('/v1/messages/count_tokens', {'tools': 'x'}, 'tools'),
]


class Fields(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.types = FieldTypes.of_sdks()

    def rejected(self, route, fields) -> ApiError:
        with self.assertRaises(ApiError) as caught:
            self.types.check(route, fields)
        self.assertEqual(caught.exception.status, 400)
        return caught.exception

    def test_what_clients_send_is_accepted(self):
        for route, fields in [*VALID.items(), *((route, {**VALID[route], **more}) for route, more in ACCEPTED)]:
            with self.subTest(route=route, fields=fields):
                self.types.check(route, {'model': 'a', **fields})

    def test_a_wrong_type_is_rejected_with_the_fields_name(self):
        for route, more, name in REJECTED:
            with self.subTest(route=route, fields=more):
                error = self.rejected(route, {**VALID[route], **more})
                self.assertEqual(error.param, name)
                self.assertIn(f'"{name}" must be ', error.message)

    def test_the_message_has_the_allowed_types_and_the_found_one(self):
        self.assertEqual(self.rejected(CHAT, {**VALID[CHAT], 'stop': {}}).message, '"stop" must be a string or a list, found an object.')

    def test_required_fields(self):
        for route, name in ((CHAT, 'messages'), (COMPLETIONS, 'prompt'), (EMBEDDINGS, 'input'), (MESSAGES, 'messages')):
            error = self.rejected(route, {'model': 'a', 'max_tokens': 9})
            self.assertEqual((error.param, error.code), (name, 'missing_required_parameter'))


if __name__ == '__main__':
    unittest.main()
