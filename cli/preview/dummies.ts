/** Stack settings for a preview without any secret. Pure. */
import { parseDocument } from 'yaml';

/** The top-level parts of a stack's file that belong to the real passphrase. */
const ENCRYPTION = ['encryptionsalt', 'encryptedkey', 'secretsprovider'];

/**
 * A stack's settings without what is encrypted: salt and secrets are gone, all else stays as it is.
 *
 * @returns the text, and the names of the secrets, without namespace.
 */
export function withoutSecrets(text: string): { text: string; secrets: string[] } {
  const document = parseDocument(text);
  for (const name of ENCRYPTION) document.delete(name);
  const { config = {} } = (document.toJS() ?? {}) as { config?: Record<string, unknown> | null };
  const secrets = Object.entries(config ?? {}).filter(([, value]) => isSecret(value));
  for (const [name] of secrets) document.deleteIn(['config', name]);
  return { text: document.toString(), secrets: secrets.map(([name]) => name.replace(/^switchyard:/, '')) };
}

function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'secure' in value;
}

/** A value that stands for a key and looks like none. */
export function dummyOf(name: string): string {
  return `dummy-of-${name.toLowerCase().replaceAll('_', '-')}`;
}
