"""Tells a gateway that hangs from one that is busy. Only the first must be killed: a kill ends all its requests.

- The event loop makes progress (heartbeat.py), but probes fail: busy. Killed only after `busySeconds` in which no probe succeeded
  and no client's request ended.
- The event loop makes no progress: it hangs after `hungSeconds`. That is true for a stopped, deadlocked or endlessly computing process. Time in
  which a thread of the process waited for a CPU or for a disk does not count, because then the machine is slow, not the gateway. But after
  `busySeconds` in all it is killed anyway.
- A start has failed after `startSeconds`, counted in the same way, and at the latest `busySeconds` later.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from heartbeat import Heartbeat
from probe import problem_of
from settings import Settings

# How often the heartbeat is read: at least twice as long as its interval.
POLL_SECONDS = 1.0


class Stopwatch:
    """Counts the time in which a process could have run: not while one of its threads waits for a CPU or a disk.

    The threads other than the main one count too, because they can hold Python's global lock while they wait.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.last = time.monotonic()
        # All seconds until the last call of `counted`, and those of them in which it waited for a disk.
        self.elapsed = self.disk = 0.0
        self.baseline = run_delays(pid)

    def counted(self) -> float:
        """The seconds counted until now. Call it every POLL_SECONDS: how long a process waits for a disk is sampled."""
        now = time.monotonic()
        # If this process itself could not run (a paused container or virtual machine), the other one could not either.
        passed = min(now - self.last, 2 * POLL_SECONDS)
        self.last = now
        self.elapsed += passed
        if waits_for_disk(self.pid):
            self.disk += passed
        delays = run_delays(self.pid)
        cpu = max((delay - self.baseline.setdefault(thread, delay) for thread, delay in delays.items()), default=0.0)
        return max(0.0, self.elapsed - self.disk - cpu)


def run_delays(pid: int) -> dict[str, float]:
    """For each thread, how many seconds it has waited for a CPU since its start. Empty if the kernel does not count that."""
    return {thread: int(text.split()[1]) / 1e9 for thread, text in read_threads(pid, 'schedstat') if len(text.split()) > 1}


def waits_for_disk(pid: int) -> bool:
    """Whether a thread is in uninterruptible sleep. The state follows the program's name, which is in parentheses."""
    return any(text.rpartition(')')[2].split()[:1] == ['D'] for _, text in read_threads(pid, 'stat'))


def read_threads(pid: int, file: str) -> list[tuple[str, str]]:
    """This file of each thread in /proc. A thread or process that has ended is omitted."""
    found = []
    try:
        for thread in os.listdir(f'/proc/{pid}/task'):
            try:
                with open(f'/proc/{pid}/task/{thread}/{file}') as content:
                    found.append((thread, content.read()))
            except OSError:
                pass
    except OSError:
        pass
    return found


def counts_run_delays() -> bool:
    """Whether the kernel counts how long a thread waits for a CPU. Without that, the file is missing or has only zeros."""
    return any(text.split()[2:3] not in ([], ['0']) for _, text in read_threads(os.getpid(), 'schedstat'))


class Watchdog:
    """Watches one gateway in two threads: the probes must not delay the look at the heartbeat.

    `report` gets the reason why the gateway counts as hung. It may be called more than once.
    """

    def __init__(self, pid: int, heartbeat: Heartbeat, config: Settings, report: Callable[[str], None], log: Callable[[str], None]) -> None:
        self.pid, self.heartbeat, self.config, self.report, self.log = pid, heartbeat, config, report, log
        # Set when the first probe succeeds.
        self.started = False
        self.stalled = False
        # When the heartbeat was last seen to change.
        self.last_beat = time.monotonic()

    def start(self) -> None:
        if not counts_run_delays():
            self.log('this kernel does not count how long a thread waits for a CPU: the watchdog counts all time without a heartbeat')
        for watch in (self.watch_probes, self.watch_heartbeat):
            threading.Thread(target=watch, daemon=True).start()

    def watch_heartbeat(self) -> None:
        config = self.config
        stopwatch, limit, bound = Stopwatch(self.pid), config.startSeconds, config.startSeconds + config.busySeconds
        seen, started = self.heartbeat.count, False
        while True:
            time.sleep(POLL_SECONDS)
            count = self.heartbeat.count
            if count != seen:
                self.last_beat = time.monotonic()
            if self.started and (not started or count != seen):
                stopwatch, limit, bound, started = None, config.hungSeconds, max(config.hungSeconds, config.busySeconds), True
            elif stopwatch is None:
                # The first look that finds no change. Threads are read only from here on, to save CPU time in the usual case.
                stopwatch = Stopwatch(self.pid)
                stopwatch.elapsed = POLL_SECONDS
            elif (counted := stopwatch.counted()) >= limit or stopwatch.elapsed >= bound:
                waited = f', of which it waited {stopwatch.elapsed - counted:.0f} s for a CPU or a disk' if stopwatch.elapsed - counted >= 1 else ''
                if started:
                    return self.report(f'its event loop made no progress for {stopwatch.elapsed:.0f} s{waited}')
                return self.report(f'it did not become ready within {stopwatch.elapsed:.0f} s{waited}')
            seen, self.stalled = count, started and stopwatch is not None

    def watch_probes(self) -> None:
        config, failures, busy, failing, without_end, ended = self.config, 0, False, 0.0, 0.0, 0
        while True:
            begun = time.monotonic()
            time.sleep(config.watchEverySeconds if self.started else 0.5)
            problem = problem_of(config.port, '/health/liveliness', config.watchTimeoutSeconds)
            if problem is None:
                if not self.started:
                    self.log('the gateway is ready')
                elif busy:
                    self.log(f'the gateway answers probes again after {failing:.0f} s')
                self.started, failures, busy, failing = True, 0, False, 0.0
            elif self.started:
                failures += 1
                # At most what one probe takes, as in the stopwatch.
                passed = min(time.monotonic() - begun, config.watchEverySeconds + 2 * config.watchTimeoutSeconds)
                failing += passed
                without_end = without_end + passed if self.heartbeat.requests == ended and failures > 1 else passed
                ended = self.heartbeat.requests
                # While the loop makes no progress, the other thread decides.
                if not self.stalled and without_end >= config.busySeconds:
                    return self.report(f'all probes of {failing:.0f} s failed, the last: {problem}')
                if not self.stalled and failures >= config.watchFailures and not busy:
                    busy = True
                    self.log(f'the gateway is busy: {failures} probes in a row failed, the last: {problem}')
