/** The limits of a virtual key as people read and write them. Pure. */
import { type Budget, budgetList, WINDOWS } from '../schema/limits-schema.ts';

/** The limits of a key, as the settings have them. */
export interface KeyLimits {
  budget?: Budget | Budget[] | undefined;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
  parallelRequests?: number | undefined;
}

/** `$20/month, $2/day, 60 requests/min, 200000 tokens/min, 4 at once`; empty without limits. */
export function describeLimits(limits: KeyLimits): string {
  const { budget, requestsPerMinute, tokensPerMinute, parallelRequests } = limits;
  return [
    ...budgetList(budget).map(({ usd, window }) => `$${usd}/${window}`),
    ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} requests/min`]),
    ...(tokensPerMinute === undefined ? [] : [`${tokensPerMinute} tokens/min`]),
    ...(parallelRequests === undefined ? [] : [`${parallelRequests} at once`]),
  ].join(', ');
}

/**
 * Parses `20/month` or `$0.5/day`. Whether the amount is allowed is the settings' schema's to say.
 *
 * @returns undefined if it has another form, or the window is none.
 */
export function parseBudget(text: string): Budget | undefined {
  const [, usd, window] = /^\$?(\d+(?:\.\d+)?)\/([a-z]+)$/.exec(text.trim()) ?? [];
  const known = WINDOWS.find((one) => one === window);
  return usd === undefined || known === undefined ? undefined : { usd, window: known };
}
