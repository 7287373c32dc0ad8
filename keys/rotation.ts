/** Which master key comes next. Pure: the time is an argument. */

/** What a rotation sets. */
export interface Rotation {
  /**
   * `grace`: a new key beside the old one; `now`: a new key alone; `finish`: nothing new, since the gateways have a new key already, and
   * the grace of the one before still runs.
   */
  kind: 'grace' | 'now' | 'finish';
  generation: number;
  /** Until when the key of the generation before is accepted. */
  previousUntil?: string;
}

/** Where a stack is in the row of its master keys. */
export interface Generations {
  /** The one that clients hold: every gateway accepts it. */
  serving: number;
  /** The newest one in the stack's state: after a rotation that failed half-way it is ahead of `serving`. */
  deployed: number;
}

/**
 * The next step.
 *
 * It counts from the generation that serves, neither from the one in the settings nor from the newest in the state: so a rotation that
 * failed or was interrupted before the gateways had the new key goes on with the same number when it is repeated, with a grace of its
 * own, and the key before it is the one that clients hold.
 *
 * @param settings the stack's `masterKey` setting.
 */
export function planRotation(
  settings: { generation: number; previousUntil?: string | undefined },
  { serving, deployed }: Generations,
  now: Date,
  options: { graceMs: number; now?: boolean; again?: boolean },
): Rotation {
  // A key that was made already may have leaked as well.
  if (options.now) return { kind: 'now', generation: deployed + 1 };
  const { generation, previousUntil } = settings;
  const inGrace =
    generation === serving && previousUntil !== undefined && Date.parse(previousUntil) > now.getTime();
  if (inGrace && !options.again) return { kind: 'finish', generation, previousUntil };
  const until = new Date(now.getTime() + options.graceMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return { kind: 'grace', generation: serving + 1, previousUntil: until };
}
