/** How long a decision about Pulumi's source holds, and what ends it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ownEngine, readDecision, writeDecision } from '../../../bootstrap/pulumi-decision.ts';
import { wantedPlugins } from '../../../bootstrap/plugins.ts';

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

describe.each(['fallback', 'official'] as const)('a decision for %s', (source) => {
  test('holds while there is no engine of the user', async () => {
    await writeDecision(source);
    expect(readDecision()).toMatchObject({ source });
  });

  test('ends when one comes, and holds again once that was passed over', async () => {
    await writeDecision(source);
    install(own(), 'pulumi');
    expect(readDecision()).toBeUndefined();
    await writeDecision(source);
    expect(readDecision()).toMatchObject({ source });
  });

  test.each([
    ['is another one', () => install(own(), 'pulumi', 11)],
    ['has its language host now', () => install(own(), 'pulumi-language-nodejs')],
    [
      'lies elsewhere',
      () => {
        rmSync(join(own(), 'pulumi'));
        install(other(), 'pulumi');
      },
    ],
    [
      'has a plugin now',
      () => {
        const { name, version } = wantedPlugins()[0]!;
        const folder = join(work, 'pulumi-home/plugins', `resource-${name}-v${version}`);
        mkdirSync(folder, { recursive: true });
        install(folder, `pulumi-resource-${name}`);
      },
    ],
  ])('ends when the engine that was passed over %s', async (_, change) => {
    install(own(), 'pulumi');
    await writeDecision(source);
    expect(readDecision()).toMatchObject({ source });
    change();
    expect(readDecision()).toBeUndefined();
  });

  test('holds for shells with and without the engine that was passed over', async () => {
    install(own(), 'pulumi');
    await writeDecision(source);
    process.env.PATH = other();
    expect(readDecision()).toMatchObject({ source });
    install(other(), 'pulumi');
    await writeDecision(source);
    process.env.PATH = own();
    expect(readDecision()).toMatchObject({ source });
  });

  test('that was forced holds while it is, and says nothing of an engine that nobody looked at', async () => {
    install(own(), 'pulumi');
    process.env.SWITCHYARD_PULUMI = source;
    await writeDecision(source);
    expect(readDecision()).toMatchObject({ source });
    delete process.env.SWITCHYARD_PULUMI;
    expect(readDecision()).toBeUndefined();
  });
});

test("a decision for the user's own ends with that engine", async () => {
  install(own(), 'pulumi');
  await writeDecision('system', join(own(), 'pulumi'));
  expect(readDecision()).toMatchObject({ source: 'system', engine: { file: join(own(), 'pulumi') } });
  rmSync(join(own(), 'pulumi'));
  expect(readDecision()).toBeUndefined();
});

test('what we brought is no engine of the user, by whatever name it is reached', () => {
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
