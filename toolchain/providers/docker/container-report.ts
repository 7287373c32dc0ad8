import { request } from 'node:http';

const LINES = 20;
const TIMEOUT_MS = 3_000;

interface Inspected {
  State?: {
    Status?: string;
    ExitCode?: number;
    OOMKilled?: boolean;
    Error?: string;
    Health?: { Log?: { ExitCode?: number; Output?: string }[] };
  };
  RestartCount?: number;
  Config?: { Tty?: boolean };
}

/**
 * Explains why a container failed: its state, its last health check, its last log lines. The provider's own message is
 * only "container failed to be in healthy state", and the container is about to be removed.
 *
 * @param host Docker's address; only unix sockets are supported
 * @returns lines of text; empty if Docker does not answer
 */
export async function containerReport(host: string, id: string): Promise<string[]> {
  const socket = /^unix:\/\/(.+)$/.exec(host)?.[1];
  if (!socket) return [];
  try {
    const found = JSON.parse((await get(socket, `/containers/${id}/json`)).toString('utf8')) as Inspected;
    const logs = await get(socket, `/containers/${id}/logs?stdout=1&stderr=1&tail=${LINES}`);
    const text = found.Config?.Tty ? logs.toString('utf8') : demultiplex(logs);
    return [...describeState(found), ...section(`its last ${LINES} log lines:`, text)];
  } catch {
    return [];
  }
}

function describeState({ State: state = {}, RestartCount: restarts = 0 }: Inspected): string[] {
  const facts = [
    `it was ${state.Status ?? 'in an unknown state'}`,
    state.ExitCode ? `last exit code ${state.ExitCode}` : '',
    state.OOMKilled ? 'killed for exceeding its memory limit' : '',
    restarts ? `restarted ${restarts} times` : '',
    state.Error ?? '',
  ].filter(Boolean);
  const check = state.Health?.Log?.at(-1);
  return [
    facts.join(', '),
    ...(check ? section(`its last health check (exit code ${check.ExitCode}):`, check.Output ?? '') : []),
  ];
}

function section(title: string, text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 ? [title, ...lines.map((line) => `  ${line.trimEnd()}`)] : [];
}

/** Docker sends both streams multiplexed: each piece after a header of eight bytes, of which the last four are its length. */
export function demultiplex(stream: Buffer): string {
  const pieces: string[] = [];
  for (let at = 0; at + 8 <= stream.length;) {
    const end = at + 8 + stream.readUInt32BE(at + 4);
    pieces.push(stream.toString('utf8', at + 8, end));
    at = end;
  }
  return pieces.join('');
}

function get(socketPath: string, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`Docker answered ${answer.statusCode}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error('Docker did not answer in time')));
    call.on('error', reject);
    call.end();
  });
}
