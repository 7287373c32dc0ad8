"""What a provider said, found behind the exceptions that LiteLLM makes of it.

LiteLLM maps statuses (Anthropic's 529 becomes 500, a 413 becomes 400) and wraps texts. The answer itself hangs at the end of the chain of
causes, as httpx received it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from failure_kinds import Kind, kind_of, message_in, parsed

# What is said where a provider said nothing.
SILENT = 'The provider did not answer in time.'
UNREACHABLE = 'The provider could not be reached.'
CUT = 'The provider closed the connection before its answer was complete.'
UNREADABLE = "The provider's answer could not be understood."
# A silent provider is no slow client (408): it is the gateway that waited in vain.
GATEWAY_TIMEOUT, BAD_GATEWAY = 504, 502


class Failure(NamedTuple):
    """One failed attempt."""

    kind: Kind
    status: int  # the provider's, or the one for having none
    words: str  # what the client is told
    retry_after: float | None = None  # seconds, as the provider asked
    asked: bool = True  # whether the provider was asked at all
    silent: bool = False  # whether time ran out
    in_stream: bool = False  # whether a stream had begun
    said: dict | None = None  # the provider's error as it said it: type, code, param


def failure_of(error: BaseException) -> Failure:
    """What an exception of LiteLLM's says."""
    known = getattr(error, 'switchyard_failure', None)
    if known is None:
        known = _read(error)
        try:
            error.switchyard_failure = known  # type: ignore[attr-defined]
        except AttributeError:
            pass
    return known


def _read(error: BaseException) -> Failure:
    import httpx

    links = causes(error)
    in_stream = type(error).__name__ == 'MidStreamFallbackError'
    names = {type(link).__name__ for link in links}
    if any(name.startswith('RouterRateLimitError') for name in names):
        return Failure(Kind.RESTING, 429, 'Everybody who could answer failed a moment ago.', getattr(error, 'cooldown_time', None), asked=False)
    response = next((link.response for link in reversed(links) if isinstance(link, httpx.HTTPStatusError)), None)
    if response is not None:
        return _answered(error, response, in_stream)
    if names & TIMEOUTS:
        return Failure(Kind.PROVIDER, GATEWAY_TIMEOUT, SILENT, silent=True, in_stream=in_stream)
    if names & UNCONNECTED:
        return Failure(Kind.PROVIDER, BAD_GATEWAY, UNREACHABLE, in_stream=in_stream)
    if names & BROKEN:
        return Failure(Kind.PROVIDER, BAD_GATEWAY, CUT, in_stream=in_stream)
    return _unanswered(error, in_stream)


# By name: LiteLLM's two transports (aiohttp, httpx) have each their own.
TIMEOUTS = {'APITimeoutError', 'Timeout', 'TimeoutError', 'ReadTimeout', 'ConnectTimeout', 'PoolTimeout', 'WriteTimeout', 'ServerTimeoutError', 'SocketTimeoutError'}
UNCONNECTED = {'ConnectError', 'ClientConnectorError', 'ClientConnectorDNSError', 'ConnectionRefusedError', 'gaierror', 'ClientConnectorSSLError', 'ClientConnectorCertificateError'}
BROKEN = {'ServerDisconnectedError', 'RemoteProtocolError', 'ReadError', 'ClientPayloadError', 'TransferEncodingError', 'ConnectionResetError', 'ClientOSError', 'WriteError'}


def _answered(error: BaseException, response, in_stream: bool) -> Failure:
    try:
        text = response.text
    except Exception:  # a body that nobody has read
        text = ''
    status = response.status_code
    body = parsed(text)
    words = (message_in(body) if body is not None else '') or plain(getattr(error, 'message', '') or str(error))
    provider = getattr(error, 'llm_provider', '') or ''
    return Failure(kind_of(provider, status, text), status, words, retry_after(response.headers), in_stream=in_stream, said=body)


def _unanswered(error: BaseException, in_stream: bool) -> Failure:
    """No status came: an error in the middle of a stream, an answer that is no JSON, or LiteLLM's own refusal."""
    words = plain(getattr(error, 'message', '') or str(error))
    status = getattr(error, 'status_code', None)
    if isinstance(status, int) and 400 <= status < 500 and status != 408:
        return Failure(kind_of('', status, words), status, words, asked=in_stream, in_stream=in_stream)
    silent = words == SILENT
    return Failure(Kind.PROVIDER, GATEWAY_TIMEOUT if silent else BAD_GATEWAY, words, silent=silent, in_stream=in_stream)


def causes(error: BaseException) -> list[BaseException]:
    """An exception and what it came from, the outermost first."""
    links: list[BaseException] = []
    rest: list[BaseException | None] = [error]
    while rest and len(links) < 20:
        link = rest.pop(0)
        if link is None or any(link is one for one in links):
            continue
        links.append(link)
        rest += [getattr(link, 'original_exception', None), link.__cause__, link.__context__]
    return links


def retry_after(headers) -> float | None:
    """The seconds that a provider asks to wait; a date is not read, nor what is no number."""
    try:
        if 'retry-after-ms' in headers:
            return max(0.0, float(headers['retry-after-ms']) / 1000)
        return max(0.0, float(headers['retry-after']))
    except (KeyError, ValueError):
        return None


_PREFIXES = re.compile(r'^(?:(?:litellm\.)?\w*(?:Error|Timeout|Exception)(?: Error| BadRequestError)?(?:: | - ))+')
_TAILS = re.compile(
    r'(?:\.? Handle with `litellm\.|\s*\n+(?:LiteLLM: |Deployment Info: |model=\S+ context_window_fallbacks|Received Model Group=|Available Model Group'
    r'|No fallback|Error doing the fallback)|\. ?No fallback model group|\s*LiteLLM Retried: ).*$',
    re.DOTALL | re.IGNORECASE,
)
_CODE = re.compile(r'^Error code: \d{3} - ')
_QUOTED = re.compile(r"""['"]message['"]: (?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")""")
# What the transports say when nobody else says anything. They name addresses and classes of Python.
_TECHNICAL = (
    (UNREACHABLE, re.compile(r'^(?:Cannot connect to host |Connection error\.?$|\[Errno |All connection attempts failed)')),
    (CUT, re.compile(r'^(?:Response payload is not completed|Server disconnected|peer closed connection|Connection (?:closed|reset)|\w+ closed the \w+ stream before)')),
    (SILENT, re.compile(r'^(?:Request timed out|Connection timed out|Timeout)')),
    (UNREADABLE, re.compile(r'^(?:\s*<|Expecting value|Unable to get json response|Unterminated string|Extra data)')),
)


def plain(text: str) -> str:
    """An error's text without what LiteLLM puts around it: the names of its classes, its advice, the provider's own JSON."""
    text = _PREFIXES.sub('', _TAILS.sub('', _PREFIXES.sub('', text)))
    if _CODE.match(text):
        text = _CODE.sub('', text)
        # OpenAI's SDK quotes the body as Python does.
        if quoted := _QUOTED.search(text):
            text = quoted[1] if quoted[1] is not None else quoted[2]
    body = parsed(text)
    text = ((message_in(body) if body is not None else '') or text).strip()
    return next((said for said, pattern in _TECHNICAL if pattern.match(text)), text)
