"""Takes the slowness of first requests out of the gateway's start.

LiteLLM loads much of itself at the first request of each kind and to each provider: a second of computing, several on a busy
machine, and all other requests wait. So it is made to load before the gateway is ready. Nothing leaves the container.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib

NOWHERE = {'api_base': 'http://127.0.0.1:9', 'api_key': 'none', 'timeout': 2}
HELLO = [{'role': 'user', 'content': 'hello'}]
# What LiteLLM imports at its first request, seen by comparing sys.modules. A name that a later version lacks is skipped.
LATE = (
    'litellm.experimental_mcp_client',
    'litellm.integrations.shadow_eval_logger',
    'litellm.llms.anthropic.pass_through.messages.streaming_iterator',
    'litellm.proxy._experimental.mcp_server.mcp_server_manager',
    'litellm.proxy.response_polling',
)


async def warm_providers(models: list[str]) -> None:
    """One request of each kind to each provider of these models (`provider/model`), refused by a closed port."""
    import litellm

    litellm.suppress_debug_info = True
    for model in {model.split('/')[0]: model for model in models if '/' in model}.values():
        calls = (
            litellm.acompletion(model=model, messages=HELLO, max_retries=0, **NOWHERE),
            litellm.anthropic_messages(model=model, messages=HELLO, max_tokens=1, **NOWHERE),
            litellm.aresponses(model=model, input='hello', max_retries=0, **NOWHERE),
        )
        for call in calls:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(call, 5)


class Warm:
    """ASGI: lets the application report that it has started only when its late parts are loaded."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        async def later(message) -> None:
            if message['type'] == 'lifespan.startup.complete':
                await self.load()
            await send(message)

        await self.app(scope, receive, later if scope['type'] == 'lifespan' else send)

    async def load(self) -> None:
        for name in LATE:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        # The router of the Anthropic routes is made when one of their paths is first asked for, by whatever method.
        scope = {'type': 'http', 'method': 'PATCH', 'path': '/v1/messages', 'raw_path': b'/v1/messages', 'headers': []}
        scope |= {'http_version': '1.1', 'scheme': 'http', 'query_string': b'', 'root_path': '', 'asgi': {'version': '3.0'}}

        async def receive():
            return {'type': 'http.request', 'body': b'', 'more_body': False}

        async def drop(message) -> None:
            pass

        with contextlib.suppress(Exception):
            await self.app(scope, receive, drop)
