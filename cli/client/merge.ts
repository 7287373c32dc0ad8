/**
 * Merges our part into a user's opencode.json and auth.json. Pure: text in, text out. Comments, order and indentation of what was
 * there stay; a file that is no valid JSON is an error and nothing is changed.
 */
import { isDeepStrictEqual } from 'node:util';
import { parse, type ParseError, printParseErrorCode } from 'jsonc-parser';
import { providerOf } from '../../catalog/lanes.ts';
import {
  OUR_MARK,
  type OpencodeAuth,
  type OpencodeConfig,
  type OpencodeProvider,
} from '../../catalog/opencode.ts';
import { UserError } from '../errors.ts';
import { isObject, type Json, rewrite } from './rewrite.ts';

/** What a merge has made. */
export interface Merged {
  /** The file's new text. */
  text: string;
  /** What the user should know: entries of theirs that gave way, or that ours gave way to. */
  notes: string[];
}

/** What a merge of opencode.json needs to know beside the two files. */
export interface MergeContext {
  /** The file's name, for messages. */
  file: string;
  /** Values of the global files beneath this one: set there is set. */
  beneath?: Json;
  /** Providers of ours that had a key before: one of those that is switched off now was switched off by the user. */
  hadKey?: readonly string[];
}

/**
 * Merges ours into an existing opencode.json or .jsonc.
 *
 * @param existing the file's text; undefined where there is none.
 */
export function mergeOpencode(
  existing: string | undefined,
  ours: OpencodeConfig,
  context: MergeContext,
): Merged {
  const text = existing === undefined || existing.trim() === '' ? '{}\n' : existing;
  const theirs = parseObject(text, context.file);
  const notes: string[] = [];
  const wanted = mergeValues(theirs, ours, context, notes);
  const merged = rewrite(text, theirs, wanted);
  if (!isDeepStrictEqual(parse(merged), wanted)) {
    throw new UserError(`${context.file} could not be merged: a key seems to stand in it twice`, {
      where: context.file,
      allowed: 'each key once',
    });
  }
  return { text: merged, notes };
}

function mergeValues(theirs: Json, ours: OpencodeConfig, context: MergeContext, notes: string[]): Json {
  const wanted: Json = { ...theirs };
  const below = context.beneath ?? {};
  const wholeFileIsOurs = isOurs(theirs, ours) && isOurs(below, ours);
  const isOurName = (name: string): boolean => name in ours.provider;
  const isSet = (key: string): boolean => theirs[key] !== undefined || below[key] !== undefined;

  for (const [key, value] of Object.entries(ours)) {
    if (['provider', 'agent', 'enabled_providers', 'disabled_providers'].includes(key)) continue;
    if (['model', 'small_model'].includes(key)) {
      const current = theirs[key] ?? below[key];
      if (!isSet(key) || namesDeadModelOfOurs(current, ours)) wanted[key] = value;
    } else if (!isSet(key)) wanted[key] = value;
  }
  // A default that names a provider of ours which is off now would fail every command of the client.
  for (const key of ['model', 'small_model']) {
    if (ours[key] === undefined && namesDeadModelOfOurs(theirs[key], ours)) delete wanted[key];
  }

  const off = strings(theirs.disabled_providers ?? below.disabled_providers);
  const offByUser = off.filter(
    (name) => ours.enabled_providers.includes(name) && context.hadKey?.includes(name),
  );
  const disabled = [
    ...off.filter((name) => !isOurName(name) || offByUser.includes(name)),
    ...ours.disabled_providers.filter((name) => !offByUser.includes(name)),
  ];
  if (disabled.length > 0 || theirs.disabled_providers !== undefined)
    wanted.disabled_providers = keepOrder(off, disabled);

  const listed = theirs.enabled_providers ?? below.enabled_providers;
  if (listed !== undefined || wholeFileIsOurs) {
    const kept = strings(listed).filter((name) => !isOurName(name) || ours.enabled_providers.includes(name));
    wanted.enabled_providers = [...new Set([...kept, ...ours.enabled_providers])];
  }

  wanted.provider = mergeProviders(object(theirs.provider), ours, notes);
  const agents = mergeAgents(object(theirs.agent), ours, notes);
  if (Object.keys(agents).length > 0 || theirs.agent !== undefined) wanted.agent = agents;
  if (
    typeof wanted.default_agent === 'string' &&
    theirs.default_agent === undefined &&
    !agents[wanted.default_agent]
  ) {
    delete wanted.default_agent;
  }
  return wanted;
}

/** The list in the order it had, new names at the end: an unchanged set is an unchanged file. */
function keepOrder(before: readonly string[], after: readonly string[]): string[] {
  return [...new Set([...before.filter((name) => after.includes(name)), ...after])];
}

/** Whether a file holds nothing but what we write, so that we may decide for it which providers there are. */
function isOurs(theirs: Json, ours: OpencodeConfig): boolean {
  const known = [...Object.keys(ours), 'model', 'small_model', 'default_agent'];
  return (
    Object.keys(theirs).every((key) => known.includes(key)) &&
    Object.keys(object(theirs.provider)).every((name) => name in ours.provider) &&
    ['model', 'small_model'].every((key) => {
      const value = theirs[key];
      return value === undefined || (typeof value === 'string' && providerOf(value) in ours.provider);
    })
  );
}

/** Whether a default names a provider of ours that is off, or a model that it no longer has. */
function namesDeadModelOfOurs(value: unknown, ours: OpencodeConfig): boolean {
  if (typeof value !== 'string') return false;
  const name = providerOf(value);
  if (!(name in ours.provider)) return false;
  return !ours.enabled_providers.includes(name) || !ours.provider[name]?.models[value.slice(name.length + 1)];
}

function mergeProviders(theirs: Json, ours: OpencodeConfig, notes: string[]): Json {
  // A provider that bears our mark and is not ours any more was in the catalogue once.
  const kept = Object.entries(theirs).filter(
    ([name, one]) => name in ours.provider || !isMarked(object(one).name),
  );
  const wanted: Json = Object.fromEntries(kept);
  for (const [name, provider] of Object.entries(ours.provider)) {
    const before = theirs[name];
    if (before !== undefined && !isMarked(object(before).name))
      notes.push(`${name}: your entry of that name was replaced`);
    wanted[name] = before === undefined ? provider : mergeProvider(object(before), provider);
  }
  return wanted;
}

/** Ours over theirs; options and models that a user added to our provider stay, models that we no longer serve go. */
function mergeProvider(theirs: Json, ours: OpencodeProvider): Json {
  const models: Json = {};
  for (const [id, model] of Object.entries(object(theirs.models))) {
    const served = ours.models[id];
    if (served !== undefined) models[id] = { ...withoutOurs(object(model)), ...served };
    else if (Object.keys(withoutOurs(object(model))).length > 0 || !('limit' in object(model)))
      models[id] = model;
  }
  const { headers: theirHeaders, ...theirOptions } = object(theirs.options);
  const headers = { ...withoutPortkey(object(theirHeaders)), ...ours.options.headers };
  return {
    ...theirs,
    npm: ours.npm,
    name: ours.name,
    options: {
      ...theirOptions,
      baseURL: ours.options.baseURL,
      ...(Object.keys(headers).length > 0 ? { headers } : {}),
    },
    models: {
      ...models,
      ...Object.fromEntries(Object.entries(ours.models).filter(([id]) => !(id in models))),
    },
  };
}

/** What we write into a model's entry. */
const OUR_FIELDS = ['name', 'limit', 'cost', 'headers'];

/** A model's entry without the fields that we write. */
function withoutOurs(model: Json): Json {
  return Object.fromEntries(Object.entries(model).filter(([field]) => !OUR_FIELDS.includes(field)));
}

/** Portkey's headers are ours: a stale one would send a request to a config that is gone. */
function withoutPortkey(headers: Json): Json {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-portkey-')));
}

function mergeAgents(theirs: Json, ours: OpencodeConfig, notes: string[]): Json {
  const wanted: Json = {};
  for (const [name, agent] of Object.entries(theirs)) {
    if (!isMarked(object(agent).description)) {
      wanted[name] = agent;
      if (name in ours.agent) notes.push(`agent ${name}: yours of that name was kept`);
    } else if (name in ours.agent) wanted[name] = { ...object(agent), ...ours.agent[name] };
  }
  for (const [name, agent] of Object.entries(ours.agent)) wanted[name] ??= agent;
  return wanted;
}

function isMarked(value: unknown): boolean {
  return typeof value === 'string' && value.includes(OUR_MARK);
}

/**
 * Merges our keys into an existing auth.json: ours are set, ours that have none any more are removed, all others stay.
 *
 * @param names every provider of ours, with a key or without.
 */
export function mergeAuth(
  existing: string | undefined,
  ours: OpencodeAuth,
  names: readonly string[],
  file: string,
): Merged {
  const theirs = existing === undefined || existing.trim() === '' ? {} : parseObject(existing, file, false);
  const kept = Object.entries(theirs).filter(([name]) => !names.includes(name) || name in ours);
  const wanted: Json = { ...Object.fromEntries(kept), ...ours };
  if (existing !== undefined && isDeepStrictEqual(theirs, wanted)) return { text: existing, notes: [] };
  return { text: `${JSON.stringify(wanted, null, 2)}\n`, notes: [] };
}

/**
 * A file's object.
 *
 * @param comments whether comments and trailing commas are allowed, as in opencode.json.
 * @throws UserError with line and column, if it is no JSON or no object.
 */
export function parseObject(text: string, file: string, comments = true): Json {
  const errors: ParseError[] = [];
  const body = text.replace(/^\uFEFF/, ' ');
  const value: unknown = parse(body, errors, { allowTrailingComma: comments, disallowComments: !comments });
  const first = errors[0];
  if (first !== undefined) {
    const before = body.slice(0, first.offset).split('\n');
    throw new UserError(`${file} is not valid JSON, so nothing was changed`, {
      where: `${file}:${before.length}:${(before.at(-1) ?? '').length + 1}`,
      found: printParseErrorCode(first.error),
      allowed: comments ? 'JSON, with comments' : 'JSON without comments',
      command: 'mend the file, or move it away: connect then makes a new one',
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${file} holds no JSON object, so nothing was changed`, {
      where: file,
      allowed: '{ … }',
    });
  }
  for (const key of ['provider', 'agent']) {
    const part = (value as Json)[key];
    if (
      comments &&
      part !== undefined &&
      (typeof part !== 'object' || part === null || Array.isArray(part))
    ) {
      throw new UserError(`${file}: ${key} is no object, so nothing was changed`, {
        where: file,
        allowed: `"${key}": { … }`,
      });
    }
  }
  return value as Json;
}

function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
