"""What Anthropic's Python SDK gets from a gateway: the same calls and the same report as anthropic-calls.ts.

    GATEWAY=http://127.0.0.1:4000 GATEWAY_KEY=… python3 anthropic_calls.py
"""

from __future__ import annotations

import json
import os

import anthropic

URL, KEY = os.environ['GATEWAY'], os.environ['GATEWAY_KEY']
HEADERS = json.loads(os.environ.get('CLIENT_HEADERS', '{}'))
TOOLS = [{'name': 'look_up', 'description': 'Looks a word up.', 'input_schema': {'type': 'object', 'properties': {'word': {'type': 'string'}}}}]
client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0, default_headers=HEADERS)
wrong_key = anthropic.Anthropic(base_url=URL, api_key='sk-wrong', max_retries=0)


def ask(words: str, model: str = 'claude-3-opus', by: anthropic.Anthropic = client, **more):
    messages = [{'role': 'user', 'content': f'{words} ({os.getpid()}, anthropic)'}]
    return by.messages.create(model=model, max_tokens=64, messages=messages, **more)


def failure(call) -> dict:
    try:
        call()
    except anthropic.APIStatusError as error:
        return {'error': type(error).__name__, 'status': error.status_code}
    return {'error': None, 'status': 200}


def text_of(stream) -> str:
    return ''.join(event.delta.text for event in stream if event.type == 'content_block_delta' and event.delta.type == 'text_delta')


def tool_of(stream) -> dict:
    name, given = '', ''
    for event in stream:
        if event.type == 'content_block_start' and event.content_block.type == 'tool_use':
            name = event.content_block.name
        if event.type == 'content_block_delta' and event.delta.type == 'input_json_delta':
            given += event.delta.partial_json
    return {'name': name, 'input': json.loads(given)}


def tool_in(message) -> dict:
    return next({'name': block.name, 'input': block.input} for block in message.content if block.type == 'tool_use')


report = {
    'message': ask('hi').content[0].text,
    'stream': text_of(ask('hi, streamed', stream=True)),
    'tool': tool_in(ask('#tool=canary', tools=TOOLS)),
    'toolStream': tool_of(ask('#tool=canary streamed', tools=TOOLS, stream=True)),
    'otherMaker': ask('hi', 'groq-mixtral').content[0].text,
    'otherMakerStream': text_of(ask('hi, streamed', 'groq-mixtral', stream=True)),
    'otherMakerTool': tool_in(ask('#tool=canary', 'groq-mixtral', tools=TOOLS)),
    'wrongKey': failure(lambda: ask('hi', by=wrong_key)),
    'unknownModel': failure(lambda: ask('hi', 'no-such-model')),
    'upstreamFails': failure(lambda: ask('hi', 'perplexity-sonar')),
    'upstreamRefuses': failure(lambda: ask('hi', 'deepseek-coder')),
}
print(json.dumps(report))
