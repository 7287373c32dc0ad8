"""What the gateway observes of requests and of calls of providers, before it becomes rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

if TYPE_CHECKING:
    from limits.allowance import Allowance

# The longest name that a client or a provider can put into a column; longer ones are cut.
MAX_NAME = 128
# How much of an answer is kept until it is read: the beginning and the end of a longer one.
HEAD, TAIL = 1 << 20, 1 << 18


class Deployment(NamedTuple):
    """A model at a provider, with one of the provider's keys."""

    alias: str
    provider: str  # LiteLLM's prefix; `mock` for the mock, which has the prefix of OpenAI
    model: str  # the provider's own name
    key_name: str


def deployments_of(models: list[dict]) -> dict[str, Deployment]:
    """The deployments in LiteLLM's `model_list`, by id."""
    found = {}
    for entry in models:
        params = entry['litellm_params']
        provider, _, model = params['model'].partition('/')
        provider = 'mock' if 'mock_response' in params else provider
        key = params.get('api_key') or ''
        found[(entry.get('model_info') or {}).get('id', '')] = Deployment(
            entry['model_name'], provider, model or provider, key.removeprefix('os.environ/') if key.startswith('os.environ/') else ''
        )
    return found


class Request:
    """A request of a client."""

    def __init__(self, route: str, x_request_id: str, tags: dict[str, str], user_agent: str) -> None:
        # Random: another request with the same id of the client, or of the provider, must not replace this one.
        self.id = uuid4().hex
        self.route, self.x_request_id, self.user_agent = route, x_request_id, user_agent
        self.agent, self.lane = tags.get('agent', ''), tags.get('lane', '')
        self.key_alias = self.alias = ''
        # When it began, and the time whose budgets it counts against.
        self.started_us = self.counted_us = now_us()
        self.completed_us = 0
        self.stream = self.finished = False
        self.http_status = 0
        self.attempts = 0
        # Its attempts that are not over (transport.Meter).
        self.running: set = set()
        # The deployment of the last attempt, or the one that answered without any.
        self.answered_by: Deployment | None = None
        # The usage of an answer from the cache, and the deployment that it came from.
        self.cached: tuple[Deployment | None, dict] | None = None
        # What is reserved for it; None without a limit.
        self.allowance: Allowance | None = None


class Attempt:
    """A call of a provider for a request."""

    def __init__(self, request: Request, deployment: Deployment | None, wire: str, body: bytes, fallback_index: int = 0) -> None:
        request.attempts += 1
        request.answered_by = deployment
        self.request, self.deployment, self.wire, self.body = request, deployment, wire, body
        self.number, self.fallback_index = request.attempts, fallback_index
        self.started_us = now_us()
        self.first_byte_us = self.completed_us = 0
        self.http_status = 0
        # `service_tier`: the one in the headers of the answer.
        self.content_type = self.encoding = self.service_tier = ''
        # How it ended: complete, closed (by us, before its end) or failed.
        self.ending = ''
        self.error: BaseException | None = None
        self.head: list[bytes] = []
        self.tail: list[bytes] = []
        self.size = self.head_size = self.tail_size = 0

    def add(self, chunk: bytes) -> None:
        """Keep a piece of the answer."""
        if not self.size:
            self.first_byte_us = now_us()
        self.size += len(chunk)
        if self.head_size < HEAD:
            self.head.append(chunk)
            self.head_size += len(chunk)
            return
        self.tail.append(chunk)
        self.tail_size += len(chunk)
        while len(self.tail) > 1 and self.tail_size - len(self.tail[0]) >= TAIL:
            self.tail_size -= len(self.tail.pop(0))

    @property
    def answer(self) -> bytes:
        """The answer as far as it was kept. A missing middle is a line break, so that the rest begins a new line."""
        cut = self.size > self.head_size + self.tail_size
        return b''.join(self.head) + (b'\n' if cut else b'') + b''.join(self.tail)


def now_us() -> int:
    """The time in microseconds since 1970."""
    return time.time_ns() // 1000
