/** Checks of what the launcher and the setup install. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { hasBaseImage } from '../../bootstrap/base-image.ts';
import { freeBytes, gigabytes, NEEDED_BYTES } from '../../bootstrap/disk.ts';
import { daemonState, type DaemonState, dockerClient } from '../../bootstrap/docker-host.ts';
import { dockerUnavailable, mayInstallDocker } from '../../bootstrap/docker-daemon.ts';
import { home, launcher, ROOT } from '../../console/home-paths.ts';
import { lookForPulumi } from '../../bootstrap/pulumi-install.ts';
import { bad, type Check, good } from './doctor-check.ts';
import { findOpencode, INSTALL_OPENCODE } from '../../client/client-home.ts';
import { BASE_IMAGE } from '../../infra/docker-names.ts';

const MINIMUM_NODE = 24;

/** Node itself. */
export function checkNode(): Check {
  const detail = `${process.version} (${process.execPath})`;
  return Number.parseInt(process.versions.node, 10) >= MINIMUM_NODE
    ? good('node', detail)
    : bad('node', `${detail}; expected ${MINIMUM_NODE} or newer`, `${launcher} doctor`);
}

/** The npm packages, according to the launcher's stamp file. */
export function checkPackages(): Check {
  return existsSync(join(ROOT, 'node_modules', '.switchyard-stamp'))
    ? good('npm packages', 'match package-lock.json')
    : bad('npm packages', 'not installed by the launcher', `${launcher} doctor`);
}

/** Engine, language host and plugins, comparing every hash. */
export async function checkPulumi(): Promise<Check> {
  const { setup, problem } = await lookForPulumi(true);
  if (!setup)
    return bad(
      'pulumi',
      `engine, language host or plugins are damaged or incomplete: ${problem}`,
      `eval "$(${launcher} env)"`,
    );
  const engine = join(setup.path[0]!, 'pulumi');
  const { stdout } = await execa(engine, ['version'], {
    reject: false,
    env: { PULUMI_SKIP_UPDATE_CHECK: 'true' },
  });
  const from = { system: 'your own', official: "Pulumi's download", fallback: 'built by toolchain/' }[
    setup.source
  ];
  return good('pulumi', `engine ${stdout?.trim()} (${from}: ${engine})`);
}

/** Docker's daemon and the base image. */
export async function checkDocker(): Promise<Check[]> {
  const state = await daemonState();
  const daemon = state.ok ? await describeDaemon() : checkFailed(state);
  const missing = bad('base image', `${BASE_IMAGE} does not exist`, `${launcher} up`);
  if (!state.ok) return [daemon, missing];
  return [daemon, (await hasBaseImage()) ? good('base image', BASE_IMAGE) : missing];
}

async function describeDaemon(): Promise<Check> {
  const { Version, Os, Arch } = (await (await dockerClient()).version()) as {
    Version: string;
    Os: string;
    Arch: string;
  };
  return good('docker', `engine ${Version}, ${Os}/${Arch}`);
}

function checkFailed({ reason, code }: Extract<DaemonState, { ok: false }>): Check {
  const error = dockerUnavailable(
    reason,
    code,
    existsSync('/usr/bin/dockerd') || existsSync('/usr/sbin/dockerd'),
  );
  const command = mayInstallDocker(code) ? `${launcher} up` : error.command;
  return bad('docker', `${error.message} (${error.found ?? reason})`, command);
}

/** Free disk space for installed tools and for Docker. */
export async function checkDisk(): Promise<Check[]> {
  const state = await daemonState();
  const dockerRoot = state.ok
    ? ((await (await dockerClient()).info()) as { DockerRootDir?: string }).DockerRootDir
    : undefined;
  // The folder of a daemon in a virtual machine or on another host does not exist here.
  const folders = [home(), ...(dockerRoot && existsSync(dockerRoot) ? [dockerRoot] : [])];
  return Promise.all(
    folders.map(async (folder) => {
      const free = await freeBytes(folder);
      const detail = `${gigabytes(free)} free at ${folder}`;
      return free >= NEEDED_BYTES
        ? good('disk', detail)
        : bad('disk', `${detail}; a first setup needs ${gigabytes(NEEDED_BYTES)}`, 'docker system df; df -h');
    }),
  );
}

/** The opencode client: the user's own, otherwise the one among the npm packages. */
export async function checkOpencode(): Promise<Check> {
  const found = await findOpencode(ROOT);
  if (found === undefined) return { ...bad('opencode', 'not found', INSTALL_OPENCODE), optional: true };
  return good('opencode', `${found.version} ${found.from === 'PATH' ? 'on PATH' : 'among the npm packages'}`);
}
