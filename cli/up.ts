/** `./switchyard up`: from whatever is there to a gateway that has answered. */
import type { Command } from 'commander';
import { firstAnswer, type FirstAnswer } from '../client/first-answer.ts';
import type { Connected } from './connect-types.ts';
import { explainOff } from './connect-text.ts';
import { connectUnlessOwned, describeLeftAlone, type LeftAlone } from './connect-unless-owned.ts';
import { wordsInTheWay } from '../engine/containers.ts';
import { readBasics } from '../domain/read/outputs-reader.ts';
import type { Basics } from '../domain/schema/outputs-schema.ts';
import { unlessRefused } from '../console/errors.ts';
import { deploy } from '../engine/deploy.ts';
import { waitReady } from '../engine/health.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { stackOutputs } from '../engine/stack-state.ts';

interface UpOptions {
  connect: boolean;
  dir?: string;
}

/** Adds `up` to the command line. */
export function register(program: Command): void {
  program
    .command('up')
    .description(
      'set up what is missing, deploy a stack, write the client files unless they belong to another stack, ask the gateway once',
    )
    .argument('[stack]', 'the stack', 'dev')
    .option('--no-connect', 'leave the client files alone')
    .option('--dir <folder>', 'write the client files there instead of to your opencode folders')
    .action(withOutput(up));
}

async function up(out: Output, stack: string, options: UpOptions): Promise<void> {
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  const changes = await deploy(out, stack);
  const outputs = await stackOutputs(stack);
  const { endpoint, openaiBaseUrl, masterKey, models, leftOut } = unlessRefused(readBasics(stack, outputs));
  await out.step(`waiting for ${endpoint}`, () =>
    waitReady(endpoint, { lastWords: () => wordsInTheWay(stack).catch(() => undefined) }),
  );
  const { connected, leftAlone } = options.connect
    ? await connectUnlessOwned(out, stack, outputs, { dir: options.dir })
    : {};
  const answer = await firstAnswer(out, endpoint, masterKey, models);
  out.result(
    {
      ...{ stack, endpoint, openaiBaseUrl, changes, models, leftOut },
      ...{ connected, clientFilesLeftAlone: leftAlone, answer },
    },
    summary({ stack, endpoint, changes, models, leftOut, connected, leftAlone, answer }),
  );
}

function summary(r: {
  stack: string;
  endpoint: string;
  changes: number;
  models: string[];
  leftOut: Basics['leftOut'];
  connected: Connected | undefined;
  leftAlone: LeftAlone | undefined;
  answer: FirstAnswer | undefined;
}): string {
  const first = r.leftOut[0];
  return [
    `${r.stack} is up${r.changes === 0 ? ': no change' : ''}`,
    `  endpoint   ${r.endpoint}  (OpenAI: ${r.endpoint}/v1, Anthropic: ${r.endpoint})`,
    `  models     ${r.models.join(', ') || 'none yet'}`,
    ...(r.leftOut.length > 0 ? [`  left out   ${r.leftOut.map((model) => model.model).join(', ')}`] : []),
    ...(first ? [`             for want of keys; set one: ${first.command}`] : []),
    ...(r.connected?.files ?? []).map(
      (file) => `  ${file.changed ? 'wrote    ' : 'unchanged'}  ${file.path}`,
    ),
    ...(r.connected?.switchedOff ?? []).map((one) => `  off        ${explainOff(one)}`),
    ...(r.leftAlone ? [`  clients    ${describeLeftAlone(r.leftAlone)}`] : []),
    ...(r.answer ? [`  answer     ${r.answer.model}: ${r.answer.text} (${r.answer.ms} ms)`] : []),
    ...(r.connected && r.answer ? [`  try        ${r.connected.try}`] : []),
  ].join('\n');
}
