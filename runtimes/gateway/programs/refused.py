"""What a request may not say, because LiteLLM would act on it: the upstream's address, its key, how it is reached, what it costs,
how requests are spread over providers and when one is left alone. LiteLLM refuses a part of this by itself; its keyword arguments
it takes from any body. test_refused.py holds all this against the names that the image's LiteLLM knows.
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

from bounds import Bounds
from refuse import SHOWN, shown

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
# The objects whose fields are arguments like those of the request itself.
TAKEN_AS_ARGUMENTS = frozenset({'litellm_params', 'extra_body', 'fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'})
# Names that `litellm_.*` covers and that are harmless.
PERMITTED = frozenset({'litellm_session_id', 'litellm_trace_id', 'litellm_metadata', 'litellm_params'})
# What the user says, and the schemas of tools: names in there mean nothing to LiteLLM.
CONTENT = frozenset(
    'messages input prompt system instructions tools functions tool_choice function_call response_format text'
    ' output_format output_config stop thinking reasoning prediction logit_bias'.split()
)


def refused(name: str, argument: bool = True) -> bool:
    """Whether a field may not be called that. LiteLLM reads `metadata[name]` as a name inside metadata."""
    parts = [part.strip().lower().replace('-', '_') for part in re.split(r'[\[\]]+', name)]
    return any(
        part not in PERMITTED and (ANYWHERE.fullmatch(part) or (argument and ARGUMENTS.fullmatch(part))) for part in parts if part
    )


def refusal(fields: dict, bounds: Bounds | None = None) -> str | None:
    """Why a request's fields are refused, or nothing. Looks into objects and lists, except the content.

    JSON that stands as text in a field counts against the bounds of the request. Nothing here calls itself: text in text has no
    depth of its own.
    """
    bounds = bounds or Bounds()
    # What is still to be looked at, whether it gives arguments, and the names that lead there.
    left: list[tuple[object, bool, tuple]] = [(fields, True, ())]
    while left:
        value, argument, path = left.pop()
        if isinstance(value, str) and path:
            left += [(inner, argument, path) for inner in json_inside(value, bounds)]
        elif isinstance(value, list):
            left += [(item, argument, path) for item in value if isinstance(item, (str, list, dict))]
        elif isinstance(value, dict):
            for name, item in value.items():
                if len(name) > SHOWN:
                    return f'The field name {shown(name)} is longer than {SHOWN} characters.'
                if refused(name, argument):
                    return f'"{spelled(path, name)}" is set by the gateway and is not accepted in a request.'
                if not path and name in CONTENT:
                    # LiteLLM asks a second model for Anthropic's advisor tool, with this tool's fields as arguments.
                    left += [(tool, True, (path, name)) for tool in advisors(item)] if name == 'tools' else []
                    continue
                if isinstance(item, str) and item.startswith(('os.environ/', 'oidc/')):
                    return f'"{spelled(path, name)}" refers to a secret of the gateway and is not accepted in a request.'
                left.append((item, argument and name in TAKEN_AS_ARGUMENTS, (path, name)))
    return None


def json_inside(text: str, bounds: Bounds) -> list:
    """What a text holds when it is JSON: LiteLLM reads metadata that comes as text."""
    if text.lstrip()[:1] not in ('{', '['):
        return []
    bounds.take(text.encode('utf-8', 'surrogatepass'))
    try:
        return [json.loads(text)]
    except ValueError:
        return []


def advisors(tools: object) -> list[dict]:
    """The advisor tools of a request."""
    tools = [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return [tool for tool in tools if isinstance(kind := tool.get('type'), str) and kind.startswith('advisor')]


def spelled(path: tuple, name: str) -> str:
    """The names of a path with dots between them, the end of it if it is long."""
    parts = [name]
    while path and len(parts) < 5:
        path, name = path
        parts.append(name)
    return '.'.join(['…'] * bool(path) + parts[::-1])


def query_refusal(query: bytes) -> str | None:
    """The same for a query. LiteLLM never sees one; but whoever names a key or an address there must not believe that it counts."""
    for pair in re.split(r'[&;]', query.decode('latin-1')):
        name = unquote_plus(pair.split('=', 1)[0]).strip()
        if name.lower() == 'model':
            return 'Name the model in the body, not in the query.'
        if refused(name):
            return f'{shown(name)} is set by the gateway and is not accepted in a query.'
    return None
