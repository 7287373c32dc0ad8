import { execa } from 'execa';
import { appendFile, mkdir, mkdtemp, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTool, type Tool } from '../build.ts';

let home: string;
let told: string[];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'switchyard-build-'));
  told = [];
});
afterEach(() => rm(home, { recursive: true }));

/** A tool that is built in a second: the program of our test image. */
const probe: Tool = {
  title: 'the probe',
  module: join(import.meta.dirname, 'image'),
  package: '.',
  ldflags: '-s -w',
  binary: (home) => join(home, 'tools', 'probe-1', 'probe'),
};
const ensure = (tool = probe, deep = false) =>
  ensureTool(tool, { home, deep, onProgress: (line) => told.push(line) });

test('builds once and does nothing the second time', async () => {
  const binary = await ensure();
  expect((await execa(binary, ['healthy'])).exitCode).toBe(0);
  expect(told.at(-1)).toBe('built the probe');
  const { mtimeMs } = await stat(binary);

  told = [];
  await ensure(probe, true);
  expect(told).toEqual([]);
  expect((await stat(binary)).mtimeMs).toBe(mtimeMs);
}, 120_000);

test.each([
  ['cut short', (file: string) => truncate(file, 1000)],
  ['longer', (file: string) => appendFile(file, 'x')],
  ['without its stamp', (file: string) => rm(join(file, '../stamp.json'))],
  [
    'of the same length and other content',
    async (file: string) => {
      const { size } = await stat(file);
      await writeFile(file, Buffer.alloc(size));
    },
  ],
])(
  'a file that is %s is rebuilt',
  async (_, damage) => {
    const binary = await ensure();
    await damage(binary);
    told = [];
    await ensure();
    expect(told[0]).toContain('is damaged');
    expect((await execa(binary, ['healthy'])).exitCode).toBe(0);
  },
  120_000,
);

test('a file that was only touched is not rebuilt', async () => {
  const binary = await ensure();
  await utimes(binary, 1, 1);
  told = [];
  await ensure();
  expect(told).toEqual([]);
}, 120_000);

test('a failed build leaves nothing and reports the output of Go; the remains of an interrupted build are removed', async () => {
  const dead = join(home, 'tools', 'probe-1.building-999999999');
  await mkdir(dead, { recursive: true });
  await expect(ensure({ ...probe, package: './nowhere' })).rejects.toThrow(
    /building the probe failed[^]*nowhere/,
  );
  expect(await readdir(join(home, 'tools'))).toEqual([]);
}, 120_000);

test('without Go the error has the way to install it', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = home;
  try {
    await expect(ensure()).rejects.toThrow(
      "Go is not installed; it is needed to build the probe, since Pulumi's own downloads cannot be reached. " +
        'Install Go 1.21 or newer from https://go.dev/dl and put it on PATH, then run the command again.',
    );
  } finally {
    process.env['PATH'] = path;
  }
});
