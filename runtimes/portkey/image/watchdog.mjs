// Tells an inner process that hangs from one that is busy. The gateways' watchdog.py does the same and explains it.
import { readdirSync, readFileSync } from 'node:fs';

const POLL_MS = 1000;

/** This file of each thread in /proc, by thread. A thread or process that has ended is omitted. */
function threadFiles(pid, file) {
  const found = new Map();
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      try {
        found.set(thread, readFileSync(`/proc/${pid}/task/${thread}/${file}`, 'utf8'));
      } catch {
        // The thread has ended.
      }
    }
  } catch {
    // The process has ended.
  }
  return found;
}

/** For each thread, how long it has waited for a CPU, in milliseconds. Empty if the kernel does not count that. */
function runDelays(pid) {
  return new Map(
    [...threadFiles(pid, 'schedstat')].map(([thread, text]) => [thread, Number(text.split(' ')[1]) / 1e6]),
  );
}

function waitsForDisk(pid) {
  return [...threadFiles(pid, 'stat').values()].some((text) =>
    text.slice(text.lastIndexOf(')')).startsWith(') D'),
  );
}

/** Counts the time in which a process could have run: not while one of its threads waits for a CPU or a disk. In milliseconds. */
function stopwatch(pid) {
  const baseline = runDelays(pid);
  let [last, elapsed, disk] = [performance.now(), 0, 0];
  return () => {
    const now = performance.now();
    // If this process could not run (a paused container), the other one could not either.
    const passed = Math.min(now - last, 2 * POLL_MS);
    last = now;
    elapsed += passed;
    if (waitsForDisk(pid)) disk += passed;
    const delays = [...runDelays(pid)].map(([thread, delay]) => {
      if (!baseline.has(thread)) baseline.set(thread, delay);
      return delay - baseline.get(thread);
    });
    return { elapsed, counted: Math.max(0, elapsed - disk - Math.max(0, ...delays)) };
  };
}

/** How long a process may take to start, do nothing, and be busy, in milliseconds. */
const LIMITS = { startMs: 60_000, hungMs: 20_000, busyMs: 120_000 };

/**
 * Watches a process.
 *
 * @param process with `pid`, and a stream `beats` that has a byte for each turn of its event loop.
 * @param probe resolves if it responds, otherwise rejects; bounded in time.
 * @param hung is called once, with the reason.
 * @returns `ready()`: whether it has responded once.
 */
export function watch({ pid, beats, probe, hung, limits = {}, log = console.log }) {
  const { startMs, hungMs, busyMs } = { ...LIMITS, ...limits };
  if (![...threadFiles(process.pid, 'schedstat').values()].some((text) => Number(text.split(' ')[2]) > 0))
    log(
      'portkey: this kernel does not count how long a thread waits for a CPU: the watchdog counts all time without a heartbeat',
    );
  let [ready, beaten, started, over, failingMs, lastProbe] = [
    false,
    false,
    false,
    false,
    0,
    performance.now(),
  ];
  let watched = stopwatch(pid);
  beats.on('data', () => (beaten = true));

  function report(reason) {
    clearInterval(timer);
    if (!over) hung(reason);
    over = true;
  }

  function look() {
    if (ready && (beaten || !started)) [watched, started] = [undefined, true];
    else if (watched === undefined) watched = stopwatch(pid);
    else {
      const { elapsed, counted } = watched();
      const [limit, bound] = started ? [hungMs, Math.max(hungMs, busyMs)] : [startMs, startMs + busyMs];
      const seconds = Math.round(elapsed / 1000);
      if (counted >= limit || elapsed >= bound)
        report(
          started
            ? `its event loop did not run for ${seconds} s`
            : `it did not become ready within ${seconds} s`,
        );
    }
    beaten = false;
  }
  const timer = setInterval(look, POLL_MS);
  timer.unref?.();

  async function probing() {
    while (!over) {
      const answered = await probe().then(() => true, () => false); // prettier-ignore
      const now = performance.now();
      failingMs = answered ? 0 : failingMs + Math.min(now - lastProbe, 10_000);
      lastProbe = now;
      ready ||= answered;
      // While the event loop does not run, the stopwatch decides.
      if (started && watched === undefined && failingMs >= busyMs)
        report(`it answered nothing for ${Math.round(failingMs / 1000)} s`);
      await new Promise((resolve) => setTimeout(resolve, ready ? 2000 : 250).unref());
    }
  }
  void probing();
  return { ready: () => ready };
}
