import type { types } from '@pulumi/docker';

/** What every container of a stack gets, whatever it runs. */
export interface Hardening {
  restart: string;
  capabilities: types.input.ContainerCapabilities;
  securityOpts: string[];
  ulimits: types.input.ContainerUlimit[];
  memory: number;
  memorySwap: number;
  logDriver: string;
  logOpts: Record<string, string>;
}

/**
 * The limits of a container: no capabilities, no new privileges, bounded memory, processes and logs, restarted when it ends.
 *
 * @param memoryMb the memory's limit in MiB. Swap gets the same number, which means none, and without which every preview
 *   would show a difference.
 * @returns arguments for `docker.Container`.
 */
export function hardening(memoryMb: number): Hardening {
  return {
    restart: 'unless-stopped',
    capabilities: { drops: ['ALL'] },
    securityOpts: ['no-new-privileges:true'],
    // The provider has no pids limit; the kernel's limit of processes and threads per user does the same work, since the
    // containers' user runs nothing else on the host. It counts over all containers of that user.
    ulimits: [{ name: 'nproc', soft: 2048, hard: 2048 }],
    memory: memoryMb,
    memorySwap: memoryMb,
    logDriver: 'json-file',
    logOpts: { 'max-file': '3', 'max-size': '10m' },
  };
}
