"""Which names a request's fields may have.

LiteLLM takes its own arguments from any body. So a name that LiteLLM reads anywhere is accepted only if the client's API or one of the
alias's providers publishes it. A name that LiteLLM does not read is only data for the provider, and is accepted: providers add fields faster
than releases follow. Both lists are generated: litellm_names.generated.json from the pinned release, provider_fields.generated.json from
the providers' SDKs. request_policy.py rejects dangerous names first, whatever these lists say.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from api_error import quoted

FOLDER = Path(__file__).parent
# Arguments of LiteLLM that a request may have: they choose nothing but the form of the answer, times and what may answer instead.
OPTIONS = frozenset(
    'model metadata litellm_metadata litellm_params litellm_session_id litellm_trace_id tags id cache caching ttl no_log vector_store_id'
    ' timeout request_timeout stream_timeout keepalive_seconds stream_chunk_size fallbacks context_window_fallbacks content_policy_fallbacks'
    ' drop_params allowed_openai_params guardrails merge_reasoning_content_in_choices enable_json_schema_validation enable_prompt_caching'
    ' disable_add_transform_inline_image_block supports_system_message ensure_alternating_roles user_continue_message'
    ' assistant_continue_message extra_body thinking reasoning_effort verbosity web_search_options client_metadata'
    ' anthropic_version anthropic_beta service_tier parallel_tool_calls stream_options user messages input stop seed n logprobs top_logprobs'
    ' prompt_cache_key prompt_cache_retention safety_identifier cache_control'.split()
)
# The providers that keep earlier responses. LiteLLM sends all others a request without the history.
KEEP_RESPONSES = frozenset(('openai', 'azure', 'xai'))
# Objects whose fields LiteLLM or a provider's SDK merges over the fields of the request.
OVERLAYS = ('extra_body', 'litellm_params')
FALLBACKS = ('fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks')


@cache
def litellm_names() -> frozenset[str]:
    """All names that the pinned release reads, in lower case and with underscores."""
    return frozenset(' '.join(json.loads((FOLDER / 'litellm_names.generated.json').read_text())['names']).split())


def normal(name: str) -> str:
    return name.strip().lower().replace('-', '_')


def fallbacks_of(config: dict) -> dict[str, list[str]]:
    """By alias, the aliases that answer when it fails, in LiteLLM's configuration."""
    return {alias: chain for one in (config.get('router_settings') or {}).get('fallbacks') or [] for alias, chain in one.items()}


class KnownFields:
    """The accepted names by alias."""

    def __init__(self, own: dict[str, set[str]], chains: dict[str, list[str]] | None = None) -> None:
        """`own`: by alias, LiteLLM's names of its providers. `chains`: by alias, the aliases that answer when it fails."""
        published = json.loads((FOLDER / 'provider_fields.generated.json').read_text())
        self.apis = {route: frozenset(names) for route, names in published['apis'].items()}
        self.providers: dict[str, set[str]] = {}
        for providers in published['routes'].values():
            for prefix, shape in providers.items():
                self.providers.setdefault(prefix, set()).update(shape['fields'])
        self.every = frozenset().union(*self.providers.values())
        self.own = own
        self.joined: dict[tuple[str, frozenset[str]], frozenset[str]] = {}
        self.prefixes = {alias: given.union(*(own.get(other, ()) for other in (chains or {}).get(alias, ()))) for alias, given in own.items()}

    @classmethod
    def of_config(cls, config: dict) -> KnownFields:
        """Read the providers of each alias and of its fallbacks from LiteLLM's configuration."""
        own: dict[str, set[str]] = {}
        for entry in config.get('model_list') or []:
            own.setdefault(entry['model_name'], set()).add(entry['litellm_params']['model'].partition('/')[0])
        return cls(own, fallbacks_of(config))

    def accepted(self, route: str, prefixes: frozenset[str]) -> frozenset[str]:
        """The names that a route accepts for an alias with these providers. Kept: there are few combinations, and a request needs one."""
        if (known := self.joined.get((route, prefixes))) is None:
            # Servers with options of their own are called by the prefix `openai`.
            theirs = [self.every] if 'openai' in prefixes else [self.providers[prefix] for prefix in prefixes]
            known = self.joined[route, prefixes] = OPTIONS.union(self.apis[route], *theirs)
        return known

    def deny_reason(self, route: str, fields: dict) -> str | None:
        """Why a request to a served alias is denied: a field that is an argument of LiteLLM and that nobody publishes."""
        alias = fields.get('model')
        if fields.get('previous_response_id') is not None and not self.own.get(alias, set()) <= KEEP_RESPONSES:
            message = f'"previous_response_id" is not supported for {quoted(str(alias))}, whose provider does not keep responses.'
            return f'{message} Send the whole conversation in "input".'
        prefixes = self.prefixes.get(alias, set())
        # A provider whose fields are not known, or a server that is called by the prefix of another: request_policy.py must suffice.
        if not prefixes <= self.providers.keys():
            return None
        accepted = self.accepted(route, frozenset(prefixes))
        for path, given in objects(fields, ''):
            for name in given:
                if name not in accepted and normal(name) not in accepted and normal(name) in litellm_names():
                    return f'{quoted(path + name)} is not a field of this API or of a provider of {quoted(str(alias))}, and is not allowed in a request.'
        return None


def objects(fields: dict, path: str):
    """The objects whose fields LiteLLM takes as arguments, with their paths."""
    yield path, fields
    for name in OVERLAYS:
        if isinstance(inner := fields.get(name), dict):
            yield from objects(inner, f'{path}{name}.')
    for name in FALLBACKS:
        for position, one in enumerate(fields[name] if isinstance(fields.get(name), list) else ()):
            if isinstance(one, dict) and 'model' in one:
                yield from objects(one, f'{path}{name}[{position}].')
