"""Which fields a request may have: what its API or a provider of its alias publishes, and what LiteLLM does not know."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from known_fields import KnownFields, litellm_names
from request_policy import deny_reason

CONFIG = {
    'model_list': [
        {'model_name': alias, 'litellm_params': {'model': model}}
        for alias, model in {
            'gpt': 'openai/gpt', 'claude': 'anthropic/c', 'llama': 'groq/l', 'large': 'mistral/m', 'sonar': 'perplexity/s', 'own': 'hosted_vllm/q',
            'router': 'openrouter/r'
        }.items()
    ],
    'router_settings': {'fallbacks': [{'claude': ['llama']}]},
}  # fmt: skip
KNOWN = KnownFields.of_config(CONFIG)
CHAT, MESSAGES, RESPONSES = '/chat/completions', '/v1/messages', '/responses'
# The fields of the requests of real clients, each with the route and an alias.
CLIENTS = {
    'Claude Code': (MESSAGES, 'claude', 'model max_tokens messages system tools tool_choice metadata stream thinking temperature'
                    ' context_management output_config mcp_servers container service_tier stop_sequences'),
    'Claude Code with another maker': (MESSAGES, 'llama', 'model max_tokens messages system tools metadata stream thinking context_management output_config'),
    'Codex': (RESPONSES, 'gpt', 'model instructions input tools tool_choice parallel_tool_calls reasoning store stream include service_tier'
              ' prompt_cache_key text client_metadata'),
    'aider': (CHAT, 'claude', 'model messages stream temperature max_tokens tools tool_choice stop stream_options user'),
    'opencode': (CHAT, 'llama', 'model messages stream stream_options max_tokens temperature top_p tools tool_choice reasoning_effort'
                 ' parallel_tool_calls prompt_cache_key verbosity'),
}  # fmt: skip


def reason(route, alias, *names, **more):
    return KNOWN.deny_reason(route, {'model': alias, **dict.fromkeys(names, 1), **more})


class Fields(unittest.TestCase):
    def test_requests_of_real_clients_pass(self):
        for client, (route, alias, names) in CLIENTS.items():
            fields = {**dict.fromkeys(names.split(), 1), 'model': alias}
            with self.subTest(client=client):
                self.assertIsNone(KNOWN.deny_reason(route, fields))
                self.assertIsNone(deny_reason(fields))

    def test_a_field_of_the_aliass_own_provider_is_accepted_and_another_providers_is_named(self):
        self.assertIsNone(reason(CHAT, 'large', 'safe_prompt'))
        self.assertIsNone(reason(CHAT, 'llama', 'reasoning_format', 'search_settings'))
        # Its fallback may answer.
        self.assertIsNone(reason(CHAT, 'claude', 'reasoning_format'))
        self.assertIn('"safe_prompt"', reason(CHAT, 'llama', 'safe_prompt') or '')
        self.assertIsNone(reason(CHAT, 'router', 'transforms', 'include_reasoning', 'usage', 'models', 'provider'))
        self.assertIn('"transforms"', reason(CHAT, 'llama', 'transforms') or '')
        self.assertIn('"best_of"', reason(CHAT, 'llama', 'best_of') or '')
        self.assertIn('"extra_body.best_of"', reason(CHAT, 'llama', extra_body={'best_of': 2}) or '')
        self.assertIn('"fallbacks[1].best_of"', reason(CHAT, 'llama', fallbacks=['x', {'model': 'y', 'best_of': 2}]) or '')

    def test_an_unknown_field_is_only_data(self):
        for route in (CHAT, MESSAGES, RESPONSES):
            self.assertIsNone(reason(route, 'llama', 'brand_new', extra_body={'brand_new': 1}))

    def test_an_argument_of_litellm_is_named_in_every_spelling(self):
        for name in ('custom_prompt', 'logger_fn', 'Logger-Fn', 'litellm_logging_obj', 'mock_delay', 'dynamic_async_success_callbacks', 'acompletion', 'hf_model_name'):
            for alias in ('gpt', 'llama', 'claude'):
                if name.lower().replace('-', '_') in litellm_names():
                    self.assertIn(name, reason(CHAT, alias, name) or '')
        self.assertIn('logger_fn', litellm_names())

    def test_servers_with_options_of_their_own_keep_them(self):
        self.assertIsNone(reason(CHAT, 'gpt', 'top_k', 'min_p', 'chat_template_kwargs'))
        self.assertIsNone(reason(CHAT, 'own', 'guided_json', 'top_k'))

    def test_a_response_is_continued_only_where_its_provider_keeps_it(self):
        self.assertIsNone(reason(RESPONSES, 'gpt', previous_response_id='resp_1'))
        self.assertIsNone(reason(RESPONSES, 'claude', previous_response_id=None))
        for alias in ('claude', 'llama', 'sonar', 'own'):
            self.assertIn('previous_response_id', reason(RESPONSES, alias, previous_response_id='resp_1') or '')

    def test_metadata_is_the_users_own(self):
        for name in ('organization', 'headers', 'azure_region', 'langfuse_trace_id', 'team', 'milvus_like'):
            self.assertIsNone(deny_reason({'metadata': {name: 'x'}}), name)
        for name in ('api_base', 'apiBase', 'user_api_key', 'model_info', 'langfuse_host', 'azure_ad_token', 'callbacks'):
            self.assertIn(name, deny_reason({'metadata': {name: 'x'}}) or '')
        # Only directly in it, and not as an argument.
        self.assertIn('headers', deny_reason({'headers': {}}) or '')
        self.assertIn('organization', deny_reason({'extra_body': {'organization': 'x'}}) or '')


class AgainstLitellm(unittest.TestCase):
    def test_the_list_is_that_of_the_installed_release(self):
        import importlib.metadata
        import importlib.util

        script = Path('/scripts/litellm_names.py')
        if not script.exists():
            self.skipTest('only in the image, where scripts/ is mounted')
        listed = json.loads(Path('/hooks/litellm_names.generated.json').read_text())
        self.assertEqual(importlib.metadata.version('litellm'), listed['version'], 'run npm run generate')
        if os.environ.get('SWITCHYARD_SOAK') != '1':
            self.skipTest('parsing the release takes 16 s of CPU: npm run soak')
        site = Path(importlib.util.find_spec('litellm').origin).parent.parent
        found = json.loads(subprocess.run([sys.executable, str(script), str(site)], capture_output=True, check=True, text=True).stdout)
        self.assertEqual(found, listed)

    def test_the_list_has_all_arguments_that_litellm_declares(self):
        os.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True'
        try:
            from litellm.types.router import GenericLiteLLMParams
            from litellm.types.utils import all_litellm_params
        except ImportError:
            self.skipTest('only in the image, which has LiteLLM')
        known = {name.lower().replace('-', '_') for name in [*all_litellm_params, *GenericLiteLLMParams.model_fields]}
        self.assertEqual(known - litellm_names(), set())


if __name__ == '__main__':
    unittest.main()
