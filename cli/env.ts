/** `./switchyard env`: the exports with which Pulumi's own CLI works in this checkout. */
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';

/** Adds `env`. */
export function register(program: Command): void {
  program
    .command('env')
    .argument('[stack]', 'the stack that plain `pulumi` uses then', 'dev')
    .description(
      'print the exports with which plain `pulumi` and `opencode` work here: eval "$(./switchyard env dev)"',
    )
    .action(withOutput(printExports));
}

async function printExports(out: Output, stack: string): Promise<void> {
  const [
    { pulumiVariables },
    { exportLines },
    { checkStackName, refuseFormerName },
    { formerName },
    { ensureStack },
    { pathWithOpencode },
    { ROOT },
  ] = await Promise.all([
    import('../engine/environment.ts'),
    import('../console/shell.ts'),
    import('../engine/stack-name.ts'),
    import('../engine/renamed-stack.ts'),
    import('../engine/stack-state.ts'),
    import('../client/client-home.ts'),
    import('../console/home-paths.ts'),
  ]);
  checkStackName(stack);
  refuseFormerName(stack);
  const former = formerName(stack);
  if (former !== undefined)
    out.warn(`stack ${stack} was deployed as ${former}: rename it back before you deploy it`);
  const variables = await pulumiVariables(stack, out);
  // `pulumi preview` and `pulumi config set` need a stack that exists; PULUMI_STACK selects it for this shell alone.
  await ensureStack(stack);
  variables.PULUMI_STACK = stack;
  variables.PATH = await pathWithOpencode(ROOT, variables.PATH ?? '');
  out.result({ stack, variables }, exportLines(variables), { verbatim: true });
}
