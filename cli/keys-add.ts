/** `./switchyard keys add`: a virtual key for a person or an agent. */
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { UserError } from '../console/errors.ts';
import { parseBudget } from '../domain/render/key-limits.ts';
import type { Budget } from '../domain/schema/limits-schema.ts';
import { parseExpiry } from '../console/time-options.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { deploy } from '../engine/deploy.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureStack } from '../engine/stack-state.ts';
import { wholeNumber } from './arguments.ts';
import { addKeySetting, type NewKey, readKeysCommand } from '../keys/virtual-key-settings.ts';

/** Adds `keys add`. */
export function register(keys: Command): void {
  keys
    .command('add')
    .description('create a virtual key for a person or an agent, and deploy it')
    .argument('<alias>', 'its name: small letters, digits, "-", "_"')
    .argument('[stack]', 'the stack', 'dev')
    .option('--owner <name>', 'who uses it: for people')
    .option('--model <alias...>', 'the models that it may use; default: all')
    .option('--lane <name...>', "the gateway's lanes whose models it may use")
    .option(
      '--budget <usd/window...>',
      'what it may spend per hour, day, week or month: 20/month; or several',
    )
    .option('--requests-per-minute <number>', 'further requests get 429', wholeNumber(1, 1_000_000))
    .option('--tokens-per-minute <number>', 'input and output together', wholeNumber(1, 1_000_000_000))
    .option('--parallel-requests <number>', 'requests at the same time', wholeNumber(1, 10_000))
    .option(
      '--expires <time>',
      'when it expires: the last day (YYYY-MM-DD) or a time (YYYY-MM-DDThh:mm:ssZ), in UTC; default: never',
    )
    .action(withOutput(add));
}

interface AddOptions {
  owner?: string;
  model?: string[];
  lane?: string[];
  budget?: string[];
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  parallelRequests?: number;
  expires?: string;
}

/** @throws UserError if the text is no budget. */
function requireBudget(text: string): Budget {
  const budget = parseBudget(text);
  if (budget !== undefined) return budget;
  throw new UserError('this is no budget', {
    where: '--budget',
    found: text,
    allowed: 'US dollars per hour, day, week or month: 20/month, 0.50/day',
  });
}

async function add(out: Output, alias: string, stack: string, options: AddOptions): Promise<void> {
  const { model: models, lane: lanes, budget, expires: until, ...rest } = options;
  const budgets = budget?.map((text) => requireBudget(text));
  const expires = until === undefined ? undefined : parseExpiry(until, '--expires');
  await requireStack(stack);
  const given = Object.entries({ models, lanes, budget: budgets, expires, ...rest });
  const key: NewKey = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  await ensureStack(stack);
  await addKeySetting(stack, alias, key);
  await deploy(out, stack);
  const read = readKeysCommand(stack);
  out.result({ stack, alias, ...key, read }, `${stack} accepts the key "${alias}"\n  read it: ${read}`);
}
