import { randomBytes } from 'node:crypto';
import { underLoad } from './change.ts';
import type { Drill, RequestRecord } from './types.ts';

/** A longer gap than this is no gap but an outage. */
const LONGEST_GAP_MS = 15_000;

/** A change of the edge, the one change that cannot go unnoticed: it holds the host's port. */
export const changeEdge: Drill = {
  name: 'change-edge',
  claim: 'a change of the edge, the one exception, leaves a gap of seconds and touches no gateway',
  async run(context) {
    const { stack } = context;
    const before = (await stack.gateways()).map((gateway) => gateway.id).sort();
    const { records, changeSeconds } = await underLoad(context, await stack.masterKey(), async () => {
      const line = `# drill ${randomBytes(4).toString('hex')}\n`;
      stack.edit(
        'config-templates/edge/haproxy.cfg',
        (text) => `${text.replace(/# drill .*\n$/, '')}${line}`,
      );
      await stack.up();
    });
    const after = (await stack.gateways()).map((gateway) => gateway.id).sort();
    const { gapMs, refused, elsewhere } = gapOf(records);
    return {
      records,
      findings: [
        ...(refused === 0 ? ['no connection was refused: the edge was not replaced'] : []),
        ...(gapMs > LONGEST_GAP_MS ? [`the gap was ${gapMs} ms`] : []),
        ...(elsewhere > 0 ? [`${elsewhere} requests failed that were not in flight in the gap`] : []),
        ...(String(before) === String(after) ? [] : ['the gateways were replaced too']),
      ],
      figures: { gapMs, refused, changeSeconds },
    };
  },
};

/**
 * The time in which connections were refused.
 *
 * @returns its length, the refused requests, and the failed ones that were neither refused nor in flight when it began.
 */
export function gapOf(records: readonly RequestRecord[]): {
  gapMs: number;
  refused: number;
  elsewhere: number;
} {
  const failed = records.filter((record) => !record.ok);
  const refused = failed.filter(({ why }) => /ECONNREFUSED/.test(why ?? ''));
  if (refused.length === 0) return { gapMs: 0, refused: 0, elsewhere: failed.length };
  const begun = Math.min(...refused.map(({ startedAt }) => startedAt));
  const over = Math.max(...refused.map(({ endedAt }) => endedAt));
  const others = failed.filter((record) => !refused.includes(record));
  // The edge's end comes a moment before the first connection is refused.
  const inFlight = others.filter(({ startedAt, endedAt }) => startedAt <= over && endedAt >= begun - 1000);
  return { gapMs: over - begun, refused: refused.length, elsewhere: others.length - inFlight.length };
}
