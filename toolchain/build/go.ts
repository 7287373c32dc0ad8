import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** Called with lines of progress. */
export type Progress = (line: string) => void;

/** From this release on Go downloads the toolchain that a module needs by itself. */
const OLDEST_GO = [1, 21] as const;

const PROGRESS_EVERY_MS = 5_000;

/**
 * Checks that Go is installed and new enough.
 *
 * @param title what is to be built, for the error
 * @throws Error with how to install it
 */
export async function requireGo(title: string): Promise<void> {
  const needed = `needed to build ${title}, since Pulumi's own downloads cannot be reached`;
  const fix =
    'Install Go 1.21 or newer from https://go.dev/dl and put it on PATH, then run the command again.';
  let version: string;
  try {
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION'], { env: process.env });
    version = stdout.trim();
  } catch {
    throw new Error(`Go is not installed; it is ${needed}. ${fix}`);
  }
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) === OLDEST_GO[0] && Number(minor) < OLDEST_GO[1]) {
    throw new Error(`Go is ${version}; Go 1.21 or newer is ${needed}. ${fix}`);
  }
}

/** One program to build. */
export interface Compilation {
  title: string;
  module: string;
  package: string;
  ldflags: string;
  output: string;
  onProgress: Progress;
}

/** Builds a package of the pinned module; go.sum has a checksum of every source file. */
export async function compile({
  title,
  module,
  package: name,
  ldflags,
  output,
  onProgress,
}: Compilation): Promise<void> {
  const child = spawn(
    'go',
    ['build', '-v', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', ldflags, '-o', output, name],
    // Without cgo no C compiler is needed and the result runs on any Linux.
    { cwd: module, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, CGO_ENABLED: '0' } },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const stop = () => child.kill('SIGTERM');
  process.once('exit', stop);

  let [downloaded, compiled, reported] = [0, 0, Date.now()];
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('go: downloading')) downloaded++;
    else if (/^[\w./-]+$/.test(line)) compiled++;
    else lastLines.push(line);
    if (Date.now() - reported < PROGRESS_EVERY_MS) return;
    reported = Date.now();
    onProgress(`building ${title}: ${downloaded} modules downloaded, ${compiled} packages compiled`);
  });
  const code = await ended;
  process.removeListener('exit', stop);
  if (code !== 0) {
    throw new Error(`building ${title} failed (go build, exit ${code}):\n${lastLines.slice(-15).join('\n')}`);
  }
}
