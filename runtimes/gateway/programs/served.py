"""The models that a request may name: the aliases of config.yaml's `model_list`, each on the routes of its mode.

LiteLLM itself takes more for a model: several names with commas between them, `provider/model` of any provider whose key it has,
the ids of deployments.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from refuse import Refuse, bad_request, shown
from refused import advisors

ROUTES_OF_MODE = {
    'chat': ('/chat/completions', '/completions', '/responses', '/v1/messages', '/v1/messages/count_tokens'),
    'embedding': ('/embeddings',),
}
MODE_OF_ROUTE = {route: mode for mode, routes in ROUTES_OF_MODE.items() for route in routes}
FALLBACKS = ('fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks')
# Objects whose fields LiteLLM or a provider's SDK lays over the request's own.
OVERLAYS = ('extra_body', 'litellm_params')
# A longer name is not compared with others: it is no typing error, and comparing takes the square of its length.
COMPARED = 100


class Served:
    """The served aliases, each with its mode."""

    def __init__(self, modes: dict[str, str]) -> None:
        self.modes = modes

    @classmethod
    def of_config(cls, config: dict) -> Served:
        """From LiteLLM's configuration. An alias without a mode is a chat model."""
        modes = {}
        for position, entry in enumerate(config.get('model_list') or []):
            mode = (entry.get('model_info') or {}).get('mode', 'chat')
            if mode not in ROUTES_OF_MODE:
                allowed = ', '.join(ROUTES_OF_MODE)
                raise ValueError(f'config.yaml: model_list[{position}].model_info.mode is {mode!r}; allowed are {allowed}')
            modes[entry['model_name']] = mode
        return cls(modes)

    def check(self, path: str, fields: dict) -> None:
        """Refuses a request whose body names a model that this route does not serve."""
        route = path if path.startswith('/v1/messages') else path.removeprefix('/v1')
        mode = MODE_OF_ROUTE[route]
        for param, name in names(fields):
            self.check_name(param, name, mode, route)

    def check_name(self, param: str, name: object, mode: str | None = None, route: str = '') -> None:
        """Refuses what is no served alias, or one of another mode than this route's."""
        if not isinstance(name, str) or not name:
            found = 'it is missing' if name is MISSING else 'it is empty' if name == '' else f'found {type_name(name)}'
            code = 'missing_required_parameter' if name is MISSING or name == '' else 'invalid_type'
            raise bad_request(f'"{param}" must be the name of a model, as GET /v1/models lists them: {found}.', code, param)
        if name not in self.modes:
            raise Refuse(404, 'not_found_error', self.unknown(name, mode), 'model_not_found', param)
        if mode and self.modes[name] != mode:
            own = ', '.join(ROUTES_OF_MODE[self.modes[name]])
            others = ', '.join(self.of_mode(mode)) or 'no model'
            message = f'{shown(name)} is not served at {route}, but at {own}. Served at {route}: {others}.'
            raise bad_request(message, 'model_not_supported', param)

    def of_mode(self, mode: str | None) -> list[str]:
        """The aliases of a mode, or all."""
        return [alias for alias, its in self.modes.items() if mode in (None, its)]

    def unknown(self, name: str, mode: str | None = None) -> str:
        """What to say about a name that is not served."""
        near = None
        if len(name) <= COMPARED:
            by_folded = {alias.casefold(): alias for alias in reversed(self.of_mode(mode))}
            near = next(iter(difflib.get_close_matches(name.strip().casefold(), by_folded, 1)), None)
        hint = f' Did you mean {shown(by_folded[near])}?' if near else ''
        return f'The model {shown(name)} does not exist here.{hint} GET /v1/models lists the models.'


MISSING = object()


def names(fields: dict) -> Iterator[tuple[str, object]]:
    """Every place of a body that names a model, with what stands there."""
    yield 'model', fields.get('model', MISSING)
    yield from elsewhere(fields, '')
    # Anthropic's advisor tool: LiteLLM asks a second model by itself.
    for tool in advisors(fields.get('tools')):
        yield 'tools.model', tool.get('model', MISSING)


def elsewhere(fields: dict, where: str) -> Iterator[tuple[str, object]]:
    """The names in fallbacks. Refuses a model in places where it would replace the one that was checked."""
    if fields.get('models') is not None:
        raise bad_request(f'"{where}models" is not accepted: name one served model in "model", others in "fallbacks".', 'refused_field', f'{where}models')
    for overlay in OVERLAYS:
        inner = fields.get(overlay)
        if isinstance(inner, dict):
            if 'model' in inner:
                raise bad_request(f'"{where}{overlay}.model" is not accepted: name the model in "model".', 'refused_field', f'{where}{overlay}.model')
            yield from elsewhere(inner, f'{where}{overlay}.')
    for field in FALLBACKS:
        if fields.get(field) is not None:
            yield from fallbacks(fields[field], where + field)


def fallbacks(value: object, where: str) -> Iterator[tuple[str, object]]:
    """The names in a list of fallbacks: `"alias"`, `{"model": "alias", …}` or `{"alias": ["alias", …]}`."""
    if not isinstance(value, list):
        raise bad_request(f'"{where}" must be a list of models, found {type_name(value)}.', 'invalid_type', where)
    for position, item in enumerate(value):
        here = f'{where}[{position}]'
        if not isinstance(item, dict):
            yield here, item
        elif 'model' in item:
            yield f'{here}.model', item['model']
            yield from elsewhere(item, f'{here}.')
        else:
            for alias, chain in item.items():
                if alias != '*':
                    yield here, alias
                yield from fallbacks(chain, f'{here}.{alias if len(alias) < COMPARED else "…"}')


def type_name(value: object) -> str:
    """What JSON calls a value's type."""
    names_of = {dict: 'an object', list: 'a list', str: 'a string', bool: 'a boolean', type(None): 'null'}
    return names_of.get(type(value), 'a number')
