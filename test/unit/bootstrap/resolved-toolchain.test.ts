/** How long a resolved toolchain stays valid, and what invalidates it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ownEngine, readResolved, writeResolved } from '../../../bootstrap/resolved-toolchain.ts';
import { requiredPlugins } from '../../../bootstrap/plugins.ts';

const NAMES = ['PATH', 'SWITCHYARD_HOME', 'SWITCHYARD_PULUMI', 'PULUMI_HOME'];
const saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
let work: string;
const own = () => join(work, 'own');
const other = () => join(work, 'other');

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'switchyard-decision-'));
  mkdirSync(own());
  mkdirSync(other());
  process.env.PATH = [own(), other()].join(delimiter);
  process.env.SWITCHYARD_HOME = join(work, 'home');
  process.env.PULUMI_HOME = join(work, 'pulumi-home');
  delete process.env.SWITCHYARD_PULUMI;
});
afterEach(() => {
  for (const name of NAMES) {
    if (saved[name] === undefined) delete process.env[name];
    else process.env[name] = saved[name];
  }
  rmSync(work, { recursive: true });
});

/** Puts a file of this length into a folder on PATH. */
function install(folder: string, name: string, length = 10): void {
  writeFileSync(join(folder, name), 'x'.repeat(length), { mode: 0o755 });
}

describe.each(['fallback', 'official'] as const)('a resolved toolchain: %s', (source) => {
  test('is valid while the user has no engine', async () => {
    await writeResolved(source);
    expect(readResolved()).toMatchObject({ source });
  });

  test('is invalid once the user has an engine, and valid again once that was rejected', async () => {
    await writeResolved(source);
    install(own(), 'pulumi');
    expect(readResolved()).toBeUndefined();
    await writeResolved(source);
    expect(readResolved()).toMatchObject({ source });
  });

  test.each([
    ['is another file', () => install(own(), 'pulumi', 11)],
    ['has its language host now', () => install(own(), 'pulumi-language-nodejs')],
    [
      'is in another folder',
      () => {
        rmSync(join(own(), 'pulumi'));
        install(other(), 'pulumi');
      },
    ],
    [
      'has a plugin now',
      () => {
        const { name, version } = requiredPlugins()[0]!;
        const folder = join(work, 'pulumi-home/plugins', `resource-${name}-v${version}`);
        mkdirSync(folder, { recursive: true });
        install(folder, `pulumi-resource-${name}`);
      },
    ],
  ])('is invalid once the rejected engine %s', async (_, change) => {
    install(own(), 'pulumi');
    await writeResolved(source);
    expect(readResolved()).toMatchObject({ source });
    change();
    expect(readResolved()).toBeUndefined();
  });

  test('is valid in shells with and without the rejected engine on PATH', async () => {
    install(own(), 'pulumi');
    await writeResolved(source);
    process.env.PATH = other();
    expect(readResolved()).toMatchObject({ source });
    install(other(), 'pulumi');
    await writeResolved(source);
    process.env.PATH = own();
    expect(readResolved()).toMatchObject({ source });
  });

  test('set by SWITCHYARD_PULUMI is valid while that is set, and rejects no unchecked engine', async () => {
    install(own(), 'pulumi');
    process.env.SWITCHYARD_PULUMI = source;
    await writeResolved(source);
    expect(readResolved()).toMatchObject({ source });
    delete process.env.SWITCHYARD_PULUMI;
    expect(readResolved()).toBeUndefined();
  });
});

test("the user's own engine is invalid once it is removed", async () => {
  install(own(), 'pulumi');
  await writeResolved('system', join(own(), 'pulumi'));
  expect(readResolved()).toMatchObject({ source: 'system', engine: { file: join(own(), 'pulumi') } });
  rmSync(join(own(), 'pulumi'));
  expect(readResolved()).toBeUndefined();
});

test("an engine that Switchyard installed never counts as the user's own, whichever path leads to it", () => {
  mkdirSync(join(work, 'home/tools/pulumi'), { recursive: true });
  install(join(work, 'home/tools/pulumi'), 'pulumi');
  mkdirSync(join(work, 'elsewhere'));
  symlinkSync(join(work, 'home/tools'), join(work, 'elsewhere/tools'));
  process.env.PATH = [join(work, 'elsewhere/tools/pulumi'), join(work, 'home/tools/pulumi')].join(delimiter);
  expect(ownEngine()).toBeUndefined();
  // As the tests' checkouts have it: a home of their own, with the tools of another one.
  process.env.SWITCHYARD_HOME = join(work, 'elsewhere');
  expect(ownEngine()).toBeUndefined();
  mkdirSync(join(work, 'home-of-mine'));
  install(join(work, 'home-of-mine'), 'pulumi');
  process.env.PATH = join(work, 'home-of-mine');
  expect(ownEngine()).toBe(join(work, 'home-of-mine/pulumi'));
});
