import { X509Certificate } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

/**
 * Writes the certificate authorities that this host trusts in addition to the public ones, one file each, in the form that
 * `update-ca-certificates` reads. The folder is created even if there are none. Returns their number.
 */
export async function writeHostCertificates(folder: string): Promise<number> {
  const print = (pem: string) => new X509Certificate(pem).fingerprint256;
  const known = new Set(getCACertificates('bundled').map(print));
  const extra = new Map<string, string>();
  for (const pem of [...getCACertificates('system'), ...getCACertificates('extra')]) {
    const fingerprint = print(pem);
    if (!known.has(fingerprint)) extra.set(fingerprint.replaceAll(':', '').slice(0, 16).toLowerCase(), pem);
  }
  await mkdir(folder, { recursive: true });
  for (const [name, pem] of extra)
    await writeFile(join(folder, `host-${name}.crt`), pem.endsWith('\n') ? pem : `${pem}\n`);
  return extra.size;
}
