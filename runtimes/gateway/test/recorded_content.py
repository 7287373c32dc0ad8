"""What a client gets from a response of any of the APIs, in one shape: text, reasoning, tool calls, finish reason, usage, error.

The same functions read what a provider sent and what the gateway's client got, so that both can be compared.
"""

from __future__ import annotations

import json


def content_of(api: str, status: int, body: str) -> dict:
    """The content of a response. Fields that the response does not have are missing."""
    if status >= 400:
        return {'error': error_of(status, json.loads(body))}
    if body.lstrip().startswith('{'):
        found = COMPLETE[api](json.loads(body))
    else:
        found = STREAMED[api](events_of(body))
    return {name: value for name, value in found.items() if value not in (None, '', [], {})}


def events_of(body: str) -> list[dict]:
    """The events of a stream, without comments and the final `[DONE]`."""
    data = [line.removeprefix('data:').strip() for line in body.splitlines() if line.startswith('data:')]
    return [json.loads(event) for event in data if event != '[DONE]']


def error_of(status: int, body: dict) -> dict:
    error = body.get('error') or body
    return {'status': status, 'message': error.get('message'), 'code': error.get('code'), 'type': error.get('type')}


def arguments(text) -> object:
    """The arguments of a tool call, parsed if they are JSON: spaces do not matter."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text or '{}')
    except ValueError:
        return text


# Chat completions


def chat(body: dict) -> dict:
    choice = body['choices'][0]
    message = choice['message']
    return {
        **chat_text(message),
        'tools': [(one['function']['name'], arguments(one['function']['arguments'])) for one in message.get('tool_calls') or []],
        'finish': choice.get('finish_reason'),
        'usage': chat_usage(body.get('usage')),
    }


def chat_text(message: dict) -> dict:
    """The text and the reasoning of a message or of a part of one. Mistral puts both into a list of parts."""
    text, reasoning = message.get('content') or '', message.get('reasoning_content') or message.get('reasoning') or ''
    if isinstance(text, list):
        thoughts = [part for part in text if part.get('type') == 'thinking']
        reasoning = ''.join(piece.get('text', '') for part in thoughts for piece in part['thinking'])
        text = ''.join(part.get('text', '') for part in text if part.get('type') == 'text')
    return {'text': text, 'reasoning': reasoning}


def chat_usage(usage: dict | None) -> dict | None:
    if not usage:
        return None
    read = usage.get('prompt_tokens_details') or {}
    written = usage.get('completion_tokens_details') or {}
    cached = read.get('cached_tokens') or usage.get('prompt_cache_hit_tokens') or 0
    return {
        'input': usage.get('prompt_tokens', 0),
        'output': usage.get('completion_tokens', 0),
        'cached': cached,
        'reasoning': written.get('reasoning_tokens') or 0,
    }


def chat_stream(events: list[dict]) -> dict:
    text, reasoning, finish, usage, tools = '', '', None, None, {}
    for event in events:
        if 'error' in event:
            return {'error': event['error'].get('message')}
        usage = event.get('usage') or usage
        for choice in event.get('choices') or []:
            delta = choice.get('delta') or {}
            part = chat_text(delta)
            text, reasoning = text + part['text'], reasoning + part['reasoning']
            finish = choice.get('finish_reason') or finish
            for one in delta.get('tool_calls') or []:
                tool = tools.setdefault(one.get('index', 0), ['', ''])
                tool[0] += one['function'].get('name') or ''
                tool[1] += one['function'].get('arguments') or ''
    called = [(name, arguments(given)) for _, (name, given) in sorted(tools.items())]
    return {'text': text, 'reasoning': reasoning, 'tools': called, 'finish': finish, 'usage': chat_usage(usage)}


# Anthropic's messages


def messages(body: dict) -> dict:
    blocks = body['content']
    usage = body.get('usage') or {}
    return {
        'text': ''.join(block['text'] for block in blocks if block['type'] == 'text'),
        'reasoning': ''.join(block['thinking'] for block in blocks if block['type'] == 'thinking'),
        'redacted reasoning': [block['data'] for block in blocks if block['type'] == 'redacted_thinking'],
        'signature': ''.join(block.get('signature') or '' for block in blocks),
        'tools': [(block['name'], arguments(block['input'])) for block in blocks if block['type'].endswith('tool_use')],
        'finish': body.get('stop_reason'),
        'stopped at': body.get('stop_sequence'),
        'usage': {
            'input': usage.get('input_tokens', 0),
            'output': usage.get('output_tokens', 0),
            'cached': usage.get('cache_read_input_tokens') or 0,
            'cache written': usage.get('cache_creation_input_tokens') or 0,
        },
    }


def messages_stream(events: list[dict]) -> dict:
    message: dict = {'content': [], 'usage': {}}
    inputs: dict[int, str] = {}
    for event in events:
        if event['type'] == 'error':
            return {'error': event['error'].get('message')}
        if event['type'] == 'message_start':
            message['usage'] |= event['message'].get('usage') or {}
        elif event['type'] == 'content_block_start':
            message['content'].append({**event['content_block']})
        elif event['type'] == 'content_block_delta':
            block, delta = message['content'][event['index']], event['delta']
            for field in ('text', 'thinking', 'signature'):
                if field in delta:
                    block[field] = (block.get(field) or '') + delta[field]
            if 'partial_json' in delta:
                inputs[event['index']] = inputs.get(event['index'], '') + delta['partial_json']
        elif event['type'] == 'message_delta':
            message |= {name: value for name, value in event['delta'].items() if name.startswith('stop_')}
            message['usage'] |= {name: value for name, value in (event.get('usage') or {}).items() if value is not None}
    for index, text in inputs.items():
        message['content'][index]['input'] = text
    return messages(message)


# OpenAI's responses


def responses(body: dict) -> dict:
    items = body.get('output') or []
    usage = body.get('usage') or {}
    parts = [part for item in items if item['type'] == 'message' for part in item['content']]
    thoughts = [part for item in items if item['type'] == 'reasoning' for part in item.get('summary') or item.get('content') or []]
    return {
        'text': ''.join(part.get('text') or '' for part in parts),
        'citations': [one for part in parts for one in part.get('annotations') or []],
        'reasoning': ''.join(part.get('text') or '' for part in thoughts),
        'encrypted': [item['encrypted_content'] for item in items if item.get('encrypted_content')],
        'tools': [(item['name'], arguments(item['arguments'])) for item in items if item['type'] == 'function_call'],
        'other items': [item['type'] for item in items if item['type'] not in ('message', 'reasoning', 'function_call')],
        'finish': body.get('status'),
        'usage': {
            'input': usage.get('input_tokens', 0),
            'output': usage.get('output_tokens', 0),
            'cached': (usage.get('input_tokens_details') or {}).get('cached_tokens') or 0,
            'reasoning': (usage.get('output_tokens_details') or {}).get('reasoning_tokens') or 0,
        },
    }


def responses_stream(events: list[dict]) -> dict:
    last = [event['response'] for event in events if event['type'] in ('response.completed', 'response.incomplete', 'response.failed')]
    if not last:
        return {'error': events[-1]}
    deltas = ''.join(event['delta'] for event in events if event['type'] == 'response.output_text.delta')
    return {**responses(last[-1]), 'text in events': deltas}


def embeddings(body: dict) -> dict:
    return {'vectors': [one['embedding'] for one in body['data']], 'usage': chat_usage(body.get('usage'))}


COMPLETE = {'chat': chat, 'messages': messages, 'responses': responses, 'embeddings': embeddings, 'count_tokens': dict}
STREAMED = {'chat': chat_stream, 'messages': messages_stream, 'responses': responses_stream}


# Across APIs

STOPPED = ('stop', 'end_turn', 'stop_sequence', 'completed')
CALLED = ('tool_calls', 'tool_use')
CUT = ('length', 'max_tokens', 'incomplete')


def comparable(content: dict) -> dict:
    """The part of a content that every API has, in one notation: for a client that uses another API than the provider."""
    finish = content.get('finish')
    # A response's status is "completed" also if it calls tools.
    if finish in CALLED or (finish == 'completed' and content.get('tools')):
        finish = 'tools'
    finish = 'stop' if finish in STOPPED else 'length' if finish in CUT else finish
    usage = content.get('usage') or {}
    # Anthropic counts cached and cache-written tokens beside its input tokens, OpenAI counts them as a part of these.
    beside = usage.get('cached', 0) + usage.get('cache written', 0) if 'cache written' in usage else 0
    counted = {'input': usage.get('input', 0) + beside, 'output': usage.get('output', 0)}
    return {**{name: content.get(name) for name in ('text', 'reasoning', 'tools', 'error')}, 'finish': finish, 'usage': counted if usage else None}
