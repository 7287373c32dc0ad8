"""The ledger of a gateway's process: connects the observers to the writer."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from settings import Settings

from ledger.files import LedgerFiles
from ledger.observed import Attempt, Deployment, Request, deployments_of
from ledger.price_map import prices_of
from ledger.prices import PriceList
from ledger.recorder import Recorder
from ledger.rows import attempt_row, request_row
from ledger.transport import end_all, observe_calls
from ledger.writer import Writer

if TYPE_CHECKING:
    from limits.enforcer import Enforcer
    from limits.policy import Policy

# `./switchyard status` reads this file: {"waiting": rows, "lost": rows, "problem": text, "limits": {"enforced": bool, "problem": text}},
# the last one only with budgets or rates. In the container, not on the volume, which may be full.
STATE = Path('/tmp/switchyard-ledger.json')


class GatewayLedger:
    def __init__(
        self, config: dict, price_map: dict, settings: Settings, policy: Policy | None = None, files: LedgerFiles | None = None
    ) -> None:
        """`config` is LiteLLM's configuration, `price_map` is `litellm.model_cost`, `policy` the budgets and rates."""
        models, files = config.get('model_list') or [], files or LedgerFiles()
        self.deployments = deployments_of(models)
        self.prices = PriceList(prices_for(models, price_map))
        maintain = partial(remove_old, settings.ledgerRetentionDays, settings.ledgerMaxMb)
        self.state = State(write_state)
        # Also without limits of its own: another gateway of the stack may have some, while one replaces the other.
        providers = providers_of(self.deployments, policy.providers if policy else {})
        self.writer = Writer(files, self.prices.prices, maintain, self.state.change, partial(settle, providers, policy is not None))
        self.limits: Enforcer | None = None
        if policy:
            self.limit(policy, config, price_map, files)

    def limit(self, policy: Policy, config: dict, price_map: dict, files: LedgerFiles) -> None:
        """Enforce limits. Only a gateway that has some loads the package."""
        from limits.chains import Chains
        from limits.enforcer import Enforcer
        from limits.keeper import Keeper
        from limits.owner import Owner
        from limits.self_test import self_test

        owner = Owner(files.folder)
        chains = Chains.of_config(config, self.deployments, self.prices, price_map, policy.providers)
        self.limits = Enforcer(policy, chains, files, owner)
        test = partial(self_test, files, owner)
        self.keeper = Keeper(self.limits, self.writer.opened, test, lambda state: self.state.change({'limits': state}))

    def start(self, router_class, transports: list) -> None:
        """Observe the calls of LiteLLM, and start the writer."""
        observe_calls(router_class, transports, self.deployments, self.attempt_ended)
        self.writer.start()
        if self.limits:
            self.keeper.start()

    def wait_for_limits(self, seconds: float = 10.0) -> None:
        """Wait until requests with a limit can be checked, or until the database takes too long."""
        if self.limits:
            self.limits.access.ready.wait(seconds)

    def recorder(self, app) -> Recorder:
        """The application with the requests of its clients recorded."""
        return Recorder(app, self.deployments, self.request_ended, self.stop)

    def attempt_ended(self, attempt: Attempt) -> None:
        self.writer.put(partial(attempt_row, attempt, self.prices, count_tokens))

    def request_ended(self, request: Request) -> None:
        if self.limits:
            self.limits.request_ended(request)
        self.writer.put(partial(request_row, request, self.prices), soon=request.allowance is not None and request.allowance.is_tight)

    def stop(self) -> None:
        """Write what is left. Called when no request is in flight any more."""
        end_all()
        self.writer.close()
        if self.limits:
            self.keeper.close()


class State:
    """What `./switchyard status` shows of this gateway's ledger. Two threads change it."""

    def __init__(self, write: Callable[[dict], None]) -> None:
        self.write = write
        self.lock = threading.Lock()
        self.values: dict = {'waiting': 0, 'lost': 0, 'problem': ''}

    def change(self, values: dict) -> None:
        with self.lock:
            self.values |= values
            self.write(self.values)


def settle(providers: dict, limited: bool, connection, attempts: list[dict], requests: list[dict]) -> None:
    """Settle budgets and rates in the writer's thread, which has loaded SQLAlchemy already."""
    from ledger.settlement import Settlement

    Settlement(providers, limited)(connection, attempts, requests)


def remove_old(days: float, max_mb: float, engine) -> None:
    """The hourly maintenance, in the writer's thread, which has loaded SQLAlchemy already: a published image may not even have it."""
    from ledger import retention

    retention.remove_old(retention.Limits(days, max_mb), engine)


def providers_of(deployments: dict[str, Deployment], names: dict[str, str]) -> dict[str, frozenset[str]]:
    """The providers of each alias: `names` has the catalogue's; LiteLLM's prefix stands for one that is not among them."""
    found: dict[str, frozenset[str]] = {}
    for one in deployments.values():
        found[one.alias] = found.get(one.alias, frozenset()) | {names.get(one.alias, one.provider)}
    return found


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
