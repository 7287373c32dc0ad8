"""The key of an answer in the cache: a hash of everything that the answer depends on.

- the body as LiteLLM reads it, in the order of its fields, since models follow the order of a schema's properties
- the client's headers that reach a provider
- the API: the same body has another meaning on another route
- the name of the client's key: no client gets another one's answer, and a new value of the key changes nothing
- what the alias means: its models and their addresses, and LiteLLM's settings and version
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import orjson

# Increase it to ignore all answers that were stored before, when stored answers would now be different.
FORMAT = 1
# Headers that LiteLLM passes on to a provider. Browsers get other headers for another origin.
HEADERS = (b'anthropic-', b'openai-', b'x-mcp-', b'origin')
# Settings that an operator can add to litellm.yaml, with which any header may reach a provider or decide which one is asked.
FORWARDING = {
    'general_settings': ('forward_client_headers_to_llm_api', 'forward_openai_org_id', 'forward_llm_provider_auth_headers', 'user_header_name'),
    'litellm_settings': ('model_group_settings', 'forward_client_headers_to_llm_api', 'add_user_information_to_llm_headers'),
    'router_settings': ('enable_tag_filtering', 'model_group_settings'),
}
# Headers that change no answer. Some are different for each request.
TRANSPORT = (
    *(b'host', b'accept', b'user-agent', b'connection', b'content-', b'authorization', b'traceparent'),
    *(b'x-request-id', b'x-litellm-call-id', b'x-forwarded-', b'x-stainless-', b'x-switchyard-'),
)
# Parts of the configuration that change no answer.
PARAMETERS = frozenset({'api_key', 'order', 'timeout', 'stream_timeout', 'max_parallel_requests', 'rpm', 'tpm', 'weight'})
SETTINGS = frozenset({'request_timeout', 'cache', 'cache_params', 'fallbacks', 'max_fallbacks', 'routing_strategy', 'cooldown_time', 'num_retries'})


class Meanings:
    """What each alias means, from LiteLLM's configuration."""

    def __init__(self, config: dict, version: str) -> None:
        """`version` is LiteLLM's. More text in it distinguishes more, such as the settings of the cache."""
        settings = [{k: v for k, v in (config.get(name) or {}).items() if k not in SETTINGS} for name in ('litellm_settings', 'router_settings')]
        common = digest([FORMAT, version, settings])
        by_alias: dict[str, list[dict]] = {}
        for entry in config.get('model_list') or []:
            by_alias.setdefault(entry['model_name'], []).append(entry)
        self._of_alias = {alias: digest([common, sorted({meaning(entry) for entry in entries})]) for alias, entries in by_alias.items()}
        self._deployments = {
            alias: frozenset(str(entry['model_info']['id']).encode() for entry in entries if (entry.get('model_info') or {}).get('id'))
            for alias, entries in by_alias.items()
        }
        self.forwards_headers = any((config.get(section) or {}).get(name) for section, names in FORWARDING.items() for name in names)

    def of(self, aliases: Iterable[str]) -> list[str]:
        """The meanings of the aliases that a request names."""
        return [self._of_alias.get(alias, '') for alias in aliases]

    def deployments(self, alias: str) -> frozenset[bytes]:
        """The ids of an alias's own deployments, as in the header `x-litellm-model-id`."""
        return self._deployments.get(alias, frozenset())

    def headers(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
        """The headers of a request on which its answer can depend."""
        if self.forwards_headers:
            found = ((name, value) for name, value in headers if not name.startswith(TRANSPORT))
        else:
            found = ((name, value) for name, value in headers if name.startswith(HEADERS))
        return sorted((name.decode('latin-1'), value.decode('latin-1')) for name, value in found)


def meaning(entry: dict) -> str:
    """A deployment without what changes no answer. Deployments that differ only in their keys mean the same."""
    return digest({name: value for name, value in entry['litellm_params'].items() if name not in PARAMETERS})


def digest(value: object) -> str:
    """A hash of a part of the configuration."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()


def cache_key(*, route: str, client: str, namespace: str | None, meanings: list[str], headers: list[tuple[str, str]], fields: dict) -> bytes:
    """The key, 32 bytes. LiteLLM reads a body's top-level fields in any order; the order inside them may matter to a model."""
    return hashlib.sha256(orjson.dumps([route, client, namespace, meanings, headers, dict(sorted(fields.items()))])).digest()
