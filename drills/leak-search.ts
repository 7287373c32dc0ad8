/** The search of the drill `leak`: all places where a key could be visible. */
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { execa } from 'execa';
import { accountHome } from '../console/home-paths.ts';
import { found, foundInStream, type Needle } from './canaries.ts';
import { descendants } from './processes.ts';
import type { DrillStack } from './drill-stack.ts';

/** One sentence for each place in which a key was found, and the number of places that were searched. */
export interface SearchResult {
  findings: string[];
  places: number;
}

/**
 * Searches the host for keys: Docker's output, processes, files.
 *
 * @param since milliseconds since 1970; files that were last changed before this are skipped, since they cannot contain the keys.
 */
export async function searchHost(stack: DrillStack, needles: Needle[], since: number): Promise<SearchResult> {
  const search = new LeakSearch(needles);
  await search.docker(stack.name);
  await search.processes(stack);
  await search.files(stack.checkout.dir, [allowedFile, linkedFolder], 0);
  await search.files(join(accountHome(), '.pulumi'), [], since);
  await search.files(tmpdir(), [(path) => path.startsWith(stack.checkout.dir), builtImage], since, 3);
  return search.result();
}

/** The only file that may contain keys: opencode reads them from auth.json. The passphrase folder has no key, but decrypts the state. */
function allowedFile(path: string): boolean {
  return path.endsWith(`${sep}auth.json`);
}

function linkedFolder(path: string): boolean {
  return path.endsWith(`${sep}node_modules`) || path.endsWith(`.home${sep}tools`);
}

/** Large files in the temporary folder, which belong to other programs. */
function builtImage(path: string): boolean {
  return statSync(path).size > 64_000_000;
}

/** Searches places and collects findings. */
export class LeakSearch {
  readonly #needles: Needle[];
  readonly #findings: string[] = [];
  #places = 0;

  constructor(needles: Needle[]) {
    this.#needles = needles;
  }

  /** The findings so far. */
  result(): SearchResult {
    return { findings: this.#findings, places: this.#places };
  }

  /** Searches a text. */
  text(place: string, text: string | Buffer): void {
    this.#report(place, found(Buffer.from(text), this.#needles));
  }

  /** Searches `docker inspect` of everything, and the stack's logs, environments, image histories, image layers and data volume. */
  async docker(stack: string): Promise<void> {
    for (const [kind, list] of Object.entries(LISTS)) {
      const ids = await lines(['docker', ...list]);
      if (ids.length > 0)
        this.text(`docker inspect of every ${kind}`, await output(['docker', kind, 'inspect', ...ids]));
    }
    const filter = ['--filter', `label=switchyard.stack=${stack}`];
    for (const id of await lines(['docker', 'ps', '-aq', ...filter])) {
      this.text(`docker logs ${id}`, await output(['docker', 'logs', id]));
      this.text(`environment in ${id}`, await output(['docker', 'exec', id, 'env']));
    }
    const images = await lines(['docker', 'images', '-q', '--filter', `reference=switchyard-${stack}-*`]);
    for (const image of new Set(images)) {
      this.text(`docker history ${image}`, await output(['docker', 'history', '--no-trunc', image]));
      await this.#stream(`layers of image ${image}`, ['docker', 'save', image]);
    }
    const volume = `switchyard-${stack}-data`;
    const [mountpoint] = await lines(['docker', 'volume', 'inspect', '--format', '{{.Mountpoint}}', volume]);
    if (mountpoint) await this.#stream(`data volume ${volume}`, ['tar', '-c', '-C', mountpoint, '.']);
  }

  /** Searches environment and arguments of every process on the host. Findings in a gateway's process name its container. */
  async processes(stack: DrillStack): Promise<void> {
    const inside = (await stack.gateways()).flatMap(({ pid, name }) =>
      descendants(pid).map((one) => [one, name] as const),
    );
    const names = new Map(inside);
    for (const pid of readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)) {
      for (const part of ['environ', 'cmdline']) {
        const content = readIfExists(`/proc/${pid}/${part}`);
        if (content) this.text(`${part} of process ${pid} (${names.get(pid) ?? commandOf(pid)})`, content);
      }
    }
  }

  /** Searches the files in a folder that were changed since. */
  async files(folder: string, skip: ((path: string) => boolean)[], since: number, depth = 20): Promise<void> {
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      return; // Another program's folder, which was removed meanwhile.
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      try {
        if (entry.isDirectory() && depth > 0 && !skip.some((test) => test(path))) {
          await this.files(path, skip, since, depth - 1);
        } else if (entry.isFile() && statSync(path).mtimeMs >= since && !skip.some((test) => test(path))) {
          this.#report(
            `file ${relative('/', path)}`,
            await foundInStream(createReadStream(path), this.#needles),
          );
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  async #stream(place: string, [command = '', ...args]: string[]): Promise<void> {
    const child = execa(command, args, {
      encoding: 'buffer',
      buffer: false,
      stdout: 'pipe',
      stderr: 'ignore',
    });
    const names = await foundInStream(child.stdout, this.#needles);
    await child;
    this.#report(place, names);
  }

  #report(place: string, names: string[]): void {
    this.#places += 1;
    if (names.length > 0) this.#findings.push(`${names.join(', ')} in ${place}`);
  }
}

const LISTS: Record<string, string[]> = {
  container: ['ps', '-aq'],
  image: ['images', '-aq'],
  network: ['network', 'ls', '-q'],
  volume: ['volume', 'ls', '-q'],
};

/** Standard output and error of a command. Failures are ignored: other programs' objects may be removed meanwhile. */
async function output([command = '', ...args]: string[]): Promise<string> {
  return (await execa(command, args, { reject: false, all: true })).all;
}

async function lines(command: string[]): Promise<string[]> {
  return (await output(command)).split('\n').filter(Boolean);
}

function readIfExists(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // The process has ended, or belongs to another user.
  }
}

function commandOf(pid: number): string {
  return readIfExists(`/proc/${pid}/comm`)?.toString().trim() ?? 'ended';
}
