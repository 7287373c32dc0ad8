import { randomBytes } from 'node:crypto';
import { underLoad } from './under-load.ts';
import { failureFindings } from './drill-figures.ts';
import type { Drill } from './drill-types.ts';
import type { RequestRecord } from './request-record.ts';

/** The longest acceptable gap. The old edge may take 10 s of it to finish streams before it stops. */
const LONGEST_GAP_MS = 20_000;

/** Changes the edge, the only change that clients notice, because only one container at a time can have the host's port. */
export const changeEdge: Drill = {
  name: 'change-edge',
  claim:
    'a change of the edge, the one exception, causes a gap of a few seconds and does not touch the gateways',
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
        ...(unserved === 0 ? ['every request got a response: the edge was not replaced'] : []),
        ...(gapMs > LONGEST_GAP_MS ? [`the gap was ${gapMs} ms`] : []),
        ...failureFindings('requests failed for other reasons than the gap', elsewhere),
        ...(String(before) === String(after) ? [] : ['the gateways were replaced too']),
      ],
      figures: { gapMs, unserved, changeSeconds },
    };
  },
};

/** The time without an edge, and the requests that failed because of it and for other reasons. */
export interface Gap {
  /** From the first to the last request that got no response at all. */
  gapMs: number;
  /** The number of those requests: refused, or accepted by Docker while no edge was running. */
  unserved: number;
  /** Requests that failed in another way and were not in flight when the gap began. */
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
