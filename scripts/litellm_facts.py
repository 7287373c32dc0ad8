"""Prints facts about an installed LiteLLM as JSON: its version, the config keys that its source reads, and its models' prices.

LiteLLM is not imported; its source is parsed. So this needs only Python, and takes a second or two.

    python3 litellm_facts.py FOLDER   (the one that contains litellm/ and litellm-*.dist-info)
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

# LiteLLM's names of the providers in catalog.yaml, in its examples too. Models of other providers, which are thousands, would only make the file large.
PROVIDERS = [
    'anthropic',
    'azure',
    'deepseek',
    'gemini',
    'groq',
    'huggingface',
    'mistral',
    'openai',
    'openrouter',
    'perplexity',
    'together_ai',
    'xai',
]
MODES = ['chat', 'embedding', 'responses']
# What a model accepts beside text, or does: our name, and the price map's.
CAPABILITIES = {
    'image': 'supports_vision',
    'pdf': 'supports_pdf_input',
    'reasoning': 'supports_reasoning',
    'tools': 'supports_function_calling',
}


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding='utf-8'))


def fields(module: ast.Module, *classes: str) -> set[str]:
    """The annotated fields of these classes."""
    return {
        node.target.id
        for cls in ast.walk(module)
        if isinstance(cls, ast.ClassDef) and cls.name in classes
        for node in cls.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def arguments(module: ast.Module, cls_name: str) -> set[str]:
    """The arguments of a class's constructor."""
    for cls in module.body:
        if isinstance(cls, ast.ClassDef) and cls.name == cls_name:
            for node in cls.body:
                if isinstance(node, ast.FunctionDef) and node.name == '__init__':
                    given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
                    return {one.arg for one in given} - {'self'}
    sys.exit(f'{cls_name} has no constructor: LiteLLM has changed, adapt this script')


def globals_of(module: ast.Module) -> set[str]:
    """The plain variables of a module: those that `setattr(litellm, key, value)` can set with an effect."""
    names: set[str] = set()
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def reads(text: str, names: str) -> set[str]:
    """The keys that a text reads from variables of these names: x.get("k"), x["k"], x.pop("k"), "k" in x."""
    variable = rf'\b(?:self\.)?_?(?:{names})'
    found = re.findall(rf'{variable}(?:\.get\(|\.pop\(|\[)\s*["\']([A-Za-z_]\w*)["\']', text)
    return set(found) | set(re.findall(rf'["\']([A-Za-z_]\w*)["\']\s+(?:not\s+)?in\s+{variable}\b', text))


def keys(root: Path) -> dict[str, list[str]]:
    sources = '\n'.join(path.read_text(encoding='utf-8') for path in sorted(root.rglob('*.py')))
    router_types, proxy_types = parse(root / 'types/router.py'), parse(root / 'proxy/_types.py')
    proxy_server = (root / 'proxy/proxy_server.py').read_text(encoding='utf-8')
    loading = proxy_server[proxy_server.index('in litellm_settings.items()') :][:40_000]
    params = ('CredentialLiteLLMParams', 'CustomPricingLiteLLMParams', 'MirroredPricingParams', 'GenericLiteLLMParams')
    found = {
        '': reads(proxy_server, 'config|config_data|raw_config'),
        'model_list': {'model_name', 'litellm_params', 'model_info'},
        'litellm_params': fields(router_types, *params, 'LiteLLM_Params', 'LiteLLMParamsTypedDict'),
        'model_info': fields(router_types, 'ModelInfo', 'MirroredPricingParams')
        | fields(parse(root / 'types/utils.py'), 'ModelInfoBase', 'ModelInfo', 'ProviderSpecificModelInfo')
        # The router has its own function that looks for a key in model_info first and then in litellm_params.
        | set(re.findall(r'_first_present\([^=]{1,200}key="(\w+)"', sources)),
        'router_settings': arguments(parse(root / 'router.py'), 'Router'),
        'litellm_settings': globals_of(parse(root / '__init__.py'))
        | set(re.findall(r'key == ["\'](\w+)["\']', loading))
        | reads(sources, 'litellm_settings'),
        'cache_params': arguments(parse(root / 'caching/caching.py'), 'Cache'),
        'general_settings': fields(proxy_types, 'ConfigGeneralSettings') | reads(sources, 'general_settings'),
        'key_management_settings': fields(parse(root / 'types/secret_managers/main.py'), 'KeyManagementSettings'),
    }
    return {section: sorted(name for name in names if not name.startswith('_')) for section, names in found.items()}


def models(root: Path) -> dict[str, dict]:
    prices = json.loads((root / 'model_prices_and_context_window_backup.json').read_text(encoding='utf-8'))
    selected = {}
    # Some models are listed twice, with and without the provider's name: the full name wins.
    for name, entry in sorted(prices.items(), key=lambda item: '/' in item[0]):
        provider, mode = entry.get('litellm_provider'), entry.get('mode')
        if provider not in PROVIDERS or mode not in MODES or name.startswith(('ft:', 'together-ai-')):
            continue
        found = {
            'mode': mode,
            'input': per_million(entry.get('input_cost_per_token')),
            'output': per_million(entry.get('output_cost_per_token')),
            'maxInputTokens': entry.get('max_input_tokens'),
            'maxOutputTokens': entry.get('max_output_tokens'),
            'retires': entry.get('deprecation_date'),
            'capabilities': [name for name, flag in CAPABILITIES.items() if entry.get(flag) is True] or None,
        }
        full = name if name.startswith(f'{provider}/') else f'{provider}/{name}'
        selected[full] = {key: value for key, value in found.items() if value is not None}
    return dict(sorted(selected.items()))


def per_million(cost: float | None) -> float | None:
    return None if cost is None else float(f'{cost * 1_000_000:.9g}')


def version(root: Path) -> str:
    [info] = root.parent.glob('litellm-*.dist-info')
    return info.name.removeprefix('litellm-').removesuffix('.dist-info')


if __name__ == '__main__':
    root = Path(sys.argv[1]) / 'litellm'
    json.dump({'version': version(root), 'keys': keys(root), 'models': models(root)}, sys.stdout, indent=1)
    print()
