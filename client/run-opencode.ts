/** Runs the real opencode once, bounded: by time, by failures in a row, and by the caller's signal. */
import { statSync } from 'node:fs';
import { execa } from 'execa';
import { createInterface } from 'node:readline';

/** What to run. */
export interface RunRequest {
  /** The binary. */
  bin: string;
  /** Its environment; nothing else is handed on. */
  env: NodeJS.ProcessEnv;
  /** `provider/model`. */
  model?: string | undefined;
  /** An agent of the client's file. */
  agent?: string | undefined;
  prompt: string;
  /** The session's title; given, it saves the request by which opencode would ask for one. */
  title: string;
  /** The folder it works in. */
  cwd: string;
  timeoutMs: number;
  /** Failed requests in a row after which it is given up: opencode itself goes on for ever. */
  maxFailures: number;
  signal?: AbortSignal | undefined;
  /** Gets every line that opencode writes. */
  onLine?: ((line: string) => void) | undefined;
  /** Gets each failed request's message. */
  onFailure?: ((message: string) => void) | undefined;
}

/** How it went. */
export interface RunResult {
  ok: boolean;
  /** opencode's exit code; 124 for a run out of time, 130 for one that was stopped, 1 for one that was given up. */
  exitCode: number;
  /** Why it failed, in words. */
  reason?: string;
  /** What the model wrote. */
  text: string;
  tokens: { input: number; output: number };
  /** US dollars, by the prices in the client's file. */
  cost: number;
  ms: number;
}

/** An event of `opencode run --format json`, as far as we read it. */
interface Event {
  type?: string;
  part?: { text?: string; tokens?: { input?: number; output?: number; reasoning?: number }; cost?: number };
  error?: { name?: string; data?: { message?: string } };
}

/** How long a process that was asked to stop may take. */
const STOP_MS = 3000;

/** Runs `opencode run`. Never throws for what opencode or a provider does. */
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
    // A group of its own: what its tools have started ends with it.
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
        `no end after ${Math.round(request.timeoutMs / 1000)} s${lastFailure ? `; last: ${lastFailure}` : ''}`,
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
      lastFailure = event.error?.data?.message ?? event.error?.name ?? 'an error without a word';
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
  // What it had started holds its outputs open.
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

/** An exit code of 0 proves little: an answer must be there, or at least tokens spent on tools. */
function reasonOf(
  result: RunResult,
  notStarted: string | undefined,
  lastFailure: string | undefined,
): string | undefined {
  if (notStarted !== undefined) return notStarted;
  if (result.exitCode !== 0) return lastFailure ?? `opencode ended with exit code ${result.exitCode}`;
  if (result.text === '' && result.tokens.output === 0)
    return lastFailure ?? 'opencode ended without an answer';
  return undefined;
}

/** Why there was no process, if there was none. The system says of a missing folder that the binary is missing. */
function notStarted({ bin, cwd }: RunRequest, code: string | undefined): string | undefined {
  if (code === undefined || !['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return undefined;
  if (!isFolder(cwd))
    return `there is no folder ${cwd} to work in; correct \`dir\` of the agent, or mkdir -p '${cwd}'`;
  return `opencode could not be started (${code}: ${bin}); ./switchyard doctor`;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
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

/** The message of a request that failed, in a line of opencode's log. A failed title costs nobody anything. */
export function failedRequest(line: string): string | undefined {
  if (!line.includes('message="stream error"') || line.includes('small=true')) return undefined;
  const message = /error\.error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line;
  return message.replace(/^AI_APICallError: /, '').replaceAll('\\"', '"');
}

function parseEvent(line: string): Event | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined;
  }
}

async function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) onLine(line);
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone.
  }
}
