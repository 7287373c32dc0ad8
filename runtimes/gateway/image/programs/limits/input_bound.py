"""How many tokens of input a request can cost at most. Pure.

- **Text**: a token of a byte-level BPE tokenizer has at least one byte, so a body has at most as many tokens as bytes. What providers add
  (chat templates, a prompt for tools) is a few hundred tokens: OVERHEAD.
- **A picture**: its tokens do not depend on its bytes. The most that a published rule of a provider gives is 48,169 (gpt-4o-mini, eight
  tiles with high detail): PICTURE. Its own bytes do not count as text. LiteLLM sends Gemini whatever is in the place of a picture, so it
  must say that it is one.
- **Documents, sound, video, files and earlier responses at the provider, tools that the provider runs**: nothing in the body bounds
  them, so the whole context window of the model counts.
"""

from __future__ import annotations

from known_fields import FALLBACKS, OVERLAYS

OVERHEAD = 1_000
PICTURE = 50_000
PICTURES = {'image', 'image_url', 'input_image', 'computer_screenshot'}
# The end of an address of a picture, by which Gemini takes it for one.
PICTURE_FILES = ('.png', '.jpg', '.jpeg', '.webp', '.gif')
# Fields with a content type in the place of a picture.
CONTENT_TYPES = ('format', 'mime_type', 'content_type', 'media_type')
# Types of content whose tokens nothing in the body bounds.
UNBOUNDED = set(
    'document file input_file input_audio audio audio_url video video_url input_video container_upload search_result item_reference'.split()
)
# Fields that refer to what the provider has.
REFERENCES = tuple(
    'previous_response_id conversation container mcp_servers web_search_options search_parameters prompt_id cached_content'.split()
)
# The same in an overlay, where a provider's own names can be too, in whatever spelling: Gemini's have no types.
OVERLAID = {name.replace('_', '') for name in (*REFERENCES, 'file_data', 'inline_data', 'file_uri')}
CONTENT = ('messages', 'input', 'system', 'instructions', 'prompt')
# Without one of these a body has no part but text. `\\u00` is an ASCII character as an escape, which can hide one.
_WORDS = b'image input_ computer_ file document audio video container_upload search_result item_reference'
SIGNS = (*(b'"' + word for word in _WORDS.split()), b'\\u00')


def input_bound(body: bytes, fields: dict) -> int | None:
    """At most so many tokens of input; None if nothing in the body bounds them."""
    tools = fields.get('tools')
    if any(fields.get(name) is not None for name in REFERENCES) or isinstance(fields.get('prompt'), dict):
        return None
    if isinstance(tools, list) and not all(runs_at_client(tool) for tool in tools):
        return None
    if has_overlays(fields) and not is_bounded(fields):
        return None
    items = fields.get('input')
    # Responses: the type of a reference to an earlier item can be left out.
    if isinstance(items, list) and any(isinstance(item, dict) and not item.get('type') and 'role' not in item for item in items):
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
            # The sound of an earlier answer has no type.
            if (isinstance(kind, str) and kind in UNBOUNDED) or isinstance(value.get('audio'), dict):
                return None
            if isinstance(kind, str) and kind in PICTURES:
                if not is_picture(value):
                    return None
                pictures += 1
                inlined += picture_bytes(value)
            else:
                pending += value.values()
    return len(body) - inlined + pictures * PICTURE + OVERHEAD


def has_overlays(fields: dict) -> bool:
    """Whether a request has fields of which others can take the place: those of an overlay, or of a fallback."""
    return any(fields.get(name) for name in (*OVERLAYS, *FALLBACKS))


def is_bounded(fields: dict) -> bool:
    """Whether nothing in the overlays and fallbacks refers to what the provider has, or is a tool that it runs."""
    pending = [fields.get(name) for name in (*OVERLAYS, *FALLBACKS)]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            if any(item is not None and name.lower().replace('_', '') in OVERLAID for name, item in value.items()):
                return False
            tools = value.get('tools')
            if isinstance(tools, list) and not all(runs_at_client(tool) for tool in tools):
                return False
            pending += value.values()
    return True


def runs_at_client(tool: object) -> bool:
    """Whether the client runs a tool. Google's tools have no type, and no name either."""
    if not isinstance(tool, dict):
        return True
    kind = tool.get('type')
    return kind in ('function', 'custom') or (kind is None and ('name' in tool or 'function' in tool))


def is_picture(part: dict) -> bool:
    """Whether a part in the place of a picture says that it is one. The provider's own files there are pictures."""
    holder, source = part.get('image_url'), part.get('source')
    places = [part, *(place for place in (holder, source) if isinstance(place, dict))]
    types = [place[name] for place in places for name in CONTENT_TYPES if place.get(name)]
    addresses = [holder, *(place.get('url') for place in places)]
    return all(isinstance(name, str) and name.startswith('image/') for name in types) and all(
        address.startswith('data:image/') or (address.startswith('https://') and address.partition('?')[0].lower().endswith(PICTURE_FILES))
        for address in addresses
        if isinstance(address, str)
    )


def picture_bytes(part: dict) -> int:
    """The bytes of a picture in its part of a message; 0 if it is an address."""
    url = part.get('image_url')
    url = url.get('url') if isinstance(url, dict) else url
    source = part.get('source')
    data = source.get('data') if isinstance(source, dict) and source.get('type') == 'base64' else None
    # Only ASCII: every other character has more bytes in the body.
    given = (url if isinstance(url, str) and url.startswith('data:image/') else None, data)
    return sum(len(text) for text in given if isinstance(text, str))
