import type { Command } from 'commander';
import { cloudConfig, routes } from '../domain/render/portkey-routes.ts';
import { requireCatalog } from '../stacks/load.ts';
import { withOutput } from '../console/output.ts';
import { requireDeclaredStack } from '../engine/stack-name.ts';

/** Adds `portkey`. */
export function register(program: Command): void {
  program
    .command('portkey')
    .argument('[stack]', 'the stack whose settings get the ids', 'dev')
    .description(
      "print Portkey's routes as configs to save in its cloud, and the commands that configure a stack to use them",
    )
    .action(
      withOutput(async (out, stack: string) => {
        await requireDeclaredStack(stack);
        const { catalog } = requireCatalog();
        const configs = routes(catalog).map((route) => ({
          route: route.name,
          config: cloudConfig(route),
          command: `pulumi config set --path 'portkey.configs["${route.name}"]' pc-… --stack ${stack}`,
        }));
        const providers = [
          ...new Set(routes(catalog).flatMap(({ targets }) => targets.map(({ provider }) => provider))),
        ];
        const text = [
          `In Portkey's model catalogue, add these providers with your keys, under exactly these names: ${providers.join(', ')}.`,
          'Then save each config and give its id (pc-…) to the stack:',
          ...configs.map(
            ({ route, config, command }) => `\n# ${route}\n${JSON.stringify(config, null, 2)}\n${command}`,
          ),
        ];
        out.result(configs, text.join('\n'));
      }),
    );
}
