"""Ollama, vLLM, llama.cpp and LM Studio, each on its usual port, as strict as the real ones: each knows one model and only its own paths, and
reports a request that is not in the form of its API. The parts of OpenAI's API come from sandbox/fake_upstream.py.

None of them wants a key: a request with another value than the gateway's placeholder is rejected, since it would be another provider's key.
"""

import asyncio

import fake_upstream as upstream

# Server and model by port: the examples in catalog.yaml.
SERVERS = {11434: ('ollama', 'qwen3:8b'), 8000: ('vllm', 'Qwen/Qwen3-8B'), 8080: ('llama.cpp', 'gemma-3-4b-it'), 1234: ('lmstudio', 'openai/gpt-oss-20b')}
PLACEHOLDER = 'Bearer not-needed'
OPENAI_PATHS = {
    'ollama': ('/v1/chat/completions', '/v1/embeddings'),
    'vllm': ('/v1/chat/completions', '/v1/responses', '/v1/embeddings'),
    'llama.cpp': ('/v1/chat/completions', '/v1/embeddings'),
    'lmstudio': ('/v1/chat/completions', '/v1/responses', '/v1/embeddings'),
}
CHAT_FIELDS = {'model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'n', 'stop', 'tools', 'tool_choice'}


async def answer(exchange, record) -> None:
    exchange.provider, model = SERVERS[exchange.writer.get_extra_info('sockname')[1]]
    record['provider'] = exchange.provider
    problem = None
    if exchange.headers.get('authorization', PLACEHOLDER) != PLACEHOLDER or 'x-api-key' in exchange.headers:
        problem = 401, 'this server wants no key, and got one'
    elif exchange.method == 'POST' and exchange.json.get('model') != model:
        problem = 404, f"model '{exchange.json.get('model')}' not found"
    if problem is None:
        problem = await openai(exchange)
    record['answer'] = problem[0] if problem else 200
    if problem:
        status, message = problem
        await exchange.send(status, {'error': {'message': message, 'code': status}})


def wrong_messages(body: dict, fields: set) -> str | None:
    """What is wrong with the body of a chat request."""
    messages = body.get('messages')
    if unknown := sorted(set(body) - fields):
        return f'unknown fields: {unknown}'
    if not isinstance(messages, list) or not messages:
        return 'messages: a list is required'
    bad = [one for one in messages if one.get('role') not in ('system', 'user', 'assistant', 'tool') or 'content' not in one]
    return f'messages: {bad}' if bad else None


async def openai(exchange):
    """The part of OpenAI's API that a server has. Returns status and message of a problem."""
    if exchange.method != 'POST' or exchange.path not in OPENAI_PATHS[exchange.provider]:
        return 404, f'Unexpected endpoint or method: {exchange.method} {exchange.path}'
    text, count, _ = upstream.answer_options(exchange)
    if exchange.path.endswith('/embeddings'):
        return await exchange.send(200, upstream.embeddings(exchange))
    make = upstream.responses if exchange.path.endswith('/responses') else upstream.chat
    if make is upstream.chat and (wrong := wrong_messages(exchange.json, CHAT_FIELDS)):
        return 400, wrong
    whole, events = make(exchange, text, count)
    return await (exchange.events(events, 0, None) if exchange.stream else exchange.send(200, whole))


async def main() -> None:
    upstream.answer = answer
    for port in SERVERS:
        await asyncio.start_server(upstream.serve, '127.0.0.1', port, limit=1 << 20)
    await asyncio.Event().wait()


if __name__ == '__main__':
    asyncio.run(main())
