/**
 * Merges our part into a user's opencode.json. Pure: takes and returns text. Existing comments, order and indentation stay. A file that
 * is not valid JSON is an error, and nothing is changed.
 */
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'jsonc-parser';
import { providerOf } from '../domain/plan/lanes.ts';
import type { OpencodeConfig } from '../domain/render/opencode-files.ts';
import { MOCK_ALIAS } from '../domain/schema/catalog-schema.ts';
import { UserError } from '../console/errors.ts';
import { type Json, object, parseObject } from './json-objects.ts';
import { mergeAgents, mergeProviders } from './merge-entries.ts';
import { type ListEntries, mergeDisabled, mergeEnabled } from './merge-lists.ts';
import { rewrite } from './rewrite.ts';

/** The client's default models, `provider/model`. */
const DEFAULTS = ['model', 'small_model'];

/** The result of a merge. */
export interface Merged {
  /** The file's new text. */
  text: string;
  /** Notes for the user: which of their entries were replaced, and which of ours were not written because of theirs. */
  notes: string[];
  /** The list entries that are ours and not the user's; they are recorded. */
  added: ListEntries;
}

/** What a merge of opencode.json needs beside the two files. */
export interface MergeContext {
  /** The file's name, for messages. */
  file: string;
  /** The values of the base layers: the global files that this one overrides. A value there counts as set by the user. */
  baseValues?: Json;
  /** Our providers that had a key before this run: if one of them is off now, the user switched it off. */
  hadApiKey?: readonly string[];
  /** The user's own logins, in auth.json. */
  logins?: readonly string[];
  /** The list entries that we added before; undefined if there is no record of them. */
  added?: ListEntries | undefined;
}

/**
 * Merges our config into an existing opencode.json or .jsonc.
 *
 * @param existing the file's text; undefined if there is no file.
 * @throws UserError if the text is not valid JSON, or has a key twice.
 */
export function mergeOpencode(
  existing: string | undefined,
  ours: OpencodeConfig,
  context: MergeContext,
): Merged {
  const text = existing === undefined || existing.trim() === '' ? '{}\n' : existing;
  const theirs = parseObject(text, context.file);
  const notes: string[] = [];
  const { values, added } = mergeValues(theirs, ours, context, notes);
  const merged = rewrite(text, theirs, values);
  if (!isDeepStrictEqual(parse(merged), values)) {
    throw new UserError(`cannot merge ${context.file}: it seems to contain a key twice`, {
      where: context.file,
      allowed: 'each key once',
    });
  }
  return { text: merged, notes, added };
}

function mergeValues(
  theirs: Json,
  ours: OpencodeConfig,
  context: MergeContext,
  notes: string[],
): { values: Json; added: ListEntries } {
  const values: Json = { ...theirs };
  const baseValues = context.baseValues ?? {};
  const wholeFileIsOurs = hasOnlyOurs(theirs, ours) && hasOnlyOurs(baseValues, ours);
  const isSet = (key: string): boolean => theirs[key] !== undefined || baseValues[key] !== undefined;

  const lists = {
    theirs,
    baseValues,
    ours,
    wholeFileIsOurs,
    hadApiKey: context.hadApiKey ?? [],
    logins: context.logins ?? [],
    added: context.added,
  };
  const disabled = mergeDisabled(lists);
  const enabled = mergeEnabled(lists, notes);

  for (const [key, value] of Object.entries(ours)) {
    if (['provider', 'agent', 'enabled_providers', 'disabled_providers'].includes(key)) continue;
    if (!DEFAULTS.includes(key) && !isSet(key) && (wholeFileIsOurs || key === '$schema')) values[key] = value;
  }
  // With a default model whose provider is off, every command of opencode fails, whoever switched the provider off.
  for (const key of DEFAULTS) {
    const value = typeof ours[key] === 'string' ? ours[key] : undefined;
    const isOn = value !== undefined && !disabled.list?.includes(providerOf(value));
    if (isOn && (!isSet(key) || isStale(theirs[key] ?? baseValues[key], ours))) values[key] = value;
    if (!isOn && isStale(theirs[key], ours)) delete values[key];
  }
  setOrDelete(values, 'disabled_providers', disabled.list);
  setOrDelete(values, 'enabled_providers', enabled.list);

  values.provider = mergeProviders(object(theirs.provider), ours, notes);
  const agents = mergeAgents(object(theirs.agent), ours, notes);
  if (Object.keys(agents).length > 0 || theirs.agent !== undefined) values.agent = agents;
  if (
    typeof values.default_agent === 'string' &&
    theirs.default_agent === undefined &&
    !agents[values.default_agent]
  ) {
    delete values.default_agent;
  }
  return { values, added: { enabled_providers: enabled.added, disabled_providers: disabled.added } };
}

function setOrDelete(values: Json, key: string, value: unknown): void {
  if (value === undefined) delete values[key];
  else values[key] = value;
}

/** Whether a file contains only what we write, so that we may decide which providers are on. */
function hasOnlyOurs(theirs: Json, ours: OpencodeConfig): boolean {
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

/**
 * Whether a default model of ours is outdated: its provider is off or no longer has that model, or it is the mock, which was the default
 * while no provider was configured.
 */
function isStale(value: unknown, ours: OpencodeConfig): boolean {
  if (typeof value !== 'string') return false;
  const name = providerOf(value);
  if (!(name in ours.provider)) return false;
  const id = value.slice(name.length + 1);
  return !ours.enabled_providers.includes(name) || !ours.provider[name]?.models[id] || id === MOCK_ALIAS;
}
