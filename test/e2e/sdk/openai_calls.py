"""What OpenAI's Python SDK gets from a gateway: the same calls and the same report as openai-calls.ts.

    GATEWAY=http://127.0.0.1:4000 GATEWAY_KEY=… python3 openai_calls.py
"""

from __future__ import annotations

import json
import os

import openai

URL, KEY = os.environ['GATEWAY'] + '/v1', os.environ['GATEWAY_KEY']
HEADERS = json.loads(os.environ.get('CLIENT_HEADERS', '{}'))
LOOK_UP = {'name': 'look_up', 'description': 'Looks a word up.', 'parameters': {'type': 'object', 'properties': {'word': {'type': 'string'}}}}


def say(text: str) -> list:
    return [{'role': 'user', 'content': f'{text} ({os.getpid()}, openai)'}]


def failure(call) -> dict:
    try:
        call()
    except openai.APIStatusError as error:
        return {'error': type(error).__name__, 'status': error.status_code}
    return {'error': None, 'status': 200}


def text_of(stream) -> str:
    return ''.join(chunk.choices[0].delta.content or '' for chunk in stream if chunk.choices)


def response_of(events) -> str:
    return ''.join(event.delta for event in events if event.type == 'response.output_text.delta')


def tool_in(answer) -> dict:
    called = answer.choices[0].message.tool_calls[0].function
    return {'name': called.name, 'input': json.loads(called.arguments)}


def tool_of(stream) -> dict:
    name, given = '', ''
    for chunk in stream:
        for call in chunk.choices[0].delta.tool_calls or [] if chunk.choices else []:
            name, given = call.function.name or name, given + (call.function.arguments or '')
    return {'name': name, 'input': json.loads(given)}


client = openai.OpenAI(base_url=URL, api_key=KEY, max_retries=0, default_headers=HEADERS)
wrong_key = openai.OpenAI(base_url=URL, api_key='sk-wrong', max_retries=0)
chat = client.chat.completions.create
tools = [{'type': 'function', 'function': LOOK_UP}]

report = {
    'models': sorted(model.id for model in client.models.list()),
    'chat': chat(model='gpt-4', messages=say('hi')).choices[0].message.content,
    'chatStream': text_of(chat(model='gpt-4', messages=say('hi, streamed'), stream=True)),
    'tool': tool_in(chat(model='gpt-4', messages=say('#tool=canary'), tools=tools)),
    'toolStream': tool_of(chat(model='gpt-4', messages=say('#tool=canary streamed'), tools=tools, stream=True)),
    'otherMaker': chat(model='claude-3-opus', messages=say('hi')).choices[0].message.content,
    'embedding': client.embeddings.create(model='embedding-small', input=['one', f'two {os.getpid()}']).data[1].embedding,
    'responses': client.responses.create(model='gpt-4', input=say('hi')[0]['content']).output_text,
    'responsesStream': response_of(client.responses.create(model='gpt-4', input=say('hi, streamed')[0]['content'], stream=True)),
    'wrongKey': failure(lambda: wrong_key.chat.completions.create(model='gpt-4', messages=say('hi'))),
    'unknownModel': failure(lambda: chat(model='no-such-model', messages=say('hi'))),
    'upstreamFails': failure(lambda: chat(model='perplexity-sonar', messages=say('hi'))),
    'upstreamRefuses': failure(lambda: chat(model='deepseek-coder', messages=say('hi'))),
}
print(json.dumps(report))
