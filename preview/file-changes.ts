/** What changes in the files that a gateway finds at its start. Pure. */
import { diffLines } from 'diff';
import { CONFIG_PATH, type PlainFile } from '../stacks/container-files.ts';
import { describeDifference, differences } from './leaves.ts';
import { configMeanings } from './config-changes.ts';
import type { Files } from '../engine/deployed.ts';

/** A list of files by their paths. */
export function byPath(files: readonly PlainFile[]): Files {
  return Object.fromEntries(files.map(({ path, content }) => [path, content]));
}

/** Sentences about what differs between two sets of files. */
export function fileMeanings(before: Files, after: Files): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((path) => {
    const [was, is] = [before[path], after[path]];
    if (was === is) return [];
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (was === undefined) return [`the gateways get a new file: ${name}`];
    if (is === undefined) return [`the gateways no longer get the file ${name}`];
    if (path === CONFIG_PATH) return configMeanings(was, is);
    if (path.endsWith('.json')) return jsonMeanings(was, is);
    return [`the gateways' ${name} changes (${lineChange(was, is)})`];
  });
}

function jsonMeanings(before: string, after: string): string[] {
  const found = differences(JSON.parse(before), JSON.parse(after));
  return found.map((difference) => `gateway setting ${describeDifference(difference)}`);
}

/** How many lines are added and removed, as `git diff --stat` counts them. */
function lineChange(before: string, after: string): string {
  const changes = diffLines(before, after);
  const count = (part: 'added' | 'removed') =>
    changes.filter((change) => change[part]).reduce((sum, change) => sum + change.count, 0);
  return `+${count('added')} −${count('removed')} lines`;
}
