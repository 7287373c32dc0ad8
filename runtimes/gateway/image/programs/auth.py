"""LiteLLM's `custom_auth`. Defence in depth: request_filter.py has rejected wrong keys already; this check covers requests that reach
LiteLLM in another way. A client's key never gets LiteLLM's administrator role."""

from __future__ import annotations

from clientkeys import ClientKeys, allowed_models, key_name
from fastapi import Request
from litellm.proxy._types import LitellmUserRoles, ProxyException, UserAPIKeyAuth

keys = ClientKeys()


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    entry = keys.find((api_key or '').removeprefix('Bearer ').strip())
    if entry is None:
        raise ProxyException('Missing or wrong API key.', 'authentication_error', 'api_key', 401)
    name = key_name(entry)
    # LiteLLM lists only the key's models at /v1/models. It does not enforce them with an own authentication: request_filter.py and
    # failure_policy.py do.
    allowed = allowed_models(entry)
    # An empty list means all models to LiteLLM.
    models = [] if allowed is None else sorted(allowed) or ['none']
    return UserAPIKeyAuth(
        api_key=entry['sha256'], key_alias=name, user_id=name, models=models, user_role=LitellmUserRoles.INTERNAL_USER
    )
