import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DOCKER_PROVIDER, ensureTool } from '../build.ts';
import { PLUGIN_BIN } from '../toolchain-paths.ts';
import { home } from '../../console/home-paths.ts';
import { BUILD_MS } from './project.ts';

let folder: string;
beforeAll(async () => {
  await ensureTool(DOCKER_PROVIDER, { home: home() });
  folder = mkdtempSync(join(tmpdir(), 'switchyard-links-'));
}, BUILD_MS);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['pulumi-language-nodejs', 'pulumi-resource-docker', 'pulumi-resource-random'])(
  '%s',
  (name) => {
    async function start() {
      const link = join(folder, `${name}-${Math.random()}`);
      symlinkSync(join(PLUGIN_BIN, name), link);
      const child = spawn(link, ['127.0.0.1:1'], { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] });
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      return { child, port: Number(line) };
    }

    test('starts through a link from anywhere, prints its port, and ends when the engine asks it to', async () => {
      const { child, port } = await start();
      expect(port).toBeGreaterThan(1024);
      child.kill('SIGINT');
      expect(await once(child, 'exit')).toEqual([0, null]);
    }, 60_000);

    test('ends when the engine has ended', async () => {
      const { child } = await start();
      child.stdin.end();
      expect(await once(child, 'exit')).toEqual([0, null]);
    }, 60_000);
  },
);
