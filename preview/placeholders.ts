/** Stack settings for a preview without secrets. Pure. */
import { parseDocument } from 'yaml';
import { readStackYaml } from '../engine/stack-file.ts';
import { bareName } from '../domain/schema/stack-file-names.ts';

/** The top-level keys of a stack's file that belong to the real passphrase. */
const ENCRYPTION = ['encryptionsalt', 'encryptedkey', 'secretsprovider'];

/**
 * Removes the encrypted parts of a stack's settings, the salt and the secrets. Everything else stays unchanged.
 *
 * @param file the file's name, for the error.
 * @returns the text, and the names of the secrets, without namespace.
 * @throws UserError if the text is not YAML or not a mapping.
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

/** A value in place of a key. It must not look like a key, nor like a placeholder that someone forgot to replace. */
export function placeholderOf(name: string): string {
  return `preview-value-of-${name.toLowerCase().replaceAll('_', '-')}`;
}
