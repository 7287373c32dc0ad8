"""The warm-up calls all providers at once and ends in time, whatever they do."""

import asyncio
import contextlib
import sys
import time
import types
import unittest
from unittest import mock

from warmup import Warmup, warm_up_providers

MODELS = [f'provider{number}/model' for number in range(9)]


def fake_litellm(answer):
    """The calls of LiteLLM that the warm-up uses, and the models that they got."""
    called = []

    async def call(model, **_):
        called.append(model)
        return await answer()

    module = types.SimpleNamespace(acompletion=call, anthropic_messages=call, aresponses=call)
    return mock.patch.dict(sys.modules, {'litellm': module}), called


class Providers(unittest.TestCase):
    def test_nine_black_holed_providers_are_waited_for_together(self):
        patch, called = fake_litellm(lambda: asyncio.sleep(1000))
        begun = time.monotonic()
        with patch:
            asyncio.run(warm_up_providers(MODELS, 1))
        self.assertLess(time.monotonic() - begun, 3)
        self.assertEqual(sorted(called), sorted(MODELS * 3))

    def test_a_failure_does_not_end_the_others(self):
        done = []

        async def answer():
            done.append(True)
            if len(done) == 1:
                raise RuntimeError('refused')
            await asyncio.sleep(0.1)
            done.append(True)

        patch, _ = fake_litellm(answer)
        with patch:
            asyncio.run(warm_up_providers(MODELS[:1], 10))
        self.assertEqual(len(done), 5)


class Lifespan(unittest.TestCase):
    def test_the_heartbeat_gets_the_start_and_the_end_of_each_request_of_a_client(self):
        async def app(scope, receive, send):
            if scope['path'] == '/fails':
                raise RuntimeError

        heartbeat = mock.Mock()

        async def serve():
            warmup = Warmup(app, heartbeat)
            for path in ('lifespan', '/v1/models', '/health/liveliness', '/fails'):
                with contextlib.suppress(RuntimeError):
                    await warmup({'type': path if path == 'lifespan' else 'http', 'path': path}, None, None)

        asyncio.run(serve())
        self.assertEqual([call[0] for call in heartbeat.method_calls], ['start', 'request_ended', 'request_ended'])


if __name__ == '__main__':
    unittest.main()
