"""Which models a request may use, in every field that names one."""

import json
import tempfile
import unittest
from pathlib import Path

from api_error import ApiError
from request_policy import deny_reason
from served_models import ServedModels, missing_keys

SERVED = ServedModels({'mock': 'chat', 'gpt-4': 'chat', 'vectors': 'embedding'})
WRONG = ('mock,mock,mock', 'mock,gpt-4', 'openai/gpt-5.6', 'gpt-4@OPENAI_API_KEY', 'litellm_proxy/mock', '*', 'openai/*', ' mock', 'mock ', 'MOCK', 'mock\n', 'mock\0', '\u202emock', '\ud83d', 'm' * 5_000_000)


def error_for(fields, path='/v1/chat/completions', allowed=None):
    try:
        SERVED.check(path, fields, allowed)
    except ApiError as error:
        return error


class Names(unittest.TestCase):
    def test_served_aliases_are_accepted_on_the_routes_of_their_mode(self):
        for path in ('/v1/chat/completions', '/chat/completions', '/completions', '/v1/responses', '/v1/messages', '/v1/messages/count_tokens'):
            self.assertIsNone(error_for({'model': 'mock'}, path))
            error = error_for({'model': 'vectors'}, path)
            self.assertEqual((error.status, error.param), (400, 'model'))
            self.assertIn('"vectors" is not served at ' + path.replace('/v1/chat', '/chat').replace('/v1/resp', '/resp') + ', but at /embeddings.', error.message)
            self.assertIn('mock, gpt-4.', error.message)
        for path in ('/embeddings', '/v1/embeddings'):
            self.assertIsNone(error_for({'model': 'vectors'}, path))
            error = error_for({'model': 'mock'}, path)
            self.assertEqual(error.status, 400)
            self.assertIn('but at /chat/completions, ', error.message)
            self.assertIn('Served at /embeddings: vectors.', error.message)

    def test_any_other_name_is_a_404_that_quotes_it_shortened(self):
        for name in WRONG:
            for fields in ({'model': name}, {'model': 'mock', 'fallbacks': [name]}, {'model': 'mock', 'fallbacks': [{'model': name}]}, {'model': 'mock', 'context_window_fallbacks': [{'mock': [name]}]},
                           {'model': 'mock', 'content_policy_fallbacks': [{'*': [{'model': 'mock', 'fallbacks': [name]}]}]}, {'model': 'mock', 'tools': [{'type': 'advisor_20260301', 'model': name}]}):
                error = error_for(fields)
                self.assertEqual((error.status, error.code), (404, 'model_not_found'), name[:50])
                self.assertLess(len(error.message), 400)
                for anthropic in (False, True):
                    body = error.body(anthropic)
                    self.assertLess(len(body), 900)
                    json.loads(body.decode('ascii'))

    def test_a_model_whose_key_is_not_set_is_a_404_that_says_so_to_keys_that_may_use_it(self):
        served = ServedModels({'mock': 'chat', 'gpt-4': 'chat'}, {'gpt-5': 'OPENAI_API_KEY'})

        def message(name, allowed=None, fields=None):
            with self.assertRaises(ApiError) as caught:
                served.check('/v1/messages', fields or {'model': name}, allowed)
            error = caught.exception
            self.assertEqual((error.status, error.code), (404, 'model_not_found'))
            self.assertEqual(json.loads(error.body(True))['error']['type'], 'not_found_error')
            return error.message

        hint = 'The model "gpt-5" is in the catalogue, but its key OPENAI_API_KEY is not set in this stack. The operator sets it with `pulumi config set --secret OPENAI_API_KEY`, and then `./switchyard up`.'
        self.assertEqual(message('gpt-5'), hint)
        self.assertEqual(message('gpt-5', frozenset({'mock', 'gpt-5'})), hint)
        self.assertEqual(message('', fields={'model': 'mock', 'fallbacks': ['gpt-5']}), hint)
        with self.assertRaises(ApiError) as caught:
            served.check_name('model', 'gpt-5')
        self.assertEqual(caught.exception.message, hint)
        # To another key it is as unknown as any other name.
        unknown = ServedModels(served.modes)
        for allowed in (frozenset(), frozenset({'mock'})):
            self.assertEqual(message('gpt-5', allowed), unknown.not_found('gpt-5'))
        self.assertEqual(message('gpt-6'), unknown.not_found('gpt-6'))

    def test_the_file_of_missing_keys_is_read_and_an_invalid_one_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / 'missing-keys.json'
            self.assertEqual(missing_keys(file), {})
            file.write_text('{"gpt-5": "OPENAI_API_KEY"}')
            self.assertEqual(missing_keys(file), {'gpt-5': 'OPENAI_API_KEY'})
            for invalid in ('[]', '{"gpt-5": 1}', '{'):
                file.write_text(invalid)
                with self.assertRaises(ValueError):
                    missing_keys(file)

    def test_a_value_that_is_not_a_name_is_a_400(self):
        for name in (None, 1, True, [], {}, ['mock', 'mock'], ''):
            for fields in ({'model': name}, {'model': 'mock', 'fallbacks': [{'model': name}]}):
                self.assertEqual(error_for(fields).status, 400, name)
        self.assertEqual(error_for({}).code, 'missing_required_parameter')
        for fallbacks in ('mock', {}, 1, [1], [None], [['mock']], [{'model': ['mock']}], [{'mock': 'gpt-4'}], [{'nobody': ['mock']}], ['vectors'], [{'model': 'vectors'}]):
            self.assertIn(error_for({'model': 'mock', 'fallbacks': fallbacks}).status, (400, 404), fallbacks)

    def test_served_fallbacks_are_accepted(self):
        for fallbacks in (None, [], ['gpt-4'], [{'model': 'gpt-4', 'messages': []}], [{'mock': ['gpt-4']}], [{'*': ['gpt-4', {'model': 'mock'}]}]):
            self.assertIsNone(error_for({'model': 'mock', 'fallbacks': fallbacks}), fallbacks)

    def test_a_key_with_a_list_may_use_only_its_models_in_every_field_that_names_one(self):
        fields = [{'model': 'gpt-4'}, {'model': 'mock', 'fallbacks': ['gpt-4']}, {'model': 'mock', 'fallbacks': [{'model': 'gpt-4'}]}, {'model': 'mock', 'context_window_fallbacks': [{'mock': ['gpt-4']}]},
                  {'model': 'mock', 'extra_body': {'fallbacks': ['gpt-4']}}, {'model': 'mock', 'tools': [{'type': 'advisor_20260301', 'model': 'gpt-4'}]}]
        for body in fields:
            self.assertIsNone(error_for(body), body)
            error = error_for(body, allowed=frozenset({'mock'}))
            self.assertEqual((error.status, error.kind, error.code), (403, 'permission_error', 'model_not_allowed'), body)
            self.assertIn('It may use: mock.', error.message)
        self.assertIsNone(error_for({'model': 'mock'}, allowed=frozenset({'mock'})))
        self.assertEqual(error_for({'model': 'mock'}, allowed=frozenset()).status, 403)
        self.assertEqual(error_for({'model': 'no-such'}, allowed=frozenset({'mock'})).status, 404)

    def test_no_field_can_replace_the_model_that_was_checked(self):
        for more in ({'models': ['mock']}, {'extra_body': {'model': 'mock'}}, {'extra_body': {'models': ['x']}}, {'litellm_params': {'model': 'mock'}}, {'extra_body': {'extra_body': {'model': 'mock'}}},
                     {'fallbacks': [{'model': 'mock', 'extra_body': {'model': 'x'}}]}, {'fallbacks': [{'model': 'mock', 'models': ['x']}]}):
            self.assertEqual(error_for({'model': 'mock', **more}).status, 400, more)

    def test_names_in_the_content_are_not_checked(self):
        tools = [{'type': 'function', 'function': {'name': 'f', 'parameters': {'properties': {'model': {}}}}}, {'type': 'image_generation', 'model': 'gpt-image-1'}]
        self.assertIsNone(error_for({'model': 'mock', 'messages': [{'model': 'x'}], 'tools': tools, 'metadata': {'model': 'x', 'models': 'y'}}))

    def test_a_similar_alias_is_suggested(self):
        for name, alias in (('MOCK', 'mock'), ('mock ', 'mock'), ('gpt4', 'gpt-4'), ('moc', 'mock')):
            self.assertIn(f'Did you mean "{alias}"?', error_for({'model': name}).message)
        self.assertNotIn('Did you mean', error_for({'model': 'something else'}).message)
        self.assertNotIn('Did you mean', error_for({'model': 'vector'}).message)

    def test_the_advisor_tool_cannot_choose_an_upstream(self):
        for name in ('api_base', 'api_key'):
            self.assertIn(name, deny_reason({'tools': [{'type': 'advisor_20260301', 'model': 'mock', name: 'x'}]}) or '')


class Configuration(unittest.TestCase):
    def test_aliases_and_modes_come_from_the_model_list(self):
        config = {'model_list': [{'model_name': 'a'}, {'model_name': 'a'}, {'model_name': 'b', 'model_info': {'id': 'b@K', 'mode': 'embedding'}}]}
        self.assertEqual(ServedModels.of_config(config).modes, {'a': 'chat', 'b': 'embedding'})
        with self.assertRaisesRegex(ValueError, r"model_list\[0\].model_info.mode is 'x'; allowed are chat, embedding"):
            ServedModels.of_config({'model_list': [{'model_name': 'a', 'model_info': {'mode': 'x'}}]})


if __name__ == '__main__':
    unittest.main()
