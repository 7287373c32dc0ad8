"""Finds a provider's original error in the exceptions that LiteLLM raises.

LiteLLM maps statuses (Anthropic's 529 becomes 500, a 413 becomes 400) and wraps messages. The original response, as httpx received it, is
at the end of the exception's chain of causes.
"""

from __future__ import annotations

import logging
import re
from typing import NamedTuple

from failure_kinds import Kind, error_in, kind_of, message_in
from requests_log import current

log = logging.getLogger('switchyard')

# Messages for failures where the provider sent none.
TIMED_OUT = 'The provider did not respond in time.'
UNREACHABLE = 'The provider could not be reached.'
CUT = 'The provider closed the connection before its response was complete.'
UNREADABLE = "The provider's response could not be parsed."
# LiteLLM could not create the provider's request. Its own messages are Python's: 'bool' object is not iterable.
UNPROCESSABLE = 'The gateway could not translate this request for the provider: the value or the type of one of its fields is wrong.'
# Not 408, which means a slow client: here the gateway waited for a provider that did not respond.
GATEWAY_TIMEOUT, BAD_GATEWAY = 504, 502


class Failure(NamedTuple):
    """One failed attempt."""

    kind: Kind
    status: int  # the provider's, or a replacement if it sent none
    message: str  # for the client
    retry_after: float | None = None  # seconds that the provider asks to wait
    attempted: bool = True  # whether a provider was called at all
    timed_out: bool = False  # whether the provider did not respond in time
    in_stream: bool = False  # whether a stream had begun
    error: dict | None = None  # the provider's own error object: type, code, param


def failure_of(error: BaseException) -> Failure:
    """The failure that an exception of LiteLLM describes."""
    failure = getattr(error, 'switchyard_failure', None)
    if failure is None:
        failure = _read(error)
        try:
            error.switchyard_failure = failure  # type: ignore[attr-defined]
        except AttributeError:
            pass
    return failure


def mark_uncalled(error: BaseException) -> None:
    """Classify an exception that LiteLLM raised before it called a provider: what it reports as the provider's failure is the request's.

    LiteLLM's own checks (400, 401, 429 and the like) and its timeouts keep their meaning.
    """
    failure = failure_of(error)
    if failure.kind is Kind.PROVIDER and not failure.timed_out:
        log.warning('request %s: LiteLLM failed before it called a provider: %.300r', current().id, error)
        error.switchyard_failure = Failure(Kind.REQUEST, 400, UNPROCESSABLE, attempted=False)  # type: ignore[attr-defined]


def _read(error: BaseException) -> Failure:
    import httpx

    links = causes(error)
    in_stream = type(error).__name__ == 'MidStreamFallbackError'
    # A call that was not made because of a limit: limits/allowance.py.
    if limited := next((link.limit_failure for link in links if hasattr(link, 'limit_failure')), None):
        return limited
    names = {type(link).__name__ for link in links}
    if any(name.startswith('RouterRateLimitError') for name in names):
        return Failure(Kind.COOLDOWN, 429, 'All providers of this model failed a moment ago.', getattr(error, 'cooldown_time', None), attempted=False)
    response = next((link.response for link in reversed(links) if isinstance(link, httpx.HTTPStatusError)), None)
    if response is not None:
        return _with_response(error, response, in_stream)
    if names & TIMEOUTS:
        return Failure(Kind.PROVIDER, GATEWAY_TIMEOUT, TIMED_OUT, timed_out=True, in_stream=in_stream)
    if names & UNCONNECTED:
        return Failure(Kind.PROVIDER, BAD_GATEWAY, UNREACHABLE, in_stream=in_stream)
    if names & BROKEN:
        return Failure(Kind.PROVIDER, BAD_GATEWAY, CUT, in_stream=in_stream)
    return _without_response(error, in_stream)


# Compared by name, because LiteLLM's two transports (aiohttp, httpx) have different exception classes.
TIMEOUTS = {'APITimeoutError', 'Timeout', 'TimeoutError', 'ReadTimeout', 'ConnectTimeout', 'PoolTimeout', 'WriteTimeout', 'ServerTimeoutError', 'SocketTimeoutError'}
UNCONNECTED = {'ConnectError', 'ClientConnectorError', 'ClientConnectorDNSError', 'ConnectionRefusedError', 'gaierror', 'ClientConnectorSSLError', 'ClientConnectorCertificateError'}
BROKEN = {'ServerDisconnectedError', 'RemoteProtocolError', 'ReadError', 'ClientPayloadError', 'TransferEncodingError', 'ConnectionResetError', 'ClientOSError', 'WriteError'}


def _with_response(error: BaseException, response, in_stream: bool) -> Failure:
    try:
        text = response.text
    except Exception:  # the body has not been read
        text = ''
    status = response.status_code
    provider_error = error_in(text)
    message = (message_in(provider_error) if provider_error is not None else '') or plain(getattr(error, 'message', '') or str(error))
    provider = getattr(error, 'llm_provider', '') or ''
    return Failure(kind_of(provider, status, text), status, message, retry_after(response.headers), in_stream=in_stream, error=provider_error)


def _without_response(error: BaseException, in_stream: bool) -> Failure:
    """No error status came from the provider: an error inside a stream, a response that is not JSON, or an error of LiteLLM itself."""
    message = plain(getattr(error, 'message', '') or str(error))
    status = getattr(error, 'status_code', None)
    if isinstance(status, int) and 400 <= status < 500 and status != 408:
        return Failure(kind_of('', status, message), status, message, attempted=in_stream, in_stream=in_stream)
    timed_out = message == TIMED_OUT
    return Failure(Kind.PROVIDER, GATEWAY_TIMEOUT if timed_out else BAD_GATEWAY, message, timed_out=timed_out, in_stream=in_stream)


def causes(error: BaseException) -> list[BaseException]:
    """An exception and its causes, the outermost first.

    A fallback is called while the failure of the attempt before it is handled, so that Python links the two. A failure that is known already
    is no cause of this one.
    """
    links: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending and len(links) < 20:
        link = pending.pop(0)
        if link is None or any(link is one for one in links):
            continue
        links.append(link)
        context = None if hasattr(link.__context__, 'switchyard_failure') else link.__context__
        pending += [getattr(link, 'original_exception', None), link.__cause__, context]
    return links


def retry_after(headers) -> float | None:
    """The seconds that a provider asks to wait. Dates and other values that are not numbers are ignored."""
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
# Messages of the HTTP transports, with Python classes and addresses in them, and the messages that replace them.
_TECHNICAL = (
    (UNREACHABLE, re.compile(r'^(?:Cannot connect to host |Connection error\.?$|\[Errno |All connection attempts failed)')),
    (CUT, re.compile(r'^(?:Response payload is not completed|Server disconnected|peer closed connection|Connection (?:closed|reset)|\w+ closed the \w+ stream before)')),
    (TIMED_OUT, re.compile(r'^(?:Request timed out|Connection timed out|Timeout)')),
    (UNREADABLE, re.compile(r'^(?:\s*<|Expecting value|Unable to get json response|Unterminated string|Extra data)')),
)


def plain(text: str) -> str:
    """An error's message without what LiteLLM adds: class names, advice, the provider's JSON."""
    text = _PREFIXES.sub('', _TAILS.sub('', _PREFIXES.sub('', text)))
    if _CODE.match(text):
        text = _CODE.sub('', text)
        # OpenAI's SDK quotes the body as Python does.
        if quoted := _QUOTED.search(text):
            text = quoted[1] if quoted[1] is not None else quoted[2]
    error = error_in(text)
    text = ((message_in(error) if error is not None else '') or text).strip()
    return next((message for message, pattern in _TECHNICAL if pattern.match(text)), text)
