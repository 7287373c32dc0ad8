/** The launcher itself, with a `node` and an `npm` of the test's own on PATH: no network, nothing is installed. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../../../console/home-paths.ts';

let work: string;
let tools: string;
let checkout: string;
const home = () => join(work, 'home');

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'switchyard-launcher-'));
  tools = join(work, 'tools');
  checkout = join(work, 'check out');
  mkdirSync(tools);
  mkdirSync(join(checkout, 'cli'), { recursive: true });
  mkdirSync(join(checkout, 'node_modules'));
  copyFileSync(join(ROOT, 'switchyard'), join(checkout, 'switchyard'));
  writeFileSync(join(checkout, 'cli', 'main.ts'), 'console.log(process.version);');
  writeFileSync(join(checkout, 'package-lock.json'), '{"packages":{"a":{}}}');
});
afterEach(() => rmSync(work, { recursive: true }));

function tool(name: string, script: string, folder = tools): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** The path of the machine's own tool. */
const realTool = (name: string): string =>
  spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();

// Without any argument the launcher prints the help itself.
function launch(args: string[] = ['status'], env: Record<string, string> = {}, path = [tools]) {
  const inherited = (process.env.PATH ?? '').split(delimiter);
  return execa(join(checkout, 'switchyard'), args, {
    reject: false,
    env: {
      SWITCHYARD_HOME: home(),
      NODE_OPTIONS: '',
      PATH: [...path, dirname(process.execPath), ...inherited].join(delimiter),
      ...env,
    },
  });
}

/** The lock under which the packages are installed. */
function packagesLock(): string {
  const sum = spawnSync('sh', ['-c', `printf %s "$1" | cksum | cut -d ' ' -f 1`, 'sh', checkout], { encoding: 'utf8' }).stdout.trim(); // prettier-ignore
  return join(home(), 'locks', `packages-${sum}`);
}

describe('a node on PATH', () => {
  // No other Node can be installed: curl, wget and npm fail.
  beforeEach(() => {
    for (const name of ['curl', 'wget', 'npm']) tool(name, 'echo "no network" >&2; exit 7');
  });

  test.each(['echo hello', 'echo v; exit 0', 'exit 127', 'echo v24; echo "[: oops" >&2', 'kill -SEGV $$'])(
    'that answers `--version` with %j is not used',
    async (script) => {
      tool('node', script);
      const { exitCode, stderr } = await launch();
      expect(stderr).toContain('Node 24 or newer is needed and could not be downloaded for this machine');
      expect(exitCode).toBe(1);
    },
  );

  test('that is new enough is used', async () => {
    writeFileSync(join(checkout, 'package-lock.json'), '{"packages":{}}');
    writeFileSync(join(checkout, 'node_modules', '.package-lock.json'), '{"packages":{}}');
    tool('node', `exec '${process.execPath}' "$@"`);
    expect(await launch()).toMatchObject({ exitCode: 0, stdout: process.version, stderr: '' });
  });
});

test('--json output is valid JSON even if the message contains tabs, escapes and quotes', async () => {
  const odd = join(work, 'a\tb\u001b[1m"c\\d');
  writeFileSync(odd, '');
  const { stdout, exitCode } = await launch(['status', '--json'], { SWITCHYARD_HOME: odd });
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { message: expect.stringContaining('the folder for locks cannot be created') as string },
  });
});

/** How many seconds a process waits before it begins, and pauses after each run of one of these tools. */
interface Pace {
  begin: number;
  ln?: number;
  readlink?: number;
  mv?: number;
  rm?: number;
}

const anyPace = (): Pace => {
  const seconds = (): number => Math.floor(Math.random() * 15) / 100;
  return { begin: seconds(), ln: seconds(), readlink: seconds(), mv: seconds(), rm: seconds() };
};

test.each([
  // As in lock.test.ts: the second is slow to act on what it has seen, the first has taken over meanwhile, the third comes then.
  ['one of them acting on outdated information', [{ begin: 0, readlink: 0.1 }, { begin: 0, readlink: 0.5, rm: 0.5 }, { begin: 0.8 }]], // prettier-ignore
  ['at any pace', [anyPace(), anyPace(), anyPace()]],
])(
  'three launchers that compete for a stale lock, %s, never install at the same time',
  async (_, paces) => {
    tool('npm', `if mkdir '${work}/inside'; then sleep 1.2; rmdir '${work}/inside'; echo alone >>'${work}/log'; else echo TOGETHER >>'${work}/log'; fi`); // prettier-ignore
    // A launcher that waits for another one looks again after a second.
    tool('sleep', `[ "$1" != 1 ] || set -- 0.2; exec ${realTool('sleep')} "$@"`);
    mkdirSync(dirname(packagesLock()), { recursive: true });
    symlinkSync(`${spawnSync('true').pid}@1`, packagesLock());
    const runs = paces.map(async ({ begin, ...pauses }: Pace, index) => {
      const slow = join(work, `slow-${index}`);
      for (const [name, pause] of Object.entries(pauses)) {
        tool(name, `${realTool(name)} "$@"; code=$?; sleep ${pause}; exit $code`, slow);
      }
      await new Promise((done) => setTimeout(done, begin * 1000));
      return launch(undefined, {}, [slow, tools]);
    });
    const ends = await Promise.all(runs);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(readFileSync(join(work, 'log'), 'utf8')).toBe('alone\n'.repeat(3));
    expect(readdirSync(join(home(), 'locks'))).toEqual([]);
  },
  120_000,
);

test('an interrupted takeover is reported with the command that fixes it', async () => {
  const lock = packagesLock();
  mkdirSync(dirname(lock), { recursive: true });
  const dead = `${spawnSync('true').pid}@1`;
  symlinkSync(dead, lock);
  symlinkSync(dead, `${lock}.takeover`);
  const { stdout, exitCode } = await launch(['status', '--json']);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    error: {
      message: `a run was killed while it removed a stale lock: ${lock}.takeover`,
      command: `rm ${lock}.takeover`,
    },
  });
});
