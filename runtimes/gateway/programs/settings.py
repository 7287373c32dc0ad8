"""What the hooks can be told: /etc/switchyard/gateway.json, every field optional. No secrets."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

HERE = Path(__file__).parent
CONFIG = HERE / 'config.yaml'
SECRETS = Path('/run/secrets')
CLIENT_KEYS = SECRETS / 'client-keys.json'


@dataclasses.dataclass(frozen=True)
class Settings:
    port: int = 4000
    # A gateway that is told to stop first says "not ready" and serves on, so that the edge stops choosing it …
    leaveSeconds: float = 3
    # … and then finishes what it has begun, for at most this long. Docker's stop timeout must be longer than both.
    drainSeconds: float = 120
    # How long a start may take before it counts as failed; a busy machine needs half a minute.
    startSeconds: float = 180
    # The watchdog: a probe this often, each given this long; after so many failures in a row the gateway is hung.
    watchEverySeconds: float = 2
    watchTimeoutSeconds: float = 5
    watchFailures: int = 3


def load(path: Path = HERE / 'gateway.json') -> Settings:
    """The settings; a field that does not exist or is no number is an error that names it."""
    given = json.loads(path.read_text()) if path.exists() else {}
    allowed = {field.name for field in dataclasses.fields(Settings)}
    for name, value in given.items():
        if name not in allowed:
            raise ValueError(f'{path}: unknown setting "{name}"; allowed are {", ".join(sorted(allowed))}')
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ValueError(f'{path}: "{name}" must be a number of at least 0, found {value!r}')
    return Settings(**given)
