"""The ledger of a gateway's process: connects the observers to the writer."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

from settings import Settings

from ledger.files import LedgerFiles
from ledger.observed import Attempt, Deployment, Request, deployments_of
from ledger.prices import PriceList, prices_of
from ledger.recorder import Recorder
from ledger.rows import attempt_row, request_row
from ledger.transport import end_all, observe_calls
from ledger.writer import Writer

# `./switchyard status` reads this file: {"waiting": rows, "lost": rows, "problem": text}. In the container, not on the volume, which may be full.
STATE = Path('/tmp/switchyard-ledger.json')


class GatewayLedger:
    def __init__(self, models: list[dict], price_map: dict, settings: Settings, files: LedgerFiles | None = None) -> None:
        """`models` is LiteLLM's `model_list`, `price_map` is `litellm.model_cost`."""
        self.deployments = deployments_of(models)
        self.prices = PriceList(prices_for(models, price_map))
        maintain = partial(remove_old, settings.ledgerRetentionDays, settings.ledgerMaxMb)
        self.writer = Writer(files or LedgerFiles(), self.prices.prices, maintain, write_state)

    def start(self, router_class, transports: list) -> None:
        """Observe the calls of LiteLLM, and start the writer."""
        observe_calls(router_class, transports, self.deployments, self.attempt_ended)
        self.writer.start()

    def recorder(self, app) -> Recorder:
        """The application with the requests of its clients recorded."""
        return Recorder(app, self.deployments, self.request_ended, self.stop)

    def attempt_ended(self, attempt: Attempt) -> None:
        self.writer.put(partial(attempt_row, attempt, self.prices, count_tokens))

    def request_ended(self, request: Request) -> None:
        self.writer.put(partial(request_row, request, self.prices))

    def stop(self) -> None:
        """Write what is left. Called when no request is in flight any more."""
        end_all()
        self.writer.close()


def remove_old(days: float, max_mb: float, engine) -> None:
    """The hourly maintenance, in the writer's thread, which has loaded SQLAlchemy already: a published image may not even have it."""
    from ledger import retention

    retention.remove_old(retention.Limits(days, max_mb), engine)


def prices_for(models: list[dict], price_map: dict) -> list:
    """The prices of all models: the catalogue's, which only a model without another price has, otherwise LiteLLM's."""
    found: dict[tuple[str, str], list] = {}
    for entry, deployment in zip(models, map(deployment_in, models)):
        name = f'{deployment.provider}/{deployment.model}'
        own = prices_of(deployment.provider, deployment.model, entry.get('model_info') or {}, 'catalogue')
        known = price_map.get(name) or price_map.get(deployment.model) or {}
        found[deployment.provider, deployment.model] = own or prices_of(deployment.provider, deployment.model, known, 'litellm')
    return [price for prices in found.values() for price in prices]


def deployment_in(entry: dict) -> Deployment:
    return next(iter(deployments_of([entry]).values()))


def count_tokens(text: str) -> int:
    """The tokens of a text, by the tokenizer that LiteLLM has for models without another one. Loaded at the first use."""
    from litellm.litellm_core_utils.default_encoding import encoding

    return len(encoding.encode_ordinary(text))


def write_state(state: dict) -> None:
    """Replace the file in one step, so that no reader sees a part of it."""
    try:
        new = STATE.with_suffix('.new')
        new.write_text(json.dumps(state))
        os.replace(new, STATE)
    except OSError as error:
        print(f'switchyard: ledger: its state cannot be written: {error.strerror}', flush=True)
