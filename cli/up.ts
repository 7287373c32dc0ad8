/** `./switchyard up`: from whatever is there to a gateway that has answered. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { askOnce } from '../client/ask-gateway.ts';
import { wholeNumber } from './arguments.ts';
import { connectUnlessOwned } from './connect-unless-owned.ts';
import { brokenGateway, lastWords, stackContainers } from '../engine/containers.ts';
import { UserError } from '../console/errors.ts';
import { deploy } from '../engine/deploy.ts';
import { waitReady } from '../engine/health.ts';
import { ensureNamed } from '../engine/ensure-named.ts';
import { type Output, withOutput } from '../console/output.ts';
import { root } from '../bootstrap/home-paths.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { stackOutputs } from '../engine/stack-state.ts';
import { type Answer, type LeftOut, upText } from './up-text.ts';

interface UpOptions {
  connect: boolean;
  dir?: string;
  port?: number;
}

/** Adds `up` to the command line. */
export function register(program: Command): void {
  program
    .command('up')
    .description(
      'set up what is missing, deploy a stack, write the client files unless they belong to another stack, ask the gateway once',
    )
    .argument('[stack]', 'the stack', 'dev')
    .option(
      '--port <number>',
      'make a new stack that answers at this port: writes its settings file',
      wholeNumber(1, 65535),
    )
    .option('--no-connect', 'leave the client files alone')
    .option('--dir <folder>', 'write the client files there instead of to your opencode folders')
    .action(withOutput(up));
}

async function up(out: Output, stack: string, options: UpOptions): Promise<void> {
  await ensureNamed(stack, options.port, out.progress);
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  const hadSalt = hasSalt(stack);
  const changes = await deploy(out, stack);
  if (!hadSalt && hasSalt(stack))
    out.progress(
      `Pulumi wrote an encryptionsalt, which is no secret, into Pulumi.${stack}.yaml: commit it with the keys (docs/operating.md)`,
    );
  const outputs = await stackOutputs(stack);
  const endpoint = String(outputs.endpoint);
  const models = outputs.models as string[];
  const leftOut = outputs.leftOut as LeftOut[];
  await out.step(`waiting for ${endpoint}`, () =>
    waitReady(endpoint, { lastWords: () => silentOnes(stack).catch(() => undefined) }),
  );
  const { connected, leftAlone } = options.connect
    ? await connectUnlessOwned(out, stack, outputs, { dir: options.dir })
    : {};
  const answer = await firstAnswer(out, stack, { endpoint, key: String(outputs.masterKey), models });
  out.result(
    {
      ...{ stack, endpoint, openaiBaseUrl: outputs.openaiBaseUrl, changes, models, leftOut },
      ...{ connected, clientFilesLeftAlone: leftAlone, answer },
    },
    upText({ stack, endpoint, changes, models, leftOut, connected, leftAlone, answer }),
  );
}

/** Whether the stack's settings file has what its keys are encrypted with, beside the passphrase. */
function hasSalt(stack: string): boolean {
  const file = join(root, `Pulumi.${stack}.yaml`);
  return existsSync(file) && /^encryptionsalt:/m.test(readFileSync(file, 'utf8'));
}

/** What the containers in the way of a request say: a gateway that is not healthy, else the edge. */
async function silentOnes(stack: string): Promise<string | undefined> {
  const containers = await stackContainers(stack);
  const gateway = await brokenGateway(containers);
  const edge = containers.find((container) => container.role === 'edge');
  return gateway ?? (edge && lastWords(edge));
}

/** One request: `mock` where it is served, since it costs nothing; else the first model. */
async function firstAnswer(
  out: Output,
  stack: string,
  { endpoint, key, models }: { endpoint: string; key: string; models: string[] },
): Promise<Answer | undefined> {
  const model = models.includes('mock') ? 'mock' : models[0];
  if (model === undefined) return undefined;
  const answer = await out.step(`asking ${model}`, () => askOnce(endpoint, key, model));
  if (answer.ok) return { model, text: answer.text, ms: answer.ms };
  throw new UserError(`the gateway is up, but ${model} did not answer`, {
    where: endpoint,
    found: answer.reason,
    command: `./switchyard smoke ${stack}`,
  });
}
