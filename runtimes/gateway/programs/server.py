"""LiteLLM behind the guard and the redactor, in one process with one worker. Started by supervisor.py."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal

import settings
from addresses import keep_addresses
from admission import Admission
from answered import Answered
from client_errors import ClientErrors
from clientkeys import ClientKeys
from failures import follow_policy
from guard import Guard
from redact import Redactor, RedactResponses
from served import Served
from warm import Warm, warm_providers

# LiteLLM wants a master key, and will not start without. Nobody needs it, auth.py does not accept it, so nobody knows it.
os.environ['LITELLM_MASTER_KEY'] = 'sk-' + secrets.token_hex(32)
os.environ['CONFIG_FILE_PATH'] = str(settings.CONFIG)


def main() -> None:
    import litellm
    import uvicorn
    import yaml
    from litellm.llms.openai import openai
    from litellm.proxy.proxy_server import app
    from litellm.router_utils import cooldown_handlers

    config = yaml.safe_load(settings.CONFIG.read_text())
    models = config.get('model_list') or []
    keep_addresses(models)
    follow_policy(litellm.Router, cooldown_handlers, openai)
    # Before LiteLLM reads its configuration: no callback takes these for requests of somebody's.
    asyncio.run(warm_providers([entry['litellm_params']['model'] for entry in models]))
    limit = (config.get('general_settings') or {}).get('max_in_flight_requests_per_worker')
    guard = Guard(Warm(app), ClientKeys(), Served.of_config(config), Admission(limit))
    signal.signal(signal.SIGUSR1, lambda *_: guard.leave())
    uvicorn.run(
        Answered(RedactResponses(ClientErrors(guard), Redactor.of_folder(settings.SECRETS)), guard),
        host='0.0.0.0',
        port=settings.load().port,
        lifespan='on',
        ws='none',
        # The edge logs requests, and a path can hold what a log should not.
        access_log=False,
        server_header=False,
        # Longer than the edge keeps an idle connection: the edge must be the one that closes it.
        timeout_keep_alive=120,
        # On SIGTERM everything in flight is finished. The supervisor is the bound.
        timeout_graceful_shutdown=None,
    )


if __name__ == '__main__':
    main()
