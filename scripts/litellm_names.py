"""Prints the names that an installed LiteLLM reads from arguments, settings and bodies, as JSON: a request must not have such a field, unless
an API or a provider publishes it.

LiteLLM is not imported; its source is parsed. It errs on the side of too many names.

    python3 litellm_names.py FOLDER   (the one that contains litellm/ and litellm-*.dist-info)
"""

from __future__ import annotations

import ast
import itertools
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# Variables, attributes and fields that hold arguments or a body.
HOLDER = re.compile(r'.*(kwarg|param|data|body|request|details|options|settings|config|input|payload|json|args|headers|credential).*')
# Constants that list names, and classes whose fields are arguments.
LISTS = re.compile(r'.*(param|kwarg|key|field|name|arg|banned|header).*', re.IGNORECASE)
CLASSES = re.compile(r'.*(Param|Kwarg|Setting|Credential|Deployment|ModelInfo|Config|Request|Options|Auth|Pricing).*')
NAME = re.compile(r'[A-Za-z_][\w-]{0,80}')


def holder(node: ast.expr) -> str:
    """The name of the object that is read: `kwargs`, `self.data`, `(data or {})`, `data.get("metadata")`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.BoolOp(values=[first, *_]):
            return holder(first)
        case ast.Call(func=ast.Attribute(attr='get' | 'pop'), args=[ast.Constant(value=str(name)), *_]):
            return name
        case ast.Call(args=[*_, last]):
            return holder(last)
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return ''


def reads(node: ast.AST) -> Iterator[str]:
    """The names that one piece of code reads."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr='get' | 'pop' | 'setdefault'), args=[ast.Constant(value=str(name)), *_]):
            yield from [name] if HOLDER.fullmatch(holder(value).lower()) else []
        case ast.Subscript(value=value, slice=ast.Constant(value=str(name))):
            yield from [name] if HOLDER.fullmatch(holder(value).lower()) else []
        case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()], comparators=[value]):
            yield from [name] if HOLDER.fullmatch(holder(value).lower()) else []
        # Only a function with `**` can be called with whatever a body has; others get single arguments.
        case ast.FunctionDef(args=ast.arguments(kwarg=ast.arg()) as given) | ast.AsyncFunctionDef(args=ast.arguments(kwarg=ast.arg()) as given):
            yield from (one.arg for one in given.posonlyargs + given.args + given.kwonlyargs)
        case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield from strings(value) if LISTS.fullmatch(name) else []
            yield from [value.value] if LISTS.fullmatch(name) and isinstance(value, ast.Constant) and isinstance(value.value, str) else []
        case ast.ClassDef(name=name, body=body) if CLASSES.fullmatch(name):
            yield from (one.target.id for one in body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name))


def strings(value: ast.expr) -> Iterator[str]:
    """All texts in a list, a tuple, a set, or a call such as frozenset(…)."""
    if isinstance(value, (ast.List, ast.Tuple, ast.Set, ast.Call, ast.Dict)):
        yield from (one.value for one in ast.walk(value) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def names(root: Path) -> list[str]:
    trees = (ast.parse(path.read_text(encoding='utf-8')) for path in sorted(root.rglob('*.py')))
    found = {name for tree in trees for node in ast.walk(tree) for name in reads(node)}
    return sorted({name.lower().replace('-', '_') for name in found if NAME.fullmatch(name)})


if __name__ == '__main__':
    root = Path(sys.argv[1]) / 'litellm'
    [info] = root.parent.glob('litellm-*.dist-info')
    version = info.name.removeprefix('litellm-').removesuffix('.dist-info')
    # A line for each initial letter, so that an upgrade has a readable difference.
    lines = [' '.join(group) for _, group in itertools.groupby(names(root), key=lambda name: name[0])]
    json.dump({'version': version, 'names': lines}, sys.stdout, indent=0)
    print()
