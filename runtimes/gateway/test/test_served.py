"""Which models a request may name, wherever it names one."""

import json
import unittest

from refuse import Refuse
from refused import refusal
from served import Served

SERVED = Served({'mock': 'chat', 'gpt-4': 'chat', 'vectors': 'embedding'})
WRONG = ('mock,mock,mock', 'mock,gpt-4', 'openai/gpt-5.6', 'gpt-4@OPENAI_API_KEY', 'litellm_proxy/mock', '*', 'openai/*', ' mock', 'mock ', 'MOCK', 'mock\n', 'mock\0', '\u202emock', '\ud83d', 'm' * 5_000_000)


def refused(fields, path='/v1/chat/completions'):
    try:
        SERVED.check(path, fields)
    except Refuse as refuse:
        return refuse


class Names(unittest.TestCase):
    def test_served_aliases_pass_on_the_routes_of_their_mode(self):
        for path in ('/v1/chat/completions', '/chat/completions', '/completions', '/v1/responses', '/v1/messages', '/v1/messages/count_tokens'):
            self.assertIsNone(refused({'model': 'mock'}, path))
            why = refused({'model': 'vectors'}, path)
            self.assertEqual((why.status, why.param), (400, 'model'))
            self.assertIn('"vectors" is not served at ' + path.replace('/v1/chat', '/chat').replace('/v1/resp', '/resp') + ', but at /embeddings.', why.message)
            self.assertIn('mock, gpt-4.', why.message)
        for path in ('/embeddings', '/v1/embeddings'):
            self.assertIsNone(refused({'model': 'vectors'}, path))
            why = refused({'model': 'mock'}, path)
            self.assertEqual(why.status, 400)
            self.assertIn('but at /chat/completions, ', why.message)
            self.assertIn('Served at /embeddings: vectors.', why.message)

    def test_any_other_name_is_404_and_repeated_once_and_short(self):
        for name in WRONG:
            for fields in ({'model': name}, {'model': 'mock', 'fallbacks': [name]}, {'model': 'mock', 'fallbacks': [{'model': name}]}, {'model': 'mock', 'context_window_fallbacks': [{'mock': [name]}]},
                           {'model': 'mock', 'content_policy_fallbacks': [{'*': [{'model': 'mock', 'fallbacks': [name]}]}]}, {'model': 'mock', 'tools': [{'type': 'advisor_20260301', 'model': name}]}):
                why = refused(fields)
                self.assertEqual((why.status, why.code), (404, 'model_not_found'), name[:50])
                self.assertLess(len(why.message), 400)
                for anthropic in (False, True):
                    body = why.body(anthropic)
                    self.assertLess(len(body), 900)
                    json.loads(body.decode('ascii'))

    def test_what_is_no_name_is_400(self):
        for name in (None, 1, True, [], {}, ['mock', 'mock'], ''):
            for fields in ({'model': name}, {'model': 'mock', 'fallbacks': [{'model': name}]}):
                self.assertEqual(refused(fields).status, 400, name)
        self.assertEqual(refused({}).code, 'missing_required_parameter')
        for fallbacks in ('mock', {}, 1, [1], [None], [['mock']], [{'model': ['mock']}], [{'mock': 'gpt-4'}], [{'nobody': ['mock']}], ['vectors'], [{'model': 'vectors'}]):
            self.assertIn(refused({'model': 'mock', 'fallbacks': fallbacks}).status, (400, 404), fallbacks)

    def test_served_fallbacks_pass(self):
        for fallbacks in (None, [], ['gpt-4'], [{'model': 'gpt-4', 'messages': []}], [{'mock': ['gpt-4']}], [{'*': ['gpt-4', {'model': 'mock'}]}]):
            self.assertIsNone(refused({'model': 'mock', 'fallbacks': fallbacks}), fallbacks)

    def test_nothing_replaces_the_model_that_was_checked(self):
        for more in ({'models': ['mock']}, {'extra_body': {'model': 'mock'}}, {'extra_body': {'models': ['x']}}, {'litellm_params': {'model': 'mock'}}, {'extra_body': {'extra_body': {'model': 'mock'}}},
                     {'fallbacks': [{'model': 'mock', 'extra_body': {'model': 'x'}}]}, {'fallbacks': [{'model': 'mock', 'models': ['x']}]}):
            self.assertEqual(refused({'model': 'mock', **more}).status, 400, more)

    def test_names_in_the_content_are_the_users_business(self):
        tools = [{'type': 'function', 'function': {'name': 'f', 'parameters': {'properties': {'model': {}}}}}, {'type': 'image_generation', 'model': 'gpt-image-1'}]
        self.assertIsNone(refused({'model': 'mock', 'messages': [{'model': 'x'}], 'tools': tools, 'metadata': {'model': 'x', 'models': 'y'}}))

    def test_did_you_mean(self):
        for name, alias in (('MOCK', 'mock'), ('mock ', 'mock'), ('gpt4', 'gpt-4'), ('moc', 'mock')):
            self.assertIn(f'Did you mean "{alias}"?', refused({'model': name}).message)
        self.assertNotIn('Did you mean', refused({'model': 'something else'}).message)
        self.assertNotIn('Did you mean', refused({'model': 'vector'}).message)

    def test_the_advisor_tool_chooses_no_upstream(self):
        for name in ('api_base', 'api_key'):
            self.assertIn(name, refusal({'tools': [{'type': 'advisor_20260301', 'model': 'mock', name: 'x'}]}) or '')


class Configuration(unittest.TestCase):
    def test_aliases_and_modes_come_from_the_model_list(self):
        config = {'model_list': [{'model_name': 'a'}, {'model_name': 'a'}, {'model_name': 'b', 'model_info': {'id': 'b@K', 'mode': 'embedding'}}]}
        self.assertEqual(Served.of_config(config).modes, {'a': 'chat', 'b': 'embedding'})
        with self.assertRaisesRegex(ValueError, r"model_list\[0\].model_info.mode is 'x'; allowed are chat, embedding"):
            Served.of_config({'model_list': [{'model_name': 'a', 'model_info': {'mode': 'x'}}]})


if __name__ == '__main__':
    unittest.main()
