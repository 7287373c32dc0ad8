/**
 * The command line behind `./switchyard`. Each command has a file of its own that exports `register(program)`; add yours to the
 * list. Only the file of the command that is called is loaded, so that each starts quickly.
 */
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };

/** Every command, in the order in which `--help` lists them. */
const commands: Record<string, () => Promise<{ register(program: Command): void }>> = {
  up: () => import('./up.ts'),
  preview: () => import('./preview.ts'),
  status: () => import('./status.ts'),
  connect: () => import('./connect.ts'),
  smoke: () => import('./smoke.ts'),
  agents: () => import('./agents.ts'),
  models: () => import('./models.ts'),
  portkey: () => import('./portkey.ts'),
  keys: () => import('./keys.ts'),
  down: () => import('./down.ts'),
  env: () => import('./env.ts'),
  doctor: () => import('./doctor.ts'),
  drill: () => import('./drill.ts'),
  bench: () => import('./bench.ts'),
  test: () => import('../scripts/run-tests.ts'),
  'stop-docker': () => import('../scripts/stop-docker.ts'),
};

const program = new Command('switchyard')
  .description('An LLM gateway as code: LiteLLM deployed with Pulumi, with client files for opencode.')
  .version(packageJson.version)
  .option('--json', 'one JSON document on standard output, progress on standard error')
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(see ./switchyard --help)');

const called = process.argv.slice(2).find((word) => !word.startsWith('-') && word !== 'help');
const load = called === undefined ? undefined : commands[called];
for (const one of load ? [load] : Object.values(commands)) (await one()).register(program);

// `./switchyard status | head -1` closes the pipe early: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await program.parseAsync();
