"""The first schema: prices, requests, attempts and the sums of each hour."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None


def name(column: str) -> sa.Column:
    return sa.Column(column, sa.String(128), nullable=False, server_default='')


def number(column: str) -> sa.Column:
    return sa.Column(column, sa.BigInteger, nullable=False, server_default='0')


def who() -> list[sa.Column]:
    return [name(column) for column in ('key_alias', 'lane', 'gen_ai_agent_name', 'model_alias')]


TOKENS = ('input', 'cache_read_input', 'cache_creation_input', 'output', 'reasoning_output')


def tokens() -> list[sa.Column]:
    return [number(f'gen_ai_usage_{kind}_tokens') for kind in TOKENS]


def upgrade() -> None:
    op.create_table(
        'prices',
        sa.Column('price_id', sa.String(32), primary_key=True),
        *(name(column) for column in ('gen_ai_provider_name', 'gen_ai_request_model', 'service_tier')),
        *(number(column) for column in ('above_input_tokens', 'effective_at')),
        *(
            number(f'{kind}_nano_usd_per_m')
            for kind in ('input', 'cache_read', 'cache_creation', 'cache_creation_1h', 'output', 'reasoning')
        ),
        name('source'),
    )
    op.create_table(
        'requests',
        sa.Column('request_id', sa.String(32), primary_key=True),
        name('x_request_id'),
        number('started_at_us'),
        number('completed_at_us'),
        *who(),
        *(name(column) for column in ('gen_ai_operation_name', 'route', 'gen_ai_provider_name', 'gen_ai_request_model')),
        sa.Column('stream', sa.Boolean, nullable=False),
        name('status'),
        sa.Column('http_status', sa.Integer, nullable=False),
        sa.Column('attempts', sa.Integer, nullable=False),
        name('cache_hit'),
        number('saved_nano_usd'),
        name('user_agent'),
    )
    op.create_index('requests_started_at', 'requests', ['started_at_us'])
    op.create_table(
        'attempts',
        sa.Column('request_id', sa.String(32), primary_key=True),
        sa.Column('attempt', sa.Integer, primary_key=True, autoincrement=False),
        *(number(column) for column in ('started_at_us', 'completed_at_us', 'gen_ai_response_time_to_first_chunk_us')),
        *who(),
        *(name(column) for column in ('gen_ai_operation_name', 'route', 'gen_ai_provider_name', 'gen_ai_request_model')),
        *(name(f'gen_ai_response_{column}') for column in ('model', 'id', 'finish_reason')),
        name('deployment_alias'),
        name('provider_key'),
        sa.Column('fallback_index', sa.Integer, nullable=False),
        sa.Column('stream', sa.Boolean, nullable=False),
        name('status'),
        sa.Column('http_status', sa.Integer, nullable=False),
        name('error_type'),
        *tokens(),
        name('usage_source'),
        number('cost_nano_usd'),
        name('cost_source'),
        name('cost_caveat'),
        sa.Column('price_id', sa.String(32)),
    )
    op.create_index('attempts_started_at', 'attempts', ['started_at_us'])
    dimensions = ('key_alias', 'lane', 'gen_ai_agent_name', 'model_alias', 'gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model')
    sums = ('requests', 'failed_requests', 'cache_hits', 'attempts', 'failed_attempts', 'cancelled_attempts', 'counted_attempts', 'unpriced_attempts')
    op.create_table(
        'usage_hours',
        sa.Column('hour', sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(column, sa.String(128), primary_key=True) for column in dimensions),
        *(number(column) for column in sums),
        *tokens(),
        number('cost_nano_usd'),
        number('saved_nano_usd'),
    )
