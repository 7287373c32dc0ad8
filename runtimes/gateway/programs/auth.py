"""LiteLLM's `custom_auth`. Defence in depth: request_filter.py has rejected wrong keys already; this check covers requests that reach
LiteLLM in another way. A client's key never gets LiteLLM's administrator role."""

from __future__ import annotations

from clientkeys import ClientKeys
from fastapi import Request
from litellm.proxy._types import LitellmUserRoles, ProxyException, UserAPIKeyAuth

keys = ClientKeys()


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    entry = keys.find((api_key or '').removeprefix('Bearer ').strip())
    if entry is None:
        raise ProxyException('Missing or wrong API key.', 'authentication_error', 'api_key', 401)
    return UserAPIKeyAuth(
        api_key=entry['sha256'], key_alias=entry['name'], user_id=entry['name'], user_role=LitellmUserRoles.INTERNAL_USER
    )
