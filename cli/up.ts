/** `./switchyard up`: sets up what is missing, deploys, and returns once the gateway has answered a request. */
import type { Command } from 'commander';
import { wholeNumber } from './arguments.ts';
import { firstAnswer } from '../client/first-answer.ts';
import { connectUnlessOwned } from './connect-unless-owned.ts';
import { failingContainerLog } from '../engine/containers.ts';
import { readBasics } from '../domain/read/outputs-reader.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { unlessRefused } from '../console/errors.ts';
import { MOCK_ALIAS } from '../domain/schema/catalog-schema.ts';
import { askProviders } from '../engine/ask-providers.ts';
import { isOnPath } from '../console/on-path.ts';
import { sameUnavailable } from '../domain/plan/group-unavailable.ts';
import { deploy } from '../engine/deploy.ts';
import { plainOutputs } from '../engine/deployed.ts';
import { waitReady } from '../engine/health.ts';
import { declareStack } from '../engine/new-stack.ts';
import { requireDeclaredStack } from '../engine/stack-name.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { saltInSettings } from '../engine/salts.ts';
import { encryptedResources, stackOutputs } from '../engine/stack-state.ts';
import { upText } from './up-text.ts';

interface UpOptions {
  ask: boolean;
  connect: boolean;
  dir?: string;
  port?: number;
}

/** Adds `up` to the command line. */
export function register(program: Command): void {
  program
    .command('up')
    .description(
      'set up what is missing, deploy a stack, write the client files unless they belong to another stack, ask every provider whether it accepts its key, send one test request',
    )
    .argument('[stack]', 'the stack', 'dev')
    .option('--port <number>', 'create a new stack on this port, as `stack new` does', wholeNumber(1, 65535))
    .option('--no-ask', 'do not ask the providers whether they accept the keys')
    .option('--no-connect', 'do not write the client files')
    .option('--dir <folder>', 'write the client files to this folder instead of your opencode folders')
    .action(withOutput(up));
}

async function up(out: Output, stack: string, options: UpOptions): Promise<void> {
  if (options.port !== undefined) await declareStack(stack, options.port, out.progress);
  await requireDeclaredStack(stack);
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  const before = await saltInSettings(stack);
  const leftOutBefore = plainOutputs((await encryptedResources(stack)) ?? []).leftOut;
  const changes = await deploy(out, stack);
  if (before === undefined && (await saltInSettings(stack)) !== undefined)
    out.progress(
      `Pulumi wrote an encryptionsalt, which is not secret, into ${stackFileName(stack)}: commit it with the keys (docs/operating.md)`,
    );
  const outputs = await stackOutputs(stack);
  const { endpoint, openaiBaseUrl, masterKey, models, leftOut } = unlessRefused(readBasics(stack, outputs));
  await out.step(`waiting for ${endpoint}`, () =>
    waitReady(endpoint, { readLogs: () => failingContainerLog(stack).catch(() => undefined) }),
  );
  const { connected, leftAlone, off } = options.connect
    ? await connectUnlessOwned(out, stack, outputs, { dir: options.dir })
    : {};
  const providers =
    options.ask && models.some((model) => model !== MOCK_ALIAS) ? await askProviders(out, stack) : undefined;
  const answer = await firstAnswer(out, stack, { endpoint, key: masterKey, models });
  out.result(
    {
      ...{ stack, endpoint, openaiBaseUrl, changes, models, leftOut },
      ...{ connected, clientFilesLeftAlone: leftAlone, clientFilesOff: off, providers, answer },
    },
    upText({
      ...{ stack, endpoint, changes, models, leftOut, connected, leftAlone, off, answer },
      leftOutIsKnown: sameUnavailable(leftOutBefore, leftOut),
      ...{ providers: providers ?? [], pulumiOnPath: await isOnPath('pulumi') },
    }),
  );
}
