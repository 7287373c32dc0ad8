"""The limits of keys, lanes, providers and the stack: /etc/switchyard/limits.json. An invalid file is a ValueError that names the field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timezone, tzinfo
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from limits.windows import ALWAYS, MINUTE, WINDOWS

SCOPES = ('key', 'lane', 'provider', 'stack')
# What a limit counts. `parallel` counts requests that run.
COST, REQUESTS, TOKENS, PARALLEL = 'nano_usd', 'requests', 'tokens', 'parallel'
# The rates in the file, with what they count and their windows.
RATES = {'requestsPerMinute': (REQUESTS, MINUTE), 'tokensPerMinute': (TOKENS, MINUTE), 'parallelRequests': (PARALLEL, ALWAYS)}
FIELDS = ('timeZone', 'onFailure', 'budgets', 'rates', 'providers')


class Limit(NamedTuple):
    """A budget or a rate."""

    scope: str  # one of SCOPES
    name: str  # of the key, lane or provider; empty for the stack
    measure: str  # COST, REQUESTS, TOKENS or PARALLEL
    window: str  # one of WINDOWS for COST, otherwise MINUTE or ALWAYS
    maximum: int  # in nano-dollars for COST


class Policy:
    """What limits.json says."""

    def __init__(
        self,
        limits: Iterable[Limit],
        zone: tzinfo = timezone.utc,
        refuse: bool = True,
        zone_name: str = 'UTC',
        providers: dict[str, str] | None = None,
    ) -> None:
        """`refuse`: whether a request with a limit is refused while the database does not work. `providers`: the catalogue's provider of
        each alias, where the file tells it."""
        self.limits, self.zone, self.refuse, self.zone_name, self.providers = tuple(limits), zone, refuse, zone_name, providers or {}
        self.by_name: dict[tuple[str, str], tuple[Limit, ...]] = {}
        for limit in self.limits:
            self.by_name[limit[:2]] = (*self.by_name.get(limit[:2], ()), limit)

    def of_request(self, key: str, lane: str) -> tuple[Limit, ...]:
        """The limits of a request, without those of providers."""
        find = self.by_name.get
        return find(('key', key), ()) + find(('lane', lane), ()) + find(('stack', ''), ())

    def of_providers(self, names: Iterable[str]) -> tuple[Limit, ...]:
        """The budgets of providers."""
        return tuple(limit for name in sorted(names) for limit in self.by_name.get(('provider', name), ()))


def load(path: Path) -> Policy | None:
    """Read the file. None without a file, or if it has no limits."""
    return parse(path.read_text(), str(path)) if path.exists() else None


def parse(text: str, where: str = 'limits.json') -> Policy | None:
    """The same for the file's text. `where` names it in errors."""

    def fail(field: str, expected: str, found: object) -> None:
        raise ValueError(f'{where}: "{field}" must be {expected}, found {json.dumps(found)[:100]}')

    try:
        given = json.loads(text)
    except ValueError as error:
        raise ValueError(f'{where}: no valid JSON: {error}') from None
    if not isinstance(given, dict):
        fail('', 'an object', given)
    for name in given:
        if name not in FIELDS:
            raise ValueError(f'{where}: unknown field "{name}"; allowed are {", ".join(FIELDS)}')
    limits = [*budgets_in(given.get('budgets', []), fail), *rates_in(given.get('rates', {}), fail)]
    if not limits:
        return None
    zone, on_failure, providers = given.get('timeZone', 'UTC'), given.get('onFailure', 'refuse'), given.get('providers', {})
    if on_failure not in ('refuse', 'allow'):
        fail('onFailure', '"refuse" or "allow"', on_failure)
    if not isinstance(providers, dict) or not all(isinstance(name, str) for name in providers.values()):
        fail('providers', 'an object of provider names by alias', providers)
    try:
        # Without the files of zones UTC works too.
        return Policy(limits, timezone.utc if zone == 'UTC' else ZoneInfo(zone), on_failure == 'refuse', zone, providers)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        fail('timeZone', 'the name of a time zone that the image has, like "Europe/Berlin"', zone)


def budgets_in(given: object, fail) -> list[Limit]:
    if not isinstance(given, list):
        fail('budgets', 'a list', given)
    found: dict[tuple, Limit] = {}
    for position, one in enumerate(given):
        field = f'budgets[{position}]'
        if not isinstance(one, dict) or set(one) - {'scope', 'name', 'nanoUsd', 'window'}:
            fail(field, 'an object with scope, name, nanoUsd and window', one)
        scope, name, window = one.get('scope'), one.get('name', ''), one.get('window')
        if scope not in SCOPES:
            fail(f'{field}.scope', f'one of {", ".join(SCOPES)}', scope)
        if not isinstance(name, str) or (scope == 'stack') != (name == ''):
            fail(f'{field}.name', 'empty' if scope == 'stack' else f'the name of a {scope}', name)
        if window not in WINDOWS:
            fail(f'{field}.window', f'one of {", ".join(WINDOWS)}', window)
        limit = Limit(scope, name, COST, window, whole(one.get('nanoUsd'), f'{field}.nanoUsd', fail))
        if found.setdefault(limit[:4], limit) is not limit:
            fail(field, 'the only budget of its scope, name and window', one)
    return list(found.values())


def rates_in(given: object, fail) -> list[Limit]:
    if not isinstance(given, dict):
        fail('rates', 'an object by key', given)
    found = []
    for name, rates in given.items():
        if not isinstance(rates, dict) or set(rates) - set(RATES):
            fail(f'rates.{name}', f'an object with {", ".join(RATES)}', rates)
        for rate, value in rates.items():
            found.append(Limit('key', name, *RATES[rate], whole(value, f'rates.{name}.{rate}', fail)))
    return found


def whole(value: object, field: str, fail) -> int:
    # A column of the database has 64 bits.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        fail(field, 'a whole number of at least 0', value)
    return value
