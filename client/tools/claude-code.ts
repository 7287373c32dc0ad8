/** Claude Code's files: `settings.json` of the user. */
import { join, resolve } from 'node:path';
import { claudeCodeFiles } from '../../domain/render/claude-code-files.ts';
import type { GatewayAccess } from '../../domain/render/gateway-access.ts';
import { quote } from '../../console/shell.ts';
import { object } from '../json-objects.ts';
import type { Place, Tool } from './tool.ts';

/** Its names for the tiers, which it translates into our aliases. */
const TIERS = /^(default|best|opus|sonnet|haiku|opusplan)(\[1m\])?$/;

/** Claude Code in a place. */
export function claudeCode({ home, env, dir }: Place): Tool {
  const folder = dir === undefined ? env.CLAUDE_CONFIG_DIR || join(home, '.claude') : resolve(dir);
  const paths = { settings: join(folder, 'settings.json'), key: join(folder, 'switchyard.key') };
  return {
    record: join(folder, 'switchyard-claude-code.json'),
    files: (access) => claudeCodeFiles(access, paths, `cat ${quote(paths.key)}`),
    program: 'claude',
    install: 'npm install -g @anthropic-ai/claude-code',
    tryIt: `${dir === undefined ? '' : `CLAUDE_CONFIG_DIR=${quote(folder)} `}claude -p "hi"`,
    conflicts(access, users) {
      const settings = object(users(paths.settings));
      return [
        ...exportedKeys(env, access),
        ...settingsKeys(paths.settings, object(settings.env)),
        ...unservedModels(access, [
          ['ANTHROPIC_MODEL is exported', env.ANTHROPIC_MODEL],
          [`${paths.settings} sets model`, settings.model],
        ]),
      ];
    },
  };
}

function exportedKeys(env: Readonly<NodeJS.ProcessEnv>, { key, endpoint }: GatewayAccess): string[] {
  const notes = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']
    .filter((name) => env[name])
    .map((name) =>
      env[name] === key || (name === 'ANTHROPIC_API_KEY' && env.ANTHROPIC_BASE_URL === endpoint)
        ? `${name} is exported for this gateway, as \`connect --client env\` prints it for other clients: Claude Code needs only its file, and warns of a conflict with the variable; start it from a shell without it: unset ${name}`
        : `${name} is exported: Claude Code sends it to the gateway beside the gateway's key, and warns of a conflict; unset ${name}`,
    );
  const clouds = ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_FOUNDRY']
    .filter((name) => env[name])
    .map((name) => `${name} is exported: Claude Code does not use the gateway then; unset ${name}`);
  return [...notes, ...clouds];
}

function settingsKeys(file: string, env: Record<string, unknown>): string[] {
  return ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']
    .filter((name) => env[name])
    .map((name) => `${file} sets env.${name}: Claude Code sends it beside the gateway's key; remove it`);
}

function unservedModels(access: GatewayAccess, given: [where: string, model: unknown][]): string[] {
  const served = Object.keys(access.models);
  return given
    .filter((one): one is [string, string] => typeof one[1] === 'string' && one[1] !== '')
    .filter(([, model]) => !TIERS.test(model) && !served.includes(model))
    .map(
      ([where, model]) =>
        `${where} to ${model}, which the gateway does not serve; allowed: opus, sonnet, haiku, ${served.join(', ')}`,
    );
}
