/** What a branch changes for a stack, told from the files alone: for pull requests, where there is no state to compare with. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { contextHash } from '../infra/context-hash.ts';
import { hasErrors } from '../domain/diagnostics/problems.ts';
import { edgeFiles, stackPlan } from '../stacks/container-files.ts';
import { type Inputs, loadInputs } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import { rawConfig } from '../engine/stack-settings.ts';
import { describeDifference, differences } from './leaves.ts';
import { servingMeanings } from './serving-changes.ts';
import { EDGE_GAP } from './meanings.ts';
import { bareName, stackFileName } from '../domain/schema/stack-file-names.ts';

/** Whether a model that the older tree serves is retired by now is not the question. */
const LONG_AGO = '2000-01-01';

/**
 * Sentences about what differs for a stack between two trees.
 *
 * @param base the folder of the older tree: config-templates/, runtimes/ and the stacks' settings.
 * @param inputs the newer one's.
 * @param keyNames the keys that both are rendered with.
 * @returns undefined where the older tree cannot be read as a stack by this version.
 */
export function baseMeanings(
  base: string,
  stack: string,
  inputs: Inputs,
  keyNames: readonly string[],
  root: string = ROOT,
): string[] | undefined {
  const file = stackFileName(stack);
  if (!existsSync(join(base, file))) return [`the stack ${stack} is new`];
  // Before there was runtimes/, the containers' files stood elsewhere.
  if (!existsSync(join(base, 'runtimes'))) return undefined;
  const [was, is] = [base, root].map((dir) => readFileSync(join(dir, file), 'utf8')) as [string, string];
  const raw = rawConfig(was, file);
  const before = loadInputs(stack, { ...raw, secretKeys: [...keyNames] }, base, LONG_AGO);
  if (before.inputs === undefined || hasErrors(before.problems)) return undefined;
  const settings = differences(raw.config, rawConfig(is, file).config);
  const images = (['gateway', 'edge'] as const).filter((role) => differs(base, root, `${role}/image`));
  const edge =
    images.includes('edge') ||
    JSON.stringify(edgeFiles(before.inputs, base)) !== JSON.stringify(edgeFiles(inputs, root)) ||
    address(before.inputs) !== address(inputs);
  return [
    ...cipherMeanings(was, is),
    ...settings.map((difference) => `setting ${describeDifference(difference)}`),
    ...servingMeanings(stackPlan(before.inputs, base), stackPlan(inputs, root)),
    ...images.map((role) =>
      role === 'edge' ? "the edge's image is built anew" : "the gateways' image is built anew",
    ),
    ...(edge ? [EDGE_GAP] : []),
  ];
}

function address({ settings }: Inputs): string {
  return `${settings.bind}:${settings.port}`;
}

/** Keys whose encrypted value differs: told without decrypting anything. */
function cipherMeanings(before: string, after: string): string[] {
  const [old, next] = [ciphers(before), ciphers(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].flatMap((name) => {
    if (old[name] === next[name]) return [];
    const verb = old[name] === undefined ? 'is new' : next[name] === undefined ? 'removed' : 'rotated';
    return [`${name} ${verb}`];
  });
}

function ciphers(text: string): Record<string, string> {
  const { config } = (parse(text) ?? {}) as { config?: Record<string, unknown> | null };
  return Object.fromEntries(
    Object.entries(config ?? {}).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && 'secure' in value
        ? [[bareName(name), String(value.secure)]]
        : [],
    ),
  );
}

/** Whether a folder below runtimes/ differs in any file. */
function differs(base: string, root: string, folder: string): boolean {
  const [was, is] = [base, root].map((dir) => join(dir, 'runtimes', folder)) as [string, string];
  if (!existsSync(was) || !existsSync(is)) return existsSync(was) !== existsSync(is);
  return contextHash(was) !== contextHash(is);
}
