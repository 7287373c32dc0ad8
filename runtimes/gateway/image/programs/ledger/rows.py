"""Turns what was observed into rows. Pure, except that it counts the tokens of a text with the given function."""

from __future__ import annotations

from collections.abc import Callable

from ledger import wire
from ledger.counting import Tokens, tokens_of
from ledger.observed import MAX_NAME, Attempt, Deployment, Request
from ledger.prices import Cost, PriceList
from ledger.texts import prompt

# OpenTelemetry's names of providers that have another one in LiteLLM.
PROVIDER_NAMES = {'gemini': 'gcp.gemini', 'vertex_ai': 'gcp.vertex_ai', 'mistral': 'mistral_ai', 'xai': 'x_ai', 'azure': 'azure.ai.openai', 'bedrock': 'aws.bedrock'}
OPERATIONS = {'embeddings': 'embeddings', 'completions': 'text_completion'}
# The tokens of a longer text are extrapolated: counting takes a tenth of a second per megabyte.
MAX_COUNTED = 1 << 20
# The client's side is gone before the provider has answered.
CLIENT_CLOSED = 499
# Providers whose usage has a cost. LiteLLM puts one of its own into the usage of every stream that a client gets.
TELL_COST = {'openrouter', 'perplexity'}
CountTokens = Callable[[str], int]


def attempt_row(attempt: Attempt, prices: PriceList, count: CountTokens) -> tuple[str, dict]:
    """The row of an attempt. `price` in it is the Price itself, whose id the writer knows."""
    answer = read_answer(attempt)
    status, error_type = outcome(attempt, answer)
    tokens, source, caveats = usage(attempt, answer, status, count)
    provider, model = called(attempt.deployment)
    price_model = attempt.deployment.model if attempt.deployment else ''
    litellm_provider = attempt.deployment.provider if attempt.deployment else ''
    cost = Cost(0, 'none')
    if source != 'none':
        cost = prices.cost(litellm_provider, price_model, tokens, attempt.completed_us / 1e6, attempt.service_tier or answer.service_tier)
    if cost.price and prices.audio(cost.price):
        caveats = [caveat for caveat in caveats if caveat != 'audio']
    return 'attempts', {
        'request_id': attempt.request.id,
        'attempt': attempt.number,
        'started_at_us': attempt.started_us,
        'completed_at_us': attempt.completed_us,
        'counted_at_us': attempt.request.counted_us,
        'gen_ai_response_time_to_first_chunk_us': max(0, attempt.first_byte_us - attempt.started_us),
        **who(attempt.request),
        'gen_ai_provider_name': provider,
        'gen_ai_request_model': model,
        'gen_ai_response_model': short(answer.model),
        'gen_ai_response_id': short(answer.id),
        'gen_ai_response_finish_reason': short(answer.finish_reason),
        'deployment_alias': short(attempt.deployment.alias) if attempt.deployment else '',
        'provider_key': short(attempt.deployment.key_name) if attempt.deployment else '',
        'fallback_index': attempt.fallback_index,
        'stream': is_stream(attempt),
        'status': status,
        'http_status': attempt.http_status,
        'error_type': error_type,
        **token_columns(tokens),
        'usage_source': source,
        'cost_nano_usd': cost.nano_usd,
        'cost_source': cost.source,
        'cost_caveat': ','.join(caveats),
        'price': cost.price,
    }


def request_row(request: Request, prices: PriceList) -> tuple[str, dict]:
    """The row of a client's request."""
    answered_by, saved = request.answered_by, 0
    if request.cached:
        answered_by, stored = request.cached
        saved = saving(answered_by, wire_of_route(request.route), stored, prices, request.completed_us / 1e6)
    provider, model = called(answered_by)
    http_status = request.http_status or CLIENT_CLOSED
    failed = http_status >= 400 and http_status != CLIENT_CLOSED
    return 'requests', {
        'request_id': request.id,
        'x_request_id': short(request.x_request_id),
        'started_at_us': request.started_us,
        'completed_at_us': request.completed_us,
        **who(request),
        'gen_ai_provider_name': provider,
        'gen_ai_request_model': model,
        'stream': request.stream,
        'status': 'error' if failed else 'success' if request.finished else 'cancelled',
        'http_status': http_status,
        'attempts': request.attempts,
        'cache_hit': 'exact' if request.cached else 'no',
        'saved_nano_usd': saved,
        'user_agent': short(request.user_agent),
    }


def who(request: Request) -> dict[str, str]:
    return {
        'key_alias': short(request.key_alias),
        'lane': short(request.lane),
        'gen_ai_agent_name': short(request.agent),
        'model_alias': short(request.alias),
        'gen_ai_operation_name': OPERATIONS.get(request.route, 'chat'),
        'route': request.route,
    }


def called(deployment: Deployment | None) -> tuple[str, str]:
    """The provider's name and the model, as OpenTelemetry names them."""
    if deployment is None:
        return '', ''
    return short(PROVIDER_NAMES.get(deployment.provider, deployment.provider)), short(deployment.model)


def short(text: str) -> str:
    """A text that fits into a column, without characters that a terminal or PostgreSQL would not take."""
    text = text[:MAX_NAME]
    return text if text.isprintable() else ''.join(c for c in text if c.isprintable())


def is_stream(attempt: Attempt) -> bool:
    return 'event-stream' in attempt.content_type or 'ndjson' in attempt.content_type


def read_answer(attempt: Attempt) -> wire.Answer:
    """What a successful answer says. The rows have nothing from an error's body, which can quote the prompt."""
    if not 200 <= attempt.http_status < 300:
        return wire.Answer()
    body = wire.decoded(attempt.answer, attempt.encoding)
    return wire.read(attempt.wire, body, is_stream(attempt))


def outcome(attempt: Attempt, answer: wire.Answer) -> tuple[str, str]:
    """Status and error type of an attempt."""
    names = {type(attempt.error).__name__, type(attempt.error.__cause__).__name__} if attempt.error else set()
    if 'CancelledError' in names or 'GeneratorExit' in names:
        return 'cancelled', ''
    if not attempt.http_status:
        return ('error', 'timeout' if any('Timeout' in name for name in names) else 'connection') if attempt.error else ('cancelled', '')
    if not 200 <= attempt.http_status < 300:
        return 'error', str(attempt.http_status)
    if answer.error:
        return 'error', 'provider_error'
    if answer.complete:
        return 'success', ''
    if attempt.ending == 'closed':
        return 'cancelled', ''
    # Some providers end a stream without an event for the end.
    return ('success', '') if answer.finish_reason and attempt.ending == 'complete' else ('error', 'incomplete')


def usage(attempt: Attempt, answer: wire.Answer, status: str, count: CountTokens) -> tuple[Tokens, str, list[str]]:
    """Tokens, where they come from (provider, counted, none), and why they are not exact."""
    provider = attempt.deployment.provider if attempt.deployment else ''
    if answer.usage:
        tokens = tokens_of(provider, attempt.wire, answer.usage)
        if status == 'success' or answer.complete:
            return tokens, 'provider', list(tokens.caveats)
        # The beginning of a stream has the usage of the input, and not yet of the output.
        output = counted(answer.text, count)
        if output <= tokens.output:
            return tokens, 'provider', [*tokens.caveats, 'incomplete']
        return tokens._replace(output=output), 'counted', [*tokens.caveats, 'output_counted']
    answered = 200 <= attempt.http_status < 300
    if not answered and status != 'cancelled':
        # A provider bills no error. One that did not answer in time may bill what it did.
        return Tokens(), 'none', [] if attempt.http_status else ['no_answer']
    caveats = ['input_counted', 'output_counted'] if answered else ['input_counted', 'no_answer']
    return Tokens(input=counted(prompt(attempt.body), count), output=counted(answer.text, count)), 'counted', caveats


def counted(text: str, count: CountTokens) -> int:
    if len(text) <= MAX_COUNTED:
        return count(text) if text else 0
    return round(count(text[:MAX_COUNTED]) * len(text) / MAX_COUNTED)


def token_columns(tokens: Tokens) -> dict[str, int]:
    return {
        'gen_ai_usage_input_tokens': tokens.input,
        'gen_ai_usage_cache_read_input_tokens': tokens.cached,
        'gen_ai_usage_cache_creation_input_tokens': tokens.written,
        'gen_ai_usage_output_tokens': tokens.output,
        'gen_ai_usage_reasoning_output_tokens': tokens.reasoning,
    }


def wire_of_route(route: str) -> str:
    """The format of the client's API on a route."""
    return route if route in ('messages', 'responses') else 'chat'


def saving(deployment: Deployment | None, wire_format: str, stored: dict, prices: PriceList, ended: float) -> int:
    """What an answer from the cache would have cost at this time, in nano-dollars. Its usage is in the format of the client's API."""
    if deployment is None or not stored:
        return 0
    tokens = tokens_of('', wire_format, stored)
    tokens = tokens if deployment.provider in TELL_COST else tokens._replace(cost=None)
    return prices.cost(deployment.provider, deployment.model, tokens, ended).nano_usd
