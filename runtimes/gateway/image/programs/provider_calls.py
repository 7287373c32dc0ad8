"""Counts a request's calls to providers, so that an error before the first one is known to be no provider's.

LiteLLM reports most of its own exceptions like failures of a provider. All of its clients send with httpx.
"""

from __future__ import annotations

from requests_log import current


def count_provider_calls(async_client, client) -> None:
    """Patch `httpx.AsyncClient` and `httpx.Client`."""
    send_async, send = async_client.send, client.send

    async def counted_async(self, *args, **kwargs):
        current().count_call()
        return await send_async(self, *args, **kwargs)

    def counted(self, *args, **kwargs):
        current().count_call()
        return send(self, *args, **kwargs)

    async_client.send, client.send = counted_async, counted
