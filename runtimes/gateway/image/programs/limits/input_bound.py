"""How many tokens of input a request can cost at most. Pure.

- **Text**: a token of a byte-level BPE tokenizer has at least one byte, so a body has at most as many tokens as bytes. What providers add
  (chat templates, a prompt for tools) is a few hundred tokens: OVERHEAD.
- **A picture**: its tokens do not depend on its bytes. The most that a published rule of a provider gives is 48,169 (gpt-4o-mini, eight
  tiles with high detail): PICTURE. Its own bytes do not count as text.
- **Documents, sound, video, files and earlier responses at the provider, tools that the provider runs**: nothing in the body bounds
  them, so the whole context window of the model counts.
"""

from __future__ import annotations

from known_fields import FALLBACKS, OVERLAYS

OVERHEAD = 1_000
PICTURE = 50_000
PICTURES = {'image', 'image_url', 'input_image'}
# Types of content whose tokens nothing in the body bounds.
UNBOUNDED = set(
    'document file input_file input_audio audio audio_url video video_url input_video container_upload search_result item_reference'.split()
)
# Fields that refer to what the provider has.
REFERENCES = tuple(
    'previous_response_id conversation container mcp_servers web_search_options search_parameters prompt_id cached_content'.split()
)
CONTENT = ('messages', 'input', 'system', 'instructions', 'prompt')
# Without one of these a body has no part but text. `\\u00` is an ASCII character as an escape, which can hide one.
_WORDS = b'image input_ file document audio video container_upload search_result item_reference'
SIGNS = (*(b'"' + word for word in _WORDS.split()), b'\\u00')


def input_bound(body: bytes, fields: dict) -> int | None:
    """At most so many tokens of input; None if nothing in the body bounds them."""
    tools = fields.get('tools')
    if any(fields.get(name) is not None for name in REFERENCES) or isinstance(fields.get('prompt'), dict):
        return None
    if isinstance(tools, list) and not all(runs_at_client(tool) for tool in tools):
        return None
    if ('extra_body' in fields or 'litellm_params' in fields) and any(name.encode() in body for name in REFERENCES):
        return None
    if not any(sign in body for sign in SIGNS):
        return len(body) + OVERHEAD
    pictures = inlined = 0
    pending = [fields.get(name) for name in (*CONTENT, *OVERLAYS, *FALLBACKS)]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            kind = value.get('type')
            if isinstance(kind, str) and kind in UNBOUNDED:
                return None
            if isinstance(kind, str) and kind in PICTURES:
                pictures += 1
                inlined += picture_bytes(value)
            else:
                pending += value.values()
    return len(body) - inlined + pictures * PICTURE + OVERHEAD


def runs_at_client(tool: object) -> bool:
    """Whether the client runs a tool. Google's tools have no type, and no name either."""
    if not isinstance(tool, dict):
        return True
    kind = tool.get('type')
    return kind in ('function', 'custom') or (kind is None and ('name' in tool or 'function' in tool))


def picture_bytes(part: dict) -> int:
    """The bytes of a picture in its part of a message; 0 if it is an address."""
    url = part.get('image_url')
    url = url.get('url') if isinstance(url, dict) else url
    source = part.get('source')
    data = source.get('data') if isinstance(source, dict) and source.get('type') == 'base64' else None
    # Only ASCII: every other character has more bytes in the body.
    given = (url if isinstance(url, str) and url.startswith('data:image/') else None, data)
    return sum(len(text) for text in given if isinstance(text, str))
