/**
 * Stacks that were renamed by `pulumi stack rename`. Pulumi renames the state and the settings file only. Docker's network and volume
 * keep their names, and the volume cannot get another one without losing its data: so a renamed stack must be renamed back.
 */
import { existsSync } from 'node:fs';
import { UserError } from '../console/errors.ts';
import { passphrasePath, userPassphrase } from './passphrase.ts';
import { resourcesInFolder, shortName, stacksInFolder, type StateResource } from './state-file.ts';

/**
 * The name under which a stack was deployed, according to the labels in its state.
 *
 * @returns undefined if nothing in the state has a label.
 */
export function deployedName(resources: readonly StateResource[]): string | undefined {
  for (const { type, inputs } of resources) {
    if (!type.startsWith('docker:') || !Array.isArray(inputs?.labels)) continue;
    const labels = inputs.labels as { label?: unknown; value?: unknown }[];
    const name = labels.find(({ label }) => label === 'switchyard.stack')?.value;
    if (typeof name === 'string') return name;
  }
  return undefined;
}

/** The former name of a stack that was renamed after it was deployed; undefined for any other stack. */
export function formerName(stack: string, resources = resourcesInFolder(stack)): string | undefined {
  const name = deployedName(resources ?? []);
  return name === shortName(stack) ? undefined : name;
}

/** The stack in a backend folder that was deployed as `stack` and has another name now. */
export function renamedTo(stack: string): string | undefined {
  return stacksInFolder().find((other) => formerName(other) === stack);
}

/**
 * Refuses to work on a renamed stack. Its containers would not be found, and `up` would replace its network and its edge, and stop at the
 * protected data volume.
 *
 * @param resources its state; by default that of a backend in a folder.
 * @throws UserError with the command that renames it back, after which everything works as before.
 */
export function refuseRenamed(stack: string, resources = resourcesInFolder(stack)): void {
  const former = formerName(stack, resources);
  if (former !== undefined) throw renamed(former, stack);
}

/** The error for a stack that was deployed as `former` and is called `now`. */
export function renamed(former: string, now: string): UserError {
  return new UserError(`stack ${now} was deployed as ${former} and then renamed by pulumi stack rename`, {
    found: `its containers, network and data volume are called switchyard-${former}-…; they keep running unchanged`,
    allowed: `the old name, since Docker cannot rename them without losing the data; for another name, create a further stack: ./switchyard stack new <name>`,
    command: `(eval "$(./switchyard env ${now})" && pulumi stack rename ${former} --stack ${now})`,
  });
}

/**
 * The passphrase file of a renamed stack: `pulumi stack rename` does not rename it. Undefined for any other stack. With it plain `pulumi`
 * can rename the stack back.
 */
export function formerPassphrase(stack: string): string | undefined {
  const former = formerName(stack);
  if (former === undefined || userPassphrase(stack) || existsSync(passphrasePath(stack))) return undefined;
  return existsSync(passphrasePath(former)) ? passphrasePath(former) : undefined;
}
