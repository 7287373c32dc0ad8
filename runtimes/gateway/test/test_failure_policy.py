"""Which deployments are called and which are in cooldown after a failure, with a fake router that records its calls."""

import asyncio
import types
import unittest

import requests_log
from failure_kinds import Kind
from failure_policy import MAX_COOLDOWN, RETRY_PAUSE, ModelNotAllowed, ModelRefused, install_failure_policy
from provider_failure import Failure, failure_of
from requests_log import begin

REQUEST, KEY, DOWN = Failure(Kind.REQUEST, 400, 'Why.'), Failure(Kind.KEY, 403, 'No.'), Failure(Kind.PROVIDER, 503, 'Down.')
TIMED_OUT = DOWN._replace(timed_out=True)


def exception_of(failure: Failure) -> Exception:
    error = RuntimeError(failure.message)
    error.switchyard_failure = failure
    return error


class Cooldowns:
    def __init__(self) -> None:
        self.active: dict[str, float] = {}

    def add_deployment_to_cooldown(self, model_id, original_exception, exception_status, cooldown_time):
        self.active[model_id] = cooldown_time

    def get_active_cooldowns(self, model_ids, parent_otel_span):
        return [one for one in model_ids if one in self.active]


def router_of(keys: int, fallbacks: list, windows: dict | None = None, off: bool = False):
    """A router that serves the alias `a` with that many keys."""

    class Router:
        disable_cooldowns = off
        cooldown_time = 20.0

        def __init__(self) -> None:
            self.fallbacks, self.cooldown_cache = fallbacks, Cooldowns()
            self.calls: list = []
            self.orders: list = []

        def get_model_ids(self, model_name):
            return [f'{model_name}@{number}' for number in range(keys if model_name == 'a' else 1)]

        def get_model_list(self, model_name):
            info = {'max_input_tokens': (windows or {}).get(model_name)}
            ids = enumerate(self.get_model_ids(model_name), 1)
            return [{'model_info': {**info, 'id': one}, 'litellm_params': {'order': order}} for order, one in ids]

        async def make_call(self, function, *args, **kwargs):
            return await function()

        async def async_function_with_fallbacks_common_utils(
            self, e, disable_fallbacks, fallbacks, context_window_fallbacks, content_policy_fallbacks, model_group, args, kwargs
        ):
            self.calls.append(fallbacks)
            self.orders.append(kwargs.get('_target_order'))
            return 'a fallback'

    handlers = types.SimpleNamespace()
    openai = types.SimpleNamespace(drop_params_from_unprocessable_entity_error=lambda error, data: {n: v for n, v in data.items() if n != 'bad'})
    install_failure_policy(Router, handlers, openai)
    return Router(), openai


class Policy(unittest.TestCase):
    def call(self, router, failures: list, deployment: str = 'a@0', depth: int = 0, alias: str = 'a'):
        """Makes one call through the router. `failures` are the provider's responses in turn, None for a good one. Returns the number of attempts."""
        pending = list(failures)

        async def provider():
            failure = pending.pop(0)
            if failure is not None:
                raise exception_of(failure)
            return 'good'

        kwargs = {'model': alias, 'metadata': {'model_info': {'id': deployment}}, 'fallback_depth': depth}
        try:
            asyncio.run(router.make_call(provider, **kwargs))
        except RuntimeError:
            pass
        return len(failures) - len(pending)

    def test_a_single_deployment_is_retried_once_and_gets_no_cooldown(self):
        router, _ = router_of(1, [])
        self.assertEqual(self.call(router, [DOWN, None]), 2)
        self.assertEqual(self.call(router, [DOWN, DOWN, None]), 2)
        self.assertEqual(router.cooldown_cache.active, {})

    def test_failures_that_are_not_retried(self):
        long = DOWN._replace(retry_after=30)
        for keys, chain, failure, depth in (
            (1, [], REQUEST, 0), (1, [], KEY, 0), (1, [], TIMED_OUT, 0), (1, [], long, 0), (1, [], DOWN, 1), (2, [], DOWN, 0), (1, [{'a': ['b']}], DOWN, 0),
        ):
            with self.subTest(keys=keys, chain=chain, failure=failure, depth=depth):
                router, _ = router_of(keys, chain)
                self.assertEqual(self.call(router, [failure, None], depth=depth), 1)

    def test_only_the_failed_key_is_in_cooldown(self):
        for failure, seconds in ((KEY, 20.0), (DOWN, 20.0), (KEY._replace(retry_after=7), 7), (DOWN._replace(retry_after=3600), MAX_COOLDOWN)):
            for keys, chain in ((2, []), (1, [{'a': ['b']}])):
                with self.subTest(failure=failure, keys=keys):
                    router, _ = router_of(keys, chain)
                    self.call(router, [failure])
                    self.assertEqual(router.cooldown_cache.active, {'a@0': seconds})

    def test_litellms_own_failure_before_it_calls_a_provider_is_the_requests(self):
        async def ask(router, calls: int) -> list[Failure]:
            request = begin([])
            request.handed_over = True

            async def litellm():
                request.provider_calls += calls
                raise exception_of(DOWN)

            with self.assertRaises(RuntimeError):
                await router.make_call(litellm, model='a', metadata={'model_info': {'id': 'a@0'}})
            return request.failures

        for calls, expected, cooldown in ((0, (Kind.REQUEST, 400, False), {}), (1, (Kind.PROVIDER, 503, True), {'a@0': 20.0})):
            router, _ = router_of(2, [])
            (failure,) = asyncio.run(ask(router, calls))
            self.assertEqual((failure.kind, failure.status, failure.attempted), expected)
            self.assertEqual(router.cooldown_cache.active, cooldown)

    def test_a_fallback_that_the_key_may_not_use_is_not_called_and_is_not_reported(self):
        request = requests_log.begin([])
        request.allowed_models = frozenset({'b'})
        router, _ = router_of(1, [{'a': ['b']}])
        with self.assertRaises(ModelNotAllowed) as raised:
            asyncio.run(router.make_call(lambda: self.fail('the provider was called'), model='a', metadata={}))
        self.assertIs(failure_of(raised.exception).kind, Kind.COOLDOWN)
        self.assertEqual((request.failures, router.cooldown_cache.active), ([], {}))
        request.allowed_models = frozenset({'a'})
        self.assertEqual(self.call(router, [None]), 1)
        request.allowed_models = None

    def test_an_invalid_request_causes_no_cooldown(self):
        router, _ = router_of(2, [{'a': ['b']}])
        self.call(router, [REQUEST])
        self.call(router, [Failure(Kind.COOLDOWN, 429, '', attempted=False)])
        self.assertEqual(router.cooldown_cache.active, {})

    def test_the_last_key_gets_no_cooldown_without_a_fallback(self):
        router, _ = router_of(2, [])
        self.call(router, [KEY])
        self.call(router, [KEY], deployment='a@1')
        self.assertEqual(router.cooldown_cache.active, {'a@0': 20.0})

    def test_of_aliases_that_name_each_other_the_last_one_stays_in_use(self):
        for chains in ([{'a': ['b']}, {'b': ['a']}], [{'a': ['b']}, {'b': ['c']}, {'c': ['a']}], [{'a': ['b', 'c']}, {'b': ['c', 'a']}, {'c': ['a', 'b']}]):
            with self.subTest(chains=chains):
                router, _ = router_of(2, chains)
                deployments = ['a@0', 'a@1', *sorted(f'{alias}@0' for chain in chains for alias in chain if alias != 'a')]
                for deployment in deployments:
                    self.call(router, [DOWN], deployment, alias=deployment[0])
                self.assertEqual(sorted(router.cooldown_cache.active), deployments[:-1])
                # Another order: a single key of an alias that others still name.
                router, _ = router_of(2, chains)
                for deployment in reversed(deployments):
                    self.call(router, [KEY], deployment, alias=deployment[0])
                self.assertEqual(sorted(router.cooldown_cache.active), deployments[1:])

    def test_an_operator_can_switch_cooldowns_off(self):
        router, _ = router_of(2, [], off=True)
        self.call(router, [KEY])
        self.assertEqual(router.cooldown_cache.active, {})

    def test_a_model_that_a_limit_refuses_is_not_called_and_its_refusal_is_what_the_client_gets(self):
        router, _ = router_of(1, [])
        state = begin([])
        self.addCleanup(begin, [])
        state.refused_models = {'a': Failure(Kind.COOLDOWN, 429, 'No budget.', attempted=False)}
        with self.assertRaises(ModelRefused):
            asyncio.run(router.make_call(None, model='a'))
        self.assertEqual((state.reported_failure().message, router.cooldown_cache.active), ('No budget.', {}))
        # What a provider answered says more.
        state.record_failure('b@0', DOWN, 0.0)
        self.assertEqual(state.reported_failure().message, 'Down.')

    def test_a_call_that_a_limit_refuses_inside_of_a_client_is_found_in_its_exception(self):
        class Refused(Exception):
            limit_failure = Failure(Kind.COOLDOWN, 429, 'No budget.', attempted=False)

        error = RuntimeError('Connection error.')
        error.__cause__ = Refused()
        self.assertEqual(failure_of(error).message, 'No budget.')

    def fall_back(self, router, failure: Failure, deployment: str = 'a@0'):
        kwargs = {'model': 'a', 'metadata': {'model_info': {'id': deployment}}}
        # By name, as LiteLLM calls it for streams.
        return asyncio.run(
            router.async_function_with_fallbacks_common_utils(
                e=exception_of(failure), disable_fallbacks=False, fallbacks=router.fallbacks, context_window_fallbacks=None,
                content_policy_fallbacks=None, model_group='a', args=(), kwargs=kwargs,
            )
        )

    def test_an_invalid_request_calls_no_fallback(self):
        router, _ = router_of(2, [{'a': ['b']}])
        with self.assertRaises(RuntimeError):
            self.fall_back(router, REQUEST)
        self.assertEqual(router.calls, [])
        for failure in (KEY, DOWN):
            self.assertEqual(self.fall_back(router, failure), 'a fallback')

    def test_a_key_is_not_called_again_because_the_one_before_it_was_skipped(self):
        router, _ = router_of(3, [{'a': ['b']}])
        for deployment in ('a@0', 'a@1', 'a@2'):
            self.fall_back(router, DOWN, deployment)
        # No deployment was called, and the one in the metadata is that of an earlier call.
        self.fall_back(router, Failure(Kind.COOLDOWN, 429, '', attempted=False), 'a@1')
        self.assertEqual(router.orders, [1, 2, 3, None])

    def test_a_stream_that_has_begun_is_not_continued_by_a_fallback(self):
        router, _ = router_of(1, [{'a': ['b']}])
        error = exception_of(DOWN._replace(in_stream=True))
        error.generated_content = 'one'
        kwargs = {'model': 'a', 'metadata': {'model_info': {'id': 'a@0'}}}
        with self.assertRaises(RuntimeError):
            asyncio.run(router.async_function_with_fallbacks_common_utils(error, False, router.fallbacks, None, None, 'a', (), kwargs))
        self.assertEqual((router.calls, router.cooldown_cache.active), ([], {'a@0': 20.0}))

    def test_a_prompt_that_is_too_long_is_sent_only_to_larger_models(self):
        long = Failure(Kind.LENGTH, 400, 'Too long.')
        for windows in ({'a': 10, 'b': 10}, {'a': 10}, {'b': 20}, {}):
            router, _ = router_of(2, [{'a': ['b']}], windows)
            with self.assertRaises(RuntimeError):
                self.fall_back(router, long)
            self.assertEqual(router.calls, [])

    def test_a_422_that_names_no_field_is_not_retried(self):
        _, openai = router_of(1, [])
        error = exception_of(REQUEST)
        with self.assertRaises(RuntimeError):
            openai.drop_params_from_unprocessable_entity_error(error, {'good': 1})
        self.assertEqual(openai.drop_params_from_unprocessable_entity_error(error, {'good': 1, 'bad': 2}), {'good': 1})

    def test_the_pause_is_short(self):
        self.assertLess(RETRY_PAUSE, 1)


if __name__ == '__main__':
    unittest.main()
