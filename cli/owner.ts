/** Stacks as owners of client files, and whether an owner is still deployed. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Owner } from '../client/client-record.ts';
import { stackContainers } from '../engine/containers.ts';
import { isReady } from '../engine/health.ts';
import { backendFolder, backendUrl } from '../engine/passphrase.ts';
import { ROOT } from '../console/home-paths.ts';

/**
 * This stack as an owner.
 *
 * @param stack its name, with or without organization and project.
 * @param key the alias of its key in the files, where that matters.
 */
export function ownerOf(stack: string, endpoint: string, key?: string): Owner {
  const owner = { stack: stack.split('/').at(-1)!, endpoint, backend: fingerprint() };
  return key === undefined ? owner : { ...owner, key };
}

/** Distinguishes backends. Of a URL only the location is used, since it may contain a password. */
function fingerprint(): string {
  const folder = backendFolder();
  const location =
    folder === undefined
      ? backendUrl()
          .replace(/[?#].*$/, '')
          .replace(/\/\/[^/]*@/, '//')
      : resolve(ROOT, folder);
  return createHash('sha256').update(location).digest('hex').slice(0, 16);
}

/**
 * Whether a stack that owns client files is still deployed. One that was removed in any way must not prevent others from using them.
 *
 * @param me the stack that asks: containers with its name, and an answer at its endpoint, are its own.
 */
export async function isDeployed(owner: Owner, me: Owner): Promise<boolean> {
  if (owner.stack !== me.stack && (await stackContainers(owner.stack)).length > 0) return true;
  // It may run on another machine's Docker.
  return owner.endpoint !== undefined && owner.endpoint !== me.endpoint && isReady(owner.endpoint);
}
