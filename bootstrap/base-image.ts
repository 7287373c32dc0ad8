/**
 * The base of all other images: Debian bookworm with Python and the host's certificate authorities. Built from a public image if a
 * registry can be reached, otherwise bootstrapped from Debian's packages. It is tagged last, after a test run has succeeded.
 */
import { cp } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { isDebianLike, isRoot } from './apt.ts';
import { bootstrapImage } from './bootstrap-image.ts';
import { writeHostCertificates } from './certificates.ts';
import { requireSpace } from './disk.ts';
import { STALL_MS } from './download.ts';
import { consumeStream } from './docker-stream.ts';
import { ensureDocker } from './docker-daemon.ts';
import { daemonStatus, dockerClient } from './docker-host.ts';
import { withLock } from './lock.ts';
import { ROOT } from '../console/home-paths.ts';
import type { Reporter } from '../console/reporter.ts';
import { inTempDir } from './temp-dir.ts';
import { BASE_IMAGE } from '../infra/docker-names.ts';

const recipe = join(ROOT, 'runtimes', 'base', 'image');
const publicImage = () => /^FROM (\S+)/m.exec(readFileSync(join(recipe, 'Dockerfile'), 'utf8'))![1]!;
const packages = () => readFileSync(join(recipe, 'packages.txt'), 'utf8').split(/\s+/).filter(Boolean);

/** Python code that must succeed in the image before it is tagged. */
const SELF_TEST = 'import ensurepip, ssl, venv; assert ssl.create_default_context().get_ca_certs()';

/** Whether the base image exists. */
export async function hasBaseImage(): Promise<boolean> {
  const status = await daemonStatus(`/images/${BASE_IMAGE}/json`);
  if (status !== 200 && status !== 404)
    throw new UserError('Docker could not be asked for the base image', { found: `HTTP status ${status}` });
  return status === 200;
}

/** Pulls the public image. Returns the reason if that fails, otherwise undefined. */
async function pull(docker: Docker): Promise<string | undefined> {
  try {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), STALL_MS);
    const stream = await docker.pull(publicImage(), { abortSignal: abort.signal });
    clearTimeout(timer);
    await consumeStream(stream, STALL_MS);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0] : String(error);
  }
}

async function build(docker: Docker): Promise<string> {
  return inTempDir('base-image', async (folder, env) => {
    await cp(recipe, folder, { recursive: true });
    await writeHostCertificates(join(folder, 'host-certificates'));
    const tar = execa('tar', ['-c', '-C', folder, '.'], { env, encoding: 'buffer', buffer: false });
    const events = await consumeStream(await docker.buildImage(tar.stdout, { rm: true, forcerm: true }));
    const id = events.findLast((event) => event.aux?.ID)?.aux?.ID;
    if (!id) throw new UserError('Docker built no base image', { where: join(recipe, 'Dockerfile') });
    return id;
  });
}

async function testImage(docker: Docker, id: string): Promise<void> {
  const container = await docker.createContainer({
    Image: id,
    Cmd: ['python3', '-c', SELF_TEST],
    NetworkDisabled: true,
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    if (StatusCode === 0) return;
    const found = (await container.logs({ stdout: true, stderr: true }))
      .toString('utf8')
      .trim()
      .split('\n')
      .at(-1);
    throw new UserError('the base image failed its test and was not kept', {
      where: BASE_IMAGE,
      ...(found ? { found } : {}),
    });
  } finally {
    await container.remove({ force: true });
  }
}

/** Checks the free space of Docker's data folder, if that is a folder of this machine. */
async function requireDockerSpace(docker: Docker): Promise<void> {
  const { DockerRootDir } = (await docker.info()) as { DockerRootDir?: string };
  if (DockerRootDir && existsSync(DockerRootDir)) await requireSpace(DockerRootDir, 'Docker');
}

/** Makes sure that {@link BASE_IMAGE} exists. */
export async function ensureBaseImage(reporter: Reporter): Promise<void> {
  await ensureDocker(reporter);
  if (await hasBaseImage()) return;
  await withLock('base-image', reporter.progress, async () => {
    if (await hasBaseImage()) return;
    const docker = await dockerClient();
    await requireDockerSpace(docker);
    const failure = await reporter.step(`pulling ${publicImage().split('@')[0]}`, () => pull(docker));
    if (failure) reporter.progress(`the image registry cannot be reached (${failure})`);
    if (failure && !(process.platform === 'linux' && isRoot() && isDebianLike()))
      throw new UserError(
        'no image registry can be reached, and only root on Debian or Ubuntu can bootstrap the base image',
        {
          found: failure,
          command: `docker pull ${publicImage()}`,
        },
      );
    const id = failure
      ? await reporter.step('bootstrapping the base image from Debian packages', () =>
          bootstrapImage(docker, packages(), reporter),
        )
      : await reporter.step('building the base image', () => build(docker));
    await testImage(docker, id);
    const [repo, tag] = BASE_IMAGE.split(':') as [string, string];
    await docker.getImage(id).tag({ repo, tag });
  });
}
