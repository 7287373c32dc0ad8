/** `./switchyard up`: from whatever is there to a gateway that has answered. */
import type { Command } from 'commander';
import { askOnce } from '../client/ask-gateway.ts';
import type { Connected } from './connect-types.ts';
import { explainOff } from './connect-text.ts';
import { connectUnlessOwned, describeLeftAlone, type LeftAlone } from './connect-unless-owned.ts';
import { brokenGateway, lastWords, stackContainers } from '../engine/containers.ts';
import { readBasics } from '../domain/read/outputs-reader.ts';
import type { Basics } from '../domain/schema/outputs-schema.ts';
import { unlessRefused, UserError } from '../console/errors.ts';
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
    waitReady(endpoint, { lastWords: () => silentOnes(stack).catch(() => undefined) }),
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

/** What the containers in the way of a request say: a gateway that is not healthy, else the edge. */
async function silentOnes(stack: string): Promise<string | undefined> {
  const containers = await stackContainers(stack);
  const gateway = await brokenGateway(containers);
  const edge = containers.find((container) => container.role === 'edge');
  return gateway ?? (edge && lastWords(edge));
}

interface Answer {
  model: string;
  text: string;
  ms: number;
}

/** One request: `mock` where it is served, since it costs nothing; else the first model. */
async function firstAnswer(
  out: Output,
  endpoint: string,
  key: string,
  models: string[],
): Promise<Answer | undefined> {
  const model = models.includes('mock') ? 'mock' : models[0];
  if (model === undefined) return undefined;
  const answer = await out.step(`asking ${model}`, () => askOnce(endpoint, key, model));
  if (answer.ok) return { model, text: answer.text, ms: answer.ms };
  throw new UserError(`the gateway is up, but ${model} did not answer`, {
    where: endpoint,
    found: answer.reason,
    command: './switchyard smoke',
  });
}

function summary(r: {
  stack: string;
  endpoint: string;
  changes: number;
  models: string[];
  leftOut: Basics['leftOut'];
  connected: Connected | undefined;
  leftAlone: LeftAlone | undefined;
  answer: Answer | undefined;
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
