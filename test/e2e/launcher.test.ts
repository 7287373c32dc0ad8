/**
 * The launcher on a machine without a new enough Node. The launcher, Node, npm and the archives are real; the `node` on PATH claims
 * to be an old one, and a local server replaces nodejs.org.
 */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { ROOT } from '../../console/home-paths.ts';

const VERSION = '24.21.0';
const PLATFORM = `${process.platform}-${process.arch}`;
const ARCHIVE = `node-v${VERSION}-${PLATFORM}.tar.gz`;

const work = mkdtempSync(join(tmpdir(), 'switchyard-launcher-'));
const checkout = join(work, 'checkout');
const oldNode = join(work, 'old-node');
const archive = join(work, ARCHIVE);
let home: string;
let server: Server | undefined;
let asked: string[];
/** A run that installs Node, its duration, and the paths that it requested from the server. */
interface Installed {
  run: Run;
  ms: number;
  asked: string[];
}
/** Node from the npm registry, since the server does not answer. */
let byRegistry: Installed;
/** Node from the server, which serves the binary of the npm registry; and the packages. */
let byServer: Installed;
/** The same with an archive whose SHA-256 is not the one that the launcher expects. */
let byMirror: Installed;

const nodeFolder = () => join(home, 'tools', `node-${VERSION}`);
const nodeBinary = () => join(nodeFolder(), 'bin', 'node');

/** The lock under which the packages are installed. */
function packagesLock(): string {
  const sum = spawnSync('sh', ['-c', `printf %s "$1" | cksum | cut -d ' ' -f 1`, 'sh', checkout], { encoding: 'utf8' }).stdout.trim(); // prettier-ignore
  return join(home, 'locks', `packages-${sum}`);
}

/** Makes the next run acquire that lock, although the packages are installed. */
const forceInstall = () => rmSync(join(checkout, 'node_modules', '.switchyard-stamp'));

/** This process as a lock names it. */
function myself(): string {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  return `${process.pid}@${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}

interface Run {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

async function launch(args: string[] = [], mirror?: string): Promise<Run> {
  const { exitCode, stdout, stderr } = await startLauncher(args, mirror);
  return { exitCode, stdout, stderr };
}

/** Starts a run without waiting for its end. */
function startLauncher(given: string[] = [], mirror?: string) {
  // Without any argument the launcher prints the help itself.
  const args = given.length === 0 ? ['status'] : given;
  return execa(join(checkout, 'switchyard'), args, {
    reject: false,
    env: {
      SWITCHYARD_HOME: home,
      PATH: [oldNode, process.env.PATH].join(delimiter),
      NODE_OPTIONS: '',
      // The launcher of the run that this test is part of has set it.
      NODE_COMPILE_CACHE: undefined,
      ...(mirror ? { SWITCHYARD_NODE_MIRROR: mirror } : {}),
    },
  });
}

/** Waits until a run has printed something and another 1.5 s have passed, or until it has ended. */
async function untilOutput(running: ReturnType<typeof startLauncher>): Promise<void> {
  const output = new Promise<void>((done) => running.stderr.once('data', () => done()));
  await Promise.race([output.then(() => sleep(1500)), running]);
}

async function install(args: string[], mirror: string): Promise<Installed> {
  asked = [];
  const begun = Date.now();
  const run = await launch(args, mirror);
  const ms = Date.now() - begun;
  stopServing();
  return { run, ms, asked };
}

function stopServing(): void {
  server?.closeAllConnections();
  server?.close();
}

async function serve(listener: RequestListener): Promise<string> {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const sha256 = (body: Buffer) => createHash('sha256').update(body).digest('hex');

/** Serves the archive, changed by `alter`, with a matching list of hashes: a mirror that vouches for its own files. */
function official(alter: (body: Buffer) => Buffer = (body) => body): Promise<string> {
  const body = alter(readFileSync(archive));
  return serve((request, response) => {
    if (request.url === `/v${VERSION}/SHASUMS256.txt`) response.end(`${sha256(body)}  ${ARCHIVE}\n`);
    else if (request.url === `/v${VERSION}/${ARCHIVE}`) response.end(body);
    else response.writeHead(404).end();
  });
}

/** Makes the launcher of the test's checkout expect the hash of the test's own archive instead of Node's. */
function pinArchive(): void {
  const file = join(checkout, 'switchyard');
  const line = new RegExp(`(${PLATFORM}\\) echo )[0-9a-f]{64} `);
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(line);
  writeFileSync(file, text.replace(line, `$1${sha256(readFileSync(archive))} `));
}

/** Packs an archive as nodejs.org does: one folder with bin/node in it. */
async function packArchive(node: string): Promise<void> {
  const name = ARCHIVE.replace('.tar.gz', '');
  mkdirSync(join(work, 'tree', name, 'bin'), { recursive: true });
  copyFileSync(node, join(work, 'tree', name, 'bin', 'node'));
  await execa('tar', ['-c', '-I', 'gzip -1', '-f', archive, '-C', join(work, 'tree'), name]);
}

beforeAll(async () => {
  // A checkout with one small package: the launcher installs with the real npm.
  mkdirSync(join(checkout, 'cli'), { recursive: true });
  for (const file of ['switchyard', '.npmrc']) copyFileSync(join(ROOT, file), join(checkout, file));
  const main = `import { Command } from 'commander'; console.log(JSON.stringify({ node: process.version, args: process.argv.slice(2), commander: typeof Command }));`;
  writeFileSync(join(checkout, 'cli', 'main.ts'), main);
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version: string }> }; // prettier-ignore
  const entry = lock.packages['node_modules/commander']!;
  const dependencies = { commander: entry.version };
  const manifest = { name: 'launched', version: '1.0.0', type: 'module', dependencies };
  writeFileSync(join(checkout, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(checkout, 'package-lock.json'),
    JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages: { '': manifest, 'node_modules/commander': entry } }), // prettier-ignore
  );
  mkdirSync(oldNode);
  writeFileSync(
    join(oldNode, 'node'),
    `#!/bin/sh\n[ "$1" != --version ] || { echo v20.20.2; exit; }\nexec '${process.execPath}' "$@"\n`,
    { mode: 0o755 },
  );
  home = join(work, 'home-by-registry');
  byRegistry = await install([], await serve(() => undefined));
  await packArchive(nodeBinary());
  rmSync(join(checkout, 'node_modules'), { recursive: true });
  home = join(work, 'home-by-mirror');
  byMirror = await install([], await official());
  pinArchive();
  home = join(work, 'home');
  byServer = await install(['up', 'a b', '--json'], await official());
}, 240_000);

beforeEach(() => {
  home = join(work, 'home');
  asked = [];
});
afterEach(stopServing);
afterAll(() => rmSync(work, { recursive: true }));

test('a server that never sends a byte times out after ten seconds, and the npm registry is used', () => {
  const { run, ms, asked: paths } = byRegistry;
  expect(run.stderr).toMatch(
    /cannot be reached: .*\n(.*\n)*downloading Node 24\.21\.0 from the npm registry/,
  );
  expect(ms).toBeGreaterThan(9000);
  expect(paths).toEqual([`/v${VERSION}/${ARCHIVE}`]);
  expect(JSON.parse(run.stdout)).toMatchObject({ node: `v${VERSION}` });
  const folder = join(work, 'home-by-registry', 'tools', `node-${VERSION}`);
  expect(existsSync(join(folder, '.stamp'))).toBe(true);
});

test('an archive that matches the hashes of its mirror, but not the hash in the launcher, is refused', () => {
  const { run, asked: paths } = byMirror;
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toMatch(/was corrupted twice: this release of Switchyard expects SHA-256 [0-9a-f]{64};/);
  expect(paths).toEqual(Array(2).fill(`/v${VERSION}/${ARCHIVE}`));
  expect(readdirSync(join(work, 'home-by-mirror', 'tools'))).toEqual([]);
});

test('a corrupted archive is downloaded twice, then refused, and no file of it remains', async () => {
  home = join(work, 'home-corrupted');
  const mirror = await official((body) =>
    Buffer.concat([body.subarray(0, 1000), Buffer.from('x'), body.subarray(1001)]),
  );
  const run = await launch(['status', '--json'], mirror);
  expect(run.exitCode).toBe(1);
  expect(asked.filter((path) => path.endsWith('.tar.gz'))).toHaveLength(2);
  expect(run.stderr).toContain('was corrupted twice');
  expect(JSON.parse(run.stdout)).toMatchObject({
    error: { message: expect.stringContaining('was corrupted twice') as string },
  });
  expect(readdirSync(join(home, 'tools'))).toEqual([]);
  expect(readdirSync(join(home, 'locks'))).toEqual([]);
}, 60_000);

test('the official archive is checked and used, the packages are installed, and the arguments are passed on', () => {
  const { run } = byServer;
  expect(run.stderr).toContain(`Node ${VERSION} is in ${nodeFolder()}`);
  expect(run.stderr).toContain('installing the npm packages');
  expect(JSON.parse(run.stdout)).toEqual({
    node: `v${VERSION}`,
    args: ['up', 'a b', '--json'],
    commander: 'function',
  });
  expect(run.exitCode).toBe(0);
});

test('a second run sends no request and prints nothing', async () => {
  const begun = Date.now();
  const run = await launch([], await official());
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(asked).toEqual([]);
  expect(Date.now() - begun).toBeLessThan(byServer.ms);
}, 30_000);

test('compiled code is kept in our own folder', async () => {
  const cache = join(home, 'cache', 'node');
  rmSync(cache, { recursive: true, force: true });
  await launch();
  expect(readdirSync(cache)).not.toEqual([]);
}, 30_000);

test('a truncated Node is detected and installed again', async () => {
  truncateSync(nodeBinary(), 1_000_000);
  const run = await launch([], await official());
  expect(run.stderr).toContain(`${nodeFolder()} is damaged or incomplete: replacing it`);
  expect(run.exitCode).toBe(0);
  expect(statSync(nodeBinary()).size).toBe(
    statSync(join(work, 'home-by-registry', 'tools', `node-${VERSION}`, 'bin', 'node')).size,
  );
}, 60_000);

test('a changed Node of the same size is detected too', async () => {
  writeFileSync(nodeBinary(), Buffer.alloc(statSync(nodeBinary()).size));
  const run = await launch([], await official());
  expect(run.stderr).toContain('is damaged or incomplete: replacing it');
  expect(run.exitCode).toBe(0);
}, 60_000);

test('an interrupted installation of packages is repeated, and the lock of a dead process is ignored', async () => {
  const modules = join(checkout, 'node_modules');
  rmSync(join(modules, '.switchyard-stamp'));
  rmSync(join(modules, '.package-lock.json'));
  rmSync(join(modules, 'commander', 'index.js'));
  const { pid } = spawnSync('true');
  symlinkSync(`${pid}@1`, packagesLock());
  const run = await launch();
  expect(run.stderr).toMatch(
    /^installing the npm packages, once per checkout: takes about two minutes \(npm ci\) \.\.\.\n( {2}npm ci is running \(\d+ s\)\n)*npm packages: done in \d+ s$/,
  );
  expect(JSON.parse(run.stdout)).toMatchObject({ commander: 'function' });
  expect(readdirSync(join(home, 'locks'))).toEqual([]);
}, 120_000);

test('packages that a developer installed with npm are accepted', async () => {
  rmSync(join(checkout, 'node_modules', '.switchyard-stamp'));
  const run = await launch();
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(existsSync(join(checkout, 'node_modules', '.switchyard-stamp'))).toBe(true);
}, 30_000);

test('a lock of a process whose pid was reused is ignored', async () => {
  forceInstall();
  // Process 1 lives, but it did not begin at this tick.
  symlinkSync('1@99999999999', packagesLock());
  expect(await launch()).toMatchObject({ exitCode: 0, stderr: '' });
  expect(readdirSync(join(home, 'locks'))).toEqual([]);
}, 30_000);

test('the lock of a running process is waited for and not removed', async () => {
  forceInstall();
  symlinkSync(myself(), packagesLock());
  const running = startLauncher();
  await untilOutput(running);
  expect(readlinkSync(packagesLock())).toBe(myself());
  rmSync(packagesLock());
  expect(await running).toMatchObject({
    exitCode: 0,
    stderr: `waiting for process ${process.pid}, which is doing the same (lock ${packagesLock()})`,
  });
}, 30_000);

// Only root can start processes of another user.
(process.getuid?.() === 0 ? test : test.skip)(
  "the lock of another user's process is waited for too",
  async () => {
    chmodSync(work, 0o755);
    const theirs = join(work, 'home-of-nobody');
    mkdirSync(join(theirs, 'locks'), { recursive: true });
    for (const folder of [theirs, join(theirs, 'locks')]) chmodSync(folder, 0o777);
    symlinkSync(myself(), join(theirs, 'locks', 'node'));
    const env = {
      SWITCHYARD_HOME: theirs,
      PATH: [oldNode, '/usr/bin', '/bin'].join(delimiter),
      NODE_OPTIONS: '',
    };
    const options = { uid: 65_534, gid: 65_534, env, reject: false } as const;
    const waiting = execa(join(checkout, 'switchyard'), [], options);
    let ended = false;
    void waiting.then(() => (ended = true));
    await untilOutput(waiting);
    const early = ended;
    waiting.kill('SIGKILL');
    expect((await waiting).stderr).toContain(`waiting for process ${process.pid}, which is doing the same`);
    expect({ early, owner: readlinkSync(join(theirs, 'locks', 'node')) }).toEqual({ early: false, owner: myself() }); // prettier-ignore
  },
);

test.each([
  [
    'no link can be created',
    () => writeFileSync(packagesLock(), ''),
    /^error: the lock cannot be created: .*File exists/,
  ],
  [
    'no folder can be created',
    () => {
      rmSync(join(home, 'locks'), { recursive: true });
      writeFileSync(join(home, 'locks'), '');
    },
    /^error: the folder for locks cannot be created: .*File exists/,
  ],
])(
  'if %s, that is reported immediately',
  async (_, spoil, message) => {
    forceInstall();
    spoil();
    const run = await launch(['status', '--json']);
    rmSync(join(home, 'locks'), { recursive: true });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(message);
    expect(JSON.parse(run.stdout)).toMatchObject({
      error: { command: expect.stringContaining(`ls -ld ${join(home, 'locks')}`) as string },
    });
    expect(await launch()).toMatchObject({ exitCode: 0, stderr: '' });
  },
  30_000,
);

test('works through a link in another folder, whose name has a space', async () => {
  const elsewhere = join(work, 'my bin');
  mkdirSync(elsewhere);
  symlinkSync('../checkout/switchyard', join(elsewhere, 'sy'));
  const { stdout } = await execa(join(elsewhere, 'sy'), ['x'], {
    cwd: '/',
    env: { SWITCHYARD_HOME: home, PATH: [oldNode, process.env.PATH].join(delimiter), NODE_OPTIONS: '' },
  });
  expect(JSON.parse(stdout)).toMatchObject({ args: ['x'] });
}, 30_000);
