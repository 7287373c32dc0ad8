"""What a request may not say, because LiteLLM would act on it: the upstream's address, its key, how it is reached, what it costs,
how requests are spread over providers and when one is left alone. LiteLLM refuses a part of this by itself; its keyword arguments
it takes from any body. test_refused.py holds all this against the names that the image's LiteLLM knows.
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

# Refused wherever they stand, in metadata too: LiteLLM's callbacks and providers look for them there.
ANYWHERE = re.compile(
    r'api_?base|base_?url|api_?key|.*_api_key|api_?version|api_type|deployment_url|user_config|model_list|model_info|litellm_.*'
    r'|(extra|default)_(headers|query)|headers|provider_specific_header|ssl_.*|use_ssl|custom_llm_provider|organization'
    r'|(.*_)?workspace_id|bucket_name|region_name|regional_.*|output_vector_size|(.*_)?cost_per_.*|.*_token_cost(_.*)?|tiered_pricing'
    r'|num_retries|max_retries|cooldown_time|allowed_fails.*|mock_.*|rust|router_.*|caching_groups|turn_off_message_logging'
    r'|(aws|vertex|azure|s3|sagemaker|bedrock|agentcore|watsonx|oci|gcs|nvcf|fireworks|gigachat|predibase|chatgpt|valkey|milvus)_.*'
    r'|(langfuse|langsmith|arize|slack|dd|posthog|braintrust|humanloop|lunary|newrelic|signoz|wandb|weave)_.*'
    r'|anthropic_(disable|federation|identity|issuer|keycloak|organization|service)_.*|openai_(identity|service)_.*'
    r'|success_callback|failure_callback|callbacks|proxy_server_request|secret_fields|user_api_key.*'
)
# Refused where a name becomes one of LiteLLM's keyword arguments. Elsewhere these are ordinary words: a tenant in metadata, the
# order of OpenRouter's providers.
ARGUMENTS = re.compile(
    r'_.*|self|client|client_id|client_secret|tenant_id|shared_session|logger_fn|verbose|log_client_error_tracebacks|follow_redirects'
    r'|azure|deployment_id|specific_deployment|base_model|silent_model|model_(alias_map|config|file_id_mapping)|data_residency'
    r'|use_(client|in_pass_through|litellm_proxy|xai_oauth|chat_completions_api)|configurable_clientside_auth_params'
    r'|(auto|adaptive|complexity|quality)_router_.*|routing_.*|retry_.*|provider_affinity_header|allowed_model_region'
    r'|context_window_fallback_dict|fallback_depth|max_fallbacks|attempted_targets|fastest_response|enable_tag_filtering|tag_regex'
    r'|rpm|[io]?tpm|default_api_key_.*|max_parallel_requests|max_budget|budget_duration|weight|order|(stream_)?timeout_by_.*'
    r'|force_timeout|client_side_timeout|allow_client_keepalive_override|max_agentic_loops|max_file_size_mb|search_tool_name'
    r'|(preset_)?cache_key|stream_response|complete_response|completion_call_id|custom_prompt_dict|hf_model_name'
    r'|(initial|final)_prompt_value|[be]os_token|roles|prompt_(id|integration|label|version|environment|variables)'
    r'|acompletion|aembedding|aimg_generation|a?text_completion|allm_passthrough_route|async_call'
)
TAKEN_AS_ARGUMENTS = re.compile(r'(litellm_params\.|extra_body\.|(context_window_|content_policy_)?fallbacks\.)*')
# Names that `litellm_.*` covers and that are harmless.
PERMITTED = frozenset({'litellm_session_id', 'litellm_trace_id', 'litellm_metadata', 'litellm_params'})
# What the user says, and the schemas of tools: names in there mean nothing to LiteLLM.
CONTENT = frozenset(
    'messages input prompt system instructions tools functions tool_choice function_call response_format text'
    ' output_format output_config stop thinking reasoning prediction logit_bias'.split()
)


def refused(name: str, where: str = '') -> bool:
    """Whether a field may not be called that. LiteLLM reads `metadata[name]` as a name inside metadata."""
    parts = [part.strip().lower().replace('-', '_') for part in re.split(r'[\[\]]+', name)]
    arguments = TAKEN_AS_ARGUMENTS.fullmatch(where)
    return any(
        part not in PERMITTED and (ANYWHERE.fullmatch(part) or (arguments and ARGUMENTS.fullmatch(part))) for part in parts if part
    )


def refusal(fields: object, where: str = '') -> str | None:
    """Why a request's fields are refused, or nothing. Looks into objects and lists, except the content."""
    if isinstance(fields, list):
        return next((why for item in fields if (why := refusal(item, where))), None)
    if isinstance(fields, str) and where and fields.lstrip()[:1] in ('{', '['):
        # LiteLLM reads metadata that comes as text.
        try:
            return refusal(json.loads(fields), where)
        except (ValueError, RecursionError):
            return None
    if not isinstance(fields, dict):
        return None
    for name, value in fields.items():
        if refused(name, where):
            return f'"{where}{name}" is set by the gateway and is not accepted in a request.'
        if not where and name in CONTENT:
            continue
        if isinstance(value, str) and value.startswith(('os.environ/', 'oidc/')):
            return f'"{where}{name}" refers to a secret of the gateway and is not accepted in a request.'
        if why := refusal(value, f'{where}{name}.'):
            return why
    return None


def query_refusal(query: bytes) -> str | None:
    """The same for a query. LiteLLM never sees one; but whoever names a key or an address there must not believe that it counts."""
    for pair in re.split(r'[&;]', query.decode('latin-1')):
        name = unquote_plus(pair.split('=', 1)[0]).strip()
        if name.lower() == 'model':
            return 'Name the model in the body, not in the query.'
        if refused(name):
            return f'"{name}" is set by the gateway and is not accepted in a query.'
    return None
