"""Makes LiteLLM send all requests to the configured address, where LiteLLM's own code would use another one.

The providers that need no change are in domain/facts/litellm-prefixes.ts. test/e2e/litellm-addresses.test.ts tests both.
"""

from __future__ import annotations

from urllib.parse import urlsplit


def keep_addresses(model_list: list[dict]) -> None:
    """Patch LiteLLM so that it uses only each model's `api_base`. Call this once, before the first request."""
    from litellm import utils

    # For every request to a Hugging Face model, LiteLLM asks huggingface.co for the model's limits, wherever the model is served. The
    # limits are in the catalogue.
    utils._get_max_position_embeddings = lambda model_name: None
    keep_message_addresses(utils.ProviderConfigManager, model_list)


def keep_message_addresses(manager, model_list: list[dict]) -> None:
    """Translate Anthropic messages to chat completions where LiteLLM would send them to an address outside the configured one.

    DeepSeek's messages go to <address without /v1>/anthropic/v1/messages. That is right for api.deepseek.com, but it is not below
    https://proxy.example/deepseek/v1.
    """
    original = manager.get_provider_anthropic_messages_config
    bases: dict[tuple[str, str], set[str]] = {}
    for params in (entry['litellm_params'] for entry in model_list):
        provider, _, model = params['model'].partition('/')
        if params.get('api_base'):
            bases.setdefault((provider, model), set()).add(params['api_base'])

    def config_for(model: str, provider):
        config = original(model=model, provider=provider)
        configured = bases.get((getattr(provider, 'value', provider), model), ())
        return config if config is None or all(is_sent_below(config, model, base) for base in configured) else None

    manager.get_provider_anthropic_messages_config = staticmethod(config_for)


def is_sent_below(config, model: str, base: str) -> bool:
    """Whether a provider's messages are sent to an address below this one."""
    url = config.get_complete_url(api_base=base, api_key=None, model=model, optional_params={}, litellm_params={}, stream=False)
    return is_below(url, base)


def is_below(url: str, base: str) -> bool:
    """Whether an address is the same as another one, or below it."""
    one, other = urlsplit(url), urlsplit(base)
    path = other.path.rstrip('/')
    return (one.scheme, one.netloc) == (other.scheme, other.netloc) and (one.path == path or one.path.startswith(f'{path}/'))
