/** Runs the tests in runtimes/edge/test in the edge's image: real HAProxy in front of fake gateways, without a stack. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { renderEdge } from '../../../domain/render/haproxy.ts';
import { CONNECTION_MB, EDGE_MEMORY_MB, FRONT_CONNECTION_MB } from '../../../domain/schema/edge-limits.ts';
import { EDGE_PROBE } from '../../../infra/edge.ts';
import { folderFiles } from '../../../stacks/folder-files.ts';
import { ROOT } from '../../../console/home-paths.ts';
import { imageOf } from '../../../test/harness/images.ts';

const QUEUE_TIMEOUT_SECONDS = 12;

test.concurrent.each([
  ['test_edge', 'the edge queues, retries and forwards requests as docs/edge.md describes'],
  [
    'test_requests',
    "a request's id is in its errors and log lines; errors are in the format of the client's API",
  ],
  ['test_hostile', 'clients without a key cannot stop the edge from serving'],
])(
  '%s: %s',
  async (module) => {
    const image = await imageOf('edge');
    const folder = await mkdtemp(join(tmpdir(), 'switchyard-edge-'));
    try {
      await mkdir(join(folder, 'edge'));
      const files = folderFiles(join(ROOT, 'runtimes/edge/programs'), join(folder, 'edge'));
      for (const { path, content } of renderEdge(
        {
          queueTimeoutSeconds: QUEUE_TIMEOUT_SECONDS,
          maxBodyMb: 32,
          cors: { origins: ['https://app.example'] },
        },
        files,
      ))
        await writeFile(path, content);
      await chmod(folder, 0o755);
      const run = await execa(
        'docker',
        [
          ...['run', '--rm', '--network', 'none', '--workdir', '/tests', '--entrypoint', 'python3'],
          ...['--volume', `${join(folder, 'edge')}:/etc/switchyard:ro`],
          ...['--volume', `${import.meta.dirname}:/tests:ro`],
          ...['--env', `FRONT_CONNECTION_MB=${FRONT_CONNECTION_MB}`, '--env', `MEMORY_MB=${EDGE_MEMORY_MB}`],
          ...[
            '--env',
            `QUEUE_TIMEOUT_SECONDS=${QUEUE_TIMEOUT_SECONDS}`,
            '--env',
            `CONNECTION_MB=${CONNECTION_MB}`,
          ],
          ...['--env', `PROBE=${JSON.stringify(EDGE_PROBE)}`, '--env', 'PYTHONDONTWRITEBYTECODE=1'],
          ...[image, '-m', 'unittest', module],
        ],
        { reject: false },
      );
      if (run.exitCode !== 0) throw new Error(run.stderr);
      expect(run.stderr).toMatch(/Ran [1-9]\d* tests/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  600_000,
);
