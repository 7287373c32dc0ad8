/** `./switchyard up`: from whatever is there to a gateway that has answered. */
import type { Command } from 'commander';
import { wholeNumber } from './arguments.ts';
import { firstAnswer } from '../client/first-answer.ts';
import { connectUnlessOwned } from './connect-unless-owned.ts';
import { wordsInTheWay } from '../engine/containers.ts';
import { readBasics } from '../domain/read/outputs-reader.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { unlessRefused } from '../console/errors.ts';
import { deploy } from '../engine/deploy.ts';
import { waitReady } from '../engine/health.ts';
import { ensureNamed } from '../engine/ensure-named.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { saltInSettings } from '../engine/salts.ts';
import { stackOutputs } from '../engine/stack-state.ts';
import { upText } from './up-text.ts';

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
  const before = await saltInSettings(stack);
  const changes = await deploy(out, stack);
  if (before === undefined && (await saltInSettings(stack)) !== undefined)
    out.progress(
      `Pulumi wrote an encryptionsalt, which is no secret, into ${stackFileName(stack)}: commit it with the keys (docs/operating.md)`,
    );
  const outputs = await stackOutputs(stack);
  const { endpoint, openaiBaseUrl, masterKey, models, leftOut } = unlessRefused(readBasics(stack, outputs));
  await out.step(`waiting for ${endpoint}`, () =>
    waitReady(endpoint, { lastWords: () => wordsInTheWay(stack).catch(() => undefined) }),
  );
  const { connected, leftAlone } = options.connect
    ? await connectUnlessOwned(out, stack, outputs, { dir: options.dir })
    : {};
  const answer = await firstAnswer(out, stack, { endpoint, key: masterKey, models });
  out.result(
    {
      ...{ stack, endpoint, openaiBaseUrl, changes, models, leftOut },
      ...{ connected, clientFilesLeftAlone: leftAlone, answer },
    },
    upText({ stack, endpoint, changes, models, leftOut, connected, leftAlone, answer }),
  );
}
