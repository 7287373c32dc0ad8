/** Which Docker daemon: the one of DOCKER_HOST, the default socket, or that of the docker command's current context. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { execa } from 'execa';

const DEFAULT_SOCKET = '/var/run/docker.sock';
const PING_MS = 10_000;

/** The state of a daemon: it answers, or why not. */
export type DaemonState = { ok: true; docker: Docker } | { ok: false; reason: string; code?: string };

async function fromContext(): Promise<string | undefined> {
  const asked = await execa('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], {
    reject: false,
  });
  const host = asked.exitCode === 0 ? asked.stdout.trim() : '';
  return host && host !== `unix://${DEFAULT_SOCKET}` ? host : undefined;
}

/**
 * The value that DOCKER_HOST needs so that every tool speaks to the same daemon; undefined where the default is right. Only the docker
 * command knows of contexts (Docker Desktop, Colima, rootless); the providers do not.
 */
export async function dockerHost(): Promise<string | undefined> {
  if (process.env.DOCKER_HOST) return process.env.DOCKER_HOST;
  return existsSync(DEFAULT_SOCKET) ? undefined : fromContext();
}

/** A client for {@link dockerHost}'s daemon. */
export async function dockerClient(): Promise<Docker> {
  const host = await dockerHost();
  if (!host || host === process.env.DOCKER_HOST) return new Docker();
  return host.startsWith('unix://')
    ? new Docker({ socketPath: host.slice('unix://'.length) })
    : new Docker({ host });
}

/** Asks the daemon for a sign of life. */
export async function daemonState(): Promise<DaemonState> {
  try {
    const docker = await dockerClient();
    const patience = new AbortController();
    const late = sleep(PING_MS, undefined, { signal: patience.signal }).then(() => {
      throw new Error(`it said nothing for ${PING_MS / 1000} s`);
    });
    late.catch(() => undefined);
    await Promise.race([docker.ping(), late]).finally(() => patience.abort());
    return { ok: true, docker };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, reason: message || String(error), ...(code ? { code } : {}) };
  }
}
