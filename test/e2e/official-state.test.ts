/**
 * A state that Pulumi's official plugins wrote, previewed with the plugins of toolchain/. The state is in
 * ../shared/official-state beside the checkout; without that folder the test is skipped.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Checkout } from '../../sandbox/checkout.ts';
import { ROOT } from '../../console/home-paths.ts';

const MINUTE = 60_000;
const STACK = 'off';
/** Beside the checkout, or, in a worktree, beside the folder that contains it. */
const FOLDER = ['../shared', '../../shared']
  .map((folder) => resolve(ROOT, folder, 'official-state'))
  .find((folder) => existsSync(join(folder, 'state.json')));

type Inputs = Record<string, unknown>;

interface Step {
  op: string;
  urn: string;
  oldState?: { type: string; inputs?: Inputs };
  newState?: { type: string; inputs?: Inputs };
}

let checkout: Checkout | undefined;
let steps: Step[];

if (!FOLDER) {
  test.skip('skipped: there is no ../shared/official-state with a state of the official plugins', () =>
    undefined);
} else {
  beforeAll(async () => {
    checkout = new Checkout();
    for (const file of ['Pulumi.off.yaml', 'passphrase']) {
      copyFileSync(join(FOLDER, file), join(checkout.dir, file));
    }
    checkout.env.PULUMI_CONFIG_PASSPHRASE_FILE = join(checkout.dir, 'passphrase');
    const run = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await checkout!.pulumi(STACK, args);
      if (exitCode !== 0) throw new Error(`pulumi ${args.join(' ')}: ${stdout}\n${stderr}`);
      return stdout;
    };
    await run('stack', 'select', '--create');
    copyFileSync(join(FOLDER, 'Pulumi.off.yaml'), join(checkout.dir, 'Pulumi.off.yaml'));
    await run('stack', 'import', '--file', join(FOLDER, 'state.json'));
    // Only a preview: none of the stack's resources exist on this machine, and none are created.
    ({ steps } = JSON.parse(await run('preview', '--json', '--show-sames')) as { steps: Step[] });
  }, 10 * MINUTE);

  afterAll(() => checkout?.remove(), MINUTE);

  test('the master key, the random id of the deployment, the data and the network are unchanged', () => {
    const names = ['master-key-1', 'instance', 'data', 'network'];
    const kept = steps.filter(({ urn }) => names.includes(urn.split('::').at(-1)!));
    expect(kept.map(({ op }) => op)).toEqual(['same', 'same', 'same', 'same']);
  });

  test('only resources that the program defines differently change', () => {
    const changed = steps.filter(({ op }) => op !== 'same').map(({ urn }) => urn);
    const expected = steps.filter(isChangedByProgram).map(({ urn }) => urn);
    expect(changed.filter((urn) => !expected.includes(urn))).toEqual([]);
  });
}

/** Whether the program sets an input to another value than the state has. */
function isChangedByProgram({ oldState, newState }: Step): boolean {
  return !oldState || !newState || !isWithin(newState.inputs ?? {}, oldState.inputs ?? {});
}

/** Whether the second value has everything that the first one has. Additional fields are ignored: plugins fill in defaults. */
function isWithin(news: unknown, olds: unknown): boolean {
  if (typeof news !== 'object' || news === null || typeof olds !== 'object' || olds === null) {
    return isDeepStrictEqual(news, olds);
  }
  return Object.entries(news).every(
    ([name, value]) => name === '__defaults' || isWithin(value, (olds as Inputs)[name]),
  );
}
