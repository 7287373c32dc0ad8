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
  /** With `grace`: the last rotation made this key, but no client has got it, since its deployment failed. */
  repeated?: boolean;
  /** Until when the previous key is accepted: ISO 8601. */
  previousUntil?: string;
}

/** A stack's `masterKey` setting. `previousUntil` is ISO 8601. */
interface MasterKeySetting {
  generation: number;
  previousUntil?: string | undefined;
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
  settings: MasterKeySetting,
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
  if (generation === serving && isInGrace(settings, now) && !options.again)
    return { kind: 'finish', generation, previousUntil };
  const until = graceEnd(now, options.graceMs);
  const repeated = unfinished(settings, serving) === serving + 1 && deployed > serving;
  return { kind: 'grace', generation: serving + 1, previousUntil: until, ...(repeated ? { repeated } : {}) };
}

/**
 * The generation to which the settings rotate without a grace period, while clients' outputs still have an older key: `keys rotate --now`
 * was interrupted, or failed.
 *
 * @param settings the stack's `masterKey` setting.
 * @param serving the generation in the outputs.
 */
export function unfinishedNow(settings: MasterKeySetting, serving: number | undefined): number | undefined {
  return settings.previousUntil === undefined ? unfinished(settings, serving) : undefined;
}

/**
 * The same for a rotation of either kind. While it has a grace period, the gateways accept the key in the outputs; then they may refuse
 * it, although the next one, which they accept, is not in the outputs yet.
 */
export function unfinished(
  { generation }: MasterKeySetting,
  serving: number | undefined,
): number | undefined {
  return serving !== undefined && generation > serving ? generation : undefined;
}

/** Whether the previous key is accepted beside the new one at this time. */
export function isInGrace({ previousUntil }: Pick<MasterKeySetting, 'previousUntil'>, now: Date): boolean {
  return previousUntil !== undefined && Date.parse(previousUntil) > now.getTime();
}

/** The end of a grace period: an ISO 8601 time, in whole seconds. */
export function graceEnd(now: Date, graceMs: number): string {
  return new Date(now.getTime() + graceMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
