/**
 * The command line behind `./switchyard`. Each command has a file of its own that exports `register(program)`; add yours to the
 * list. Load heavy modules (Pulumi, Docker) inside the action with `await import(…)`, so that `--help` stays quick.
 */
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import * as agents from './agents.ts';
import * as connect from './connect.ts';
import * as doctor from './doctor.ts';
import * as down from './down.ts';
import * as drill from './drill.ts';
import * as env from './env.ts';
import * as keys from './keys.ts';
import * as models from './models.ts';
import * as preview from './preview.ts';
import * as smoke from './smoke.ts';
import * as status from './status.ts';
import * as stopDocker from './stop-docker.ts';
import * as test from './test.ts';
import * as up from './up.ts';

/** Every command, in the order in which `--help` lists them. */
const commands: { register(program: Command): void }[] = [
  up,
  preview,
  status,
  connect,
  smoke,
  agents,
  models,
  keys,
  down,
  env,
  doctor,
  drill,
  test,
  stopDocker,
];

const program = new Command('switchyard')
  .description('An LLM gateway as code: LiteLLM deployed with Pulumi, with client files for opencode.')
  .version(packageJson.version)
  .option('--json', 'one JSON document on standard output, progress on standard error')
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(see ./switchyard --help)');

for (const command of commands) command.register(program);

// `./switchyard status | head -1` closes the pipe early: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await program.parseAsync();
