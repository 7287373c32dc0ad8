import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackContainers } from '../engine/containers.ts';
import { underLoad } from './under-load.ts';
import type { DrillStack } from './drill-stack.ts';
import { failureFindings } from './drill-figures.ts';
import type { Drill, DrillContext } from './drill-types.ts';
import type { RequestRecord } from './request-record.ts';

/** A way to break a deployment. */
interface Breakage {
  what: string;
  file: string;
  change: (text: string) => string;
  /** What the error message must contain, so that an operator finds the cause. */
  expectedError: RegExp;
}

/** The broken deployments, each with what it changes in a checkout. */
export const BREAKAGES: readonly Breakage[] = [
  {
    what: 'a syntax error in a hook',
    file: 'runtimes/gateway/image/programs/request_filter.py',
    change: (text) => `${text}\ndef (:\n`,
    expectedError: /SyntaxError/,
  },
  {
    what: 'a malformed key file',
    file: 'infra/client-keys.ts',
    change: (text) => text.replace("digest('hex')", "digest('base64')"),
    expectedError: /client-keys\.json is not a valid list of client keys/,
  },
  {
    what: 'a config key that LiteLLM does not read',
    file: 'config-templates/litellm.yaml',
    change: (text) => text.replace('\ngeneral_settings:\n', '\ngeneral_settings:\n  drill: true\n'),
    expectedError: /litellm\.yaml:\d+:\d+ general_settings\.drill/,
  },
  {
    what: 'an image whose LiteLLM does not start',
    file: 'runtimes/gateway/image/Dockerfile',
    change: (text) =>
      `${text}USER 0\nRUN rm -r /opt/litellm/lib/python3*/site-packages/litellm/router.py\nUSER 10001:10001\n`,
    expectedError: /litellm/,
  },
  {
    what: 'an image that cannot be built',
    file: 'runtimes/gateway/image/Dockerfile',
    change: (text) => `${text}RUN echo no such part here && exit 7\n`,
    expectedError: /exit 7|code: 7|returned a non-zero code/,
  },
];

/** Broken deployments under load, and the deployments that repair them. */
export const brokenDeploy: Drill = {
  name: 'broken-deploy',
  claim:
    'a broken deployment fails with its reason while the old gateways keep serving, and the next up cleans up: no request fails',
  async run(context) {
    const records: RequestRecord[] = [];
    const findings: string[] = [];
    const figures: Record<string, number> = {};
    const breakages = context.short ? BREAKAGES.slice(0, 1) : BREAKAGES;
    const share = { ...context, requests: Math.ceil(context.requests / breakages.length) };
    for (const [number, breakage] of breakages.entries()) {
      const seen = await tryBreakage(share, breakage);
      records.push(...seen.records);
      findings.push(...seen.findings.map((finding) => `${breakage.what}: ${finding}`));
      figures[`secondsToTheError${number + 1}`] = seen.failedAfterSeconds;
    }
    return {
      records,
      findings: [...failureFindings('requests failed', records), ...findings],
      figures,
    };
  },
};

async function tryBreakage(
  context: DrillContext,
  breakage: Breakage,
): Promise<{ records: RequestRecord[]; findings: string[]; failedAfterSeconds: number }> {
  const { stack, progress } = context;
  const findings: string[] = [];
  const path = join(stack.checkout.dir, breakage.file);
  const whole = readFileSync(path, 'utf8');
  const before = (await stack.gateways()).map((gateway) => gateway.id);
  let failedAfterSeconds = 0;
  const { records } = await underLoad(context, await stack.masterKey(), async () => {
    stack.edit(breakage.file, breakage.change);
    const begun = Date.now();
    progress(`broken-deploy: ${breakage.what} …`);
    const up = await stack.tryUp().finally(() => writeFileSync(path, whole));
    failedAfterSeconds = Math.round((Date.now() - begun) / 1000);
    if (up.exitCode === 0) findings.push('up succeeded');
    // Only the final error message counts, since the operator reads that; progress lines before it do not.
    const error = up.stderr.slice(up.stderr.lastIndexOf('\nerror: ') + 1);
    progress(error.trim());
    if (!error.startsWith('error: ')) findings.push("up ended without one of Switchyard's own errors");
    if (!breakage.expectedError.test(error))
      findings.push(`the error does not contain ${breakage.expectedError.source}`);
    const now = (await stack.gateways()).map((gateway) => gateway.id);
    if (before.some((id) => !now.includes(id))) findings.push('an old gateway was removed');
    await stack.up();
  });
  return {
    records,
    findings: [...findings, ...(await wrongGateways(stack, before.length))],
    failedAfterSeconds,
  };
}

/** Findings about gateways that should have been removed, or are not healthy. */
async function wrongGateways(stack: DrillStack, expected: number): Promise<string[]> {
  await sleep(500);
  const containers = (await stackContainers(stack.name)).filter((container) => container.role === 'gateway');
  const unhealthy = containers.filter((container) => !container.status.includes('(healthy)'));
  return [
    ...(containers.length === expected
      ? []
      : [`after the repairing up there are ${containers.length} gateways instead of ${expected}`]),
    ...unhealthy.map((container) => `after the repairing up ${container.name} is ${container.status}`),
  ];
}
