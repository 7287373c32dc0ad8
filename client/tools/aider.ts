/** Aider's files: `.aider.conf.yml` in the home folder, and two of ours in its own folder. */
import { join, resolve } from 'node:path';
import { aiderFiles } from '../../domain/render/aider-files.ts';
import { quote } from '../../console/shell.ts';
import type { Place, Tool } from './tool.ts';

/** Exported variables that outrank aider's config file, and that our file of variables does not set. */
const OUTRANKING = ['AIDER_MODEL', 'AIDER_WEAK_MODEL', 'AIDER_ENV_FILE', 'AIDER_MODEL_METADATA_FILE'];

/** Aider in a place. */
export function aider({ home, env, dir }: Place): Tool {
  const folder = dir === undefined ? join(home, '.aider') : resolve(dir);
  const config = join(dir === undefined ? home : folder, '.aider.conf.yml');
  const paths = {
    config,
    env: join(folder, 'switchyard.env'),
    metadata: join(folder, 'switchyard-models.json'),
  };
  return {
    record: join(folder, 'switchyard-aider.json'),
    files: (access) => aiderFiles(access, paths),
    program: 'aider',
    install: 'python3 -m pip install aider-chat',
    tryIt: `aider ${dir === undefined ? '' : `--config ${quote(config)} `}--message "hi"`,
    conflicts: () =>
      OUTRANKING.filter((name) => env[name]).map(
        (name) => `${name} is exported: it outranks ${config}; unset ${name}`,
      ),
  };
}
