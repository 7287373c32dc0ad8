"""What a client is told: the errors of limits, and the headers of rates. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal

from api_error import ApiError, bad_request, quoted
from failure_kinds import Kind
from provider_failure import Failure

from limits.demand import Grant, Refusal, State
from limits.policy import COST, PARALLEL, REQUESTS, TOKENS, Limit

Headers = tuple[tuple[bytes, bytes], ...]
BUDGET_EXCEEDED, RATE_EXCEEDED, UNAVAILABLE = 'budget_exceeded', 'rate_limit_exceeded', 'budget_unavailable'
# When to come back if running requests hold what is missing: they may end at any time.
SOON = 1


def refused(refusal: Refusal, now: float, zone: tzinfo, zone_name: str, headers: Headers = (), hint: str = '') -> ApiError:
    """A 429. `hint` is a sentence for the client."""
    code = BUDGET_EXCEEDED if refusal.limit.measure == COST else RATE_EXCEEDED
    headers = (*headers, (b'retry-after', str(retry_after(refusal, now)).encode()))
    return ApiError(429, 'rate_limit_error', message(refusal, zone, zone_name) + hint, code, headers=headers)


def failure(refusal: Refusal, now: float, zone: tzinfo, zone_name: str) -> Failure:
    """The same as the failure of a model of a chain that is not called."""
    error = {'type': 'rate_limit_error', 'code': BUDGET_EXCEEDED if refusal.limit.measure == COST else RATE_EXCEEDED}
    return Failure(Kind.COOLDOWN, 429, message(refusal, zone, zone_name), float(retry_after(refusal, now)), attempted=False, error=error)


def retry_after(refusal: Refusal, now: float) -> int:
    """Seconds."""
    if refusal.reserved_is_the_cause:
        return SOON
    return max(1, math.ceil(refusal.state.ends_at - now))


def message(refusal: Refusal, zone: tzinfo, zone_name: str) -> str:
    limit, state, amount = refusal
    whose = 'this stack' if limit.scope == 'stack' else f'the {limit.scope} {quoted(limit.name)}'
    if limit.measure == PARALLEL:
        return f'The limit of {whose} is reached: {limit.maximum} requests at a time, {state.reserved} are running.'
    if limit.measure == REQUESTS:
        return f'The limit of {whose} is reached: {limit.maximum} requests a minute. It begins anew at {reset(state, zone, zone_name)}.'
    count = usd if limit.measure == COST else tokens
    what = 'budget' if limit.measure == COST else 'limit'
    full = 'is used up' if state.used >= limit.maximum else 'has no room for this request'
    reserved = f', reserved by running requests: {count(state.reserved)}' if state.reserved else ''
    state_of = f'{count(limit.maximum)} a {limit.window}, used: {count(state.used)}{reserved}. This request can need {count(amount)}.'
    # A client that waits for the next window would wait for nothing.
    hope = f'That is more than the whole {what}: no {limit.window} has room for it.' if amount > limit.maximum else f'It begins anew at {reset(state, zone, zone_name)}.'
    return f'The {what} of {whose} {full}: {state_of} {hope}'


def usd(nano: int) -> str:
    """Nano-dollars as dollars, rounded to a millionth, smaller amounts in full."""
    text = f'{Decimal(nano) / 10**9:.{6 if abs(nano) >= 1000 else 9}f}'.rstrip('0')
    whole, _, rest = text.partition('.')
    return f'{whole}.{rest:0<2} USD'


def tokens(count: int) -> str:
    return f'{count} tokens'


def reset(state: State, zone: tzinfo, zone_name: str) -> str:
    """When a window ends, by the clock of the zone."""
    return f'{datetime.fromtimestamp(state.ends_at, zone):%Y-%m-%d %H:%M} ({zone_name})'


def rate_headers(states: Mapping[Limit, State], taken: Mapping[Limit, int], now: float) -> Headers:
    """OpenAI's headers of a key's rates. `taken` is what this request has reserved of them."""
    headers = []
    for limit, state in states.items():
        if limit.measure in (REQUESTS, TOKENS):
            left = max(0, limit.maximum - state.used - state.reserved - taken.get(limit, 0))
            values = {'limit': str(limit.maximum), 'remaining': str(left), 'reset': f'{max(0, math.ceil(state.ends_at - now))}s'}
            headers += [(f'x-ratelimit-{name}-{limit.measure}'.encode(), value.encode()) for name, value in values.items()]
    return tuple(headers)


def headers_of(grant: Grant, now: float) -> Headers:
    """The same for a request that passes."""
    return rate_headers(grant.states, grant.amounts, now)


def unavailable() -> ApiError:
    """A 503: the limits cannot be checked."""
    text = 'The budgets cannot be checked at the moment, so this request is not sent. `./switchyard status` has the reason.'
    return ApiError(503, 'api_error', text, UNAVAILABLE, headers=((b'retry-after', str(SOON).encode()),))


def unavailable_failure() -> Failure:
    """The same for a further call of a request that runs."""
    error = unavailable()
    return Failure(Kind.COOLDOWN, error.status, error.message, float(SOON), attempted=False, error={'type': error.kind, 'code': error.code})


def not_priced(alias: str) -> ApiError:
    """A 400: what a model costs is not known, so no budget could bound it."""
    text = f'{quoted(alias)} has no price, and a budget applies to this request: nobody could tell what it costs.'
    return bad_request(f'{text} The operator sets "cost" of this model in catalog.yaml, also if it is 0.', 'model_not_priced', 'model')


def not_priced_failure(alias: str) -> Failure:
    error = not_priced(alias)
    return Failure(Kind.COOLDOWN, error.status, error.message, attempted=False, error={'type': error.kind, 'code': error.code})


def not_metered(field: str) -> ApiError:
    """A 400: the provider would go on after its answer, and nobody would learn what that costs."""
    text = f'"{field}" is not allowed where a budget or a rate applies: what a request costs in the background is not told.'
    return bad_request(text, 'refused_field', field)
