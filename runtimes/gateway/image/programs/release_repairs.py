"""Repairs of responses and requests that the pinned release of LiteLLM gets wrong. Each is held by a recorded exchange with a provider
(runtimes/gateway/test/recorded_shapes.jsonl) or by a test with the strict fake provider (test_gateway.py).
"""

from __future__ import annotations


def repair_release() -> None:
    """Apply all repairs. Call this once, after LiteLLM is imported and before the first request."""
    from litellm import main
    from litellm.litellm_core_utils.prompt_templates import factory
    from litellm.llms.groq.chat.transformation import GroqChatConfig
    from litellm.llms.openai_like.chat.transformation import OpenAILikeChatConfig
    from litellm.proxy.anthropic_endpoints import endpoints

    repair_groq_responses(GroqChatConfig, OpenAILikeChatConfig)
    accept_tool_choices_without_type(main)
    send_pdfs_as_documents(factory)
    endpoints.count_source_fields = estimated


def repair_groq_responses(groq, openai_like) -> None:
    """Accept a response without `service_tier`, at which LiteLLM fails, and pass the reasoning on, which LiteLLM does only for streams."""
    original = openai_like.transform_response

    def transform_response(self, *args, **kwargs):
        response = original(self, *args, **kwargs)
        if isinstance(self, groq):
            if not hasattr(response, 'service_tier'):
                response.service_tier = None
            for choice in response.choices:
                # The clients of Anthropic's API and of OpenAI's responses get the reasoning from this field.
                if reasoning := getattr(choice.message, 'reasoning', None):
                    choice.message.reasoning_content = reasoning
        return response

    openai_like.transform_response = transform_response


def accept_tool_choices_without_type(main) -> None:
    """Hugging Face publishes `{"function": {"name": …}}` as a tool choice, without the `type` that OpenAI requires."""
    original = main.validate_chat_completion_tool_choice

    def validate(tool_choice, *args, **kwargs):
        if isinstance(tool_choice, dict) and isinstance(tool_choice.get('function'), dict):
            tool_choice = {'type': 'function', **tool_choice}
        return original(tool_choice, *args, **kwargs)

    main.validate_chat_completion_tool_choice = validate


def send_pdfs_as_documents(factory) -> None:
    """aider sends a PDF in an `image_url`. LiteLLM makes an image block of it, whose media type Anthropic refuses."""
    original = factory.create_anthropic_image_param

    def create_anthropic_image_param(*args, **kwargs):
        block = original(*args, **kwargs)
        return {**block, 'type': 'document'} if block['source'].get('media_type') == 'application/pdf' else block

    factory.create_anthropic_image_param = create_anthropic_image_param


def estimated(response) -> dict[str, bool]:
    """What the response to count_tokens has beside the number: whether the gateway estimated it, since the provider did not count."""
    return {'estimated': True} if response.count_source == 'local_estimate' else {}
