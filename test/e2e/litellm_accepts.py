"""Loads each config of /configs as LiteLLM's proxy does, and prints the result. Run by litellm-accepts.test.ts in the image."""

import asyncio
import contextlib
import json
import logging
import sys
from pathlib import Path

import litellm
from litellm.proxy.proxy_server import ProxyConfig

FOLDER = Path('/configs')
sys.path.insert(0, str(FOLDER))

warnings: list[str] = []


class Recorder(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        warnings.append(record.getMessage())


for name in ('LiteLLM', 'LiteLLM Proxy', 'LiteLLM Router'):
    logging.getLogger(name).addHandler(Recorder(level=logging.WARNING))


async def load(path: Path) -> dict:
    warnings.clear()
    # LiteLLM creates its secret manager once per process: here each config needs its own.
    litellm.secret_manager_client = None
    try:
        # Keep what LiteLLM prints out of this script's standard output.
        with contextlib.redirect_stdout(sys.stderr):
            router, _, _ = await ProxyConfig().load_config(router=None, config_file_path=str(path))
        found = [
            {
                'name': one['model_name'],
                'id': one['model_info']['id'],
                'model': one['litellm_params']['model'],
                'key': one['litellm_params'].get('api_key'),
                'timeout': one['litellm_params'].get('timeout'),
            }
            for one in router.get_model_list() or []
        ]
        return {
            'models': found,
            'fallbacks': router.fallbacks or [],
            'strategy': router.routing_strategy,
            'retries': router.num_retries,
            'warnings': list(warnings),
        }
    except Exception as error:  # reported by the test
        return {'error': f'{type(error).__name__}: {error}', 'warnings': list(warnings)}


async def main() -> None:
    print(json.dumps({path.name: await load(path) for path in sorted(FOLDER.glob('*.yaml'))}))


asyncio.run(main())
