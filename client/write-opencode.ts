/** Plans and writes opencode's files for a stack, or takes ours out of them. */
import { parse } from 'jsonc-parser';
import { PORTKEY, providerOf } from '../domain/plan/lanes.ts';
import type { OpencodeAuth } from '../domain/render/opencode-files.ts';
import { applyManaged } from './apply-managed.ts';
import {
  type ClientFiles,
  usesPortkeyKeyFile,
  withoutProviders,
  withPortkeyKeyFile,
} from './client-files.ts';
import type { Owner } from './client-record.ts';
import { type Json, object } from './json-objects.ts';
import { claimed } from './managed-files.ts';
import { bothManaged } from './managed-values.ts';
import { opencodeClaims, type OpencodeState } from './opencode-claims.ts';
import { claim, ourProviders } from './opencode-marks.ts';
import type { ClientPaths } from './opencode-paths.ts';
import { DEFAULTS, isStale, opencodeValues } from './opencode-values.ts';
import { changedNotes, type ManagedPlan, planManaged } from './plan-managed.ts';
import { readOpencode } from './read-opencode.ts';
import { type SwitchedOff, switchedOff } from './switched-off.ts';

/** What was written. */
export interface Written {
  /** Each file, and whether it changed. */
  files: { path: string; changed: boolean }[];
  /** Files of ours that were no longer needed and were removed. */
  removed: string[];
  /** Notes for the user about their own entries. */
  notes: string[];
  /** Providers with a key that are switched off by the user's own lists. */
  switchedOff: SwitchedOff[];
}

/** Options of {@link planOpencode}. */
export interface WriteOptions {
  /** All of our keys, whether they are written this time or not. */
  known?: OpencodeAuth;
  /** The stack that the files belong to from now on; without it, as in a temporary home folder, nothing is recorded. */
  owner?: Owner;
}

/** A plan for opencode's files. */
export interface OpencodePlan extends ManagedPlan, Pick<Written, 'notes' | 'switchedOff'> {}

/**
 * Writes opencode's files. Before a value of the user's is replaced, its file is copied.
 *
 * @throws UserError if one of the user's files is malformed or cannot be written; then nothing is changed.
 */
export async function writeClientFiles(
  paths: ClientPaths,
  given: ClientFiles,
  options: WriteOptions = {},
): Promise<Written> {
  const plan = planOpencode(await readOpencode(paths), given, options);
  const [copies] = await applyManaged([plan]);
  return writtenOf(plan, copies!);
}

/** What a plan has written, where it left these copies. */
export function writtenOf(
  { files, removed, notes, switchedOff: off }: OpencodePlan,
  copies: readonly string[],
): Written {
  const saved = copies.length === 0 ? [] : [`your previous version was saved to ${copies.join(' and ')}`];
  return { files, removed, notes: [...notes, ...saved], switchedOff: off };
}

/** Plans what has to change so that opencode's files are those of a stack. Pure. */
export function planOpencode(
  state: OpencodeState,
  given: ClientFiles,
  { known = {}, owner }: WriteOptions = {},
): OpencodePlan {
  const { paths } = state;
  const { byPath, uncertain } = opencodeClaims(state, given, known);
  const own = claimed(state, byPath);
  const entries = usersEntries(own, given);
  const files = withPortkeyKeyFile(withoutProviders(given, entries.preserved), paths.portkeyKey);
  // Default models that would not work any more are replaced, whoever chose them.
  for (const path of [paths.config, ...paths.baseLayers]) {
    const content = object(state.files[path]?.content);
    for (const key of DEFAULTS.filter((one) => isStale(content[one], files.config)))
      byPath[path] = bothManaged(byPath[path], claim(content[key], [key]));
  }
  const { files: now } = claimed(state, byPath);
  const users = (path: string): Json => object(now[path]?.users);
  const base = Object.assign({}, ...paths.baseLayers.map(users)) as Json;
  const notes: string[] = [];
  const values = opencodeValues(
    files.config,
    {
      content: object(now[paths.config]?.content),
      users: users(paths.config),
      base,
      logins: Object.keys(users(paths.auth)).filter((name) => !(name in files.auth)),
    },
    notes,
  );
  const portkeyKey = usesPortkeyKeyFile(files.config) ? files.auth[PORTKEY]?.key : undefined;
  const plan = planManaged({ ...state, files: now }, owner, [
    // The keys first: opencode would send requests without a key if the config named a provider whose key is not written yet.
    ...(portkeyKey === undefined
      ? []
      : [{ path: paths.portkeyKey, format: 'text' as const, ours: portkeyKey, mode: 0o600 }]),
    {
      path: paths.auth,
      format: 'json',
      ours: { ...files.auth },
      whole: Object.keys(files.auth).map((name) => [name]),
      mode: 0o600,
    },
    {
      path: paths.config,
      format: 'jsonc',
      ours: values,
      whole: entries.replaced.map((name) => ['provider', name]),
    },
  ]);
  if (state.problem !== undefined)
    notes.push(`${paths.record} was unreadable and was recreated: ${state.problem}`);
  for (const name of uncertain)
    notes.push(
      `${name} was removed from disabled_providers, where an earlier release had left it; if you disabled it yourself, add it again: it will stay`,
    );
  for (const name of entries.preserved)
    notes.push(`${name}: your entry of that name was kept; ours has no key and was not written`);
  for (const { path, at } of plan.replaced)
    notes.push(`${at.at(-1)}: your ${path === paths.auth ? 'key' : 'entry'} of that name was replaced`);
  const off = switchedOff(files.config.enabled_providers, plan.texts[paths.config]!, paths.config, base);
  return { ...plan, notes, switchedOff: off };
}

/** Plans how everything of ours is taken out of opencode's files. Pure. */
export function planOff(state: OpencodeState): ManagedPlan & Pick<Written, 'notes'> {
  const { paths } = state;
  const { byPath } = opencodeClaims(state, undefined, {});
  const plan = planManaged(claimed(state, byPath), undefined, []);
  const names = state.configs.flatMap(ourProviders);
  const left = plan.changes.find(({ path }) => path === paths.config)?.after;
  const values = left === undefined ? {} : (parse(left) as Json);
  const notes = DEFAULTS.flatMap((key) => {
    const value = values[key];
    return typeof value === 'string' && names.includes(providerOf(value))
      ? [
          `${key}: your choice ${value} in ${paths.config} stays, but its provider is gone: choose another one`,
        ]
      : [];
  });
  return { ...plan, notes: [...notes, ...leftInOurs(values, names, paths.config), ...changedNotes(plan)] };
}

/** What the user has added to our providers stays, but it was meant for ours. */
function leftInOurs({ provider }: Json, names: readonly string[], file: string): string[] {
  return [...new Set(names)]
    .filter((name) => name in object(provider))
    .map(
      (name) =>
        `${file}: provider.${name} stays with what you have added to it: ${Object.keys(object(object(provider)[name])).join(', ')}`,
    );
}

/** The user's own entries under names of ours. */
interface UsersEntries {
  /** We have no key for them: their entry stays, ours is not written. */
  preserved: string[];
  /** Providers that ours replace as a whole: their keys and headers were meant for another address. */
  replaced: string[];
}

function usersEntries(own: OpencodeState, given: ClientFiles): UsersEntries {
  const { paths, files } = own;
  const hasProvider = (path: string, name: string): boolean => {
    const { npm, name: title, options } = object(object(object(files[path]?.users).provider)[name]);
    const { baseURL, apiKey, headers } = object(options);
    // Otherwise these are only the user's additions to our entry, such as a timeout.
    return [npm, title, baseURL, apiKey, headers].some((value) => value !== undefined);
  };
  const names = Object.keys(given.config.provider);
  const providers = names.filter((name) =>
    [paths.config, ...paths.baseLayers].some((path) => hasProvider(path, name)),
  );
  const keys = names.filter((name) => name in object(files[paths.auth]?.users));
  return {
    preserved: names.filter(
      (name) => given.auth[name] === undefined && [...providers, ...keys].includes(name),
    ),
    replaced: providers.filter((name) => given.auth[name] !== undefined && hasProvider(paths.config, name)),
  };
}
