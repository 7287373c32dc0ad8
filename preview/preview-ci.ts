/** `./switchyard preview --ci`: previews with neither a secret nor a state, for pull requests. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Inputs, loadCatalog } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import { Interrupted, toUserError, UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { rawConfig } from '../engine/stack-settings.ts';
import { baseMeanings } from './against-base.ts';
import { withBase } from './base.ts';
import { checkEverything } from './preview-checks.ts';
import { previewCopy } from './preview-copy.ts';
import { withoutSecrets } from './dummies.ts';
import { withEphemeralBackend } from './ephemeral.ts';
import { newStackMeanings } from './new-stack.ts';
import { changedSteps, planWarnings, toChange } from './pulumi-plan.ts';
import type { Preview } from './preview-report.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { knownStacks } from '../engine/stack-name.ts';

/** A stack whose preview was refused, and why. */
export interface Refusal {
  stack: string;
  error: UserError;
}

/** What the previews of a pull request need. */
export interface CiOptions {
  /** The commit to compare with. */
  base?: string | undefined;
  /** The time to which lifetimes are counted. */
  now: Date;
}

/**
 * Previews each stack in a copy of the project, with a dummy for each secret and each provider's key, in an empty backend: all that the
 * program checks is checked, and nothing of the checkout is written.
 */
export async function previewCi(
  out: Output,
  stacks: readonly string[],
  options: CiOptions,
): Promise<(Preview | Refusal)[]> {
  if (stacks.length === 0)
    throw new UserError('there is no stack to preview', { allowed: 'a Pulumi.<stack>.yaml' });
  return withEphemeralBackend(async () => {
    const results: (Preview | Refusal)[] = [];
    for (const stack of stacks) {
      try {
        results.push(await previewOne(out, stack, options));
      } catch (error) {
        const known = toUserError(error);
        if (known === undefined || known instanceof Interrupted) throw error;
        results.push({ stack, error: known });
      }
    }
    return results;
  });
}

async function previewOne(out: Output, stack: string, options: CiOptions): Promise<Preview> {
  const file = stackFileName(stack);
  const path = join(ROOT, file);
  if (!existsSync(path)) {
    throw new UserError(`there is no stack ${stack} in this checkout`, {
      where: file,
      allowed: knownStacks(),
    });
  }
  const { text, secrets } = withoutSecrets(readFileSync(path, 'utf8'), file);
  const plain = rawConfig(text, file).config;
  const keyNames = [...new Set([...providerKeys(), ...secrets])];
  const { inputs, warnings } = checkEverything(stack, { config: plain, secretKeys: keyNames }, options.now);
  const plan = await previewCopy(out, stack, text, keyNames);
  const compared = options.base && (await sinceBase(out, stack, inputs, keyNames, options.base));
  const steps = changedSteps(plan).map(toChange);
  return {
    stack,
    changes: steps.length,
    warnings: [...new Set([...warnings, ...planWarnings(plan)])],
    meanings: compared || newStackMeanings(inputs),
    steps,
    ...(compared && options.base ? { comparedWith: options.base } : {}),
  };
}

/** The first key of each provider: with these, everything in the catalogue is rendered. None where it cannot be read. */
function providerKeys(): string[] {
  const { catalog } = loadCatalog();
  return Object.values(catalog?.providers ?? {}).map((provider) => provider.key);
}

/** What differs from the base; undefined, with a word about it, where that cannot be told. */
async function sinceBase(
  out: Output,
  stack: string,
  inputs: Inputs,
  keyNames: readonly string[],
  base: string,
): Promise<string[] | undefined> {
  const found = await withBase(ROOT, base, (dir) => {
    try {
      return { said: baseMeanings(dir, stack, inputs, keyNames) };
    } catch {
      // An older tree may lack a file, or have one in another form.
      return { said: undefined };
    }
  });
  if (found?.said !== undefined) return found.said;
  const why = found === undefined ? 'git does not know it (a shallow clone?)' : 'this version cannot read it';
  out.warn(`nothing to compare ${stack} with: ${base}: ${why}`);
  return undefined;
}
