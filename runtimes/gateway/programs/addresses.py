"""Keeps LiteLLM's requests at the address that the configuration gives, where LiteLLM's own code would ask elsewhere.

Which providers keep to it by themselves: domain/facts/litellm-prefixes.ts. test/e2e/litellm-addresses.test.ts shows both.
"""

from __future__ import annotations

from urllib.parse import urlsplit


def keep_addresses(model_list: list[dict]) -> None:
    """Change LiteLLM so that it stays at each model's `api_base`. To be called once, before the first request."""
    from litellm import utils

    # For every request to a Hugging Face model it asks huggingface.co for the model's limits, wherever the model is served.
    # They are in the catalogue.
    utils._get_max_position_embeddings = lambda model_name: None
    keep_messages(utils.ProviderConfigManager, model_list)


def keep_messages(manager, model_list: list[dict]) -> None:
    """Have Anthropic's messages translated to chat completions where LiteLLM would send them beside the address given.

    DeepSeek's go to <address without /v1>/anthropic/v1/messages: right for api.deepseek.com, but no longer below
    https://proxy.example/deepseek/v1.
    """
    find = manager.get_provider_anthropic_messages_config
    bases: dict[tuple[str, str], set[str]] = {}
    for params in (entry['litellm_params'] for entry in model_list):
        provider, _, model = params['model'].partition('/')
        if params.get('api_base'):
            bases.setdefault((provider, model), set()).add(params['api_base'])

    def config_for(model: str, provider):
        config = find(model=model, provider=provider)
        given = bases.get((getattr(provider, 'value', provider), model), ())
        return config if config is None or all(stays(config, model, base) for base in given) else None

    manager.get_provider_anthropic_messages_config = staticmethod(config_for)


def stays(config, model: str, base: str) -> bool:
    """Whether a provider's messages are sent below an address."""
    url = config.get_complete_url(api_base=base, api_key=None, model=model, optional_params={}, litellm_params={}, stream=False)
    return is_below(url, base)


def is_below(url: str, base: str) -> bool:
    """Whether an address is another one, or lies below it."""
    one, other = urlsplit(url), urlsplit(base)
    path = other.path.rstrip('/')
    return (one.scheme, one.netloc) == (other.scheme, other.netloc) and (one.path == path or one.path.startswith(f'{path}/'))
