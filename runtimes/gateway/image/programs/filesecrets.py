"""The former name of file_secret_manager: a litellm.yaml of the release before refers to it. To be removed in the release after this one."""

from file_secret_manager import FileSecretManager as FileSecrets

__all__ = ['FileSecrets']
