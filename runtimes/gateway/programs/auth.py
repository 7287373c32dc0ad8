"""LiteLLM's `custom_auth`: the second lock. The guard in front has refused wrong keys already; should a request ever reach
LiteLLM another way, this refuses it too. The key that clients hold is no LiteLLM administrator."""

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
