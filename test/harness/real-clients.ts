/**
 * The real Claude Code, Codex and aider. They are installed in their own folder, once per lock file, each package checked against its
 * hash; opencode is a package of this checkout.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { inHome, ROOT } from '../../console/home-paths.ts';

const LOCKS = join(import.meta.dirname, 'clients');

/** The clients that the tests run. */
export const CLIENTS = ['opencode', 'claude-code', 'codex', 'aider'] as const;
export type ClientName = (typeof CLIENTS)[number];

/** An installed client, or why there is none. */
export type Installed = { bin: string } | { missing: string };

/** The client's program, installed if it is not yet. A registry that cannot be reached is no failure of Switchyard: it gives the reason. */
export async function realClient(name: ClientName): Promise<Installed> {
  try {
    return { bin: await programs[name]() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { missing: `${name} cannot be installed: ${message.split('\n').slice(0, 3).join(' ')}` };
  }
}

const programs: Record<ClientName, () => Promise<string>> = {
  opencode: () => Promise.resolve(join(ROOT, 'node_modules/opencode-linux-x64/bin/opencode')),
  'claude-code': async () =>
    join(await nodeClients(), `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`),
  codex: async () => join(await nodeClients(), '.bin/codex'),
  aider,
};

/** The folder `node_modules` with Claude Code and Codex. Their install scripts do not run: the programs are in the packages. */
async function nodeClients(): Promise<string> {
  const folder = await installed('node-clients', [join(LOCKS, 'package-lock.json')], async (fresh) => {
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(LOCKS, file), join(fresh, file));
    await execa('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: fresh });
  });
  return join(folder, 'node_modules');
}

async function aider(): Promise<string> {
  const folder = await installed('aider', [join(LOCKS, 'requirements.txt')], async (fresh) => {
    await execa('python3', ['-m', 'venv', join(fresh, 'venv')]);
    const options = [
      '--quiet',
      '--require-hashes',
      '--only-binary',
      ':all:',
      '-r',
      join(LOCKS, 'requirements.txt'),
    ];
    await execa(join(fresh, 'venv/bin/python'), ['-m', 'pip', 'install', ...options]);
  });
  return join(folder, 'venv/bin/python');
}

/**
 * The folder of a tool of the tests, installed once for its lock files: into another folder that is then renamed, so that an interrupted
 * installation never counts as complete.
 *
 * @param locks the paths of its lock files. @param install fills an empty folder.
 */
export async function installed(
  name: string,
  locks: readonly string[],
  install: (folder: string) => Promise<void>,
): Promise<string> {
  const version = createHash('sha256')
    .update(Buffer.concat(locks.map((lock) => readFileSync(lock))))
    .digest('hex')
    .slice(0, 12);
  const folder = inHome('tools', `test-${name}-${version}`);
  if (existsSync(folder)) return folder;
  const fresh = mkdtempSync(`${folder}.`);
  try {
    await install(fresh);
    renameSync(fresh, folder);
    return folder;
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
}
