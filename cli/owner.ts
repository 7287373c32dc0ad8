/** The stack as the owner of client files: who it is, and whether another one still exists. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Owner } from '../client/record.ts';
import { stackContainers } from '../engine/containers.ts';
import { isReady } from '../engine/health.ts';
import { backendFolder, backendUrl } from '../engine/passphrase.ts';
import { ROOT } from '../console/home-paths.ts';

/**
 * This stack as an owner.
 *
 * @param stack its name, with or without organization and project.
 */
export function ownerOf(stack: string, endpoint: string): Owner {
  return { stack: stack.split('/').at(-1)!, endpoint, backend: fingerprint() };
}

/** Tells backends apart. Of a URL only what names the place: it may hold a password too. */
function fingerprint(): string {
  const folder = backendFolder();
  const place =
    folder === undefined
      ? backendUrl()
          .replace(/[?#].*$/, '')
          .replace(/\/\/[^/]*@/, '//')
      : resolve(ROOT, folder);
  return createHash('sha256').update(place).digest('hex').slice(0, 16);
}

/**
 * Whether a stack that owns client files is still there. One that was removed, by whatever means, must not keep others from them.
 *
 * @param me the stack that asks: containers of its own name, and an answer at its own endpoint, are its own.
 */
export async function isDeployed(owner: Owner, me: Owner): Promise<boolean> {
  if (owner.stack !== me.stack && (await stackContainers(owner.stack)).length > 0) return true;
  // It may run in another machine's Docker.
  return owner.endpoint !== undefined && owner.endpoint !== me.endpoint && isReady(owner.endpoint);
}
