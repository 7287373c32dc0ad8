"""What the gateway needs of the providers' schemas: the names of the fields that may be sent, at each level. See provider_schemas.py."""

from __future__ import annotations

# A JSON Schema of the client's own, whatever an SDK says of it.
FREE = {'parameters', 'schema', 'input_schema'}
# LiteLLM's names of providers, where they differ.
LITELLM = {'together': 'together_ai'}


def shape(schema: dict, definitions: dict[str, dict], seen: tuple = ()) -> object:
    """What the gateway needs of a schema: the names of an object's fields with their own shapes, `{"kinds": {word: shape}, "by": field}` for
    objects of several kinds, "text" for what must not be a list of parts, or None where anything may be."""
    while '$ref' in schema:
        if schema['$ref'] in seen:
            return None
        seen, schema = (*seen, schema['$ref']), definitions[schema['$ref']]
    choices = [shape(one, definitions, seen) for one in schema.get('anyOf', [])]
    if 'anyOf' in schema:
        found = [one for one in choices if isinstance(one, dict)]
        return merged(found) if found else 'text' if all(one == 'text' for one in choices) else None
    if schema.get('type') == 'array':
        found = shape(schema['items'], definitions, seen)
        return found if isinstance(found, dict) else None
    if schema.get('type') in ('string', 'null'):
        return 'text'
    if schema.get('additionalProperties') is not False:
        return None
    fields = {name: shape(one, definitions, seen) for name, one in schema['properties'].items()}
    fields = {name: one if name == 'content' or one != 'text' else None for name, one in fields.items() if name not in FREE} | {
        name: None for name in FREE & schema['properties'].keys()
    }
    words = {name: schema['properties'][name].get('enum') for name in ('type', 'role') if name in fields}
    by = next((name for name, enum in words.items() if enum), None)
    return {'kinds': {word: fields for word in words[by]}, 'by': by} if by else {'fields': fields}


def merged(shapes: list[dict]) -> dict:
    """One shape for several objects: by their kinds, and the fields of those without a kind."""
    by = next((one['by'] for one in shapes if 'by' in one), None)
    fields: dict[str, object] = {}
    kinds: dict[str, dict] = {}
    for one in shapes:
        if one.get('by') == by:
            for word, names in one.get('kinds', {}).items():
                kinds[word] = united(kinds.get(word, {}), names)
            fields = united(fields, one.get('fields', {}))
        else:
            for names in [one.get('fields', {}), *one.get('kinds', {}).values()]:
                fields = united(fields, names)
    return {**({'by': by, 'kinds': kinds} if by else {}), **({'fields': fields} if fields or not by else {})}


def united(fields: dict, others: dict) -> dict:
    return fields | {name: inner if name not in fields else together(fields[name], inner) for name, inner in others.items()}


def together(one: object, other: object) -> object:
    """The shape of a field that two objects have."""
    return merged([one, other]) if isinstance(one, dict) and isinstance(other, dict) else one if one == other else None


def published(found: dict[str, dict]) -> dict[str, dict]:
    """By route and LiteLLM's name of the provider: the shape of a request."""
    routes: dict[str, dict] = {'/chat/completions': {}, '/responses': {}}
    for provider, entry in found.items():
        for route in routes.keys() & entry['requests'].keys():
            routes[route][LITELLM.get(provider, provider)] = shape(entry['requests'][route], entry['definitions'])
    # LiteLLM writes the conversation in Anthropic's form itself; only what stands beside it is the client's.
    anthropic = found['anthropic']
    fields = shape(anthropic['requests']['/messages'], anthropic['definitions'])['fields']
    routes['/chat/completions']['anthropic'] = {'fields': dict.fromkeys(fields)}
    return routes


def apis(found: dict[str, dict]) -> dict[str, list[str]]:
    """By the gateway's route: the fields of the API that its clients use."""
    names = {}
    for provider, prefix in (('openai', ''), ('anthropic', '/v1')):
        for route, schema in found[provider]['requests'].items():
            names[prefix + route] = sorted(names_of(shape(schema, found[provider]['definitions'])))
    return names


def names_of(one: dict) -> set[str]:
    """The names of a request's own fields."""
    return {name for fields in [one.get('fields', {}), *one.get('kinds', {}).values()] for name in fields}
