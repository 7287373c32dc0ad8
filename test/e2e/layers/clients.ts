import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { type ClientName, CLIENTS, realClient } from '../../harness/real-clients.ts';
import { sample, SOAK } from '../../harness/soak.ts';
import type { LayersStack } from './layers-stack.ts';
import { MINUTE } from './layers-stack.ts';

/** How one client is run without a person. */
interface Driver {
  /** Its arguments for one task. */
  args: (prompt: string, files: readonly string[]) => string[];
  /** The directives with which the fake makes it create `made.txt`. */
  create: string;
}

const hex = (text: string): string => Buffer.from(text).toString('hex');
const call = (tool: string, input: Record<string, string>): string =>
  `#use=${tool} #hexInput=${hex(JSON.stringify(input))}`;
const COMMAND = 'echo made > made.txt';

const DRIVERS: Record<ClientName, Driver> = {
  opencode: {
    args: (prompt, files) => [
      ...['run', '-m', 'litellm/claude-3-5-sonnet', '--title', 'test', prompt],
      ...files.flatMap((file) => ['-f', file]),
    ],
    create: call('bash', { command: COMMAND, description: 'create it' }),
  },
  'claude-code': {
    args: (prompt, files) => [
      ...['-p', `${prompt} ${files.map((file) => `@${file}`).join(' ')}`, '--allowedTools', 'Bash'],
    ],
    create: call('Bash', { command: COMMAND, description: 'create it' }),
  },
  codex: {
    args: (prompt, files) => [
      ...['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', prompt],
      ...files.flatMap((file) => ['-i', file]),
    ],
    create: call('exec_command', { cmd: COMMAND }),
  },
  aider: {
    // Its program is a Python, since the scripts of a moved venv have the old path.
    args: (prompt, files) => [
      ...['-m', 'aider', '--message', prompt, '--edit-format', 'diff', '--yes-always', '--no-git'],
      ...['--no-check-update', '--analytics-disable', '--no-show-release-notes', ...files],
    ],
    create: `#hexText=${hex('made.txt\n```\n<<<<<<< SEARCH\n=======\nmade\n>>>>>>> REPLACE\n```\n')}`,
  },
};

/** A fresh home with a folder to work in. */
class Home {
  readonly dir = mkdtempSync(join(tmpdir(), 'switchyard-fresh-home-'));
  readonly work = join(this.dir, 'work');
  readonly #stack: LayersStack;
  readonly #client: ClientName;

  constructor(stack: LayersStack, client: ClientName) {
    this.#stack = stack;
    this.#client = client;
    mkdirSync(this.work);
    writeFileSync(join(this.work, 'dot.png'), Buffer.from(DOT, 'base64'));
    writeFileSync(join(this.work, 'a.pdf'), PDF);
  }

  /** Connects the client by the command alone. */
  async connect(): Promise<void> {
    const { checkout } = this.#stack;
    const ours = Object.entries(checkout.env).filter(([name]) => !name.startsWith('XDG_'));
    await execa(
      join(checkout.dir, 'switchyard'),
      ['connect', this.#stack.stack, '--client', this.#client, '--json'],
      {
        env: { ...Object.fromEntries(ours), HOME: this.dir },
        extendEnv: false,
        cwd: checkout.dir,
        stdin: 'ignore',
      },
    );
  }

  /** Runs the real client in its folder: with the files that the command wrote, and nothing else. */
  async run(
    bin: string,
    prompt: string,
    files: readonly string[] = [],
    more: readonly string[] = [],
  ): Promise<{ exitCode: number; text: string }> {
    const result = await execa(bin, [...DRIVERS[this.#client].args(prompt, files), ...more], {
      cwd: this.work,
      env: { PATH: process.env.PATH ?? '', HOME: this.dir },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      all: true,
      timeout: 3 * MINUTE,
    });
    return { exitCode: result.exitCode ?? -1, text: result.all };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A picture of one pixel. */
const DOT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** A document of one empty page. */
const PDF = [
  '%PDF-1.4',
  '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
  '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
  '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj',
  'trailer<</Root 1 0 R>>',
  '%%EOF\n',
].join('\n');

/** Tests the real clients: one of them by default, all in a soak run. docs/clients.md has the table. */
export function clients(stack: LayersStack): void {
  const chosen = SOAK ? [...CLIENTS] : sample(CLIENTS, 1);

  /** Runs work with a connected client; says why if it is not installed. */
  async function connected(
    client: ClientName,
    work: (home: Home, bin: string) => Promise<void>,
  ): Promise<void> {
    const found = await realClient(client);
    if ('missing' in found) return void process.stderr.write(`not tested: ${found.missing}\n`);
    await stack.resetFaults();
    const home = new Home(stack, client);
    try {
      await home.connect();
      await work(home, found.bin);
    } finally {
      home.remove();
    }
  }

  describe.each(chosen)('%s, connected by the command alone in a fresh home', (client) => {
    test(
      'does a task with a tool, and sends the picture that it is given',
      () =>
        connected(client, async (home, bin) => {
          const { create } = DRIVERS[client];
          const { exitCode, text } = await home.run(bin, `make it ${create}`, ['dot.png']);
          expect([client, text, exitCode]).toEqual([client, expect.any(String), 0]);
          expect([text, existsSync(join(home.work, 'made.txt'))]).toEqual([text, true]);
          const received = await stack.received();
          expect(received.flatMap(({ files }) => files)).toContain('image/png');
          expect(received.map(({ answer }) => answer)).toEqual(received.map(() => 200));
        }),
      8 * MINUTE,
    );
  });

  // The other columns of the table only in a soak run: a run of a client takes up to 20 s.
  if (!SOAK) return;

  describe.each(chosen)('%s (soak)', (client) => {
    test(
      'has its answer although a provider breaks off in the middle of one',
      () =>
        connected(client, async (home, bin) => {
          await stack.injectFaults({ cutAfter: 3, times: 1 });
          const { exitCode, text } = await home.run(bin, 'hi');
          expect([text, exitCode]).toEqual([expect.stringContaining('Hello from'), 0]);
          expect((await stack.received()).map(({ answer }) => answer)).toEqual(
            expect.arrayContaining(['cut', 200]),
          );
        }),
      8 * MINUTE,
    );
  });

  // Codex has no way to send one.
  describe.each(chosen.filter((client) => client !== 'codex'))('%s (soak)', (client) => {
    test(
      'sends a PDF',
      () =>
        connected(client, async (home, bin) => {
          // Claude Code sends PDFs that its tool has read; a PDF beside the prompt is only named. By its name it takes claude-3-opus for
          // the old model, which had no PDFs.
          const read = call('Read', { file_path: join(home.work, 'a.pdf') });
          const { text } =
            client === 'claude-code'
              ? await home.run(bin, `look ${read}`, [], ['--model', 'sonnet'])
              : await home.run(bin, 'look', ['a.pdf']);
          const files = (await stack.received()).flatMap((one) => one.files);
          expect([text, files]).toEqual([
            expect.stringContaining('Hello from'),
            expect.arrayContaining(['application/pdf']),
          ]);
        }),
      8 * MINUTE,
    );
  });
}
