/** Runs the real opencode once, with limits: a timeout, a number of consecutive failures, and the caller's signal. */
import { execa } from 'execa';
import { failedRequest, killGroup, notStarted, readLines, STOP_MS } from './opencode-process.ts';

/** What to run. */
export interface RunRequest {
  /** The binary. */
  bin: string;
  /** Its whole environment. */
  env: NodeJS.ProcessEnv;
  /** `provider/model`. */
  model?: string | undefined;
  /** An agent from the client's config. */
  agent?: string | undefined;
  prompt: string;
  /** The session's title. Without one, opencode would send a request to generate it. */
  title: string;
  /** The working directory. */
  cwd: string;
  timeoutMs: number;
  /** Consecutive failed requests after which the run is stopped: opencode itself retries for ever. */
  maxFailures: number;
  signal?: AbortSignal | undefined;
  /** Called with every line that opencode writes. */
  onLine?: ((line: string) => void) | undefined;
  /** Called with the message of each failed request. */
  onFailure?: ((message: string) => void) | undefined;
}

/** The result of a run. */
export interface RunResult {
  ok: boolean;
  /** opencode's exit code; 124 after a timeout, 130 if the caller stopped it, 1 after too many failures. */
  exitCode: number;
  /** Why it failed. */
  reason?: string;
  /** What the model wrote. */
  text: string;
  tokens: { input: number; output: number };
  /** US dollars, by the prices in the client's config. */
  cost: number;
  ms: number;
}

/** An event of `opencode run --format json`; only the fields that are used. */
interface Event {
  type?: string;
  part?: { text?: string; tokens?: { input?: number; output?: number; reasoning?: number }; cost?: number };
  error?: { name?: string; data?: { message?: string } };
}

/** Runs `opencode run`. Never throws for an error of opencode or of a provider. */
export async function runOpencode(request: RunRequest): Promise<RunResult> {
  const begun = Date.now();
  const result: RunResult = {
    ok: false,
    exitCode: 1,
    text: '',
    tokens: { input: 0, output: 0 },
    cost: 0,
    ms: 0,
  };
  let failures = 0;
  let lastFailure: string | undefined;
  let stopped: { exitCode: number; reason: string } | undefined;

  const child = execa(request.bin, argumentsOf(request), {
    cwd: request.cwd,
    env: request.env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    buffer: false,
    // Its own process group, so that processes which its tools start can be ended with it.
    detached: true,
  });
  const stop = (exitCode: number, reason: string): void => {
    if (stopped) return;
    stopped = { exitCode, reason };
    killGroup(child.pid, 'SIGTERM');
    setTimeout(() => killGroup(child.pid, 'SIGKILL'), STOP_MS).unref();
  };
  const timer = setTimeout(
    () =>
      stop(
        124,
        `timed out after ${Math.round(request.timeoutMs / 1000)} s${lastFailure ? `; last error: ${lastFailure}` : ''}`,
      ),
    request.timeoutMs,
  );
  const abort = (): void => stop(130, 'stopped');
  if (request.signal?.aborted) abort();
  request.signal?.addEventListener('abort', abort);

  const onEvent = (event: Event): void => {
    if (event.type === 'text') result.text += event.part?.text ?? '';
    if (event.type === 'step_finish') {
      failures = 0;
      result.tokens.input += event.part?.tokens?.input ?? 0;
      result.tokens.output += (event.part?.tokens?.output ?? 0) + (event.part?.tokens?.reasoning ?? 0);
      result.cost += event.part?.cost ?? 0;
    }
    if (event.type === 'error')
      lastFailure = event.error?.data?.message ?? event.error?.name ?? 'an error without a message';
  };
  const onLog = (line: string): void => {
    const message = failedRequest(line);
    if (message === undefined) return;
    lastFailure = message;
    request.onFailure?.(message);
    failures += 1;
    if (failures >= request.maxFailures)
      stop(1, `the provider failed ${failures} times in a row: ${message}`);
  };
  const readers = [
    readLines(child.stdout, (line) => {
      request.onLine?.(line);
      const event = parseEvent(line);
      if (event) onEvent(event);
    }),
    readLines(child.stderr, (line) => {
      request.onLine?.(line);
      onLog(line);
    }),
  ];
  const ended = await child;
  // Processes that it started keep its outputs open: end them too.
  killGroup(child.pid, 'SIGTERM');
  await Promise.race([Promise.all(readers), new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  clearTimeout(timer);
  request.signal?.removeEventListener('abort', abort);

  result.ms = Date.now() - begun;
  result.exitCode = stopped?.exitCode ?? ended.exitCode ?? 1;
  const reason = stopped?.reason ?? reasonOf(result, notStarted(request, ended.code), lastFailure);
  if (reason === undefined) result.ok = true;
  else result.reason = reason;
  return result;
}

/** Exit code 0 is not enough for success: there must be an answer, or at least tokens spent on tools. */
function reasonOf(
  result: RunResult,
  notStarted: string | undefined,
  lastFailure: string | undefined,
): string | undefined {
  if (notStarted !== undefined) return notStarted;
  if (result.exitCode !== 0) return lastFailure ?? `opencode exited with code ${result.exitCode}`;
  if (result.text === '' && result.tokens.output === 0)
    return lastFailure ?? 'opencode exited without an answer';
  return undefined;
}

function argumentsOf({ model, agent, prompt, title }: RunRequest): string[] {
  return [
    'run',
    ...['--format', 'json', '--print-logs', '--log-level', 'ERROR', '--title', title],
    ...(model === undefined ? [] : ['--model', model]),
    ...(agent === undefined ? [] : ['--agent', agent]),
    '--',
    prompt,
  ];
}

function parseEvent(line: string): Event | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined;
  }
}
