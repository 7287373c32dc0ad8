"""Prints the ledger as it is on the volume, and what its comparison needs, as JSON. Runs in a gateway's container, without the product's code.

Standard input: {"since": microseconds since 1970, "texts": [text]}. Output: the rows of `attempts` and `requests` from then on, all of
`limit_windows`, `reservations` and `usage_hours`, `integrity` of the file, and of each text the tokens by OpenAI's cl100k_base; with
`"prices": true` also LiteLLM's price map.
"""

import importlib.util
import json
import os
import sqlite3
import sys
from pathlib import Path

given = json.load(sys.stdin)
litellm = Path(importlib.util.find_spec('litellm').submodule_search_locations[0])
connection = sqlite3.connect('file:/data/ledger/ledger.db?mode=ro', uri=True, timeout=10)
connection.row_factory = sqlite3.Row


def rows(query, *values):
    return [dict(row) for row in connection.execute(query, values)]


found = {name: rows(f'SELECT * FROM {name} WHERE started_at_us >= ? ORDER BY started_at_us', given['since']) for name in ('attempts', 'requests')}
found |= {name: rows(f'SELECT * FROM {name}') for name in ('limit_windows', 'reservations', 'usage_hours')}
found['integrity'] = connection.execute('PRAGMA integrity_check').fetchone()[0]
if given.get('texts'):
    os.environ['TIKTOKEN_CACHE_DIR'] = str(litellm / 'litellm_core_utils/tokenizers')
    import tiktoken

    encoding = tiktoken.get_encoding('cl100k_base')
    found['tokens'] = [len(encoding.encode_ordinary(text)) for text in given['texts']]
if given.get('prices'):
    found['prices'] = json.loads((litellm / 'model_prices_and_context_window_backup.json').read_text())
print(json.dumps(found))
