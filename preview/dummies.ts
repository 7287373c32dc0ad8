/** Stack settings for a preview without any secret. Pure. */
import { parseDocument } from 'yaml';
import { readStackYaml } from '../engine/stack-file.ts';
import { bareName } from '../domain/schema/stack-file-names.ts';

/** The top-level parts of a stack's file that belong to the real passphrase. */
const ENCRYPTION = ['encryptionsalt', 'encryptedkey', 'secretsprovider'];

/**
 * A stack's settings without what is encrypted: salt and secrets are gone, all else stays as it is.
 *
 * @param file the file's name, for the error.
 * @returns the text, and the names of the secrets, without namespace.
 * @throws UserError if the text is no YAML or no mapping.
 */
export function withoutSecrets(text: string, file: string): { text: string; secrets: string[] } {
  const { config = {} } = readStackYaml(text, file) as { config?: Record<string, unknown> | null };
  const document = parseDocument(text);
  if (document.contents === null) return { text, secrets: [] };
  for (const name of ENCRYPTION) document.delete(name);
  const secrets = Object.entries(config ?? {}).filter(([, value]) => isSecret(value));
  for (const [name] of secrets) document.deleteIn(['config', name]);
  return { text: document.toString(), secrets: secrets.map(([name]) => bareName(name)) };
}

function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'secure' in value;
}

/** A value that stands for a key and looks like none. */
export function dummyOf(name: string): string {
  return `dummy-of-${name.toLowerCase().replaceAll('_', '-')}`;
}
