"""Deletes folders on the stack's volume that nothing uses any more: LiteLLM's own cache of earlier releases, and ours if it is switched off."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

# LiteLLM's cache, of earlier releases.
LITELLM_CACHE = Path('/data/cache')
# During a deployment gateways of the release before still use the folders, up to the end of their drain.
DELAY_SECONDS = 900.0


def clean_volume(own: Path, own_is_used: bool, litellm_cache: Path = LITELLM_CACHE, delay: float = DELAY_SECONDS) -> threading.Thread:
    """Delete the cache's own folder if it is not used, LiteLLM's cache, and what is left of a deletion that did not finish. Later, in a thread."""

    def run() -> None:
        time.sleep(delay)
        # Another folder of that name may be something else.
        unused = [litellm_cache] if (litellm_cache / 'cache.db').exists() else []
        for folder in [*unused, *([] if own_is_used else [own])]:
            with contextlib.suppress(OSError):
                delete(folder)
        for folder in (litellm_cache, own):
            shutil.rmtree(moved(folder), ignore_errors=True)

    thread = threading.Thread(target=run, name='clean-volume', daemon=True)
    thread.start()
    return thread


def delete(folder: Path) -> None:
    """Delete a folder. It is renamed first, so that no other gateway finds a part of it."""
    shutil.rmtree(moved(folder), ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        os.rename(folder, moved(folder))
    shutil.rmtree(moved(folder), ignore_errors=True)


def moved(folder: Path) -> Path:
    """The name of a folder that is being deleted."""
    return folder.with_name(f'{folder.name}-unused')
