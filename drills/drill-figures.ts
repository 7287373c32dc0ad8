/** Computes figures from records. Pure. */
import type { Outcome, Report, Run } from './drill-types.ts';
import type { Figures, RequestRecord } from './request-record.ts';

/** The figures of a set of requests. */
export function figuresOf(records: readonly RequestRecord[]): Figures {
  const answered = records.filter((record) => record.ok).length;
  return {
    sent: records.length,
    answered,
    failed: records.length - answered,
    cutStreams: records.filter((record) => record.cut).length,
    longestWaitMs: records.reduce((longest, record) => Math.max(longest, waitOf(record)), 0),
  };
}

/** Milliseconds from sending the request to the first byte of the answer, or to its end if there was no answer. */
export function waitOf(record: RequestRecord): number {
  return Math.round((record.firstByteAt ?? record.endedAt) - record.startedAt);
}

/** A run from its drill's outcome. */
export function runOf(replicas: number, outcome: Outcome): Run {
  return { replicas, ...figuresOf(outcome.records), ...outcome.figures };
}

/** The sums of several figures, and the longest wait of all. */
export function total(parts: readonly Figures[]): Figures {
  const sum = (name: 'sent' | 'answered' | 'failed' | 'cutStreams'): number =>
    parts.reduce((value, part) => value + part[name], 0);
  return {
    sent: sum('sent'),
    answered: sum('answered'),
    failed: sum('failed'),
    cutStreams: sum('cutStreams'),
    longestWaitMs: Math.max(0, ...parts.map((part) => part.longestWaitMs)),
  };
}

/** A drill's report from its runs. */
export function reportOf(
  drill: { name: string; claim: string },
  result: { stack: string; runs: Run[]; findings: string[] },
): Report {
  const { stack, runs, findings } = result;
  const ok = findings.length === 0 && runs.length > 0;
  return { drill: drill.name, claim: drill.claim, stack, ...total(runs), runs, ok, findings };
}

/** One sentence about the failed ones of these requests, with their most frequent reasons; empty if nothing failed. */
export function failureFindings(what: string, records: readonly RequestRecord[]): string[] {
  const failed = records.filter((record) => !record.ok);
  if (failed.length === 0) return [];
  const reasons = new Map<string, number>();
  for (const { stream, why = 'no reason' } of failed) {
    const reason = `${stream ? 'stream' : 'request'}: ${why}`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const frequent = [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 5);
  return [
    `${failed.length} ${what} (${frequent.map(([reason, count]) => `${count} × ${reason}`).join('; ')})`,
  ];
}
