/** The schema of agents.yaml. */
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, {
  error: 'an agent is named with lower-case letters, digits, "-" and "_", 40 at most',
});

const word = z.string().regex(/^\S{1,200}$/, { error: 'expected a name without spaces' });

const seconds = z.int().min(1).max(86_400);

const variables = z.array(
  z.string().regex(/^(?!OPENCODE_|PULUMI_)[A-Za-z_]\w{0,99}$/, {
    error: "expected the name of a variable; opencode's and Pulumi's own are not passed on",
  }),
);

/** One agent. */
export const agentSchema = z.strictObject({
  lane: word.describe('A lane of catalog.yaml: the provider and model it is pinned to.'),
  provider: word
    .optional()
    .describe("Another of the client's providers than the lane's own, e.g. anthropic-direct."),
  model: word
    .optional()
    .describe("An alias, a route of Portkey, or the provider's own id; default: the lane's."),
  description: z.string().min(1).max(200).optional().describe('What it is for, in a few words.'),
  system: z.string().min(1).max(20_000).optional().describe("A system prompt instead of opencode's own."),
  prompt: z.string().min(1).max(100_000).optional().describe('The task that `./switchyard agents` gives it.'),
  dir: z.string().min(1).optional().describe('The folder it works in; default: the current folder.'),
  timeout: seconds.optional().describe('Seconds until it is stopped; default: the timeout of the file.'),
  env: variables.optional().describe('Variables that it inherits beside those of the file.'),
});

/** The whole file. */
export const agentsSchema = z.strictObject({
  parallel: z.int().min(1).max(32).default(4).describe('The most agents that run at once.'),
  timeout: seconds.default(600).describe('Seconds until an agent is stopped.'),
  env: variables
    .default([])
    .describe(
      "Variables that all agents inherit beside PATH, the language and the network's proxies, e.g. HOME.",
    ),
  agents: z
    .record(name, agentSchema)
    .refine((agents) => Object.keys(agents).length <= 100, { error: '100 agents at most' })
    .describe('The agents by name.'),
});

/** An agents file, checked and with its defaults filled in. */
export type AgentsFile = z.output<typeof agentsSchema>;
