/** Describes what a branch changes for a stack, from the files only: for pull requests, where there is no state to compare with. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { contextHash } from '../infra/context-hash.ts';
import { hasErrors } from '../domain/diagnostics/problems.ts';
import { edgeFiles, stackPlan } from '../stacks/container-files.ts';
import { type Inputs, loadInputs } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import { rawConfig } from '../engine/stack-settings.ts';
import { describeDifference, differences } from './deep-diff.ts';
import { describeServingChanges } from './serving-changes.ts';
import { EDGE_GAP } from './describe-changes.ts';
import { bareName, stackFileName } from '../domain/schema/stack-file-names.ts';

/** The day for which the base tree is checked: so early that no model in it counts as retired, which does not matter for a comparison. */
const LONG_AGO = '2000-01-01';

/**
 * Describes the differences for a stack between two trees, one sentence each.
 *
 * @param base the folder of the base tree: config-templates/, runtimes/ and the stacks' settings.
 * @param inputs the inputs from the new tree.
 * @param keyNames the keys with which both trees are rendered.
 * @param root the folder of the new tree; by default this checkout.
 * @returns undefined if this version cannot read the base tree.
 */
export function diffAgainstBase(
  base: string,
  stack: string,
  inputs: Inputs,
  keyNames: readonly string[],
  root: string = ROOT,
): string[] | undefined {
  const file = stackFileName(stack);
  if (!existsSync(join(base, file))) return [`the stack ${stack} is new`];
  // In trees without runtimes/ the containers' files are elsewhere.
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
    ...describeSecrets(was, is),
    ...settings.map((difference) => `setting ${describeDifference(difference)}`),
    ...describeServingChanges(stackPlan(before.inputs, base), stackPlan(inputs, root)),
    ...images.map((role) =>
      role === 'edge' ? "the edge's image is rebuilt" : "the gateways' image is rebuilt",
    ),
    ...(edge ? [EDGE_GAP] : []),
  ];
}

function address({ settings }: Inputs): string {
  return `${settings.bind}:${settings.port}`;
}

/** Describes the keys whose encrypted values differ, without decrypting anything. */
function describeSecrets(before: string, after: string): string[] {
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

/** Whether any file of a folder in runtimes/ differs. */
function differs(base: string, root: string, folder: string): boolean {
  const [was, is] = [base, root].map((dir) => join(dir, 'runtimes', folder)) as [string, string];
  if (!existsSync(was) || !existsSync(is)) return existsSync(was) !== existsSync(is);
  return contextHash(was) !== contextHash(is);
}
