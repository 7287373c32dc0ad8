/** What `up` says about the providers that it asked. Pure. */
import { didYouMean, listNames } from '../domain/diagnostics/suggest.ts';
import { setKeyCommand } from '../domain/plan/unavailable.ts';
import type { ProviderAnswer } from '../engine/ask-providers.ts';

/** A row for each provider that does not accept its key or does not answer, and one for all others. */
export function providerRows(stack: string, answers: readonly ProviderAnswer[]): [string, string][] {
  const told = answers.map((answer) => ({ answer, problem: problemOf(stack, answer) }));
  const fine = told.flatMap(({ answer, problem }) => (problem === undefined ? [answer.name] : []));
  return [
    ...told.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
    ...(fine.length > 0 ? [['providers', `${fine.join(', ')}: answered`] satisfies [string, string]] : []),
  ];
}

/** Undefined if the provider answers, also if it has no such list or is only busy. */
function problemOf(
  stack: string,
  { name, host, status, reason, missing = [], listed = [] }: ProviderAnswer,
): [string, string] | undefined {
  const who = `${name}: ${host}`;
  if (status === 0) return ['unreachable', `${who}: ${reason ?? 'no response'}`];
  if (status === 401 || (status === 403 && reason === null))
    return ['refused', `${who} refused the key (${status}); to set another: ${setKeyCommand(name, stack)}`];
  if (status === 402) return ['refused', `${who}: the account has no credit left (402)`];
  if (status === 403 || status >= 500)
    return ['failed', `${who} responded with ${status}${reason === null ? '' : `: ${reason}`}`];
  if (missing.length > 0) {
    const meant = missing.map((model) => `${model}${didYouMean(model, listed)}`).join(' ');
    const has = listed.length === 0 ? 'no model, and so not' : `${listNames(listed)}, but not`;
    return ['not listed', `${name}: ${host} lists ${has} ${meant}`];
  }
  return undefined;
}
