/** Plans the rotation of the master key. Pure: the time is an argument. */

/** The settings that a rotation writes. */
export interface Rotation {
  /**
   * `grace`: a new key beside the old one; `now`: only a new key; `finish`: no new key, since the gateways have one already and the
   * grace period of the previous one has not ended.
   */
  kind: 'grace' | 'now' | 'finish';
  generation: number;
  /** With `now`: an interrupted rotation is completed; its settings are written already. */
  interrupted?: boolean;
  /** Until when the previous key is accepted: ISO 8601. */
  previousUntil?: string;
}

/** The generations of a stack's master key. */
export interface Generations {
  /** The one that clients use: every gateway accepts it. */
  serving: number;
  /** The newest one in the stack's state: higher than `serving` after a rotation that failed midway. */
  deployed: number;
}

/**
 * Plans the next rotation.
 *
 * It counts from the serving generation, not from the one in the settings or the newest in the state. So a rotation that failed or was
 * interrupted before the gateways had the new key uses the same number when it is repeated, with a new grace period, and the previous
 * key is the one that clients use.
 *
 * @param settings the stack's `masterKey` setting.
 */
export function planRotation(
  settings: { generation: number; previousUntil?: string | undefined },
  { serving, deployed }: Generations,
  now: Date,
  options: { graceMs: number; now?: boolean; again?: boolean },
): Rotation {
  // A key that an interrupted rotation has created may have leaked as well.
  if (options.now) return { kind: 'now', generation: deployed + 1 };
  const { generation, previousUntil } = settings;
  // The settings of a rotation by `--now` are written before the key is created. Its old key may have leaked: it gets no grace period.
  if (unfinishedNow(settings, serving) !== undefined && generation <= deployed + 1 && !options.again)
    return { kind: 'now', generation, interrupted: true };
  const inGrace =
    generation === serving && previousUntil !== undefined && Date.parse(previousUntil) > now.getTime();
  if (inGrace && !options.again) return { kind: 'finish', generation, previousUntil };
  const until = new Date(now.getTime() + options.graceMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return { kind: 'grace', generation: serving + 1, previousUntil: until };
}

/**
 * The generation to which the settings rotate without a grace period, while clients' outputs still have an older key: `keys rotate --now`
 * was interrupted, or failed.
 *
 * @param settings the stack's `masterKey` setting.
 * @param serving the generation in the outputs.
 */
export function unfinishedNow(
  { generation, previousUntil }: { generation: number; previousUntil?: string | undefined },
  serving: number | undefined,
): number | undefined {
  return serving !== undefined && previousUntil === undefined && generation > serving
    ? generation
    : undefined;
}
