"""Makes LiteLLM load its lazy parts before the gateway is ready.

LiteLLM loads many of its modules at the first request of each kind and to each provider. That takes a second of computing, several
seconds on a busy machine, and blocks all other requests. So the gateway triggers it during its start. No request leaves the container.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib

from collector import run_collector
from heartbeat import Heartbeat

# A closed port: each request fails after LiteLLM has loaded what it needs.
UNREACHABLE = {'api_base': 'http://127.0.0.1:9', 'api_key': 'none', 'timeout': 2}
# How long all of them together may take. A busy machine needs most of it for loading, not for waiting.
WARMUP_SECONDS = 30.0
HELLO = [{'role': 'user', 'content': 'hello'}]
# Modules that LiteLLM imports at its first request, found by comparing sys.modules. A module that a later version does not have is skipped.
LAZY_MODULES = (
    'litellm.experimental_mcp_client',
    'litellm.integrations.shadow_eval_logger',
    'litellm.llms.anthropic.pass_through.messages.streaming_iterator',
    'litellm.proxy._experimental.mcp_server.mcp_server_manager',
    'litellm.proxy.response_polling',
)


async def warm_up_providers(models: list[str], limit: float = WARMUP_SECONDS) -> None:
    """Send one request of each kind to each provider of these models (`provider/model`), at a closed port, all at once."""
    import litellm

    litellm.suppress_debug_info = True
    calls = []
    for model in {model.split('/')[0]: model for model in models if '/' in model}.values():
        calls += [
            litellm.acompletion(model=model, messages=HELLO, max_retries=0, **UNREACHABLE),
            litellm.anthropic_messages(model=model, messages=HELLO, max_tokens=1, **UNREACHABLE),
            litellm.aresponses(model=model, input='hello', max_retries=0, **UNREACHABLE),
        ]
    # Some providers call further addresses, and a network that drops packets lets them wait. What is not loaded then is loaded later.
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), limit)


class Warmup:
    """ASGI middleware: the application reports that it has started only after its lazy parts are loaded.

    It also starts what runs in the event loop, and tells the heartbeat when a client's request has ended.
    """

    def __init__(self, app, heartbeat: Heartbeat) -> None:
        self.app, self.heartbeat = app, heartbeat

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] != 'lifespan':
            try:
                return await self.app(scope, receive, send)
            finally:
                if not scope['path'].startswith('/health/'):
                    self.heartbeat.request_ended()

        async def send_after_load(message) -> None:
            if message['type'] == 'lifespan.startup.complete':
                await self.load()
                run_collector()
            await send(message)

        self.heartbeat.start()
        await self.app(scope, receive, send_after_load)

    async def load(self) -> None:
        for name in LAZY_MODULES:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        # LiteLLM creates the router of the Anthropic routes at the first request to one of their paths, whatever the method.
        scope = {'type': 'http', 'method': 'PATCH', 'path': '/v1/messages', 'raw_path': b'/v1/messages', 'headers': []}
        scope |= {'http_version': '1.1', 'scheme': 'http', 'query_string': b'', 'root_path': '', 'asgi': {'version': '3.0'}}

        async def receive():
            return {'type': 'http.request', 'body': b'', 'more_body': False}

        async def discard(message) -> None:
            pass

        with contextlib.suppress(Exception):
            await self.app(scope, receive, discard)
