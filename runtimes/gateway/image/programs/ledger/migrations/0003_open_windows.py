"""Finds the windows that are open without reading those that have ended."""

from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_index('limit_windows_ends_at', 'limit_windows', ['ends_at'])
