"""LiteLLM behind the request filter and the redactor, in one process with one worker. Started by supervisor.py."""

from __future__ import annotations

import asyncio
import faulthandler
import importlib.metadata
import os
import secrets
import signal
import sys
from typing import TYPE_CHECKING

import settings
from addresses import keep_addresses
from admission import Admission
from cache import Cache
from cache_connection import FOLDER
from cache_key import Meanings
from client_errors import ClientErrors
from clientkeys import ClientKeys
from error_boundary import ErrorBoundary
from failure_policy import install_failure_policy
from field_types import FieldTypes
from fast_import import skip_unreachable_routes, without_collector
from hand_over import HandOvers
from heartbeat import Heartbeat
from invalid_http import answer_invalid_requests
from known_fields import KnownFields
from memory_budget import MemoryBudget
from model_info import model_info
from provider_calls import count_provider_calls
from provider_fields import send_only_published_fields
from redact import Redactor, RedactResponses
from release_repairs import repair_release
from request_filter import RequestFilter
from served_models import ServedModels, missing_keys
from unused_work import skip_unused_work
from upload import MIB, UploadLimits
from volume_cleanup import clean_volume
from warmup import Warmup, warm_up_providers

if TYPE_CHECKING:
    from limits.policy import Policy

# LiteLLM's memory without requests, in MiB, and for each byte of a body while it processes it. Measured with 1 to 40 requests at the same
# time, of 2 to 30 MiB: 394 MiB, and 3 to 7.5 bytes.
OWN_MB = 450
BYTES_PER_BYTE = 7

# LiteLLM does not start without a master key. Nothing uses it, and auth.py does not accept it, so it is random and not stored anywhere.
os.environ['LITELLM_MASTER_KEY'] = 'sk-' + secrets.token_hex(32)
os.environ['CONFIG_FILE_PATH'] = str(settings.CONFIG)


def main() -> None:
    # If Python itself crashes, the log has the stack: names of files and functions, no values.
    faulthandler.enable()
    with without_collector():
        from fastapi import APIRouter

        skip_unreachable_routes(APIRouter)
        import httpx
        import litellm
        import uvicorn
        import yaml
        from ledger.gateway import GatewayLedger
        from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport
        from litellm.llms.openai import openai
        from litellm.proxy.proxy_server import app
        from litellm.router_utils import cooldown_handlers
        from uvicorn.protocols.http.auto import AutoHTTPProtocol

    config = yaml.safe_load(settings.CONFIG.read_text())
    models = config.get('model_list') or []
    keep_addresses(models)
    repair_release()
    skip_unused_work(config)
    send_only_published_fields(litellm.ProviderConfigManager)
    install_failure_policy(litellm.Router, cooldown_handlers, openai)
    count_provider_calls(httpx.AsyncClient, httpx.Client)
    answer_invalid_requests(AutoHTTPProtocol)
    given = settings.load()
    ledger = GatewayLedger(config, litellm.model_cost, given, limits())
    ledger.start(litellm.Router, [LiteLLMAiohttpTransport, httpx.AsyncHTTPTransport])
    # Before LiteLLM reads its configuration, so that no callback counts these as requests of a client.
    asyncio.run(warm_up_providers([entry['litellm_params']['model'] for entry in models]))
    limit = (config.get('general_settings') or {}).get('max_in_flight_requests_per_worker')
    budget = MemoryBudget(max(given.maxBodyMb, (given.memoryMb - OWN_MB) / BYTES_PER_BYTE) * MIB)
    uploads = UploadLimits(given.maxBodyMb, budget)
    redactor = Redactor.of_folder(settings.SECRETS)
    application = Warmup(app, Heartbeat(int(sys.argv[1])))
    served, field_types = ServedModels.of_config(config, missing_keys(settings.MISSING_KEYS)), FieldTypes.of_sdks()
    cache = cache_of(config, given.cache, redactor)
    request_filter = RequestFilter(application, ClientKeys(), served, Admission(limit), uploads, HandOvers(), field_types, cache)
    request_filter.limits = ledger.limits
    request_filter.known, request_filter.model_info = KnownFields.of_config(config), model_info(models, litellm.model_cost)
    ledger.wait_for_limits()
    signal.signal(signal.SIGUSR1, lambda *_: request_filter.start_draining())
    uvicorn.run(
        ErrorBoundary(RedactResponses(ClientErrors(ledger.recorder(request_filter)), redactor), request_filter),
        host='0.0.0.0',
        port=given.port,
        lifespan='on',
        ws='none',
        # The edge logs requests, and a path can contain something that must not be logged.
        access_log=False,
        server_header=False,
        # Longer than the edge keeps an idle connection: the edge must be the one that closes it.
        timeout_keep_alive=120,
        # On SIGTERM uvicorn finishes the requests in flight. The supervisor enforces the time limit.
        timeout_graceful_shutdown=None,
    )


def limits() -> Policy | None:
    """The budgets and rates; None if there are none. Then their package is not loaded."""
    if not settings.LIMITS.exists():
        return None
    from limits.policy import load

    return load(settings.LIMITS)


def cache_of(config: dict, given: settings.CacheSettings, redactor: Redactor) -> Cache | None:
    """The cache; None if it is switched off. A changed setting of it forgets what was stored under the old one."""
    clean_volume(FOLDER, own_is_used=given.enabled)
    if not given.enabled:
        return None
    meanings = Meanings(config, f'{importlib.metadata.version("litellm")} {given.ttl} {given.requests}')
    return Cache(given, meanings, lambda body: redactor.mask(body) != body)


if __name__ == '__main__':
    main()
