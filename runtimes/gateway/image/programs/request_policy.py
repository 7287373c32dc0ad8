"""Field names that a request must not have, because LiteLLM would act on them: the upstream's address, its key, how it is connected to,
its prices, how requests are distributed over providers, and cooldowns. LiteLLM itself rejects some of these, but it takes its keyword
arguments from any body. test_request_policy.py compares these lists with the names that the image's LiteLLM knows.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from urllib.parse import unquote_plus

from bounds import Bounds
from known_fields import litellm_names, normal
from api_error import MAX_QUOTED, quoted

# Denied everywhere, in metadata too: LiteLLM's callbacks and providers read them there. Of the families of names by a product, only those that
# LiteLLM reads are denied in metadata: the others are the user's own words.
FAMILIES = (
    r'(aws|vertex|azure|s3|sagemaker|bedrock|agentcore|watsonx|oci|gcs|nvcf|fireworks|gigachat|predibase|chatgpt|valkey|milvus)_.*'
    r'|(langfuse|langsmith|arize|slack|dd|posthog|braintrust|humanloop|lunary|newrelic|signoz|wandb|weave)_.*'
)
DENIED_EVERYWHERE = re.compile(
    FAMILIES + r'|'
    r'api_?base|base_?url|api_?key|.*_api_key|api_?version|api_type|deployment_url|user_config|model_list|model_info|litellm_.*'
    r'|(extra|default)_(headers|query)|headers|provider_specific_header|ssl_.*|use_ssl|custom_llm_provider|organization'
    r'|(.*_)?workspace_id|bucket_name|region_name|regional_.*|output_vector_size|(.*_)?cost_per_.*|.*_token_cost(_.*)?|tiered_pricing'
    r'|num_retries|max_retries|cooldown_time|allowed_fails.*|mock_.*|rust|router_.*|caching_groups|turn_off_message_logging'
    r'|anthropic_(disable|federation|identity|issuer|keycloak|organization|service)_.*|openai_(identity|service)_.*'
    r'|success_callback|failure_callback|callbacks|proxy_server_request|secret_fields|user_api_key.*'
)
# Denied only where a name becomes one of LiteLLM's keyword arguments. Elsewhere these are ordinary words: a tenant in metadata, the
# order of OpenRouter's providers.
DENIED_ARGUMENTS = re.compile(
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
# Objects whose fields LiteLLM uses as arguments, like the fields of the request itself.
ARGUMENT_OBJECTS = frozenset({'litellm_params', 'extra_body', 'fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'})
# Harmless names that match `litellm_.*`.
ALLOWED = frozenset({'litellm_session_id', 'litellm_trace_id', 'litellm_metadata', 'litellm_params'})
# In metadata these are only data: LiteLLM puts the request's own headers over the first, takes the second only as an argument, and gives
# the ids to Langfuse.
OWN_IN_METADATA = frozenset({'headers', 'organization', 'langfuse_trace_id', 'langfuse_session_id'})
IN_METADATA = (((), 'metadata'), ((), 'litellm_metadata'))
# The user's text, and the schemas of tools: LiteLLM does not act on names in these.
CONTENT = frozenset(
    'messages input prompt system instructions tools functions tool_choice function_call response_format text'
    ' output_format output_config stop thinking reasoning prediction logit_bias'.split()
)


def is_denied(name: str, argument: bool = True) -> bool:
    """Whether a field must not have this name. LiteLLM reads `metadata[name]` as a name inside metadata."""
    parts = [part.strip().lower().replace('-', '_') for part in re.split(r'[\[\]]+', name)]
    return any(
        part not in ALLOWED and (DENIED_EVERYWHERE.fullmatch(part) or (argument and DENIED_ARGUMENTS.fullmatch(part))) for part in parts if part
    )


# For the names of fields, which are few and short. Names in a query string have no limit of length, and are not kept.
_is_denied = lru_cache(4096)(is_denied)


def is_users_own(path: tuple, name: str) -> bool:
    """Whether a field directly in metadata is only the user's data. `path` is that of its object: `((), 'metadata')`."""
    name = normal(name)
    return path in IN_METADATA and (name in OWN_IN_METADATA or (re.fullmatch(FAMILIES, name) is not None and name not in litellm_names()))


def deny_reason(fields: dict, bounds: Bounds | None = None) -> str | None:
    """Why a request's fields are denied; None if they are allowed. Checks nested objects and lists, except the content.

    JSON inside a string counts against the bounds of the request. This function is not recursive, because JSON in strings in JSON has no
    limit of depth.
    """
    bounds = bounds or Bounds()
    # The values that are still to be checked, whether their fields are arguments, and their path.
    pending: list[tuple[object, bool, tuple]] = [(fields, True, ())]
    while pending:
        value, argument, path = pending.pop()
        if isinstance(value, str) and path:
            pending += [(inner, argument, path) for inner in json_in_text(value, bounds)]
        elif isinstance(value, list):
            pending += [(item, argument, path) for item in value if isinstance(item, (str, list, dict))]
        elif isinstance(value, dict):
            for name, item in value.items():
                if len(name) > MAX_QUOTED:
                    return f'The field name {quoted(name)} is longer than {MAX_QUOTED} characters.'
                if _is_denied(name, argument) and not is_users_own(path, name):
                    return f'"{dotted(path, name)}" is set by the gateway and is not allowed in a request.'
                if not path and name in CONTENT:
                    # For Anthropic's advisor tool LiteLLM calls a second model, with this tool's fields as arguments.
                    pending += [(tool, True, (path, name)) for tool in advisor_tools(item)] if name == 'tools' else []
                    continue
                if isinstance(item, str) and item.startswith(('os.environ/', 'oidc/')):
                    return f'"{dotted(path, name)}" refers to a secret of the gateway and is not allowed in a request.'
                pending.append((item, argument and name in ARGUMENT_OBJECTS, (path, name)))
    return None


def json_in_text(text: str, bounds: Bounds) -> list:
    """The value of a text that is JSON: LiteLLM parses metadata that is sent as text."""
    if text.lstrip()[:1] not in ('{', '['):
        return []
    bounds.count(text.encode('utf-8', 'surrogatepass'))
    try:
        return [json.loads(text)]
    except ValueError:
        return []


def advisor_tools(tools: object) -> list[dict]:
    """The advisor tools in a request's `tools`."""
    tools = [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return [tool for tool in tools if isinstance(kind := tool.get('type'), str) and kind.startswith('advisor')]


def dotted(path: tuple, name: str) -> str:
    """The names of a path, joined by dots; only the end of a long path."""
    parts = [name]
    while path and len(parts) < 5:
        path, name = path
        parts.append(name)
    return '.'.join(['…'] * bool(path) + parts[::-1])


def query_deny_reason(query: bytes) -> str | None:
    """The same for a query string. LiteLLM never gets one, but a client that sends a key or an address there must not believe that it has
    an effect."""
    for pair in re.split(r'[&;]', query.decode('latin-1')):
        name = unquote_plus(pair.split('=', 1)[0]).strip()
        if name.lower() == 'model':
            return 'Send the model in the body, not in the query string.'
        if is_denied(name):
            return f'{quoted(name)} is set by the gateway and is not allowed in a query string.'
    return None
