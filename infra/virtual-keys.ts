import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { addClientKey } from './client-keys.ts';
import { virtualKeyResource } from './docker-names.ts';

/** A virtual key of a stack. */
export interface VirtualKeyArgs {
  /** Its name. */
  alias: string;
  /** The generation, from 1: another number means another value. */
  generation: number;
  /** The time until which the previous generation's value is accepted too, in ISO 8601. Left out, it is not accepted. */
  previousUntil?: string;
  /** The time from which the key is refused, in ISO 8601. Left out, it does not expire. */
  expires?: string;
  /** The aliases that it may use. Left out, it may use all. */
  models?: string[];
  /** Whether it has a budget or a rate limit. */
  limited?: boolean;
}

/** The virtual keys of a stack: one random value for each key and generation. */
export class VirtualKeys extends pulumi.ComponentResource {
  /** The current values by name: `sk-` and 40 random letters and digits. Secret. */
  readonly values: pulumi.Output<Record<string, string>>;
  private readonly entries: pulumi.Output<Entry[]>;

  constructor(name: string, keys: readonly VirtualKeyArgs[], opts?: pulumi.ComponentResourceOptions) {
    super('switchyard:index:VirtualKeys', name, {}, opts);
    const generate = (alias: string, generation: number): pulumi.Output<string> => {
      const password = new random.RandomPassword(
        virtualKeyResource(alias, generation),
        { length: 40, special: false },
        { parent: this },
      );
      return pulumi.secret(pulumi.interpolate`sk-${password.result}`);
    };
    const generated = keys.map((key) => ({
      key,
      current: generate(key.alias, key.generation),
      previous:
        key.previousUntil !== undefined && key.generation > 1
          ? generate(key.alias, key.generation - 1)
          : undefined,
    }));
    this.values = pulumi
      .all(generated.map(({ current }) => current))
      .apply((values) =>
        Object.fromEntries(keys.map(({ alias }, index) => [alias, values[index]!] as const)),
      );
    this.entries = pulumi.all(generated).apply((all) => all.flatMap(entriesOf));
    this.registerOutputs({});
  }

  /**
   * Adds the keys to the text of client-keys.json.
   *
   * @param onlyUnlimited whether to leave out the keys with a list of models, a budget or a rate limit: for containers that check none.
   */
  addTo(file: pulumi.Output<string>, onlyUnlimited = false): pulumi.Output<string> {
    return pulumi
      .all([file, this.entries])
      .apply(([text, entries]) =>
        entries
          .filter(({ models, limited }) => !onlyUnlimited || (models === undefined && !limited))
          .reduce((all, { name, value, limited: _, ...more }) => addClientKey(all, name, value, more), text),
      );
  }
}

interface Entry {
  name: string;
  value: string;
  until?: string;
  models?: string[];
  limited: boolean;
}

function entriesOf(one: { key: VirtualKeyArgs; current: string; previous?: string | undefined }): Entry[] {
  const { alias, expires, previousUntil, models } = one.key;
  const limits = { limited: one.key.limited === true, ...(models === undefined ? {} : { models }) };
  const current = { name: alias, value: one.current, ...(expires ? { until: expires } : {}), ...limits };
  if (one.previous === undefined || previousUntil === undefined) return [current];
  const until =
    expires !== undefined && Date.parse(expires) < Date.parse(previousUntil) ? expires : previousUntil;
  return [current, { name: `${alias}-previous`, value: one.previous, until, ...limits }];
}
