/** A process of the real opencode: why it did not start, what its log says, and how it is ended with everything that it started. */
import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Time between SIGTERM and SIGKILL, in milliseconds. */
export const STOP_MS = 3000;

/** Why the process did not start, if it did not. For a missing working directory the system reports ENOENT of the binary. */
export function notStarted(
  { bin, cwd }: { bin: string; cwd: string },
  code: string | undefined,
): string | undefined {
  if (code === undefined || !['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return undefined;
  if (!isFolder(cwd))
    return `the working directory ${cwd} does not exist; correct \`dir\` of the agent, or mkdir -p '${cwd}'`;
  return `cannot start opencode (${code}: ${bin}); ./switchyard doctor`;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The message of a failed request from a line of opencode's log. Failures of the small model, which only writes titles, are ignored. */
export function failedRequest(line: string): string | undefined {
  if (!line.includes('message="stream error"') || line.includes('small=true')) return undefined;
  const message = /error\.error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line;
  return message.replace(/^AI_APICallError: /, '').replaceAll('\\"', '"');
}

/** Calls `onLine` with each line of a stream, until it ends. */
export async function readLines(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
): Promise<void> {
  for await (const line of createInterface({ input: stream })) onLine(line);
}

/** Sends a signal to a process and all that it started, if they still run. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has already ended.
  }
}
