/** The clients other than opencode, by the name that `--client` takes. */
import { aider } from './aider.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import type { Place, Tool } from './tool.ts';

/** Their names. */
export type ToolName = 'claude-code' | 'codex' | 'aider';

export const TOOLS: Readonly<Record<ToolName, (place: Place) => Tool>> = {
  'claude-code': claudeCode,
  codex,
  aider,
};
