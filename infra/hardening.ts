import type { types } from '@pulumi/docker';

/** The security settings and limits of every container of a stack. */
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
 * The limits of a container: no capabilities, no new privileges, bounded memory, processes and logs. It is restarted when it exits.
 *
 * @param memoryMb the memory limit in MiB. The limit of memory and swap gets the same number, which means no swap; without it every preview
 *   would show a difference.
 * @returns arguments for `docker.Container`.
 */
export function hardening(memoryMb: number): Hardening {
  return {
    restart: 'unless-stopped',
    capabilities: { drops: ['ALL'] },
    securityOpts: ['no-new-privileges:true'],
    // The provider has no pids limit. The kernel's limit of processes and threads per user has the same effect, since the containers'
    // user runs nothing else on the host. It applies to all containers of that user together.
    ulimits: [{ name: 'nproc', soft: 2048, hard: 2048 }],
    memory: memoryMb,
    memorySwap: memoryMb,
    logDriver: 'json-file',
    logOpts: { 'max-file': '3', 'max-size': '10m' },
  };
}
