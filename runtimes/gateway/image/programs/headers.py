"""The allow-list of response headers.

LiteLLM passes on every header of a provider as `llm_provider-<name>`, and some under their own names. An upstream could send anything in
these, even a key as a header's name. So only headers that are useful to clients are passed on.
"""

from __future__ import annotations

import re

# Headers of HTTP, of LiteLLM itself and of this gateway.
_OWN = re.compile(
    r'content-(?:type|length|encoding|disposition|language)|transfer-encoding|connection|keep-alive|date|server|vary|allow|accept-encoding'
    r'|cache-control|etag|expires|last-modified|location|www-authenticate|x-accel-buffering|x-content-type-options'
    r'|access-control-[a-z-]{1,40}|x-litellm-[a-z0-9_-]{1,60}|x-switchyard-(?:stalled|handed-over|cache)'
)
# Headers of providers: rate limits, when to retry, and ids by which the provider's support finds a request.
_PROVIDERS = re.compile(
    r'retry-after(?:-ms)?|x-should-retry|(?:x-|apim-)?request-id|cf-ray|x-generation-id'
    r'|(?:(?:x|anthropic)-)?ratelimit-(?:(?:limit|remaining|reset|over|policy|used|provider'
    r'|requests|tokens|input|output|day|minute|hour|second|search|project|dynamic|unified|query|cost|per|req|token|5h|7d)-?){0,6}'
    r'|openai-processing-ms|openai-version|x-processing-time|x-inference-time|x-envoy-upstream-service-time|server-timing'
)
PREFIX = 'llm_provider-'


def is_allowed(name: bytes) -> bool:
    """Whether a response header is passed on. Case does not matter."""
    text = name.decode('latin-1').lower()
    bare = text.removeprefix(PREFIX)
    return bool(_PROVIDERS.fullmatch(bare) or (bare == text and _OWN.fullmatch(text)))
