/** Checks of each stack that has a settings file: its port and its passphrase. */
import { existsSync, statSync } from 'node:fs';
import { UserError } from '../../console/errors.ts';
import { freePort, isFree, portHolder } from '../../engine/port.ts';
import {
  ownArrangement,
  passphraseFile,
  passphrasePath,
  saltsOf,
  verifyPassphrase,
} from '../../engine/passphrase.ts';
import { stackSettings } from '../../engine/stack-settings.ts';
import { bad, type Check, good } from './doctor-check.ts';

/** Whether the stack's port is free, or held by its own edge. */
export async function checkPort(stack: string): Promise<Check> {
  const name = `port of ${stack}`;
  try {
    const { bind, port } = await stackSettings(stack);
    if (await isFree(bind, port)) return good(name, `${port} is free`);
    const holder = await portHolder(port).catch(() => undefined);
    if (holder?.startsWith(`switchyard-${stack}-`))
      return good(name, `${port} is held by ${holder}, as it should be`);
    const command = `pulumi config set port ${await freePort(port + 1, bind)} --stack ${stack}`;
    return bad(name, `${port} is held by ${holder ?? 'another process'}`, command);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // The problems name their own commands: the first of them is the one that helps.
    const [first = '', ...rest] = error.message.split('\n');
    const fix = rest.find((line) => /^ {4}\S/.test(line))?.trim();
    return bad(name, first, fix ?? `edit Pulumi.${stack}.yaml, then: ./switchyard preview ${stack}`);
  }
}

/** Whether the stack's passphrase is there, private, and the right one. */
export function checkPassphrase(stack: string): Check {
  const name = `passphrase of ${stack}`;
  const own = ownArrangement(stack);
  const file = passphrasePath(stack);
  try {
    if (!own && !existsSync(file) && saltsOf(stack).length === 0)
      return good(name, 'none yet: the first up makes one');
    if (!own) passphraseFile(stack, () => undefined);
    verifyPassphrase(stack);
    if (own) return good(name, `yours (${own})`);
    const mode = statSync(file).mode & 0o777;
    if (mode & 0o077)
      return bad(name, `${file} can be read by others (mode ${mode.toString(8)})`, `chmod 600 ${file}`);
    return good(name, `${file}; keep a backup of it`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return bad(name, error.message, error.command ?? `restore ${file} from your backup`);
  }
}
