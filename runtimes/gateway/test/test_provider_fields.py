"""Which fields of a request reach which provider."""

import copy
import unittest

from provider_fields import ProviderFields, patched

FIELDS = ProviderFields.of_file()
CHAT, RESPONSES = '/chat/completions', '/responses'
CALL = {'id': 'c', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}
# What an agent sends back after another provider has reasoned: under the names of opencode, of LiteLLM and of Mistral.
ASSISTANT = {
    'role': 'assistant', 'content': None, 'tool_calls': [{**CALL, 'provider_specific_fields': {}}], 'reasoning_content': 'r', 'provider_specific_fields': {'a': 1},
    'thinking_blocks': [{'type': 'thinking', 'thinking': 'r', 'signature': 's'}], 'annotations': [],
}  # fmt: skip
MARK = {'cache_control': {'type': 'ephemeral'}}


def chat(provider: str, **more) -> dict:
    return FIELDS.published(CHAT, provider, {'model': 'm', **more})


class Chat(unittest.TestCase):
    def test_an_assistants_message_keeps_only_what_its_provider_publishes(self):
        own = {'role': 'assistant', 'content': None, 'tool_calls': [CALL]}
        for provider, more in {'groq': {}, 'openai': {}, 'mistral': {}, 'huggingface': {}, 'deepseek': {'reasoning_content': 'r'}}.items():
            with self.subTest(provider=provider):
                self.assertEqual(chat(provider, messages=[ASSISTANT])['messages'], [{**own, **more}])

    def test_the_given_request_is_unchanged_since_a_fallback_uses_it_too(self):
        body = {'model': 'm', 'messages': [copy.deepcopy(ASSISTANT)], 'max_retries': 0}
        before = copy.deepcopy(body)
        FIELDS.published(CHAT, 'groq', body)
        self.assertEqual(body, before)

    def test_litellms_own_fields_and_other_providers_fields_are_dropped(self):
        self.assertEqual(chat('huggingface', max_retries=0, top_k=1, seed=3), {'model': 'm', 'seed': 3})
        self.assertEqual(chat('groq', extra_body={'safe_prompt': True, 'reasoning_format': 'raw'}), {'model': 'm', 'extra_body': {'reasoning_format': 'raw'}})
        self.assertEqual(chat('openai', max_retries=0, thinking={}), {'model': 'm'})

    def test_a_limit_of_tokens_has_the_name_that_the_provider_publishes(self):
        self.assertEqual(chat('huggingface', max_completion_tokens=9), {'model': 'm', 'max_tokens': 9})
        self.assertEqual(chat('huggingface', max_completion_tokens=9, max_tokens=5), {'model': 'm', 'max_tokens': 5})
        self.assertEqual(chat('groq', max_completion_tokens=9), {'model': 'm', 'max_completion_tokens': 9})

    def test_a_field_that_nobody_knows_is_sent_at_every_level(self):
        body = {'brand_new': 1, 'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 't', 'brand_new': 2}], 'brand_new': 3}]}
        for provider in FIELDS.routes[CHAT]:
            self.assertEqual(chat(provider, **body), {'model': 'm', **body})

    def test_the_headers_of_a_deployment_are_kept_for_openais_sdk(self):
        self.assertEqual(chat('openai', extra_headers={'x-mine': '1'}), {'model': 'm', 'extra_headers': {'x-mine': '1'}})
        self.assertEqual(chat('huggingface', extra_headers={'x-mine': '1'}), {'model': 'm'})

    def test_servers_that_are_called_by_the_prefix_openai_keep_their_options(self):
        more = {'top_k': 4, 'chat_template_kwargs': {'thinking': True}, 'extra_body': {'min_p': 0.1}}
        self.assertEqual(chat('openai', **more), {'model': 'm', **more})

    def test_a_provider_without_a_list_gets_everything(self):
        self.assertEqual(chat('hosted_vllm', messages=[ASSISTANT], max_retries=1), {'model': 'm', 'messages': [ASSISTANT], 'max_retries': 1})

    def test_marks_for_a_cache_reach_only_providers_that_have_them(self):
        part = {'type': 'text', 'text': 't'}
        messages = [{'role': 'user', 'content': [{**part, **MARK}]}]
        self.assertEqual(chat('groq', messages=messages)['messages'], [{'role': 'user', 'content': [part]}])
        self.assertEqual(chat('openrouter', messages=messages)['messages'], messages)

    def test_a_list_of_texts_becomes_a_text_where_a_provider_takes_only_that(self):
        messages = [{'role': 'system', 'content': [{'type': 'text', 'text': 'a', **MARK}, {'type': 'text', 'text': 'b'}]}]
        self.assertEqual(chat('together_ai', messages=messages)['messages'], [{'role': 'system', 'content': 'a\nb'}])
        self.assertIsInstance(chat('groq', messages=messages)['messages'][0]['content'], list)
        picture = [{'role': 'system', 'content': [{'type': 'image_url', 'image_url': {'url': 'u'}}]}]
        self.assertEqual(chat('together_ai', messages=picture)['messages'], picture)

    def test_thoughts_in_a_content_reach_only_providers_that_have_them(self):
        thought = {'type': 'thinking', 'thinking': [{'type': 'text', 'text': 'r'}]}
        messages = [{'role': 'assistant', 'content': [thought, {'type': 'text', 'text': 't'}]}]
        self.assertEqual(chat('mistral', messages=messages)['messages'], messages)
        self.assertEqual(chat('groq', messages=messages)['messages'][0]['content'], [{'type': 'text', 'text': 't'}])

    def test_a_tools_schema_is_the_clients(self):
        parameters = {'type': 'object', 'properties': {'cache_control': {'type': 'string', 'annotations': 1}}, 'max_retries': 1}
        tool = {'type': 'function', 'function': {'name': 'f', 'parameters': parameters}}
        for provider in FIELDS.routes[CHAT]:
            self.assertEqual(chat(provider, tools=[{**tool, **({} if provider in ('openrouter', 'anthropic') else MARK)}])['tools'], [tool])

    def test_odd_values_pass(self):
        for odd in (None, 'x', 5, [], {}, [None], [[]], [{'role': 5}], [{'role': []}], [{'role': 'user', 'content': [{'type': {}}]}]):
            for provider in FIELDS.routes[CHAT]:
                self.assertEqual(chat(provider, messages=odd), {'model': 'm', 'messages': odd})


class Responses(unittest.TestCase):
    def test_items_go_without_the_nulls_that_litellm_adds(self):
        call = {'type': 'function_call', 'call_id': 'c', 'name': 'f', 'arguments': '{}'}
        tool = {'type': 'function', 'name': 'f', 'parameters': {}, 'strict': None}
        sent = FIELDS.published(RESPONSES, 'openai', {'input': [{**call, 'namespace': None, 'status': None}], 'tools': [tool], 'user': None})
        self.assertEqual(sent, {'input': [call], 'tools': [tool], 'user': None})

    def test_reasoning_reaches_only_providers_that_have_it(self):
        thought = {'type': 'reasoning', 'id': 'rs', 'summary': [], 'encrypted_content': 'e'}
        message = {'type': 'message', 'role': 'user', 'content': 'hi'}
        self.assertEqual(FIELDS.published(RESPONSES, 'openai', {'input': [thought, message]})['input'], [thought, message])
        self.assertEqual(FIELDS.published(RESPONSES, 'perplexity', {'input': [thought, message]})['input'], [message])


class Patch(unittest.TestCase):
    def test_a_shared_object_is_patched_once(self):
        class Config:
            calls = 0

            def transform_request(self, **kwargs):
                self.calls += 1
                return {'model': 'm', 'max_retries': 1}

            async def async_transform_request(self, **kwargs):
                return self.transform_request()

        config = Config()
        for _ in range(3):
            patched(config, 'groq', FIELDS, CHAT, ('transform_request', 'async_transform_request'))
        self.assertEqual((config.transform_request(), config.calls), ({'model': 'm'}, 1))


if __name__ == '__main__':
    unittest.main()
