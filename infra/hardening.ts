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
    // Counts over all containers with the same user on the host, so it is only for the case that pids-limit.ts could not set its limit.
    ulimits: [{ name: 'nproc', soft: 32_768, hard: 32_768 }],
    memory: memoryMb,
    memorySwap: memoryMb,
    logDriver: 'json-file',
    logOpts: { 'max-file': '3', 'max-size': '10m' },
  };
}
