"""The answer to GET /v1/model/info, in LiteLLM's form: the served aliases with their limits, prices and modalities, and no address or key.

Cline, Roo Code and Kilo Code read their list of models from it.
"""

from __future__ import annotations

import json

# What a client may know, from LiteLLM's list of prices. Everything else stays here.
PUBLIC = (
    'mode', 'max_tokens', 'max_input_tokens', 'max_output_tokens', 'input_cost_per_token', 'output_cost_per_token', 'cache_read_input_token_cost',
    'cache_creation_input_token_cost', 'supports_vision', 'supports_pdf_input', 'supports_audio_input', 'supports_function_calling',
    'supports_tool_choice', 'supports_parallel_function_calling', 'supports_reasoning', 'supports_response_schema', 'supports_prompt_caching',
    'supports_system_messages', 'supports_web_search',
)  # fmt: skip


def model_info(model_list: list[dict], prices: dict[str, dict]) -> bytes:
    """The body of the answer.

    `prices`: LiteLLM's list of prices by model, with or without the provider's name. What the configuration says of a model goes first.
    """
    models = {}
    for entry in model_list:
        name = entry['litellm_params']['model']
        known = prices.get(name) or prices.get(name.partition('/')[2]) or {}
        info = {**known, **(entry.get('model_info') or {})}
        public = {key: info[key] for key in PUBLIC if info.get(key) is not None}
        alias = entry['model_name']
        models.setdefault(alias, {'model_name': alias, 'litellm_params': {'model': alias}, 'model_info': {'id': alias, **public}})
    return json.dumps({'data': list(models.values())}).encode()


def only_allowed(answer: bytes, allowed: frozenset[str] | None) -> bytes:
    """The answer with the models that a key may use. `allowed` are their aliases, None for all."""
    if allowed is None:
        return answer
    return json.dumps({'data': [one for one in json.loads(answer)['data'] if one['model_name'] in allowed]}).encode()
