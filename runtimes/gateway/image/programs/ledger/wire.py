"""What a provider's answer says about itself: usage, model, id, why it ended. Read from its bytes, complete or not. Pure."""

from __future__ import annotations

import json
import re
import zlib
from typing import NamedTuple

from ledger.texts import deltas, first, loads, strings

# A stream's usage is in its first or last events, or, at some providers, in every one. All others need not be parsed.
FIRST, LAST = 2, 6
_USAGE = re.compile(rb'"usage"\s*:\s*\{|"usage_metadata"\s*:\s*\{')
_OLLAMA = re.compile(rb'"(prompt_eval_count|eval_count)"\s*:\s*(\d{1,12})')
OLLAMA_TAIL = 1024


class Answer(NamedTuple):
    """What is known of an answer."""

    usage: dict | None = None
    model: str = ''
    id: str = ''
    finish_reason: str = ''
    service_tier: str = ''
    complete: bool = False  # its end was seen
    error: bool = False  # it contains an error although its status is a success
    text: str = ''  # what the model wrote; only read if there is no usage or no end


def wire_of(path: str) -> str:
    """The format of a provider's answer, by the path of its address; empty for one that costs nothing or is unknown."""
    end = path.rstrip('/').rpartition('/')[2].partition('?')[0]
    if path.rstrip('/').endswith(('/api/chat', '/api/generate', '/api/embed')):
        return 'ollama'
    if end in ('completions', 'embeddings'):
        return 'chat'
    if end in ('messages', 'responses'):
        return end
    method = end.rpartition(':')[2]
    return 'gemini' if method in ('generateContent', 'streamGenerateContent', 'batchEmbedContents', 'embedContent') else ''


def read(wire: str, body: bytes, streamed: bool) -> Answer:
    """Read an answer. `streamed`: its content type is text/event-stream."""
    if wire == 'ollama':
        return read_ollama(body)
    return read_stream(wire, body) if streamed else read_whole(wire, body)


def decoded(body: bytes, encoding: str) -> bytes:
    """A body without its content encoding, as far as it has arrived."""
    try:
        if encoding in ('gzip', 'deflate', 'x-gzip'):
            try:
                return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body)
            except zlib.error:
                return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body)
        if encoding == 'br':
            import brotli

            return brotli.Decompressor().process(body)
        if encoding == 'zstd':
            from backports import zstd

            return zstd.ZstdDecompressor().decompress(body)
    except Exception:
        return b''
    return body


def read_whole(wire: str, body: bytes) -> Answer:
    fields = loads(body) or {'usage': usage_in_tail(body)}
    usage = usage_in(fields)
    text = '' if usage else ''.join(strings(first(fields, 'choices', 'content', 'output', 'candidates')))
    return describe(Answer(usage, complete=bool(body), text=text), fields)


def read_ollama(body: bytes) -> Answer:
    """Ollama's own format: one object, or one in each line. Its counts are at the end, after much that need not be read."""
    lines = body.splitlines()
    counts = {name: int(count) for name, count in _OLLAMA.findall(body[-OLLAMA_TAIL:])}
    last = loads(lines[-1]) if lines else {}
    answer = Answer(complete=bool(counts) or last.get('done') is True, error='error' in last)
    if counts:
        answer = answer._replace(usage={'prompt_tokens': counts.get(b'prompt_eval_count', 0), 'completion_tokens': counts.get(b'eval_count', 0)})
    else:
        answer = answer._replace(text=''.join(strings([first(loads(line), 'response', 'message', 'thinking') for line in lines])))
    found = {'model': last.get('model'), 'finish_reason': last.get('done_reason')}
    return answer._replace(**{name: value for name, value in found.items() if isinstance(value, str)})


def usage_in_tail(body: bytes) -> dict | None:
    """The usage of a body or an event that is too large to be kept whole: it is at the end."""
    found = list(_USAGE.finditer(body))
    if not found:
        return None
    try:
        return json.JSONDecoder().raw_decode(body[found[-1].end() - 1 :].decode('utf-8', 'replace'))[0]
    except ValueError:
        return None


def events_of(body: bytes) -> list[bytes]:
    """The data of a stream's events. The last one may be incomplete."""
    return [line[5:].strip() for line in body.splitlines() if line.startswith(b'data:')]


def read_stream(wire: str, body: bytes) -> Answer:
    events = events_of(body)
    answer = Answer()
    for index, event in enumerate(events):
        if index < FIRST or index >= len(events) - LAST or _USAGE.search(event):
            answer = add_event(answer, event)
    if not answer.usage and (found := usage_in_tail(body)):
        # Of an event that is itself too large: the last one of Responses repeats the request's tools and the whole answer.
        answer = answer._replace(usage=found, complete=True)
    # LiteLLM does not read on once it has both.
    if answer.usage and (answer.complete or answer.finish_reason):
        return answer._replace(complete=True)
    return answer._replace(text=''.join(piece for event in events for piece in deltas(wire, loads(event))))


def add_event(answer: Answer, event: bytes) -> Answer:
    """An answer with what one more event says."""
    if event == b'[DONE]':
        return answer._replace(complete=True)
    fields = loads(event)
    kind = fields.get('type')
    if kind in ('message_stop', 'response.completed', 'response.incomplete', 'response.failed'):
        answer = answer._replace(complete=True)
    if kind in ('error', 'response.failed') or isinstance(fields.get('error'), dict):
        answer = answer._replace(error=True)
    inner = first(fields, 'message', 'response')
    holder = inner if isinstance(inner, dict) else fields
    # Anthropic's last event has only some of the fields of its first one.
    usage = {name: value for part in (holder, fields) for name, value in (usage_in(part) or {}).items() if value is not None}
    if usage:
        answer = answer._replace(usage={**(answer.usage or {}), **usage} if kind == 'message_delta' else usage)
    described = describe(answer, holder)
    if kind == 'message_delta' and isinstance(fields.get('delta'), dict):
        described = describe(described, fields['delta'])
    # Gemini has no event for the end.
    ended = described.finish_reason and 'candidates' in fields
    return described._replace(complete=True) if ended else described


def usage_in(fields: dict) -> dict | None:
    groq = fields.get('x_groq')
    value = first(fields, 'usage', 'usageMetadata', 'usage_metadata') or (groq.get('usage') if isinstance(groq, dict) else None)
    return value if isinstance(value, dict) and value else None


def describe(answer: Answer, fields: dict) -> Answer:
    """An answer with the model, id, reason and tier in these fields."""
    found = {
        'model': first(fields, 'model', 'modelVersion'),
        'id': first(fields, 'id', 'responseId'),
        'finish_reason': reason_in(fields),
        # The last one counts: a stream begins with what was asked for, and ends with what was given.
        'service_tier': tier_in(fields),
    }
    answer = answer._replace(**{name: value for name, value in found.items() if isinstance(value, str) and value})
    return answer._replace(error=True) if isinstance(fields.get('error'), dict) else answer


def tier_in(fields: dict) -> str | None:
    """The service tier that the provider has used, in its own word. Vertex AI tells it in the usage."""
    usage = fields.get('usageMetadata')
    value = first(fields, 'service_tier') or first(usage if isinstance(usage, dict) else {}, 'trafficType', 'serviceTier')
    return value.lower() if isinstance(value, str) else None


def reason_in(fields: dict) -> object:
    """Why the model ended, in the provider's word."""
    for name in ('choices', 'candidates'):
        if isinstance(fields.get(name), list) and fields[name] and isinstance(fields[name][0], dict):
            return first(fields[name][0], 'finish_reason', 'finishReason')
    if fields.get('object') == 'response':
        return fields.get('status') if fields.get('status') != 'in_progress' else None
    return fields.get('stop_reason')
