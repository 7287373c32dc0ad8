"""Which headers of an answer leave the gateway.

LiteLLM passes on every header of a provider as `llm_provider-<name>`, and some under their own names: whatever an upstream
thinks of, a key in the name itself included. So there is a list of what clients have a use for; the rest stays here.
"""

from __future__ import annotations

import re

# What HTTP, LiteLLM itself and the guard say.
_OWN = re.compile(
    r'content-(?:type|length|encoding|disposition|language)|transfer-encoding|connection|keep-alive|date|server|vary|allow'
    r'|cache-control|etag|expires|last-modified|location|www-authenticate|x-accel-buffering|x-content-type-options'
    r'|access-control-[a-z-]{1,40}|x-litellm-[a-z0-9_-]{1,60}|x-switchyard-stalled'
)
# What providers say: how much may still be asked, when to come back, under which number their support finds a request.
_PROVIDERS = re.compile(
    r'retry-after(?:-ms)?|x-should-retry|(?:x-|apim-)?request-id|cf-ray|x-generation-id'
    r'|(?:(?:x|anthropic)-)?ratelimit-(?:(?:limit|remaining|reset|over|policy|used|provider'
    r'|requests|tokens|input|output|day|minute|hour|second|search|project|dynamic|unified|query|cost|per|req|token|5h|7d)-?){0,6}'
    r'|openai-processing-ms|openai-version|x-processing-time|x-inference-time|x-envoy-upstream-service-time|server-timing'
)
PREFIX = 'llm_provider-'


def passes(name: bytes) -> bool:
    """Whether a header of this name leaves; compared without regard to case."""
    text = name.decode('latin-1').lower()
    bare = text.removeprefix(PREFIX)
    return bool(_PROVIDERS.fullmatch(bare) or (bare == text and _OWN.fullmatch(text)))
