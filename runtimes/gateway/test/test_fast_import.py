"""Which of LiteLLM's routes are registered. The second class needs LiteLLM."""

import gc
import importlib.util
import os
import unittest

from fast_import import is_reachable, skip_unreachable_routes, without_collector


class Router:
    def __init__(self, prefix: str = '') -> None:
        self.prefix, self.paths = prefix, []

    def add_api_route(self, path, endpoint, **options) -> None:
        self.paths.append(self.prefix + path)


class Routes(unittest.TestCase):
    def test_what_clients_need_is_reachable_and_nothing_else(self):
        for path in ('/v1/chat/completions', '/embeddings', '/v1/messages/count_tokens', '/v1/models/{model_id:path}', '/health/liveliness'):
            self.assertTrue(is_reachable(path), path)
        for path in ('/key/generate', '/v1/files', '/health', '/health/services', '/openai/{endpoint:path}', '/', '/v1/models/../key/info'):
            self.assertFalse(is_reachable(path) and '..' not in path, path)

    def test_a_router_registers_only_reachable_routes_with_its_prefix(self):
        class Patched(Router):
            pass

        skip_unreachable_routes(Patched)
        for router in (plain := Patched(), v1 := Patched('/v1')):
            for path in ('/embeddings', '/messages', '/files'):
                router.add_api_route(path, None)
        self.assertEqual((plain.paths, v1.paths), (['/embeddings'], ['/v1/embeddings', '/v1/messages']))

    def test_the_collector_is_off_from_then_on(self):
        frozen = gc.get_freeze_count()
        self.addCleanup(gc.unfreeze)
        with without_collector():
            self.assertFalse(gc.isenabled())
        self.assertFalse(gc.isenabled())
        gc.enable()
        self.assertGreater(gc.get_freeze_count(), frozen)


@unittest.skipUnless(importlib.util.find_spec('litellm'), 'LiteLLM is not installed here')
class LiteLlm(unittest.TestCase):
    def test_every_route_that_clients_need_is_there_and_no_other_one(self):
        os.environ.update(LITELLM_MODE='PRODUCTION', LITELLM_LOCAL_MODEL_COST_MAP='True')
        from fastapi import APIRouter

        before = APIRouter.add_api_route
        skip_unreachable_routes(APIRouter)
        try:
            from litellm.proxy.proxy_server import app
        finally:
            APIRouter.add_api_route = before
        routers = [route.original_router for route in app.routes if hasattr(route, 'original_router')]
        paths = {route.path for router in routers for route in router.routes if hasattr(route, 'methods')}
        # LiteLLM adds the Anthropic routes at the first request to one of them.
        for path in ('/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/embeddings', '/v1/models', '/health/liveliness'):
            self.assertIn(path, paths)
        self.assertEqual([path for path in paths if not is_reachable(path)], [])


if __name__ == '__main__':
    unittest.main()
