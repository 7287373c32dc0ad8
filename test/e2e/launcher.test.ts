/**
 * The launcher on a machine without a new enough Node. The launcher, Node, npm and the archives are real; the `node` on PATH passes
 * itself off as an old one, and a local server stands for nodejs.org.
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
import { ROOT } from '../../sandbox/checkout.ts';

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
/** What bringing Node and the packages took. */
let broughtInMs: number;

const nodeFolder = () => join(home, 'tools', `node-${VERSION}`);
const brought = () => join(nodeFolder(), 'bin', 'node');

/** The lock under which the packages are installed. */
function packagesLock(): string {
  const sum = spawnSync('sh', ['-c', `printf %s "$1" | cksum | cut -d ' ' -f 1`, 'sh', checkout], { encoding: 'utf8' }).stdout.trim(); // prettier-ignore
  return join(home, 'locks', `packages-${sum}`);
}

/** Makes the next run take that lock; the packages themselves are there. */
const askForPackages = () => rmSync(join(checkout, 'node_modules', '.switchyard-stamp'));

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

async function launch(given: string[] = [], mirror?: string): Promise<Run> {
  // Without any argument the launcher prints the help itself.
  const args = given.length === 0 ? ['status'] : given;
  const { exitCode, stdout, stderr } = await execa(join(checkout, 'switchyard'), args, {
    reject: false,
    env: {
      SWITCHYARD_HOME: home,
      PATH: [oldNode, process.env.PATH].join(delimiter),
      NODE_OPTIONS: '',
      ...(mirror ? { SWITCHYARD_NODE_MIRROR: mirror } : {}),
    },
  });
  return { exitCode, stdout, stderr };
}

async function serve(listener: RequestListener): Promise<string> {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Serves the archive with its true list of hashes, as nodejs.org does; `alter` may change what is sent. */
function official(alter: (body: Buffer) => Buffer = (body) => body): Promise<string> {
  const body = readFileSync(archive);
  const sha256 = createHash('sha256').update(body).digest('hex');
  return serve((request, response) => {
    if (request.url === `/v${VERSION}/SHASUMS256.txt`) response.end(`${sha256}  ${ARCHIVE}\n`);
    else if (request.url === `/v${VERSION}/${ARCHIVE}`) response.end(alter(body));
    else response.writeHead(404).end();
  });
}

/** Packs an archive as nodejs.org does: one folder with bin/node in it. */
async function packArchive(node: string): Promise<void> {
  const name = ARCHIVE.replace('.tar.gz', '');
  mkdirSync(join(work, 'tree', name, 'bin'), { recursive: true });
  copyFileSync(node, join(work, 'tree', name, 'bin', 'node'));
  await execa('tar', ['-c', '-I', 'gzip -1', '-f', archive, '-C', join(work, 'tree'), name]);
}

beforeAll(() => {
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
});

beforeEach(() => {
  asked = [];
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});
afterAll(() => rmSync(work, { recursive: true }));

// The tests build on each other, in this order: the first brings the Node that the local server then hands out.

test('a server that never sends a byte is given up after ten seconds, and the npm registry is asked', async () => {
  const begun = Date.now();
  const run = await launch([], await serve(() => undefined));
  expect(run.stderr).toMatch(/is out of reach: .*\n(.*\n)*bringing Node 24\.21\.0 from the npm registry/);
  expect(Date.now() - begun).toBeGreaterThan(9000);
  expect(asked).toEqual([`/v${VERSION}/SHASUMS256.txt`]);
  expect(JSON.parse(run.stdout)).toMatchObject({ node: `v${VERSION}` });
  expect(existsSync(join(nodeFolder(), '.stamp'))).toBe(true);
  await packArchive(brought());
}, 120_000);

test('a corrupted archive is fetched twice, then refused, and nothing of it stays', async () => {
  home = join(work, 'home');
  const mirror = await official((body) =>
    Buffer.concat([body.subarray(0, 1000), Buffer.from('x'), body.subarray(1001)]),
  );
  const run = await launch(['status', '--json'], mirror);
  expect(run.exitCode).toBe(1);
  expect(asked.filter((path) => path.endsWith('.tar.gz'))).toHaveLength(2);
  expect(run.stderr).toContain('arrived corrupted twice');
  expect(JSON.parse(run.stdout)).toMatchObject({
    error: { message: expect.stringContaining('arrived corrupted twice') as string },
  });
  expect(readdirSync(join(home, 'tools'))).toEqual([]);
  expect(readdirSync(join(home, 'locks'))).toEqual([]);
}, 60_000);

test('the official archive is checked and used, the packages are installed, the arguments handed over', async () => {
  const begun = Date.now();
  const run = await launch(['up', 'a b', '--json'], await official());
  broughtInMs = Date.now() - begun;
  expect(run.stderr).toContain(`Node ${VERSION} is in ${nodeFolder()}`);
  expect(JSON.parse(run.stdout)).toEqual({
    node: `v${VERSION}`,
    args: ['up', 'a b', '--json'],
    commander: 'function',
  });
  expect(run.exitCode).toBe(0);
}, 120_000);

test('a second run asks nobody and says nothing', async () => {
  const begun = Date.now();
  const run = await launch([], await official());
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(asked).toEqual([]);
  expect(Date.now() - begun).toBeLessThan(broughtInMs);
}, 30_000);

test('a truncated Node is noticed and brought again', async () => {
  truncateSync(brought(), 1_000_000);
  const run = await launch([], await official());
  expect(run.stderr).toContain(`${nodeFolder()} is not whole: replacing it`);
  expect(run.exitCode).toBe(0);
  expect(statSync(brought()).size).toBe(
    statSync(join(work, 'home-by-registry', 'tools', `node-${VERSION}`, 'bin', 'node')).size,
  );
}, 60_000);

test('one that was altered, its size unchanged, is noticed too', async () => {
  writeFileSync(brought(), Buffer.alloc(statSync(brought()).size));
  const run = await launch([], await official());
  expect(run.stderr).toContain('is not whole: replacing it');
  expect(run.exitCode).toBe(0);
}, 60_000);

test('an installation of packages that was broken off is repeated; a lock of a dead process stops nobody', async () => {
  const modules = join(checkout, 'node_modules');
  rmSync(join(modules, '.switchyard-stamp'));
  rmSync(join(modules, '.package-lock.json'));
  rmSync(join(modules, 'commander', 'index.js'));
  const { pid } = spawnSync('true');
  symlinkSync(`${pid}@1`, packagesLock());
  const run = await launch();
  expect(run.stderr).toMatch(
    /^installing the npm packages, once for this checkout: about two minutes \(npm ci\) \.\.\.\n( {2}npm ci is at work \(\d+ s\)\n)*npm packages: done in \d+ s$/,
  );
  expect(JSON.parse(run.stdout)).toMatchObject({ commander: 'function' });
  expect(readdirSync(join(home, 'locks'))).toEqual([]);
}, 120_000);

test('packages that a developer installed with npm are taken as they are', async () => {
  rmSync(join(checkout, 'node_modules', '.switchyard-stamp'));
  const run = await launch();
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(existsSync(join(checkout, 'node_modules', '.switchyard-stamp'))).toBe(true);
}, 30_000);

test('a lock whose number was given to another process since stops nobody', async () => {
  askForPackages();
  // Process 1 lives, but it did not begin at this tick.
  symlinkSync('1@99999999999', packagesLock());
  expect(await launch()).toMatchObject({ exitCode: 0, stderr: '' });
  expect(readdirSync(join(home, 'locks'))).toEqual([]);
}, 30_000);

test('the lock of a living process is waited for, and left to it', async () => {
  askForPackages();
  symlinkSync(myself(), packagesLock());
  const running = launch();
  await sleep(1500);
  expect(readlinkSync(packagesLock())).toBe(myself());
  rmSync(packagesLock());
  expect(await running).toMatchObject({
    exitCode: 0,
    stderr: `waiting for process ${process.pid}, which is at the same work (lock ${packagesLock()})`,
  });
}, 30_000);

// Only root can be somebody else.
(process.getuid?.() === 0 ? test : test.skip)(
  "so is that of another user's process",
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
    const options = { uid: 65_534, gid: 65_534, env, reject: false, timeout: 3000 } as const;
    const { stderr, timedOut } = await execa(join(checkout, 'switchyard'), [], options);
    expect(stderr).toContain(`waiting for process ${process.pid}, which is at the same work`);
    expect({ timedOut, owner: readlinkSync(join(theirs, 'locks', 'node')) }).toEqual({ timedOut: true, owner: myself() }); // prettier-ignore
  },
  30_000,
);

test.each([
  [
    'no link can be made',
    () => writeFileSync(packagesLock(), ''),
    /^error: no lock can be made: .*File exists/,
  ],
  [
    'no folder can be made',
    () => {
      rmSync(join(home, 'locks'), { recursive: true });
      writeFileSync(join(home, 'locks'), '');
    },
    /^error: the folder for locks cannot be made: .*File exists/,
  ],
])(
  'where %s it says so instead of waiting',
  async (_, spoil, message) => {
    askForPackages();
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

test('works through a link from elsewhere, in a folder with spaces', async () => {
  const elsewhere = join(work, 'my bin');
  mkdirSync(elsewhere);
  symlinkSync('../checkout/switchyard', join(elsewhere, 'sy'));
  const { stdout } = await execa(join(elsewhere, 'sy'), ['x'], {
    cwd: '/',
    env: { SWITCHYARD_HOME: home, PATH: [oldNode, process.env.PATH].join(delimiter), NODE_OPTIONS: '' },
  });
  expect(JSON.parse(stdout)).toMatchObject({ args: ['x'] });
}, 30_000);
