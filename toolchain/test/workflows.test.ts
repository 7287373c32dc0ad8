/** GitHub's workflow files: that no pull request can reach a secret through them. That they are valid: actionlint.test.ts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');
const files = readdirSync(FOLDER).map((name) => join(FOLDER, name));

interface Step {
  if?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

interface Job {
  if?: string;
  'timeout-minutes'?: number;
  permissions?: Record<string, string>;
  steps: Step[];
}

interface Workflow {
  on: Record<string, unknown>;
  permissions?: unknown;
  concurrency?: { group?: string };
  jobs: Record<string, Job>;
}

const workflows = files.map((file) => parse(readFileSync(file, 'utf8')) as Workflow);
const jobs = workflows.flatMap((workflow) => Object.entries(workflow.jobs));
const steps = jobs.flatMap(([, job]) => job.steps);

describe('workflows', () => {
  test('pin every action to a commit', () => {
    const used = steps.flatMap((step) => step.uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40}$/);
  });

  test("never run a fork's code with secrets", () => {
    for (const workflow of workflows) expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
    for (const [name, job] of jobs) {
      if (!JSON.stringify(job).includes('secrets.')) continue;
      const own = 'github.event.pull_request.head.repo.full_name == github.repository';
      expect({ name, limited: job.if?.includes(own) }).toEqual({ name, limited: true });
    }
  });

  test("never run a bot's code with secrets, whoever updated its branch", () => {
    for (const [name, job] of jobs) {
      if (!JSON.stringify(job).includes('secrets.')) continue;
      const human = "github.event.pull_request.user.login != 'dependabot[bot]'";
      expect({ name, limited: job.if?.includes(human) }).toEqual({ name, limited: true });
      // Who pushed last is not who wrote it.
      expect(job.if).not.toContain('github.actor');
    }
  });

  test('run the tests as root, with the PATH and HOME of the steps before', () => {
    const run = steps.flatMap((step) => (step.run?.startsWith('sudo ') ? [step.run] : []));
    expect(run.sort()).toEqual([
      'sudo env "PATH=$PATH" "HOME=$HOME" .ci/nightly nightly-logs',
      'sudo env "PATH=$PATH" "HOME=$HOME" npm test',
    ]);
    expect(statSync(join(ROOT, '.ci/nightly')).mode & 0o111).toBe(0o111);
  });

  test('end by themselves, and never run twice at once', () => {
    expect(jobs.filter(([, job]) => !((job['timeout-minutes'] ?? 0) > 0))).toEqual([]);
    for (const workflow of workflows) expect(workflow.concurrency?.group).toMatch(/^[a-z]/);
  });

  test('keep logs of jobs without secrets only', () => {
    const keeping = jobs.filter(([, job]) =>
      job.steps.some((step) => step.uses?.startsWith('actions/upload-artifact@')),
    );
    expect(keeping.map(([name]) => name)).toEqual(['nightly']);
    for (const [, job] of keeping) {
      // Nor any setting of the repository's: its tests make up what they need.
      expect(JSON.stringify(job)).not.toMatch(/secrets\.|vars\.|github\.token/);
      const upload = job.steps.find((step) => step.uses?.startsWith('actions/upload-artifact@'));
      // The folder that .ci/nightly writes to, also if it fails.
      expect(upload).toMatchObject({ if: 'always()', with: { path: 'nightly-logs/*.log' } });
    }
  });

  test('give the right to write only to jobs without checkout', () => {
    for (const workflow of workflows) expect(workflow.permissions).toEqual({});
    for (const [name, job] of jobs) {
      const writes = Object.values(job.permissions ?? {}).includes('write');
      const checksOut = job.steps.some((step) => step.uses?.startsWith('actions/checkout@'));
      expect({ name, both: writes && checksOut }).toEqual({ name, both: false });
    }
  });

  test("leave no token in the checkout's git config", () => {
    for (const step of steps.filter((one) => one.uses?.startsWith('actions/checkout@'))) {
      expect(step.with?.['persist-credentials']).toBe(false);
    }
  });
});

describe('the comment on a pull request', () => {
  const script = workflows.flatMap((workflow) => workflow.jobs.comment?.steps ?? [])[0]?.run ?? '';
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-gh-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  /** Runs the step as a runner does, with a `gh` that lists these comments and records what it is called to write. */
  async function comment(known: string): Promise<string> {
    const calls = join(dir, 'calls');
    const gh = `#!/bin/sh
case "$*" in *--paginate*) printf '%s' "$KNOWN" ;; *) printf '%s\\n' "$@" >> ${calls} ;; esac
`;
    writeFileSync(join(dir, 'gh'), gh, { mode: 0o755 });
    writeFileSync(calls, '');
    await execa('bash', ['-e', '-c', script], {
      env: {
        PATH: `${dir}:${process.env.PATH}`,
        KNOWN: known,
        GH_REPO: 'o/r',
        NUMBER: '7',
        MARKDOWN: '### `dev`: $(id)',
      },
    });
    return readFileSync(calls, 'utf8');
  }

  test('is written once, and rewritten from then on', async () => {
    const body = 'body=<!-- switchyard preview -->\n## Preview\n\n### `dev`: $(id)\n';
    expect(await comment('')).toBe(
      `api\n--silent\n--method\nPOST\nrepos/o/r/issues/7/comments\n--raw-field\n${body}`,
    );
    expect(await comment('42\n43\n')).toBe(
      `api\n--silent\n--method\nPATCH\nrepos/o/r/issues/comments/42\n--raw-field\n${body}`,
    );
  });
});
