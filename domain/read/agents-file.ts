/** The agents of agents.yaml: what the file may say. Pure. */
import { z } from 'zod';
import { explain } from './explain.ts';
import { clientIds } from './lanes.ts';
import { findLeaks, GENERIC_PATTERN, keyPatterns } from './leaks.ts';
import { hasErrors, type Problem, sortProblems } from './problems.ts';
import type { Catalog } from './schema.ts';
import { readYaml } from './source.ts';
import { didYouMean, listNames } from './suggest.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, {
  error: 'an agent is named with lower-case letters, digits, "-" and "_", 40 at most',
});
const word = z.string().regex(/^\S{1,200}$/, { error: 'a name without spaces is wanted' });
const seconds = z.int().min(1).max(86_400);

/** One agent. */
export const agentSchema = z.strictObject({
  lane: word.describe('A lane of catalog.yaml: the provider and model it is pinned to.'),
  provider: word
    .optional()
    .describe("Another of the client's providers than the lane's own, e.g. anthropic-direct."),
  model: word
    .optional()
    .describe("An alias, a route of Portkey, or the provider's own id; default: the lane's."),
  description: z.string().min(1).max(200).optional().describe('What for, in a few words.'),
  system: z.string().min(1).max(20_000).optional().describe("A system prompt instead of opencode's own."),
  prompt: z.string().min(1).max(100_000).optional().describe('The task that `./switchyard agents` gives it.'),
  dir: z
    .string()
    .min(1)
    .optional()
    .describe('The folder it works in; default: where the command was called.'),
  timeout: seconds.optional().describe('Seconds until it is stopped; default: the timeout of the file.'),
});

/** The whole file. */
export const agentsSchema = z.strictObject({
  parallel: z.int().min(1).max(32).default(4).describe('The most that run at once.'),
  timeout: seconds.default(600).describe('Seconds until an agent is stopped.'),
  agents: z
    .record(name, agentSchema)
    .refine((agents) => Object.keys(agents).length <= 100, { error: '100 agents at most' })
    .describe('The agents by name.'),
});

/** An agents file, checked and with its defaults filled in. */
export type AgentsFile = z.output<typeof agentsSchema>;
/** One of its agents. */
export type Agent = z.output<typeof agentSchema>;

/** An agents file that was read. */
export interface LoadedAgents {
  /** Absent where there is an error. */
  file?: AgentsFile;
  problems: Problem[];
}

/**
 * Parses and checks an agents file against the catalogue. Never throws, whatever the text.
 *
 * @param text the file's text.
 * @param name the file's name, as the user would type it.
 * @param catalog left out where it has errors itself: then the file is checked by itself.
 */
export function parseAgents(text: string, name: string, catalog?: Catalog): LoadedAgents {
  const { data, source, problems } = readYaml(text, name);
  if (hasErrors(problems)) return { problems };
  const patterns = catalog ? keyPatterns(catalog) : [GENERIC_PATTERN];
  problems.push(...findLeaks(text, name, patterns, (offset) => source.offset(offset)));
  const parsed = agentsSchema.safeParse(data ?? {});
  if (!parsed.success) problems.push(...explain(agentsSchema, data ?? {}, parsed.error, source));
  else if (catalog) {
    const lanes = Object.keys(catalog.client?.lanes ?? {});
    const providers = clientIds(catalog);
    for (const [agent, { lane, provider }] of Object.entries(parsed.data.agents)) {
      if (!lanes.includes(lane)) {
        const message = `no lane "${lane}"${didYouMean(lane, lanes)}; lanes of catalog.yaml: ${listNames(lanes)}`;
        problems.push(source.problem(['agents', agent, 'lane'], message, { value: true }));
      }
      if (provider !== undefined && !providers.includes(provider)) {
        const message = `no provider "${provider}"${didYouMean(provider, providers)}; allowed: ${listNames(providers)}`;
        problems.push(source.problem(['agents', agent, 'provider'], message, { value: true }));
      }
    }
  }
  return parsed.success && !hasErrors(problems)
    ? { file: parsed.data, problems }
    : { problems: sortProblems(problems) };
}
