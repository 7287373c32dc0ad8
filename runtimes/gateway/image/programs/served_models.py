"""The models that a request may use: the aliases in config.yaml's `model_list`, each on the routes of its mode.

LiteLLM itself accepts more as a model: several names separated by commas, `provider/model` of any provider whose key it has, and the ids
of deployments.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path

from api_error import ApiError, bad_request, quoted
from known_fields import FALLBACKS, OVERLAYS
from request_policy import advisor_tools

ROUTES_OF_MODE = {
    'chat': ('/chat/completions', '/completions', '/responses', '/v1/messages', '/v1/messages/count_tokens'),
    'embedding': ('/embeddings',),
}
MODE_OF_ROUTE = {route: mode for mode, routes in ROUTES_OF_MODE.items() for route in routes}
# A longer name gets no suggestion: it is not a typing error, and the comparison takes quadratic time.
MAX_COMPARED = 100


class ServedModels:
    """The served aliases with their modes."""

    def __init__(self, modes: dict[str, str], missing: dict[str, str] | None = None) -> None:
        """`missing` are models of the catalogue that are not served, with the name of the key that is not set."""
        self.modes, self.missing = modes, missing or {}

    @classmethod
    def of_config(cls, config: dict, missing: dict[str, str] | None = None) -> ServedModels:
        """Read them from LiteLLM's configuration. An alias without a mode is a chat model."""
        modes = {}
        for position, entry in enumerate(config.get('model_list') or []):
            mode = (entry.get('model_info') or {}).get('mode', 'chat')
            if mode not in ROUTES_OF_MODE:
                allowed = ', '.join(ROUTES_OF_MODE)
                raise ValueError(f'config.yaml: model_list[{position}].model_info.mode is {mode!r}; allowed are {allowed}')
            modes[entry['model_name']] = mode
        return cls(modes, missing)

    def check(self, path: str, fields: dict, allowed: frozenset[str] | None = None) -> None:
        """Raise an ApiError if the body names a model that this route does not serve, or that is not one of `allowed` (None: all are)."""
        route = route_of(path)
        mode = MODE_OF_ROUTE[route]
        for param, name in model_names(fields):
            self.check_name(param, name, mode, route, allowed)

    def check_name(
        self, param: str, name: object, mode: str | None = None, route: str = '', allowed: frozenset[str] | None = None
    ) -> None:
        """Raise an ApiError if the name is not a served alias, if its mode is not the one of this route, or if it is not allowed."""
        if not isinstance(name, str) or not name:
            found = 'it is missing' if name is MISSING else 'it is empty' if name == '' else f'found {type_name(name)}'
            code = 'missing_required_parameter' if name is MISSING or name == '' else 'invalid_type'
            raise bad_request(f'"{param}" must be the name of a model from GET /v1/models: {found}.', code, param)
        if name not in self.modes:
            raise ApiError(404, 'not_found_error', self.not_found(name, mode, allowed), 'model_not_found', param)
        if mode and self.modes[name] != mode:
            own = ', '.join(ROUTES_OF_MODE[self.modes[name]])
            alternatives = ', '.join(self.of_mode(mode)) or 'no model'
            message = f'{quoted(name)} is not served at {route}, but at {own}. Served at {route}: {alternatives}.'
            raise bad_request(message, 'model_not_supported', param)
        if allowed is not None and name not in allowed:
            message = f'This key may not use the model {quoted(name)}. It may use: {", ".join(sorted(allowed)) or "no model"}.'
            raise ApiError(403, 'permission_error', message, 'model_not_allowed', param)

    def of_mode(self, mode: str | None) -> list[str]:
        """The aliases of a mode; all aliases for None."""
        return [alias for alias, own in self.modes.items() if mode in (None, own)]

    def not_found(self, name: str, mode: str | None = None, allowed: frozenset[str] | None = None) -> str:
        """The error message for a name that is not served. Of a model that a key may not use anyway it tells nothing."""
        if (key := self.missing.get(name)) and (allowed is None or name in allowed):
            command = f'pulumi config set --secret {key}'
            return f'The model {quoted(name)} is in the catalogue, but its key {key} is not set in this stack. The operator sets it with `{command}`, and then `./switchyard up`.'
        nearest = None
        if len(name) <= MAX_COMPARED:
            by_folded = {alias.casefold(): alias for alias in reversed(self.of_mode(mode))}
            nearest = next(iter(difflib.get_close_matches(name.strip().casefold(), by_folded, 1)), None)
        hint = f' Did you mean {quoted(by_folded[nearest])}?' if nearest else ''
        return f'The model {quoted(name)} does not exist here.{hint} GET /v1/models lists the models.'


def missing_keys(file: Path) -> dict[str, str]:
    """By alias of a model that is not served, the name of the key that is not set. Empty without the file. An invalid one is a ValueError."""
    given = json.loads(file.read_text()) if file.exists() else {}
    if not isinstance(given, dict) or not all(isinstance(key, str) for key in given.values()):
        raise ValueError(f'{file}: must be an object of names of keys by alias')
    return given


def route_of(path: str) -> str:
    """A path without the `/v1` that OpenAI's routes may have."""
    return path if path.startswith('/v1/messages') else path.removeprefix('/v1')


MISSING = object()


def model_names(fields: dict) -> Iterator[tuple[str, object]]:
    """Every field of a body that names a model, with its value."""
    yield 'model', fields.get('model', MISSING)
    yield from names_in_fallbacks(fields, '')
    # Anthropic's advisor tool: LiteLLM itself calls a second model.
    for tool in advisor_tools(fields.get('tools')):
        yield 'tools.model', tool.get('model', MISSING)


def names_in_fallbacks(fields: dict, prefix: str) -> Iterator[tuple[str, object]]:
    """The model names in fallbacks. Raises an ApiError if a field would replace the model that was checked."""
    if fields.get('models') is not None:
        raise bad_request(f'"{prefix}models" is not allowed: name one served model in "model", and others in "fallbacks".', 'refused_field', f'{prefix}models')
    for overlay in OVERLAYS:
        inner = fields.get(overlay)
        if isinstance(inner, dict):
            if 'model' in inner:
                raise bad_request(f'"{prefix}{overlay}.model" is not allowed: name the model in "model".', 'refused_field', f'{prefix}{overlay}.model')
            yield from names_in_fallbacks(inner, f'{prefix}{overlay}.')
    for field in FALLBACKS:
        if fields.get(field) is not None:
            yield from names_in_list(fields[field], prefix + field)


def names_in_list(value: object, path: str) -> Iterator[tuple[str, object]]:
    """The model names in a list of fallbacks: `"alias"`, `{"model": "alias", …}` or `{"alias": ["alias", …]}`."""
    if not isinstance(value, list):
        raise bad_request(f'"{path}" must be a list of models, found {type_name(value)}.', 'invalid_type', path)
    for position, item in enumerate(value):
        here = f'{path}[{position}]'
        if not isinstance(item, dict):
            yield here, item
        elif 'model' in item:
            yield f'{here}.model', item['model']
            yield from names_in_fallbacks(item, f'{here}.')
        else:
            for alias, chain in item.items():
                if alias != '*':
                    yield here, alias
                yield from names_in_list(chain, f'{here}.{alias if len(alias) < MAX_COMPARED else "…"}')


def type_name(value: object) -> str:
    """The name of a value's JSON type."""
    names = {dict: 'an object', list: 'a list', str: 'a string', bool: 'a boolean', type(None): 'null'}
    return names.get(type(value), 'a number')
