"""Runs Python's garbage collector between the callbacks of the event loop, never within one.

Python before 3.12 runs it in the middle of whatever allocates memory, also of `ContextVar.set`. If what it removes sets a variable of the
same context, the memory that the outer call still reads is freed, and the process can end with SIGSEGV (python/cpython#148891). LiteLLM and
asyncio set such variables in every request, and gateways crashed there in long runs under load. Between two callbacks nothing is in the
middle of anything.

It also costs less: at full load it runs ten times a second instead of several times in each request.
"""

from __future__ import annotations

import asyncio
import gc

INTERVAL = 0.1


def run_collector() -> None:
    """Run it from now on. Called in the event loop, at the end of the start. Python's own collector must be off: see fast_import.py."""
    gc.collect()
    # What is left lives as long as the gateway. Examining it takes a tenth of a second, in which the loop does nothing else.
    gc.freeze()
    turn(asyncio.get_running_loop())


def turn(loop: asyncio.AbstractEventLoop) -> None:
    generation = due(gc.get_count(), gc.get_threshold())
    if generation is not None:
        gc.collect(generation)
    loop.call_later(INTERVAL, turn, loop)


def due(count: tuple[int, ...], threshold: tuple[int, ...]) -> int | None:
    """The oldest generation that has reached its threshold, as Python's own collector decides; None if there is none."""
    return max((number for number in range(3) if count[number] > threshold[number]), default=None)
