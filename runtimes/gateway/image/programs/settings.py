"""The settings of the programs in this folder: /etc/switchyard/gateway.json, every field optional. No secrets."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
CONFIG = HERE / 'config.yaml'
SECRETS = Path('/run/secrets')
CLIENT_KEYS = SECRETS / 'client-keys.json'
# Budgets and rates: limits/policy.py. No file: no limits.
LIMITS = HERE / 'limits.json'
# By alias of a model that is not served, the name of the key that is not set: served_models.py. No file: none.
MISSING_KEYS = HERE / 'missing-keys.json'


@dataclasses.dataclass(frozen=True)
class CacheSettings:
    """`cache` in catalog.yaml."""

    enabled: bool = False
    # How long an answer is used, in seconds.
    ttl: float = 3600
    # The maximum size of the file, in MiB.
    maxMb: float = 256
    # Which requests are answered: the `repeatable` ones (cache_rules.py), or `all`.
    requests: str = 'repeatable'


@dataclasses.dataclass(frozen=True)
class Settings:
    port: int = 4000
    # A gateway that gets a stop signal first reports "not ready" for this long and continues to serve, so that the edge stops using it.
    lameDuckSeconds: float = 3
    # Then it finishes its requests in flight, for at most this long. Docker's stop timeout must be longer than both together.
    drainSeconds: float = 120
    # How long a start may take before it counts as failed. A busy machine needs half a minute.
    startSeconds: float = 180
    # After how long without a heartbeat of its event loop the gateway counts as hung; time in which it waits for a CPU or a disk is not counted.
    hungSeconds: float = 20
    # How long a gateway may be busy: answer no probe although its event loop runs, or wait for a CPU or a disk.
    busySeconds: float = 120
    # The interval of the probes, the timeout of each one, and after how many failures in a row the log says that the gateway is busy.
    watchEverySeconds: float = 2
    watchTimeoutSeconds: float = 5
    watchFailures: int = 3
    # The maximum size of a request's body, in MiB, and the memory limit of the container.
    maxBodyMb: float = 32
    memoryMb: float = 1536
    # How long the ledger keeps the rows of requests, in days, and how large its database may become, in MiB.
    ledgerRetentionDays: float = 90
    ledgerMaxMb: float = 1024
    cache: CacheSettings = CacheSettings()


# What a field accepts, by its type, and how an error describes that.
_ACCEPTED: dict[str, tuple[Callable[[object], bool], str]] = {
    'bool': (lambda value: isinstance(value, bool), 'true or false'),
    'str': (lambda value: isinstance(value, str), 'a string'),
    'CacheSettings': (lambda value: isinstance(value, dict), 'an object'),
}
_NUMBER = (lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0, 'a number of at least 0')


def load(path: Path = HERE / 'gateway.json') -> Settings:
    """Read the settings. An unknown field, or a value of another type, raises a ValueError that names the field."""
    given = json.loads(path.read_text()) if path.exists() else {}
    return Settings(**checked(given, Settings, path) | {'cache': CacheSettings(**checked(given.get('cache', {}), CacheSettings, path, 'cache.'))})


def checked(given: dict, kind: type, path: Path, prefix: str = '') -> dict:
    """The given fields of a dataclass. `prefix` is the path of the object in the file."""
    types = {field.name: str(field.type) for field in dataclasses.fields(kind)}
    for name, value in given.items():
        if name not in types:
            raise ValueError(f'{path}: unknown setting "{prefix}{name}"; allowed are {", ".join(sorted(types))}')
        accepts, expected = _ACCEPTED.get(types[name], _NUMBER)
        if not accepts(value):
            raise ValueError(f'{path}: "{prefix}{name}" must be {expected}, found {value!r}')
    return given
