/** Keys of the files a user writes that had another name in an earlier release. The old name is still read, with a warning. */

/** A key that was renamed. */
export interface RenamedKey {
  /** The mapping that holds the key: its path in the data, where `*` stands for any name. Empty for the top level. */
  parent: readonly string[];
  oldName: string;
  newName: string;
}

/** Renamed keys of `config-templates/catalog.yaml`. */
export const RENAMED_CATALOG_KEYS: readonly RenamedKey[] = [
  { parent: ['providers', '*'], oldName: 'keysAt', newName: 'keyUrl' },
  { parent: ['models', '*'], oldName: 'unknown', newName: 'notInPriceMap' },
];

/** Renamed settings of `Pulumi.<stack>.yaml`, without the namespace. */
export const RENAMED_SETTINGS: readonly RenamedKey[] = [
  { parent: [], oldName: 'holdSeconds', newName: 'queueTimeoutSeconds' },
  { parent: ['portkey'], oldName: 'lastResort', newName: 'defaultFallback' },
];

/** The present name of a setting; a name that is not an old one is returned unchanged. */
export function currentSettingName(name: string): string {
  const renamed = RENAMED_SETTINGS.find(({ parent, oldName }) => parent.length === 0 && oldName === name);
  return renamed?.newName ?? name;
}
