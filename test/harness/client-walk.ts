/** Random walks over a client's files: commands of two stacks, and a user's edits, with a model of what the files should contain. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { applyEdits, modify, parse } from 'jsonc-parser';
import type { StackClient } from '../../domain/read/outputs-reader.ts';
import { type ClientFiles, withPortkeyKeyFile } from '../../client/client-files.ts';
import { changeClients } from '../../client/change-clients.ts';
import { connect, planDisconnect, writeUnlessOwned } from '../../client/connect-files.ts';
import type { Owner } from '../../client/client-record.ts';
import { shippedClient } from './client-of.ts';

type Json = Record<string, unknown>;
type StackName = 'dev' | 'prod';

/** A command. */
export type Step = { kind: 'connect' | 'up' | 'rotate' | 'down'; stack: StackName } | { kind: 'off' };

/** What a user does to a file: sets or removes a value, or writes a comment. */
export interface Edit {
  kind: 'edit';
  file: 'opencode.json' | 'auth.json';
  at: string[];
  value?: unknown;
  comment?: string;
}

/** The two stacks. */
export const stacks = fc.constantFrom<StackName>('dev', 'prod');

/** Random commands. */
export const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('connect', 'connect', 'up', 'rotate', 'down'), stack: stacks }),
  fc.constant<Step>({ kind: 'off' }),
);

const config = (at: string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<Edit> =>
  value.map((one) => ({ kind: 'edit', file: 'opencode.json', at, value: one }));
/** Not names of ours: whether the user has written such an entry, or we have, cannot be told when both did. */
const names = fc.uniqueArray(fc.constantFrom('ollama', 'bedrock', 'azure'), {
  maxLength: 3,
});

/** Random edits: settings, providers, lists, default models, logins, comments. */
export const edits: fc.Arbitrary<Edit> = fc.oneof(
  config(['theme'], fc.constantFrom('dark', 'light', undefined)),
  config(['model'], fc.constantFrom('ollama/llama', 'anthropic/x', undefined)),
  config(['provider', 'ollama'], fc.constantFrom({ npm: 'x', models: { llama: {} } }, undefined)),
  config(['provider', 'litellm', 'options', 'timeout'], fc.constantFrom(5, 6)),
  config(['agent', 'mine'], fc.constantFrom({ mode: 'primary', prompt: 'x' }, undefined)),
  config(['mcp', 'a'], fc.constantFrom({ type: 'local', command: ['a', 'b'] }, undefined)),
  config(['enabled_providers'], names),
  config(['disabled_providers'], names),
  fc
    .constantFrom('one', 'two')
    .map((comment): Edit => ({ kind: 'edit', file: 'opencode.json', at: [], comment: `// ${comment}` })),
  fc
    .constantFrom<[string, unknown]>(
      ['anthropic', { type: 'oauth', refresh: 'r' }],
      ['anthropic', undefined],
      ['groq-direct', { type: 'api', key: 'mine' }],
    )
    .map(([name, value]): Edit => ({ kind: 'edit', file: 'auth.json', at: [name], value })),
);

/** The two stacks: dev has Groq's key, prod those of OpenAI and Portkey. Each rotation makes another master key. */
const clients = new Map<StackName, StackClient>();
function clientOf(name: StackName, generation: number): StackClient {
  const first =
    clients.get(name) ??
    shippedClient({
      stack: name,
      endpoint: `http://127.0.0.1:${name === 'dev' ? 4000 : 5000}`,
      masterKey: `value-${name}`,
      keys:
        name === 'dev'
          ? { GROQ_API_KEY: 'value-dev-groq' }
          : { OPENAI_API_KEY: 'value-prod-openai', PORTKEY_API_KEY: 'value-prod-portkey' },
      ...(name === 'prod' ? { settings: { production: true } } : {}),
    });
  clients.set(name, first);
  const key = { type: 'api' as const, key: `value-${name}-${generation}` };
  return { ...first, auth: { ...first.auth, litellm: key } };
}

/** One walk, in a folder of its own. */
export class Walk {
  /** What the user has, if nothing of ours is there. */
  readonly #users: { 'opencode.json': Json; 'auth.json': Json } = { 'opencode.json': {}, 'auth.json': {} };
  readonly #comments = new Set<string>();
  readonly #generations = { dev: 1, prod: 1 };
  readonly #deployed = new Set<StackName>(['dev', 'prod']);
  #owner: StackName | undefined;
  /** Whether the user has changed something since the last write: then ours need not be complete. */
  #isEdited = false;
  /** The generation whose files are there: those of a stack that is rotated while the other one owns them stay. */
  #written = 0;
  readonly dir: string;

  /** Whether `off` came after the last `connect`. */
  #isOff = false;

  constructor(dir: string) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  /** The stack whose files are there, with its files. */
  get wanted(): { stack: StackName; client: ClientFiles } | undefined {
    if (this.#owner === undefined) return undefined;
    const client = clientOf(this.#owner, this.#written);
    return {
      stack: this.#owner,
      client: withPortkeyKeyFile(client, join(this.dir, 'switchyard-portkey.key')),
    };
  }

  /** Carries out a step, on the files and on the model. */
  async take(step: Step | Edit): Promise<void> {
    if (step.kind === 'edit') return this.#edit(step);
    if (step.kind === 'off') {
      await changeClients([this.dir], (dir) => planDisconnect({ dir }));
      this.#owner = undefined;
      this.#isOff = true;
      return;
    }
    const name = step.stack;
    if (step.kind === 'down') return void this.#deployed.delete(name);
    if (step.kind === 'rotate' && !this.#deployed.has(name)) return;
    if (step.kind === 'rotate') this.#generations[name] += 1;
    if (step.kind === 'up') this.#deployed.add(name);
    const owner: Owner = { stack: name, backend: 'here' };
    const client = clientOf(name, this.#generations[name]);
    const options = { dir: this.dir, owner };
    const written =
      step.kind === 'connect'
        ? { connected: await connect(name, client, options) }
        : await writeUnlessOwned(name, client, options, (other) =>
            Promise.resolve(this.#deployed.has(other.stack as StackName)),
          );
    if (this.#isOff && step.kind !== 'connect' && written.connected)
      throw new Error(`${step.kind} after off wrote`);
    if (written.connected === undefined) return;
    this.#isOff = false;
    this.#owner = name;
    this.#written = this.#generations[name];
    this.#isEdited = false;
  }

  #edit({ file, at, value, comment }: Edit): void {
    this.#isEdited = true;
    const path = join(this.dir, file);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '{}\n';
    if (comment !== undefined) {
      this.#comments.add(comment);
      if (!text.includes(comment)) writeFileSync(path, `${comment}\n${text}`);
      return;
    }
    const exists = at.reduce<unknown>((one, key) => object(one)[key], parse(text)) !== undefined;
    if (value === undefined && !exists) return;
    const formattingOptions = { insertSpaces: true, tabSize: 2 };
    writeFileSync(path, applyEdits(text, modify(text, at, value, { formattingOptions })), { mode: 0o600 });
    setIn(this.#users[file], at, value);
  }

  /** Throws if the files are not what the model says. */
  verify(): void {
    const texts = readdirSync(this.dir).map((name) => readFileSync(join(this.dir, name), 'utf8'));
    const all = texts.join('\n');
    const config = this.#read('opencode.json');
    const auth = this.#read('auth.json');
    const problems: string[] = [];
    const check = (ok: boolean, what: string): void => void (ok || problems.push(what));
    const files = this.wanted;
    for (const comment of this.#comments) check(all.includes(comment), `the comment ${comment} is lost`);
    // Nothing of the other stack, and no older key.
    for (const other of ['dev', 'prod'])
      if (other !== files?.stack) {
        check(!all.includes(`Switchyard ${other}`), `an entry of ${other} is left`);
        check(!all.includes(`value-${other}`), `a key of ${other} is left`);
      }
    const users = this.#users['opencode.json'];
    const written = this.#isEdited ? undefined : files?.client;
    for (const key of ['theme', 'mcp', 'model'])
      if (key in users)
        check(same(config[key], users[key]), `${key} of the user is ${JSON.stringify(config[key])}`);
    for (const [name, value] of Object.entries(object(users.provider)))
      check(contains(object(config.provider)[name], value), `provider ${name} of the user is changed`);
    for (const [name, value] of Object.entries(object(users.agent)))
      check(same(object(config.agent)[name], value), `agent ${name} of the user is changed`);
    for (const list of ['enabled_providers', 'disabled_providers'])
      if (list in users) {
        const [is, own] = [(config[list] ?? []) as string[], users[list] as string[]];
        check(
          same(
            is.filter((one) => own.includes(one)),
            own,
          ),
          `${list} of the user is ${JSON.stringify(is)}`,
        );
      }
    for (const [name, value] of Object.entries(this.#users['auth.json']))
      if (files?.client.auth[name] === undefined)
        check(same(auth[name], value), `the login ${name} of the user is ${JSON.stringify(auth[name])}`);
    for (const [name, key] of Object.entries(written?.auth ?? {}))
      check(same(auth[name], key), `the key ${name} of ${files?.stack} is missing`);
    for (const [name, entry] of Object.entries(written?.config.provider ?? {})) {
      const isUsers = this.#users['auth.json'][name] !== undefined && files?.client.auth[name] === undefined;
      if (!isUsers)
        check(contains(object(config.provider)[name], entry), `our provider ${name} is not as wanted`);
    }
    if (files === undefined) {
      check(
        same(pruned(config), pruned(users)),
        `after off: ${JSON.stringify(config)}, the user's: ${JSON.stringify(users)}`,
      );
      check(same(auth, this.#users['auth.json']), 'after off auth.json is not as before');
      const record = this.#read('switchyard-client.json');
      const isOff = same(record, this.#isOff ? { version: 3, off: true } : {});
      check(isOff, `after off the record is ${JSON.stringify(record)}`);
    }
    const odd = readdirSync(this.dir).filter((name) => /switchyard-(new|old)$/.test(name));
    check(odd.length === 0, `left behind: ${odd.join()}`);
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }

  #read(name: string): Json {
    const path = join(this.dir, name);
    return existsSync(path) ? ((parse(readFileSync(path, 'utf8')) as Json | undefined) ?? {}) : {};
  }

  /** Removes the folder. */
  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function setIn(target: Json, [key, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    if (value === undefined) delete target[key!];
    else target[key!] = value;
    return;
  }
  const inner = object(target[key!]);
  if (!(key! in target) && value === undefined) return;
  target[key!] = inner;
  setIn(inner, rest, value);
}

/** Without empty objects and lists: whether the user or we made them first cannot be told after edits. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, pruned(one)] as const);
  return Object.fromEntries(
    entries.filter(([, one]) => typeof one !== 'object' || one === null || Object.keys(one).length > 0),
  );
}

/** Whether a value is the same, whatever the order of keys. */
function same(a: unknown, b: unknown): boolean {
  return contains(a, b) && contains(b, a);
}

/** Whether a value has at least these parts. */
function contains(value: unknown, part: unknown): boolean {
  if (Array.isArray(part) || typeof part !== 'object' || part === null)
    return JSON.stringify(value) === JSON.stringify(part);
  return Object.entries(part).every(([key, one]) => contains(object(value)[key], one));
}
