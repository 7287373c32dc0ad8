"""The watchdog kills what hangs, and nothing that is only busy or starved. With real processes.

The tests mostly wait, so those of one class run at the same time.
"""

import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

import watchdog
from heartbeat import Heartbeat
from readiness import SILENT_SECONDS
from settings import Settings
from together import load_together

# A gateway in small: an event loop with a heartbeat, and a server that answers every probe. After its start it runs `main`.
PROGRAM = """
import asyncio, ctypes, os, sys, threading, time
from heartbeat import Heartbeat

def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

async def answer(reader, writer):
    await reader.read(1024)
    writer.write(b'HTTP/1.0 200 OK\\r\\n\\r\\n')
    await writer.drain()
    writer.close()

async def busy():
    while True:
        compute(1)
        await asyncio.sleep(0)

async def crowd():
    async def one():
        compute(0.7)

    while True:
        await asyncio.gather(*(one() for _ in range(12)))

async def slow_chunks():
    while True:
        await asyncio.sleep(0.01)
        compute(0.5)

async def unanswered():
    server.close()

async def serving():
    server.close()
    while True:
        await asyncio.sleep(1)
        heart.request_ended()

async def disk():
    # The parent of a vfork is in uninterruptible sleep, as in a read from a slow disk, until its child ends.
    libc = ctypes.CDLL(None)
    stack = ctypes.create_string_buffer(1 << 16)
    top = ctypes.c_void_p(ctypes.addressof(stack) + (1 << 16) - 64)
    libc.clone(libc.sleep, top, 0x4000 | 17, ctypes.c_void_p(7))
    await asyncio.Event().wait()

async def spin():
    while True:
        pass

async def deadlock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()

async def idle():
    await asyncio.Event().wait()

async def run(fd, port, main, before):
    global server, heart
    compute(float(before))
    heart = Heartbeat(int(fd))
    heart.start()
    server = await asyncio.start_server(answer, '127.0.0.1', int(port))
    await asyncio.sleep(1.5)
    print('running', flush=True)
    await globals()[main]()
    await asyncio.Event().wait()

if sys.argv[5] != 'never':
    os.sched_setaffinity(0, {int(sys.argv[5])})
asyncio.run(run(*sys.argv[1:5]))
"""
SETTINGS = {'watchEverySeconds': 0.2, 'watchTimeoutSeconds': 0.3, 'watchFailures': 3, 'startSeconds': 20, 'hungSeconds': 3, 'busySeconds': 30}
HOOKS = Path(watchdog.__file__).parent
CPU = str(min(os.sched_getaffinity(0)))
PORTS = iter(range(4100, 4200))


class Watched:
    """A process that the watchdog watches, and what it reports."""

    def __init__(self, main, cpu='never', before=0.0, **more):
        self.reports, self.lines, heartbeat, port = [], [], Heartbeat.create(), next(PORTS)
        self.longest_silence = 0.0
        self.process = subprocess.Popen(
            [sys.executable, '-c', PROGRAM, str(heartbeat.fd), str(port), main, str(before), cpu],
            pass_fds=[heartbeat.fd],
            stdout=subprocess.PIPE,
            env={**os.environ, 'PYTHONPATH': str(HOOKS)},
        )
        config = Settings(**{**SETTINGS, 'port': port, **more})
        self.dog = watchdog.Watchdog(self.process.pid, heartbeat, config, self.reports.append, self.lines.append)
        self.dog.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def wait_running(self):
        """Until it runs `main`, and the watchdog has noticed that it is ready."""
        assert self.process.stdout.readline() == b'running\n'
        while not self.dog.started:
            time.sleep(0.1)
        return time.monotonic()

    def seconds_to_report(self, since, limit=60):
        while not self.reports and time.monotonic() - since < limit:
            time.sleep(0.1)
            self.longest_silence = max(self.longest_silence, time.monotonic() - self.dog.last_beat)
        return time.monotonic() - since


class Neighbours:
    """Processes that use one CPU as much as they can."""

    def __init__(self, count):
        self.count = count

    def __enter__(self):
        code = f'import os\nos.sched_setaffinity(0, {{{CPU}}})\nwhile True: pass'
        self.processes = [subprocess.Popen([sys.executable, '-c', code]) for _ in range(self.count)]

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


class Watching(unittest.TestCase):
    def reported(self, watched, since, most=9):
        """It is reported after `hungSeconds`, later only as long as this machine is busy itself."""
        seconds = watched.seconds_to_report(since)
        self.assertGreater(seconds, 2)
        self.assertLess(seconds, most)
        return watched.reports[0]


class Busy(Watching):
    def test_a_loop_that_runs_between_long_computations_is_not_hung(self):
        with Watched('busy') as watched:
            since = watched.wait_running()
            self.assertGreater(watched.seconds_to_report(since, 8), 7.9, watched.reports)
            # On a busy machine the watchdog itself is late.
            while not any('the gateway is busy: ' in line for line in watched.lines) and time.monotonic() - since < 60:
                time.sleep(0.1)
            self.assertIn('the gateway is busy: ', ' '.join(watched.lines))
            self.assertEqual(watched.reports, [])

    def test_a_gateway_that_answers_requests_but_no_probe_is_not_hung(self):
        with Watched('serving', busySeconds=4) as watched:
            self.assertGreater(watched.seconds_to_report(watched.wait_running(), 10), 9.9, watched.reports)

    def test_time_in_which_it_waits_for_a_disk_is_not_counted(self):
        with Watched('disk') as watched:
            self.assertGreater(watched.seconds_to_report(watched.wait_running(), 8), 7.9, watched.reports)

    def test_a_computation_without_end(self):
        with Watched('spin') as watched:
            self.assertIn('its event loop made no progress for', self.reported(watched, watched.wait_running(), most=25))

    def test_a_deadlock(self):
        with Watched('deadlock') as watched:
            self.reported(watched, watched.wait_running())

    def test_a_stopped_process(self):
        with Watched('idle') as watched:
            since = watched.wait_running()
            os.kill(watched.process.pid, signal.SIGSTOP)
            self.reported(watched, since)

    def test_a_start_that_hangs(self):
        with Watched('idle', startSeconds=3) as watched:
            os.kill(watched.process.pid, signal.SIGSTOP)
            self.assertIn('it did not become ready within', self.reported(watched, time.monotonic()))

    def test_a_loop_that_runs_is_an_excuse_for_a_bounded_time_only(self):
        with Watched('unanswered', busySeconds=6) as watched:
            self.assertRegex(self.reported(watched, watched.wait_running(), most=12), 'all probes of [67] s failed')


class Starved(Watching):
    """All of them at one CPU, with the same neighbours."""

    @classmethod
    def setUpClass(cls):
        cls.neighbours = Neighbours(15)
        cls.neighbours.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.neighbours.__exit__()

    def test_time_in_the_run_queue_is_not_counted(self):
        with Watched('slow_chunks', CPU) as watched:
            self.assertGreater(watched.seconds_to_report(watched.wait_running(), 12), 11.9, watched.reports)

    def test_a_starved_start_is_not_a_failed_one(self):
        # The excuse is bounded too, above what a busy machine needs.
        with Watched('idle', CPU, before=0.5, startSeconds=4, busySeconds=300) as watched:
            watched.wait_running()
            self.assertEqual(watched.reports, [])

    def test_waiting_for_a_cpu_is_an_excuse_for_a_bounded_time_only(self):
        with Watched('spin', CPU, busySeconds=6) as watched:
            self.assertRegex(self.reported(watched, watched.wait_running(), most=12), r'of which it waited \d s for a CPU')


class Alone(unittest.TestCase):
    """The first measures how long nothing is seen, which also grows with others' load; the others replace parts of modules that all use."""

    def test_a_turn_of_the_loop_that_executes_many_tasks_is_not_a_hang(self):
        with Watched('crowd') as watched:
            self.assertGreater(watched.seconds_to_report(watched.wait_running(), 7), 6.9, watched.reports)
            # The edge keeps sending requests to it.
            self.assertLess(watched.longest_silence, SILENT_SECONDS)

    def test_without_schedstat_it_is_counted_and_the_log_says_so(self):
        read = watchdog.read_threads
        with mock.patch.object(watchdog, 'read_threads', lambda pid, file: [] if file == 'schedstat' else read(pid, file)):
            with Watched('slow_chunks', CPU) as watched:
                since = watched.wait_running()
                with Neighbours(15):
                    self.assertLess(watched.seconds_to_report(since, 20), 19.9)
                self.assertEqual([line[:43] for line in watched.lines if 'kernel' in line], ['this kernel does not count how long a threa'])

    def test_a_paused_machine_is_not_a_hang(self):
        now = time.monotonic()
        with mock.patch.object(watchdog.time, 'monotonic', lambda: now):
            stopwatch = watchdog.Stopwatch(os.getpid())
            now += 600
            self.assertLessEqual(stopwatch.counted(), 2 * watchdog.POLL_SECONDS)
            self.assertLessEqual(stopwatch.elapsed, 2 * watchdog.POLL_SECONDS)


def load_tests(loader, *_):
    return load_together(loader, [Busy, Starved], [Alone])


if __name__ == '__main__':
    unittest.main()
