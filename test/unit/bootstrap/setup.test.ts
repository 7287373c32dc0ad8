import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { isDebianLike } from '../../../bootstrap/apt.ts';
import { freeBytes, requireSpace } from '../../../bootstrap/disk.ts';
import { dockerUnavailable } from '../../../bootstrap/docker-daemon.ts';
import { exportLines, quote } from '../../../console/shell.ts';
import { isNewEnough } from '../../../bootstrap/pulumi-install.ts';
import { anyText } from '../../harness/any-text.ts';
import '../../seed.ts';

test.each([
  ['v3.270.0', true],
  ['3.200.0', true],
  ['3.199.9', false],
  ['4.0.0', true],
  ['3.9.0', false],
  ['v3.201.0-alpha.1+dirty', true],
  ['not installed', false],
  ['', false],
])('an engine with the version %j is new enough: %s', (said, expected) => {
  expect(isNewEnough(said)).toBe(expected);
});

describe('shell quoting', () => {
  const shells = ['sh', 'bash'];

  test.each(shells)('%s gets every text unchanged', (shell) => {
    fc.assert(
      fc.property(anyText(), (text) => {
        // A process's argument cannot hold a NUL, whatever the quoting; lone surrogates have no UTF-8.
        fc.pre(!text.includes('\0') && text.isWellFormed());
        const told = execFileSync(shell, ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' });
        expect(told).toBe(text);
      }),
      { numRuns: 60, examples: [[`it's`], ['$(id)`id`'], ['a b\n*?[]{}~!#'], ['\\'], ['']] },
    );
  });

  test.each(shells)('the exported variables arrive in %s', (shell) => {
    const lines = exportLines({ PATH: '/opt/a b/bin:/usr/bin:/bin', WORD: `say "hi" it's $HOME` });
    const told = execFileSync(shell, ['-c', `eval "$1"; printf '%s|%s' "$PATH" "$WORD"`, shell, lines], {
      encoding: 'utf8',
    });
    expect(told).toBe(`/opt/a b/bin:/usr/bin:/bin|say "hi" it's $HOME`);
  });
});

describe('the operating system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-os-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['ID=debian\nVERSION_ID="12"\n', true],
    ['ID=ubuntu\nID_LIKE=debian\n', true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
    ['ID=fedora\nVERSION_ID=43\n', false],
    ['ID="rhel"\nID_LIKE="fedora"\n', false],
  ])('%j is like Debian: %s', (text, expected) => {
    const file = join(folder, 'os-release');
    writeFileSync(file, text);
    expect(isDebianLike(file)).toBe(expected);
  });

  test('without os-release it is not', () => {
    expect(isDebianLike(join(folder, 'none'))).toBe(false);
  });
});

describe('disk space', () => {
  test('is measured at the nearest folder that exists', async () => {
    const [there, not] = [await freeBytes(tmpdir()), await freeBytes(join(tmpdir(), 'not', 'there', 'yet'))];
    // Others write to the same disk meanwhile.
    expect(Math.abs(there - not)).toBeLessThan(0.05 * there);
  });

  test('too little of it is refused with both amounts', async () => {
    const petabyte = 1024 ** 5;
    await expect(requireSpace(tmpdir(), 'the engine', petabyte)).rejects.toMatchObject({
      message: 'not enough disk space for the engine',
      where: tmpdir(),
      found: expect.stringMatching(/^\d+\.\d GB free$/) as string,
      allowed: 'at least 1048576.0 GB free',
    });
    await expect(requireSpace(tmpdir(), 'nothing', 1)).resolves.toBeUndefined();
  });
});

describe('the error for a missing Docker', () => {
  const before = process.env.DOCKER_HOST;
  beforeEach(() => delete process.env.DOCKER_HOST);
  afterAll(() => {
    if (before !== undefined) process.env.DOCKER_HOST = before;
  });

  test('names DOCKER_HOST if that is set', () => {
    process.env.DOCKER_HOST = 'tcp://nowhere:2375';
    expect(dockerUnavailable('refused', 'ECONNREFUSED', true)).toMatchObject({
      where: 'DOCKER_HOST=tcp://nowhere:2375',
    });
  });

  test('differs for a missing permission', () => {
    expect(dockerUnavailable('denied', 'EACCES', true).command).toMatch(/^sudo usermod -aG docker /);
  });

  test('gives one command for a daemon that is installed but does not run', () => {
    expect(dockerUnavailable('no such file', 'ENOENT', true)).toMatchObject({
      message: 'the Docker daemon does not run',
    });
    expect(dockerUnavailable('no such file', 'ENOENT', false)).toMatchObject({
      message: 'Docker is not installed',
    });
  });
});
