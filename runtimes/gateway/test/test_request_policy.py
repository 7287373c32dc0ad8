"""Which field names a request must not have. The last tests compare our lists with the names that LiteLLM itself knows."""

import json
import os
import unittest

from request_policy import deny_reason, query_deny_reason

# Without this LiteLLM would fetch prices, and there is no network here.
os.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True'

EVERYWHERE = (
    'api_base', 'base_url', 'api_key', 'API_KEY', 'apiBase', 'api-key', 'user_config', 'model_list', 'mock_response', 'mock_testing_fallbacks',
    'extra_headers', 'default_headers', 'extra_query', 'provider_specific_header', 'vertex_credentials', 'aws_role_name', 'input_cost_per_token',
    'cache_read_input_token_cost', 'num_retries', 'custom_llm_provider', 'ssl_verify', 'ssl_certificate', 'SSL_Verify', 'cooldown_time',
    'allowed_fails', 'allowed_fails_policy', 'workspace_id', 'anthropic-workspace-id', 'deployment_url', 'wandb_api_key',
)
AS_ARGUMENTS = (
    'client', 'client_secret', 'tenant_id', 'deployment_id', 'specific_deployment', 'silent_model', 'use_litellm_proxy', 'base_model',
    'configurable_clientside_auth_params', 'routing_strategy', 'retry_policy', 'preset_cache_key', '_router_weights', 'fallback_depth', 'verbose',
)
# LiteLLM's own names that a request may have: timeouts, ids, fallbacks, the format of the response.
HARMLESS = set(
    'model metadata litellm_metadata litellm_session_id litellm_trace_id tags id cache caching ttl no-log vector_store_id'
    ' timeout request_timeout stream_timeout keepalive_seconds stream_chunk_size fallbacks drop_params allowed_openai_params guardrails'
    ' merge_reasoning_content_in_choices enable_json_schema_validation enable_prompt_caching disable_add_transform_inline_image_block'
    ' supports_system_message ensure_alternating_roles user_continue_message assistant_continue_message extra_body'.split()
)


def allowed(names, inside=None) -> list[str]:
    bodies = {name: {name: 'x'} if inside is None else {inside: {name: 'x'}} for name in names}
    return sorted(name for name, body in bodies.items() if deny_reason(body) is None)


class Denied(unittest.TestCase):
    def test_names_that_would_choose_upstream_key_or_price(self):
        for name in EVERYWHERE:
            text = json.dumps({name: 'x'})
            for fields in ({name: 'x'}, {'litellm_params': {name: 'x'}}, {'extra_body': {'a': [{name: 1}]}}, {'fallbacks': [{'model': 'x', name: 'y'}]},
                           {'metadata': {name: 'x'}}, {'metadata': text}, {'metadata': f' \n\t{text}'}, {'metadata': f' [{text}]'}, {f'metadata[{name}]': 'x'}):
                with self.subTest(fields=fields):
                    self.assertIn(name, deny_reason(fields) or '')

    def test_names_that_are_denied_only_as_arguments(self):
        for name in AS_ARGUMENTS:
            for fields in ({name: 'x'}, {'litellm_params': {name: 'x'}}, {'extra_body': {name: 'x'}}, {'fallbacks': [{'model': 'x', name: 'y'}]}):
                with self.subTest(fields=fields):
                    self.assertIn(name, deny_reason(fields) or '')
            self.assertIsNone(deny_reason({'metadata': {name: 'x'}}))

    def test_references_to_secrets(self):
        for fields in ({'user': 'os.environ/OPENAI_API_KEY'}, {'metadata': {'x': 'oidc/file//run/secrets/OPENAI_API_KEY'}}):
            self.assertIn('refers to a secret', deny_reason(fields) or '')

    def test_the_usual_fields_of_agents_are_allowed(self):
        tool = {'type': 'function', 'function': {'name': 'f', 'parameters': {'properties': {'api_key': {}, 'base_url': {}, 'headers': {}}}}}
        fields = {
            'model': 'x', 'stream': True, 'stream_options': {'include_usage': True}, 'tools': [tool], 'max_tokens': 5,
            'messages': [{'role': 'user', 'content': '{"api_key": 1}', 'tool_calls': [{'function': {'arguments': '{"api_base": 1}'}}]}],
            'metadata': {'user_id': '{"device_id": "d", "account_uuid": "", "session_id": "s"}', 'tags': ['a'], 'client': 'ios'}, 'user': 'u',
            'service_tier': 'auto', 'cache': {'no-cache': True, 'ttl': 60}, 'cache_control': {'type': 'ephemeral', 'ttl': '1h'},
            'fallbacks': ['y'], 'litellm_session_id': 's', 'response_format': {'json_schema': {'properties': {'api_key': {}}}},
            'provider': {'order': ['a'], 'allow_fallbacks': False}, 'plugins': [{'id': 'web'}], 'reasoning_effort': 'high', 'verbosity': 'low',
            'prompt_cache_key': 'k', 'prompt_cache_retention': '24h', 'safety_identifier': 'u', 'previous_response_id': 'r', 'store': False,
            'include': ['reasoning.encrypted_content'], 'client_metadata': {'a': 'b'}, 'parallel_tool_calls': True, 'timeout': 30,
            'anthropic_version': '2023-06-01', 'anthropic_beta': ['x'], 'context_management': {'edits': []}, 'mcp_servers': [{'url': 'https://m', 'name': 'm'}],
            'container': 'c', 'web_search_options': {'user_location': {'type': 'approximate'}}, 'audio': {'voice': 'v'}, 'encoding_format': 'float',
        }
        self.assertIsNone(deny_reason(fields))

    def test_queries(self):
        for query in (b'', b'beta=true', b'limit=20&after_id=x', b'client_version=0.1', b'x=api_base'):
            self.assertIsNone(query_deny_reason(query))
        for name in EVERYWHERE:
            self.assertIn(name, query_deny_reason(f'a=b&{name}=x'.encode()) or '')


class AgainstLitellm(unittest.TestCase):
    """These tests fail when a new version of LiteLLM knows more names. Then add each name either to the denied ones or to HARMLESS."""

    def test_keyword_arguments_and_deployment_settings(self):
        from litellm.types.router import CredentialLiteLLMParams, GenericLiteLLMParams, LiteLLM_Params
        from litellm.types.utils import all_litellm_params

        known = {name for params in (CredentialLiteLLMParams, GenericLiteLLMParams, LiteLLM_Params) for name in params.model_fields}
        known |= set(all_litellm_params)
        self.assertTrue({'ssl_verify', 'api_base', 'cooldown_time'} <= known)
        self.assertEqual(sorted(set(allowed(known)) - HARMLESS), [])

    def test_names_that_litellm_bans_itself(self):
        from litellm.proxy.auth.auth_utils import _BANNED_METADATA_PARAMS, _BANNED_REQUEST_BODY_PARAMS, _SECRET_RESOLVING_PARAMS

        self.assertEqual(sorted(set(allowed({*_BANNED_REQUEST_BODY_PARAMS, *_SECRET_RESOLVING_PARAMS})) - HARMLESS), [])
        self.assertEqual(allowed(_BANNED_METADATA_PARAMS, 'metadata'), [])


if __name__ == '__main__':
    unittest.main()
