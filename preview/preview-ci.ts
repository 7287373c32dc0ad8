/** `./switchyard preview --ci`: previews without secrets and without a state, for pull requests. */
import { firstKeys } from '../domain/schema/provider-key-names.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Inputs, loadCatalog } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import { Interrupted, toUserError, UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { rawConfig } from '../engine/stack-settings.ts';
import { diffAgainstBase } from './diff-against-base.ts';
import { withBaseTree } from './base-tree.ts';
import { loadCheckedInputs } from './preview-checks.ts';
import { previewInCopy } from './preview-copy.ts';
import { withoutSecrets } from './placeholders.ts';
import { withEphemeralBackend } from './ephemeral.ts';
import { describeNewStack } from './describe-new-stack.ts';
import { changedSteps, toChange } from './pulumi-plan.ts';
import type { Preview } from './preview-report.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';

/** A stack whose preview failed, and why. */
export interface FailedPreview {
  stack: string;
  error: UserError;
}

/** Options of {@link previewCi}. */
export interface CiOptions {
  /** The commit to compare with. */
  base?: string | undefined;
  /** The time for which retirements of models are checked. */
  now: Date;
}

/**
 * Previews each stack in a copy of the project, with a placeholder for each secret and each provider's key, in an empty backend. All of
 * the program's checks run, and nothing in the checkout is written.
 */
export async function previewCi(
  out: Output,
  stacks: readonly string[],
  options: CiOptions,
): Promise<(Preview | FailedPreview)[]> {
  if (stacks.length === 0)
    throw new UserError('there is no stack to preview', { allowed: 'at least one Pulumi.<stack>.yaml' });
  return withEphemeralBackend(async () => {
    const results: (Preview | FailedPreview)[] = [];
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
  const { text, secrets } = withoutSecrets(readFileSync(path, 'utf8'), file);
  const plain = rawConfig(text, file).config;
  const keyNames = [...new Set([...providerKeys(), ...secrets])];
  const { inputs, warnings } = loadCheckedInputs(stack, { config: plain, secretKeys: keyNames }, options.now);
  const plan = await previewInCopy(out, stack, text, keyNames);
  const compared = options.base && (await changesSince(out, stack, inputs, keyNames, options.base));
  const steps = changedSteps(plan).map(toChange);
  return {
    stack,
    changes: steps.length,
    warnings: [...new Set([...warnings, ...(plan.warnings ?? [])])],
    meanings: compared || describeNewStack(inputs),
    steps,
    ...(compared && options.base ? { comparedWith: options.base } : {}),
  };
}

/** The first key of each provider: with these, the whole catalogue is rendered. Empty if it cannot be read. */
function providerKeys(): string[] {
  const { catalog } = loadCatalog();
  return firstKeys(catalog?.providers ?? {});
}

/** Describes the differences from the base; undefined, with a warning, if they cannot be determined. */
async function changesSince(
  out: Output,
  stack: string,
  inputs: Inputs,
  keyNames: readonly string[],
  base: string,
): Promise<string[] | undefined> {
  const found = await withBaseTree(ROOT, base, (dir) => {
    try {
      return { sentences: diffAgainstBase(dir, stack, inputs, keyNames) };
    } catch {
      // In an older tree a file may be missing or have another format.
      return { sentences: undefined };
    }
  });
  if (found?.sentences !== undefined) return found.sentences;
  const why = found === undefined ? 'git does not know it (a shallow clone?)' : 'this version cannot read it';
  out.warn(`cannot compare ${stack} with ${base}: ${why}`);
  return undefined;
}
