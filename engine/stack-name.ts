import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { UserError } from '../console/errors.ts';
import { ROOT } from '../console/home-paths.ts';
import { stackFileName, stackOfFile } from '../domain/schema/stack-file-names.ts';

/** The stacks that have a settings file. */
export function knownStacks(folder = ROOT): string[] {
  return readdirSync(folder)
    .map(stackOfFile)
    .filter((name) => name !== undefined)
    .sort();
}

/** Ends with a sentence if `stack` is no name of a stack, or has no settings file. */
export function checkStackName(stack: string, folder = ROOT): void {
  if (/^[A-Za-z0-9][\w-]*$/.test(stack) && existsSync(join(folder, stackFileName(stack)))) return;
  const known = knownStacks(folder);
  const near = known.length > 0 ? closest(stack, known) : undefined;
  throw new UserError(`there is no stack '${stack}' here`, {
    where: folder,
    allowed: known,
    ...(near && distance(stack, near) <= 2 ? { command: `repeat the command with ${near}` } : {}),
  });
}
