"""The tables, in SQLAlchemy Core, for SQLite and PostgreSQL. Every change here needs a migration; test_ledger_schema.py compares both.

Column names follow OpenTelemetry's GenAI conventions: `gen_ai_usage_input_tokens` is `gen_ai.usage.input_tokens`. As there, input tokens include
cached and cache-written ones, and output tokens include those of reasoning. Times are integers: microseconds since 1970 (UTC) in `*_us`,
seconds in `hour` and `effective_at`. Money is in nano-dollars (`*_nano_usd`), prices in nano-dollars per million tokens (`*_nano_usd_per_m`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

from ledger.observed import MAX_NAME

metadata = MetaData()


def _name(name: str, **more) -> Column:
    return Column(name, String(MAX_NAME), nullable=False, server_default='', **more)


def _number(name: str, **more) -> Column:
    return Column(name, BigInteger, nullable=False, server_default='0', **more)


# Who asked for what: the same columns in requests, attempts and sums.
def _who() -> list[Column]:
    return [
        _name('key_alias'),  # the name of the client's key
        _name('lane'),
        _name('gen_ai_agent_name'),
        _name('model_alias'),  # what the client put into `model`
    ]


def _tokens() -> list[Column]:
    return [
        _number('gen_ai_usage_input_tokens'),
        _number('gen_ai_usage_cache_read_input_tokens'),
        _number('gen_ai_usage_cache_creation_input_tokens'),
        _number('gen_ai_usage_output_tokens'),
        _number('gen_ai_usage_reasoning_output_tokens'),
    ]


# Prices are never overwritten: a changed price is a new row.
prices = Table(
    'prices',
    metadata,
    Column('price_id', String(32), primary_key=True),
    _name('gen_ai_provider_name'),
    _name('gen_ai_request_model'),
    # The provider's service tier (flex, priority); empty for the usual one.
    _name('service_tier'),
    # The price holds for requests with more input tokens than this.
    _number('above_input_tokens'),
    # The time in seconds since 1970 from which it holds.
    _number('effective_at'),
    _number('input_nano_usd_per_m'),
    _number('cache_read_nano_usd_per_m'),
    _number('cache_creation_nano_usd_per_m'),
    _number('cache_creation_1h_nano_usd_per_m'),
    _number('output_nano_usd_per_m'),
    _number('reasoning_nano_usd_per_m'),
    _name('source'),  # catalogue | litellm
)

requests = Table(
    'requests',
    metadata,
    Column('request_id', String(32), primary_key=True),
    _name('x_request_id'),  # the id in the gateway's log, which may come from the client
    _number('started_at_us'),
    _number('completed_at_us'),
    *_who(),
    _name('gen_ai_operation_name'),  # chat | text_completion | embeddings
    _name('route'),  # chat_completions | completions | messages | responses | embeddings
    # What answered: those of the last attempt; empty if there was none.
    _name('gen_ai_provider_name'),
    _name('gen_ai_request_model'),
    Column('stream', Boolean, nullable=False),
    _name('status'),  # success | error | cancelled
    Column('http_status', Integer, nullable=False),
    Column('attempts', Integer, nullable=False),
    _name('cache_hit'),  # no | exact
    # What the answer from the cache would have cost.
    _number('saved_nano_usd'),
    _name('user_agent'),
    Index('requests_started_at', 'started_at_us'),
)

attempts = Table(
    'attempts',
    metadata,
    Column('request_id', String(32), primary_key=True),
    # 1 for the first call that a request caused.
    Column('attempt', Integer, primary_key=True, autoincrement=False),
    _number('started_at_us'),
    _number('completed_at_us'),
    # The time whose budgets it counts against: when its request was reserved. 0 in rows of a release without budgets, which count when they began.
    _number('counted_at_us'),
    # From the call to the first byte of the answer; 0 if there was none.
    _number('gen_ai_response_time_to_first_chunk_us'),
    *_who(),
    _name('gen_ai_operation_name'),
    _name('route'),
    _name('gen_ai_provider_name'),
    _name('gen_ai_request_model'),
    _name('gen_ai_response_model'),
    _name('gen_ai_response_id'),
    _name('gen_ai_response_finish_reason'),
    _name('deployment_alias'),  # the alias that was called: a fallback's is not the client's
    _name('provider_key'),  # the name of the provider's key, not its value
    Column('fallback_index', Integer, nullable=False),
    Column('stream', Boolean, nullable=False),
    _name('status'),  # success | error | cancelled
    Column('http_status', Integer, nullable=False),  # 0 if there was no answer
    _name('error_type'),  # the status of a failure, or timeout | connection | incomplete
    *_tokens(),
    _name('usage_source'),  # provider | counted | none
    _number('cost_nano_usd'),
    _name('cost_source'),  # provider | local | unpriced | none
    # Why the cost is not exact, in words separated by commas; empty if it is.
    _name('cost_caveat'),
    Column('price_id', String(32)),
    Index('attempts_started_at', 'started_at_us'),
)

# The sums of each hour. `./switchyard usage` reads only these, so its cost does not grow with the number of requests.
DIMENSIONS = ('hour', 'key_alias', 'lane', 'gen_ai_agent_name', 'model_alias', 'gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model')
SUMS = (
    'requests', 'failed_requests', 'cache_hits', 'attempts', 'failed_attempts', 'cancelled_attempts', 'counted_attempts', 'unpriced_attempts',
    *(column.name for column in _tokens()), 'cost_nano_usd', 'saved_nano_usd',
)  # fmt: skip
usage_hours = Table(
    'usage_hours',
    metadata,
    *(Column(name, BigInteger if name == 'hour' else String(MAX_NAME), primary_key=True, autoincrement=False) for name in DIMENSIONS),
    *(_number(name) for name in SUMS),
)

# What counts against a budget or a rate in one window: one row for each limit and window that was used.
_LIMIT = ('scope', 'name', 'measure', 'time_window')


def _limit() -> list[Column]:
    return [Column(name, String(MAX_NAME if name == 'name' else 16), primary_key=True) for name in _LIMIT]


limit_windows = Table(
    'limit_windows',
    metadata,
    *_limit(),  # key | lane | provider | stack; its name; nano_usd | requests | tokens | parallel; hour | day | week | month | minute | always
    # Seconds since 1970: its beginning, and the first second after it.
    Column('started_at', BigInteger, primary_key=True, autoincrement=False),
    _number('ends_at'),
    _number('used'),  # what attempts of requests that counted in this window have cost
    _number('reserved'),  # what the running ones can still cost
    # Each batch of rows looks for the windows that are open, among those of two months.
    Index('limit_windows_ends_at', 'ends_at'),
    # Rows are in the order of the primary key: a check reads and writes fewer pages.
    sqlite_with_rowid=False,
)
# What a running request can still cost, by the limits that it counts against.
reservations = Table(
    'reservations',
    metadata,
    Column('request_id', String(32), primary_key=True),
    *_limit(),
    _number('started_at'),  # of the window
    _number('amount'),
    Column('owner', String(32), nullable=False, server_default=''),  # the gateway's process
    sqlite_with_rowid=False,
)
