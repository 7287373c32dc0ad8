"""Reads LiteLLM's `os.environ/NAME` from the file /run/secrets/NAME, so that keys are never in a process's environment."""

from __future__ import annotations

import os

from litellm.integrations.custom_secret_manager import CustomSecretManager
from settings import SECRETS


class FileSecretManager(CustomSecretManager):
    """LiteLLM also asks for its plain settings here, unless `hosted_keys` in the configuration names the keys. Those are not files."""

    def __init__(self) -> None:
        super().__init__(secret_manager_name='files')

    def sync_read_secret(self, secret_name, optional_params=None, timeout=None):
        try:
            return (SECRETS / secret_name).read_text().strip()
        except FileNotFoundError:
            return os.environ.get(secret_name)

    async def async_read_secret(self, secret_name, optional_params=None, timeout=None):
        return self.sync_read_secret(secret_name)
