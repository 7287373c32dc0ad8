/** Which master key comes next. Pure: the time is an argument. */

/** What a rotation sets. */
export interface Rotation {
  /**
   * `grace`: a new key beside the old one; `now`: a new key alone; `finish`: nothing new, since a rotation that was interrupted, or one
   * whose grace still runs, has made the new key already.
   */
  kind: 'grace' | 'now' | 'finish';
  generation: number;
  /** Until when the key of the generation before is accepted. */
  previousUntil?: string;
}

/**
 * The next step.
 *
 * It counts from the generation that is deployed, not from the one in the settings: so a rotation that was interrupted before the new
 * key was made goes on with the same number when it is repeated, and the key before it is the one that clients hold.
 *
 * @param settings the stack's `masterKey` setting.
 * @param deployed the newest generation in the stack's state.
 */
export function planRotation(
  settings: { generation: number; previousUntil?: string | undefined },
  deployed: number,
  now: Date,
  options: { graceMs: number; now?: boolean; again?: boolean },
): Rotation {
  if (options.now) return { kind: 'now', generation: deployed + 1 };
  const { generation, previousUntil } = settings;
  const inGrace =
    generation === deployed && previousUntil !== undefined && Date.parse(previousUntil) > now.getTime();
  if (inGrace && !options.again) return { kind: 'finish', generation, previousUntil };
  const until = new Date(now.getTime() + options.graceMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return { kind: 'grace', generation: deployed + 1, previousUntil: until };
}
