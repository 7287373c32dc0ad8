#!/usr/bin/env python3
"""A fake of the paid providers. Everything else in the tests is real.

One server simulates every provider. The first part of the path selects the provider, and the rest is the provider's own path:
`/openai/v1/chat/completions`, `/anthropic/v1/messages`, `/groq/openai/v1/chat/completions`. It uses only Python's standard
library and this folder, so that it runs in the gateway's image:

    docker run -d --network NET --network-alias upstream -v $PWD/sandbox:/sandbox:ro \
      --entrypoint python3 switchyard-dev-gateway:… /sandbox/fake_upstream.py 9000

A request that the provider's own SDK could not send is refused as the provider does it (strict_requests.py): an unknown field at any
level, a wrong type, a missing field. Its record then has `refused`, the path of the first fault.

It answers chat completions, responses, embeddings, Anthropic messages and their count_tokens, and the list of models; streamed if
the request's `stream` is true. The text is `Hello from <provider> (<model>)`. A request controls its answer with directives anywhere
in its last message: `#chunks=40` (events of the stream), `#delayMs=100` (pause before each), `#text=word`, `#tool=word` (a call of
the first tool that the request offers, with {"word": "<word>"} as its input; no text), `#reason=word` (the model reasons first, in the
provider's own form), `#hexText=<hex>` (a text of any characters), `#use=<tool>` with `#hexInput=<hex>` (a call of the tool of that name with
this JSON as its input). With `#ref=<name>` it also plans the failures of its attempts, and each answer has another usage: planned_answers.py.

Control:
    GET    /_health              200 when it is listening
    GET    /_requests?since=N    {"next": M, "requests": [{n, time, peer, method, path, query, headers, provider, model, stream, body, tools, files,
                                 answer}]}: `tools` are the names of the offered tools, `files` the media types of what the messages carry;
                                 header names are lower-case, and all headers are included (authorization, x-api-key, …);
                                 `answer` is the result: the status, or "hang: …", "close", "cut", "aborted" (the client disconnected)
    DELETE /_requests            delete the recorded requests
    GET    /_faults              the active faults
    POST   /_faults              add one fault, or a list; all fields are optional, except that there must be one effect:
        path, model              condition: a prefix of the path ("/groq"), the exact model id; absent = all requests
        times                    number of requests, after which the fault is removed; absent = until deleted
        delayMs                  wait first
        status                   answer with this status …
        body                     … and this body (text or JSON; `{key}` in a text is replaced by the request's key)
        headers                  … and these headers (`{key}` likewise)
        echoKey                  true: the error contains the whole key, in the body and in a header
                                 "encoded": it contains the key in base64, in hex and percent-encoded, as plain text
                                 "stream": a stream begins normally, and then has the key in an event that is split into two packets in
                                 the middle of the key; a request that is not streamed gets the error of "encoded"
        hang                     true: accept the request and never answer
        close                    true: close the connection without sending a byte
        cutAfter                 N: stream N events, then drop the connection in the middle of the next one
    DELETE /_faults              delete all faults
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import struct
import sys
import time
from collections import deque
from urllib.parse import parse_qs, quote, urlsplit

from planned_answers import ASKED, PIECE, Planned, has_piece, plan, tells_usage
from strict_requests import StrictRequests, refusal

MAX_RECORDED_REQUESTS = 20_000
MAX_RECORDED_BODY = 16_384

requests: deque[dict] = deque(maxlen=MAX_RECORDED_REQUESTS)
faults: list[dict] = []
strict = StrictRequests()
counter = 0


class Abort(Exception):
    """Drops the connection."""


class Exchange:
    """One request, with methods to answer it."""

    def __init__(self, streams: tuple, method: str, target: str, headers: dict[str, str], body: bytes):
        self.reader, self.writer = streams
        self.method, self.headers, self.raw = method, headers, body
        parts = urlsplit(target)
        self.path, self.query = parts.path, parse_qs(parts.query)
        try:
            self.json = json.loads(body) if body else {}
        except ValueError:
            self.json = {}
        self.provider = self.path.strip('/').split('/')[0]
        fields = self.json if isinstance(self.json, dict) else {}
        self.model = fields.get('model', '')
        self.stream = fields.get('stream') is True
        # What it plans itself (planned_answers.py), and when each piece of the text was sent then.
        self.planned: Planned | None = None
        self.pieces: list[float] = []

    @property
    def key(self) -> str:
        return self.headers.get('x-api-key') or re.sub(r'(?i)^bearer ', '', self.headers.get('authorization', ''))

    async def send(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        await self.head(status, {'content-type': 'application/json', 'content-length': str(len(data)), **(headers or {})})
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int, headers: dict[str, str]) -> None:
        lines = [f'HTTP/1.1 {status} Answer'] + [f'{name}: {value}' for name, value in headers.items()]
        self.writer.write(('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1', 'replace'))
        await self.writer.drain()

    async def events(self, events: list[str], delay: float, cut_after: int | None) -> None:
        await self.head(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'})
        for index, event in enumerate(events):
            if delay:
                await asyncio.sleep(delay)
            # The first write after the other side has closed would seem to succeed. Nobody needs to wait for the last event.
            if self.reader.at_eof() and index < len(events) - 1:
                raise ConnectionError
            data = event.encode()
            if cut_after is not None and index >= cut_after:
                self.writer.write(f'{len(data):x}\r\n'.encode() + data[: len(data) // 2])
                await self.writer.drain()
                raise Abort('cut')
            self.writer.write(f'{len(data):x}\r\n'.encode() + data + b'\r\n')
            if self.planned and has_piece(event):
                self.pieces.append(time.time())
            if index < len(events) - 1:
                await self.writer.drain()
        self.writer.write(b'0\r\n\r\n')
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()


def shortened(exchange: Exchange) -> dict:
    """The short fields of a long body (max_tokens, temperature, ...), and its length."""
    fields = exchange.json if isinstance(exchange.json, dict) else {}
    short = {name: value for name, value in fields.items() if isinstance(value, str | int | float) and len(str(value)) < 500}
    return {**short, 'truncated': len(exchange.raw)}


def directives(exchange: Exchange) -> dict[str, str]:
    """The directives with which the request controls its answer."""
    fields = exchange.json if isinstance(exchange.json, dict) else {}
    given = fields.get('messages') or fields.get('input') or ''
    last = given[-1] if isinstance(given, list) else given
    last = last.get('content', last) if isinstance(last, dict) else last
    message = last if isinstance(last, str) else json.dumps(last)
    return dict(re.findall(r'#(chunks|delayMs|text|tool|reason|hexText|use|hexInput|ref|plan)=(\w+)', message))


def answer_options(exchange: Exchange) -> tuple[str, int, float]:
    """The requested text, number of events and pause in seconds."""
    found = directives(exchange)
    if exchange.planned:
        found['text'] = PIECE * int(found.get('chunks', 5))
    text = bytes.fromhex(found.get('hexText', '')).decode() or found.get('text') or f'Hello from {exchange.provider} ({exchange.model})'
    return text, int(found.get('chunks', 5)), int(found.get('delayMs', 0)) / 1000


def tool_call(exchange: Exchange) -> tuple[str, str] | None:
    """Name and input, as JSON, of the requested tool call; None if there is none."""
    found, names = directives(exchange), tool_names(exchange)
    if found.get('use') in names:
        return found['use'], bytes.fromhex(found.get('hexInput', '')).decode() or '{}'
    if not found.get('tool') or not names:
        return None
    return names[0], json.dumps({'word': found['tool']})


def tool_names(exchange: Exchange) -> list[str]:
    """The names of the tools that the request offers."""
    tools = exchange.json.get('tools') if isinstance(exchange.json, dict) else None
    named = [tool.get('function', tool) for tool in tools or [] if isinstance(tool, dict)]
    return [tool.get('name', '') for tool in named if isinstance(tool, dict)]


def carried_files(exchange: Exchange) -> list[str]:
    """The media types of images and documents in the request: of data URLs, and in Anthropic's form."""
    return sorted(set(re.findall(r'(?:"data:|"media_type": ?")([a-z]+/[a-z.+-]+)', exchange.raw.decode('utf-8', 'replace'))))


def reasoning(exchange: Exchange) -> dict:
    """What a chat message of this provider has beside its content, if the request asks for reasoning. Mistral's is a part of the content."""
    word = directives(exchange).get('reason')
    if not word or exchange.provider in ('openai', 'mistral', 'perplexity'):
        return {}
    if exchange.provider == 'openrouter':
        return {'reasoning': word, 'reasoning_details': [{'type': 'reasoning.text', 'text': word, 'index': 0}]}
    return {'reasoning_content' if exchange.provider == 'deepseek' else 'reasoning': word}


def with_thinking(exchange: Exchange, text: str | None) -> object:
    """The content of a chat message: for Mistral a list that begins with its reasoning, if the request asks for it."""
    word = directives(exchange).get('reason')
    if not word or exchange.provider != 'mistral':
        return text
    parts: list[dict] = [{'type': 'thinking', 'thinking': [{'type': 'text', 'text': word}]}]
    return parts + [{'type': 'text', 'text': text}] if text else parts


def pieces(text: str, count: int) -> list[str]:
    """The text split into this many parts; missing parts are dots."""
    size = max(1, -(-len(text) // count))
    parts = [text[i : i + size] for i in range(0, len(text), size)]
    return parts + ['.'] * (count - len(parts))


def usage_of(exchange: Exchange, wire: str, usual: dict) -> dict | None:
    """The usage in an answer; None if it has none."""
    return exchange.planned.usage(exchange.provider, wire) if exchange.planned else usual


def chat(exchange: Exchange, text: str, count: int) -> tuple[object, list[str]]:
    base = {'id': f'chatcmpl-{counter}', 'created': int(time.time()), 'model': exchange.model}
    usage = usage_of(exchange, 'chat', {'prompt_tokens': 7, 'completion_tokens': 5, 'total_tokens': 12})
    told = {'usage': usage} if usage else {}
    # Groq's client requires a service tier.
    extra = {'service_tier': 'on_demand'} if exchange.provider == 'groq' else {}
    reasons = reasoning(exchange)
    message = {'role': 'assistant', 'content': with_thinking(exchange, text), **reasons}
    choice = {'index': 0, 'message': message, 'finish_reason': 'stop', 'logprobs': None}
    whole = {**base, 'object': 'chat.completion', 'choices': [choice], **told, **extra}

    def chunk(delta: dict, finish: str | None = None, **more: object) -> str:
        piece = {'index': 0, 'delta': delta, 'finish_reason': finish, 'logprobs': None}
        return sse({**base, 'object': 'chat.completion.chunk', 'choices': [piece], **extra, **more})

    if tool := tool_call(exchange):
        name, given = tool
        call = {'id': f'call_{counter}', 'type': 'function', 'function': {'name': name, 'arguments': given}}
        message = {'role': 'assistant', 'content': with_thinking(exchange, None), 'tool_calls': [call], **reasons}
        choice |= {'message': message, 'finish_reason': 'tool_calls'}
        begun = {**call, 'index': 0, 'function': {'name': name, 'arguments': ''}}
        parts = [chunk({'role': 'assistant', 'content': None, **reasons})] if reasons else []
        parts += [chunk({'role': 'assistant', 'content': None, 'tool_calls': [begun]})]
        rest = [{'index': 0, 'function': {'arguments': part}} for part in pieces(given, 2)]
        parts += [chunk({'tool_calls': [piece]}) for piece in rest]
        return whole, parts + [chunk({}, 'tool_calls', usage=usage), 'data: [DONE]\n\n']
    parts = [chunk({'role': 'assistant', 'content': '', **reasons})] + [chunk({'content': part}) for part in pieces(text, count)]
    # ... and reads a stream's usage from its own field.
    last = {**told, **({'x_groq': {'id': 'req', **told}} if exchange.provider == 'groq' else {})}
    if exchange.planned and (exchange.provider in ASKED or not usage):
        # As OpenAI does it: in an event of its own, and only if it was asked.
        told = told if tells_usage(exchange.provider, exchange.json) else {}
        parts += [chunk({}, 'stop')] + ([sse({**base, 'object': 'chat.completion.chunk', 'choices': [], **told})] if told else [])
        return whole, [*parts, 'data: [DONE]\n\n']
    return whole, parts + [chunk({}, 'stop', **last), 'data: [DONE]\n\n']


def messages(exchange: Exchange, text: str, count: int) -> tuple[object, list[str]]:
    usage = usage_of(exchange, 'messages', {'input_tokens': 7, 'output_tokens': 5}) or {}
    base = {'id': f'msg_{counter}', 'type': 'message', 'role': 'assistant', 'model': exchange.model}
    end = {'stop_reason': 'end_turn', 'stop_sequence': None}
    content: dict = {'type': 'text', 'text': text}
    begun, deltas = {**content, 'text': ''}, [{'type': 'text_delta', 'text': part} for part in pieces(text, count)]
    if tool := tool_call(exchange):
        name, given = tool
        end['stop_reason'] = 'tool_use'
        content = {'type': 'tool_use', 'id': f'toolu_{counter}', 'name': name, 'input': json.loads(given)}
        begun, deltas = {**content, 'input': {}}, [{'type': 'input_json_delta', 'partial_json': part} for part in pieces(given, 2)]
    blocks = [(content, begun, deltas)]
    if word := directives(exchange).get('reason'):
        thinking = {'type': 'thinking', 'thinking': word, 'signature': 'c2lnbmF0dXJl'}
        steps = [{'type': 'thinking_delta', 'thinking': word}, {'type': 'signature_delta', 'signature': thinking['signature']}]
        blocks.insert(0, (thinking, {**thinking, 'thinking': '', 'signature': ''}, steps))
    whole = {**base, 'content': [block for block, _, _ in blocks], **end, 'usage': usage}
    start = {**base, 'content': [], 'stop_reason': None, 'stop_sequence': None, 'usage': {**usage, 'output_tokens': 1}}
    stream: list[tuple[str, dict]] = [('message_start', {'message': start})]
    for index, (_, begun, deltas) in enumerate(blocks):
        stream += [('content_block_start', {'index': index, 'content_block': begun})]
        stream += [('content_block_delta', {'index': index, 'delta': delta}) for delta in deltas]
        stream += [('content_block_stop', {'index': index})]
    stream += [('message_delta', {'delta': end, 'usage': usage}), ('message_stop', {})]
    return whole, [f'event: {name}\n' + sse({'type': name, **data}) for name, data in stream]


def responses(exchange: Exchange, text: str, count: int) -> tuple[object, list[str]]:
    usage = {'input_tokens': 7, 'output_tokens': 5, 'total_tokens': 12}
    usage |= {'input_tokens_details': {'cached_tokens': 0}, 'output_tokens_details': {'reasoning_tokens': 0}}
    usage = usage_of(exchange, 'responses', usage) or {}
    part = {'type': 'output_text', 'text': text, 'annotations': []}
    item = {'id': f'msg_{counter}', 'type': 'message', 'status': 'completed', 'role': 'assistant', 'content': [part]}
    base = {'id': f'resp_{counter}', 'object': 'response', 'created_at': int(time.time()), 'model': exchange.model}
    base |= {'error': None, 'incomplete_details': None, 'instructions': None, 'metadata': {}, 'tools': []}
    base |= {'parallel_tool_calls': True, 'tool_choice': 'auto', 'temperature': 1.0, 'top_p': 1.0}
    whole = {**base, 'status': 'completed', 'usage': usage}
    begun = {**base, 'status': 'in_progress', 'output': []}
    stream = [('created', {'response': begun}), ('in_progress', {'response': begun})]
    before: list[dict] = []
    if word := directives(exchange).get('reason'):
        before = [{'id': f'rs_{counter}', 'type': 'reasoning', 'summary': [{'type': 'summary_text', 'text': word}], 'encrypted_content': word}]
        stream += [(f'output_item.{state}', {'output_index': 0, 'item': before[0]}) for state in ('added', 'done')]
    position = {'output_index': len(before)}
    at = {'item_id': item['id'], **position, 'content_index': 0}
    if tool := tool_call(exchange):
        name, given = tool
        item = {'id': f'fc_{counter}', 'type': 'function_call', 'status': 'completed', 'call_id': f'call_{counter}'}
        item |= {'name': name, 'arguments': given}
        at = {'item_id': item['id'], **position}
        stream += [('output_item.added', {**position, 'item': {**item, 'status': 'in_progress', 'arguments': ''}})]
        stream += [('function_call_arguments.delta', {**at, 'delta': piece}) for piece in pieces(given, 2)]
        stream += [('function_call_arguments.done', {**at, 'arguments': given, 'name': name})]
    else:
        stream += [('output_item.added', {**position, 'item': {**item, 'status': 'in_progress', 'content': []}})]
        stream += [('content_part.added', {**at, 'part': {**part, 'text': ''}})]
        stream += [('output_text.delta', {**at, 'delta': piece}) for piece in pieces(text, count)]
        stream += [('output_text.done', {**at, 'text': text}), ('content_part.done', {**at, 'part': part})]
    whole['output'] = [*before, item]
    stream += [('output_item.done', {**position, 'item': item}), ('completed', {'response': whole})]
    named = [{'type': f'response.{name}', 'sequence_number': i, **data} for i, (name, data) in enumerate(stream)]
    return whole, [f'event: {event["type"]}\n' + sse(event) for event in named]


def embeddings(exchange: Exchange) -> object:
    given = exchange.json.get('input', '')
    count = len(given) if isinstance(given, list) else 1
    vector: object = [0.25, -0.5, 0.125]
    if exchange.json.get('encoding_format') == 'base64':
        vector = base64.b64encode(struct.pack('<3f', *vector)).decode()
    data = [{'object': 'embedding', 'index': i, 'embedding': vector} for i in range(count)]
    usage = usage_of(exchange, 'embeddings', {'prompt_tokens': 7, 'total_tokens': 7})
    return {'object': 'list', 'model': exchange.model, 'data': data, 'usage': usage}


def sse(data: object) -> str:
    return f'data: {json.dumps(data)}\n\n'


def fault_for(exchange: Exchange) -> dict | None:
    for fault in faults:
        if exchange.path.startswith(fault.get('path', '')) and fault.get('model', exchange.model) == exchange.model:
            if 'times' in fault:
                fault['times'] -= 1
                if fault['times'] <= 0:
                    faults.remove(fault)
            return fault
    return None


async def fail(exchange: Exchange, fault: dict, record: dict) -> bool:
    """Carries out the fault; returns False if the normal answer follows."""
    if fault.get('delayMs'):
        await asyncio.sleep(fault['delayMs'] / 1000)
    if fault.get('hang'):
        record['answer'] = 'hang: still waiting'
        await exchange.reader.read(1)  # returns when the client disconnects
        raise Abort('hang: the client disconnected')
    if fault.get('close'):
        raise Abort('close')
    if fault.get('echoKey') == 'stream' and exchange.stream:
        record['answer'] = 'error in the stream'
        await stream_with_key_in_error(exchange)
        return True
    status = fault.get('status', 401 if fault.get('echoKey') else None)
    if status is None:
        return False
    record['answer'] = status
    if fault.get('echoKey') in ('encoded', 'stream'):
        await exchange.send(status, f'refused: {encodings(exchange.key)}', {'content-type': 'text/plain', 'x-request-key': encodings(exchange.key)})
        return True
    echoed = {'message': 'Incorrect API key provided: {key}', 'type': 'invalid_request_error', 'code': 'invalid_api_key'}
    failed = {'message': f'fault injected by the test: {status}', 'type': 'server_error', 'code': status}
    body = fault.get('body', {'error': echoed if fault.get('echoKey') else failed})
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {**({'x-request-key': '{key}'} if fault.get('echoKey') else {}), **fault.get('headers', {})}
    headers = {name: value.replace('{key}', exchange.key) for name, value in headers.items()}
    await exchange.send(status, text.replace('{key}', exchange.key), headers)
    return True


def encodings(key: str) -> str:
    """A key in several encodings: in base64, in base64 as part of a header's value, in hex, percent-encoded."""
    inside = base64.b64encode(f'Authorization: Bearer {key}'.encode()).decode()
    return f'{base64.b64encode(key.encode()).decode()} {inside} {key.encode().hex()} {quote(key, safe="")}'


async def stream_with_key_in_error(exchange: Exchange) -> None:
    """Sends the beginning of a stream, then an error event that contains the key, split in the middle of the key."""
    make = next(make for suffix, make in STREAMED if exchange.path.endswith(suffix))
    _, events = make(exchange, 'a normal beginning', 3)
    error = {'type': 'error', 'error': {'type': 'authentication_error', 'code': 401, 'message': f'Incorrect API key: {exchange.key}'}}
    event = ('event: error\n' if exchange.path.endswith('/messages') else '') + sse(error)
    await exchange.head(200, {'content-type': 'text/event-stream', 'transfer-encoding': 'chunked'})
    middle = event.index(exchange.key) + len(exchange.key) // 2
    for data in (*(one.encode() for one in events[:2]), event[:middle].encode(), event[middle:].encode()):
        exchange.writer.write(f'{len(data):x}\r\n'.encode() + data + b'\r\n')
        await exchange.writer.drain()
        await asyncio.sleep(0.05)
    exchange.writer.write(b'0\r\n\r\n')
    await exchange.writer.drain()


STREAMED = (('/chat/completions', chat), ('/messages', messages), ('/responses', responses))


async def answer(exchange: Exchange, record: dict) -> None:
    if planned := plan(directives(exchange), record['n']):
        exchange.planned = planned
        record |= {'ref': planned.ref, 'pieces': exchange.pieces, 'usage': None, 'id': ''}
    fault = planned.fault if planned else fault_for(exchange)
    if fault and await fail(exchange, fault, record):
        return
    if exchange.method == 'POST' and (wrong := strict.fault(exchange.provider, exchange.path, exchange.json)):
        status, body = refusal(exchange.provider, exchange.path, wrong)
        record |= {'answer': status, 'refused': f'{wrong.dotted}: {wrong.kind}'}
        return await exchange.send(status, body)
    text, count, delay = answer_options(exchange)
    record['answer'] = 200
    if exchange.path.endswith('/count_tokens'):
        return await exchange.send(200, {'input_tokens': 7})
    if exchange.path.endswith('/embeddings'):
        whole = embeddings(exchange)
        note(exchange, record, whole)
        return await exchange.send(200, whole)
    if exchange.path.endswith('/models'):
        return await exchange.send(200, {'object': 'list', 'data': []})
    for suffix, make in STREAMED:
        if exchange.path.endswith(suffix):
            whole, events = make(exchange, text, count)
            note(exchange, record, whole)
            if exchange.stream:
                return await exchange.events(events, delay, (fault or {}).get('cutAfter'))
            await asyncio.sleep(delay * count)
            return await exchange.send(200, whole)
    record['answer'] = 404
    await exchange.send(404, {'error': {'message': f'the fake upstream has no {exchange.path}'}})


def note(exchange: Exchange, record: dict, whole: object) -> None:
    """Note the id and the usage of a planned answer in its record."""
    if exchange.planned and isinstance(whole, dict):
        told = not exchange.stream or exchange.path.endswith(('/messages', '/responses')) or tells_usage(exchange.provider, exchange.json)
        record |= {'id': whole.get('id', ''), 'usage': whole.get('usage') if told else None}


async def control(exchange: Exchange) -> None:
    if exchange.path == '/_health':
        return await exchange.send(200, {'ok': True})
    if exchange.path == '/_requests':
        if exchange.method == 'DELETE':
            requests.clear()
        since = int(exchange.query.get('since', ['0'])[0])
        return await exchange.send(200, {'next': counter, 'requests': [r for r in requests if r['n'] > since]})
    if exchange.path == '/_faults':
        if exchange.method == 'DELETE':
            faults.clear()
        if exchange.method == 'POST':
            faults.extend(exchange.json if isinstance(exchange.json, list) else [exchange.json])
        return await exchange.send(200, faults)
    await exchange.send(404, {'error': f'no such control: {exchange.path}'})


async def read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get('transfer-encoding', '').lower() != 'chunked':
        return await reader.readexactly(int(headers.get('content-length', 0)))
    body = b''
    while size := int((await reader.readline()).split(b';')[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    global counter
    record: dict = {}
    try:
        while line := await reader.readline():
            method, target, _ = line.decode('latin-1').split(' ', 2)
            headers = {}
            while (raw := await reader.readline()).strip():
                name, _, value = raw.decode('latin-1').partition(':')
                headers[name.strip().lower()] = value.strip()
            exchange = Exchange((reader, writer), method, target, headers, await read_body(reader, headers))
            if exchange.path.startswith('/_'):
                await control(exchange)
                continue
            counter += 1
            record = {'n': counter, 'time': time.time(), 'method': method, 'path': exchange.path}
            record['peer'] = writer.get_extra_info('peername')[0]
            record |= {'query': exchange.query, 'headers': headers, 'provider': exchange.provider}
            record |= {'model': exchange.model, 'stream': exchange.stream, 'answer': None}
            record['body'] = exchange.json if len(exchange.raw) <= MAX_RECORDED_BODY else shortened(exchange)
            record |= {'tools': tool_names(exchange), 'files': carried_files(exchange)}
            requests.append(record)
            await answer(exchange, record)
            record = {}
    except Abort as abort:
        record['answer'] = str(abort)
        writer.transport.abort()
    except (ConnectionError, asyncio.IncompleteReadError):
        record['answer'] = 'aborted'
    finally:
        writer.close()


async def main(port: int) -> None:
    server = await asyncio.start_server(serve, '0.0.0.0', port, limit=1 << 20)
    print(f'fake upstream on {port}', flush=True)
    await server.serve_forever()


if __name__ == '__main__':
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9000))
