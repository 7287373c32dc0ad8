/** Checks of each stack that has a settings file: its port and its passphrase. */
import { existsSync, statSync } from 'node:fs';
import { UserError } from '../../console/errors.ts';
import { freePort, isFree, portOwner } from '../../engine/port.ts';
import { userPassphrase, passphraseFile, passphraseInUse, passphrasePath } from '../../engine/passphrase.ts';
import { passphraseFits, type Salt, saltInSettings, saltInState } from '../../engine/salts.ts';
import { stackSettings } from '../../engine/stack-settings.ts';
import { dockerName } from '../../infra/docker-names.ts';
import { bad, type Check, good } from './doctor-check.ts';

/** Whether the stack's port is free, or in use by its own edge. */
export async function checkPort(stack: string): Promise<Check> {
  const name = `port of ${stack}`;
  try {
    const { bind, port } = await stackSettings(stack);
    if (await isFree(bind, port)) return good(name, `${port} is free`);
    const owner = await portOwner(bind, port).catch(() => undefined);
    if (owner === dockerName(stack, 'edge')) return good(name, `${port} is in use by ${owner}, as expected`);
    const command = `pulumi config set port ${await freePort(port + 1, bind)} --stack ${stack}`;
    return bad(name, `${port} is in use by ${owner ?? 'another process'}`, command);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // The problems contain commands: the first one is the fix.
    const [first = '', ...rest] = error.message.split('\n');
    const fix = rest.find((line) => /^ {4}\S/.test(line))?.trim();
    return bad(name, first, fix ?? `edit Pulumi.${stack}.yaml, then: ./switchyard preview ${stack}`);
  }
}

/**
 * Whether the stack's passphrase exists, is private, and is the right one.
 *
 * @param env an environment with `pulumi` on PATH; undefined if Pulumi is not set up, which another check reports.
 */
export async function checkPassphrase(stack: string, env: NodeJS.ProcessEnv | undefined): Promise<Check> {
  const name = `passphrase of ${stack}`;
  const own = userPassphrase(stack);
  const file = passphrasePath(stack);
  try {
    const salts = [await saltInSettings(stack), env && (await saltInState(stack, env))].filter(
      (salt) => salt !== undefined,
    );
    if (!own && !existsSync(file) && salts.length === 0)
      return good(name, 'none yet: the first up creates it');
    if (!own) await passphraseFile(stack, () => undefined, () => Promise.resolve(salts[0])); // prettier-ignore
    const wrong = env && (await checkSalts(stack, salts, env));
    if (wrong) return wrong;
    const checked = env ? '' : ' (not checked: Pulumi is not set up)';
    if (own) return good(name, `your own (${own})${checked}`);
    const mode = statSync(file).mode & 0o777;
    if (mode & 0o077)
      return bad(name, `${file} can be read by others (mode ${mode.toString(8)})`, `chmod 600 ${file}`);
    return good(name, `${file}; keep a backup of it${checked}`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return bad(name, error.message, error.command ?? `restore ${file} from your backup`);
  }
}

/** The failed check if the passphrase in use does not match one of the salts. */
async function checkSalts(
  stack: string,
  salts: readonly Salt[],
  env: NodeJS.ProcessEnv,
): Promise<Check | undefined> {
  const inUse = passphraseInUse(stack);
  if (!inUse) return undefined;
  for (const { where, salt } of salts) {
    if (await passphraseFits(salt, { ...env, ...inUse.variables })) continue;
    const detail = `the passphrase of stack ${stack} is not the one its secrets were encrypted with: ${inUse.where} does not match the salt in ${where}`;
    return bad(`passphrase of ${stack}`, detail, `restore ${passphrasePath(stack)} from your backup`);
  }
  return undefined;
}
