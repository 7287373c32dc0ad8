import { execa } from 'execa';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { BUILD_MS, Project } from './project.ts';

const STEP_MS = 5 * 60_000;

let project: Project;
beforeAll(async () => {
  project = await Project.create();
}, BUILD_MS);
afterAll(() => project?.remove(), STEP_MS);

async function inspect(id: string) {
  const { stdout } = await execa('docker', ['inspect', id]);
  return (
    JSON.parse(stdout) as { HostConfig: { Memory: number }; State: { Health: { Status: string } } }[]
  )[0]!;
}

/** Every file of the backend, which is all that Pulumi keeps. */
function backend(): string {
  const folder = join(project.folder, '.pulumi');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

/** The processes that this project's plugins have left running. */
async function leftovers(): Promise<string[]> {
  const { stdout } = await execa('ps', ['axeww', '-o', 'pid=,args=']);
  return stdout.split('\n').filter((line) => line.includes(project.folder) && !line.includes('ps axeww'));
}

describe('a stack of every resource in use, with the real engine and Docker', () => {
  let first: string;

  test(
    'a preview creates nothing and shows values that are still unknown as such',
    async () => {
      const plan = await project.preview();
      expect(plan).toMatchObject({
        network: 'create',
        volume: 'create',
        image: 'create',
        box: 'create',
        key: 'create',
      });
      expect(await project.containers()).toEqual([]);
    },
    STEP_MS,
  );

  test(
    'up creates everything, healthy, and a second preview shows no change',
    async () => {
      await project.up();
      first = await project.output('container');
      expect(await project.containers()).toEqual([first]);
      expect((await inspect(first)).State.Health.Status).toBe('healthy');
      expect(await project.output('hex')).toMatch(/^[0-9a-f]{16}$/);
      expect(await project.preview()).toEqual({});
    },
    STEP_MS,
  );

  test(
    'secrets are never in the state in clear text, also after a refresh',
    async () => {
      const password = await project.output('password');
      expect(password).toMatch(/^[A-Za-z0-9]{40}$/);
      const before = backend();
      expect(before).toContain('ciphertext');
      expect(before).not.toContain(password);
      expect(before).not.toContain('the-token-1234567890');
      await project.pulumi('refresh', '--yes', '--skip-preview');
      expect(backend()).not.toContain(password);
      expect(backend()).not.toContain('the-token-1234567890');
      expect(await project.preview()).toEqual({});
    },
    STEP_MS,
  );

  test(
    'more memory is an update in place',
    async () => {
      project.set('memory', '80');
      expect(await project.preview()).toEqual({ box: 'update' });
      await project.up();
      expect(await project.output('container')).toBe(first);
      expect((await inspect(first)).HostConfig.Memory).toBe(80 * 1024 * 1024);
    },
    STEP_MS,
  );

  test(
    'an update that Docker refuses is explained, the state is correct after it, and the next up fixes it',
    async () => {
      project.set('memory', '1');
      expect(await project.refused(['up', '--yes', '--skip-preview'])).toMatch(/minimum memory limit/i);
      expect(await project.preview()).toEqual({ box: 'update' });
      project.set('memory', '80');
      await project.up();
      expect(await project.output('container')).toBe(first);
      expect(await project.preview()).toEqual({});
    },
    STEP_MS,
  );

  test(
    'another environment causes a replacement, created before the old one is removed',
    async () => {
      project.set('greeting', 'good evening');
      expect(await project.preview()).toEqual({ box: 'replace' });
      const shown = await project.up();
      expect(shown.indexOf('created replacement')).toBeLessThan(shown.indexOf('deleting original'));
      const second = await project.output('container');
      expect(second).not.toBe(first);
      expect(await project.containers()).toEqual([second]);
    },
    STEP_MS,
  );

  test(
    'ignoreChanges is respected',
    async () => {
      project.set('ignoreLabels', 'true');
      project.set('label', 'b');
      expect(await project.preview()).toEqual({});
      project.set('label', 'a');
    },
    STEP_MS,
  );

  test(
    'a successor that never becomes healthy leaves the old one serving, the reason is reported, and the next up repairs it',
    async () => {
      const serving = await project.output('container');
      project.set('health', 'sick');
      project.set('patience', '5');
      const told = await project.refused(['up', '--yes', '--skip-preview']);
      expect(told).toContain('container failed to be in healthy state');
      expect(told).toContain('not well');
      expect(told).not.toContain('the-token-1234567890');
      expect(await project.containers()).toEqual([serving]);
      expect((await inspect(serving)).State.Health.Status).toBe('healthy');

      project.set('health', 'healthy');
      project.set('patience', '60');
      await project.up();
      expect(await project.containers()).toHaveLength(1);
      expect(await project.preview()).toEqual({});
    },
    STEP_MS,
  );

  test(
    'a container that was removed by hand is detected by a refresh and created again',
    async () => {
      await execa('docker', ['rm', '-f', await project.output('container')]);
      await project.up('--refresh');
      expect(await project.containers()).toEqual([await project.output('container')]);
    },
    STEP_MS,
  );

  test(
    'a changed trigger rebuilds the image; a changed keeper draws a new id',
    async () => {
      const hex = await project.output('hex');
      project.set('content', '2');
      expect(await project.preview()).toEqual({ image: 'replace', id: 'replace', box: 'replace' });
      await project.up();
      expect(await project.output('hex')).not.toBe(hex);
      expect(await project.preview()).toEqual({});
    },
    STEP_MS,
  );

  test(
    'a value of the wrong type and an error in the program are reported without a stack trace',
    async () => {
      project.set('refuse', 'true');
      const refused = await project.refused(['preview']);
      expect(refused).toContain('error: catalog.yaml:3: unknown model "x"');
      expect(refused).not.toMatch(/^\s+at /m);
      project.set('refuse');
    },
    STEP_MS,
  );

  test(
    'without the provider, or without Docker, the error has what is missing and how to fix it',
    async () => {
      const withoutProvider = { SWITCHYARD_DOCKER_PROVIDER: '/nowhere' };
      expect(await project.refused(['preview'], withoutProvider)).toContain(
        'The Terraform Docker provider is not at /nowhere. Run: node toolchain/build.ts',
      );
      // A preview sends no request to Docker; a refresh does.
      const withoutDocker = { DOCKER_HOST: 'unix:///nowhere.sock' };
      expect(await project.refused(['refresh', '--yes', '--skip-preview'], withoutDocker)).toContain(
        'Cannot connect to the Docker daemon at unix:///nowhere.sock',
      );
    },
    STEP_MS,
  );

  test(
    'an engine that is killed in the middle of a creation leaves neither container nor process',
    async () => {
      const serving = await project.containers();
      project.set('health', 'sick');
      const engine = execa('pulumi', ['up', '--yes', '--skip-preview', '--non-interactive'], {
        cwd: project.folder,
        env: project.env,
        reject: false,
        stdin: 'ignore',
      });
      const patience = Date.now() + 120_000;
      while ((await project.containers()).length === serving.length && Date.now() < patience) {
        await setTimeout(200);
      }
      expect(await project.containers()).toHaveLength(serving.length + 1);
      engine.kill('SIGKILL');
      await engine;
      const end = Date.now() + 60_000;
      while ((await leftovers()).length > 0 && Date.now() < end) await setTimeout(500);
      expect(await leftovers()).toEqual([]);
      expect(await project.containers()).toEqual(serving);
      await project.pulumi('cancel', '--yes');
      project.set('health', 'healthy');
    },
    STEP_MS,
  );

  test(
    'destroy removes everything, also if a resource was removed outside Pulumi',
    async () => {
      await execa('docker', ['rm', '-f', await project.output('container')]);
      await project.pulumi('destroy', '--yes', '--skip-preview');
      expect(await project.containers()).toEqual([]);
      const { stdout } = await execa('docker', ['volume', 'ls', '-q', '--filter', `name=${project.prefix}`]);
      expect(stdout).toBe('');
      expect(await leftovers()).toEqual([]);
    },
    STEP_MS,
  );
});
