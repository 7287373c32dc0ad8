"""Tests of unused_work.py with the pinned LiteLLM, in the image."""

import asyncio
import unittest

import litellm
import unused_work
from litellm import Router
from litellm._service_logger import ServiceLogging
from litellm.integrations.custom_logger import CustomLogger
from litellm.litellm_core_utils.litellm_logging import Logging

MODEL = {'model_name': 'm', 'litellm_params': {'model': 'openai/gpt-4', 'api_key': 'none', 'mock_response': 'hello'}}
REPLACED = ((Router, 'increment_deployment_usage_for_response'), (ServiceLogging, 'async_service_success_hook'), (Logging, 'async_success_handler'))


def ranked(*orders) -> dict:
    return {'model_list': [{'model_name': 'm', 'litellm_params': {'model': 'openai/gpt-4', 'order': order}} for order in orders]}


class Recorded(CustomLogger):
    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str] = []

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time) -> None:
        self.answers.append(response_obj.choices[0].message.content)


class Conditions(unittest.TestCase):
    def test_a_choice_needs_two_deployments_of_one_rank(self) -> None:
        self.assertEqual([unused_work.has_choice(ranked(*orders)) for orders in ((), (1,), (1, 2), (1, 1), (1, 2, 2))], [False, False, False, True, True])

    def test_callbacks_in_any_section(self) -> None:
        for section, name in (('litellm_settings', 'callbacks'), ('litellm_settings', 'success_callback'), ('router_settings', 'optional_pre_call_checks')):
            self.assertTrue(unused_work.has_callbacks({section: {name: ['langfuse']}}), name)
        self.assertFalse(unused_work.has_callbacks({'litellm_settings': {'callbacks': []}, 'router_settings': None}))


class WithTheRelease(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.recorded = Recorded()
        litellm.callbacks = [self.recorded]
        self.addCleanup(setattr, litellm, 'callbacks', [])

    async def logged(self, config: dict) -> list[str]:
        """What a callback gets of one answer with this configuration."""
        self.recorded.answers.clear()
        replaced = [(owner, name, getattr(owner, name)) for owner, name in REPLACED]
        try:
            unused_work.skip_unused_work(config)
            await Router([MODEL]).acompletion(model='m', messages=[{'role': 'user', 'content': 'x'}])
            for _ in range(20):
                await asyncio.sleep(0.05)
                if self.recorded.answers:
                    break
            return list(self.recorded.answers)
        finally:
            for owner, name, original in replaced:
                setattr(owner, name, original)

    async def test_what_a_configuration_uses_stays(self) -> None:
        # One test: LiteLLM's logging belongs to the first event loop that it sees.
        for config, expected in (
            ({'litellm_settings': {'callbacks': ['mine']}}, ['hello']),
            ({'model_list': [MODEL]}, []),
            (ranked(1, 1), ['hello']),
        ):
            with self.subTest(config=config):
                self.assertEqual(await self.logged(config), expected)


if __name__ == '__main__':
    unittest.main()
