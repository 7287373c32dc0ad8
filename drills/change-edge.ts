import { randomBytes } from 'node:crypto';
import { underLoad } from './change.ts';
import { failureFindings } from './sums.ts';
import type { Drill } from './drill-types.ts';
import type { RequestRecord } from './request-record.ts';

/** The edge may finish streams for 10 s before it goes; a longer gap than this is no gap but an outage. */
const LONGEST_GAP_MS = 20_000;

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
        'runtimes/edge/programs/haproxy.cfg',
        (text) => `${text.replace(/# drill .*\n$/, '')}${line}`,
      );
      await stack.up();
    });
    const after = (await stack.gateways()).map((gateway) => gateway.id).sort();
    const { gapMs, unserved, elsewhere } = gapOf(records);
    return {
      records,
      findings: [
        ...(unserved === 0 ? ['nobody was left unserved: the edge was not replaced'] : []),
        ...(gapMs > LONGEST_GAP_MS ? [`the gap was ${gapMs} ms`] : []),
        ...failureFindings('requests failed that the gap does not explain', elsewhere),
        ...(String(before) === String(after) ? [] : ['the gateways were replaced too']),
      ],
      figures: { gapMs, unserved, changeSeconds },
    };
  },
};

/** The time in which nobody was served, and what failed in it and elsewhere. */
export interface Gap {
  /** From the first to the last request that got no answer at all. */
  gapMs: number;
  /** Those requests: refused, or accepted by Docker on behalf of an edge that was not there. */
  unserved: number;
  /** Failed in another way, and not in flight when the gap began. */
  elsewhere: RequestRecord[];
}

/** Finds the gap in a load's records. */
export function gapOf(records: readonly RequestRecord[]): Gap {
  const failed = records.filter((record) => !record.ok);
  const unserved = failed.filter(({ status }) => status === undefined);
  if (unserved.length === 0) return { gapMs: 0, unserved: 0, elsewhere: failed };
  const ends = unserved.map(({ endedAt }) => endedAt);
  const [begun, over] = [Math.min(...ends), Math.max(...ends)];
  const elsewhere = failed.filter(
    ({ status, startedAt, endedAt }) =>
      status !== undefined && !(startedAt <= begun && endedAt >= begun - 1000),
  );
  return { gapMs: over - begun, unserved: unserved.length, elsewhere };
}
