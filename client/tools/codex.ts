/** Codex's files: `config.toml`. */
import { join, resolve } from 'node:path';
import { codexFiles } from '../../domain/render/codex-files.ts';
import { quote } from '../../console/shell.ts';
import { object } from '../json-objects.ts';
import type { Place, Tool } from './tool.ts';

/** Codex in a place. */
export function codex({ home, env, dir }: Place): Tool {
  const folder = dir === undefined ? env.CODEX_HOME || join(home, '.codex') : resolve(dir);
  const paths = { config: join(folder, 'config.toml'), key: join(folder, 'switchyard.key') };
  return {
    record: join(folder, 'switchyard-codex.json'),
    files: (access) => codexFiles(access, paths),
    program: 'codex',
    install: 'npm install -g @openai/codex',
    // Outside of a git repository it refuses to work without this option.
    tryIt: `${dir === undefined ? '' : `CODEX_HOME=${quote(folder)} `}codex exec --skip-git-repo-check "hi"`,
    conflicts(_, users) {
      const { profile } = object(users(paths.config));
      return typeof profile === 'string'
        ? [`${paths.config} selects profile ${profile}: its model and provider outrank the gateway's`]
        : [];
    },
  };
}
