"""Conversations of an agent: in each turn but the last the model reasons and calls a tool, and the agent sends everything back as it received it.

`post(path, body)` sends a request and returns its status and its JSON. Each function returns the final text.
"""

from __future__ import annotations

TURNS = 5
APIS = ('chat', 'messages', 'responses')
# The smallest picture and the smallest document.
PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
PDF = 'JVBERi0xLjQKJSVFT0YK'
SCHEMA = {'type': 'object', 'properties': {'word': {'type': 'string'}}, 'required': ['word']}
DIRECTIVE = '#tool=again #reason=because'


def asked(turn: int) -> str:
    """What the agent says in a turn: the fake provider reasons and calls a tool, except in the last one."""
    return f'turn {turn} {DIRECTIVE}' if turn < TURNS - 1 else 'enough'


def chat(post, model: str, image: bool, pdf: bool) -> str:
    """A loop on the chat route."""
    content = [{'type': 'text', 'text': asked(0)}]
    content += [{'type': 'image_url', 'image_url': {'url': f'data:image/png;base64,{PNG}'}}] * image
    content += [{'type': 'file', 'file': {'filename': 'a.pdf', 'file_data': f'data:application/pdf;base64,{PDF}'}}] * pdf
    messages = [{'role': 'system', 'content': f'{model} is brief.'}, {'role': 'user', 'content': [*content[1:], content[0]]}]
    tools = [{'type': 'function', 'function': {'name': 'look_up', 'description': 'Looks a word up.', 'parameters': SCHEMA}}]
    for turn in range(1, TURNS + 1):
        answer = post('/v1/chat/completions', {'model': model, 'messages': messages, 'tools': tools, 'max_tokens': 64})
        message = answer['choices'][0]['message']
        # opencode sends reasoning back under this name, and LiteLLM's own clients as blocks, whichever provider is asked now.
        blocks = [{'type': 'thinking', 'thinking': 'because', 'signature': 'c2lnbmF0dXJl'}]
        messages.append({'reasoning_content': 'because', 'thinking_blocks': blocks, **message})
        if not message.get('tool_calls'):
            return message['content']
        messages += [{'role': 'tool', 'tool_call_id': call['id'], 'content': asked(turn)} for call in message['tool_calls']]
    raise AssertionError('the model did not come to an end')


def messages(post, model: str, image: bool, pdf: bool) -> str:
    """A loop on the messages route, with the cache marks that Claude Code sets."""
    mark = {'cache_control': {'type': 'ephemeral'}}
    content: list[dict] = [{'type': 'image', 'source': {'type': 'base64', 'media_type': 'image/png', 'data': PNG}}] * image
    content += [{'type': 'document', 'source': {'type': 'base64', 'media_type': 'application/pdf', 'data': PDF}}] * pdf
    turns: list[dict] = [{'role': 'user', 'content': [*content, {'type': 'text', 'text': asked(0), **mark}]}]
    tools = [{'name': 'look_up', 'description': 'Looks a word up.', 'input_schema': SCHEMA, **mark}]
    body = {'model': model, 'max_tokens': 4096, 'tools': tools, 'thinking': {'type': 'enabled', 'budget_tokens': 2048}}
    body['system'] = [{'type': 'text', 'text': f'{model} is brief.', **mark}]
    for turn in range(1, TURNS + 1):
        answer = post('/v1/messages', {**body, 'messages': turns})
        turns.append({'role': 'assistant', 'content': answer['content']})
        calls = [block for block in answer['content'] if block['type'] == 'tool_use']
        if not calls:
            return answer['content'][-1]['text']
        results = [{'type': 'tool_result', 'tool_use_id': call['id'], 'content': [{'type': 'text', 'text': asked(turn)}]} for call in calls]
        turns.append({'role': 'user', 'content': results})
    raise AssertionError('the model did not come to an end')


def responses(post, model: str, image: bool, pdf: bool) -> str:
    """A loop on the responses route; the agent keeps the history itself, as Codex does."""
    content: list[dict] = [{'type': 'input_image', 'image_url': f'data:image/png;base64,{PNG}', 'detail': 'auto'}] * image
    content += [{'type': 'input_file', 'filename': 'a.pdf', 'file_data': f'data:application/pdf;base64,{PDF}'}] * pdf
    items: list[dict] = [{'type': 'message', 'role': 'user', 'content': [*content, {'type': 'input_text', 'text': asked(0)}]}]
    tools = [{'type': 'function', 'name': 'look_up', 'description': 'Looks a word up.', 'parameters': SCHEMA, 'strict': False}]
    body = {'model': model, 'instructions': f'{model} is brief.', 'tools': tools, 'store': False, 'reasoning': {'effort': 'low', 'summary': 'auto'}}
    body |= {'include': ['reasoning.encrypted_content'], 'parallel_tool_calls': False, 'tool_choice': 'auto', 'prompt_cache_key': 'agent'}
    for turn in range(1, TURNS + 1):
        answer = post('/v1/responses', {**body, 'input': items})
        items += answer['output']
        calls = [item for item in answer['output'] if item['type'] == 'function_call']
        if not calls:
            return answer['output'][-1]['content'][0]['text']
        items += [{'type': 'function_call_output', 'call_id': call['call_id'], 'output': asked(turn)} for call in calls]
    raise AssertionError('the model did not come to an end')
