/** Runs Pulumi isolated from the user's: with a backend and a passphrase that exist only for one call. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `work` with an empty backend in a temporary folder and a random passphrase, in this process's environment. */
export async function withEphemeralBackend<T>(work: () => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-backend-'));
  const overrides: Record<string, string | undefined> = {
    PULUMI_BACKEND_URL: `file://${dir}`,
    PULUMI_CONFIG_PASSPHRASE: randomBytes(24).toString('base64url'),
    PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
  };
  const before = Object.fromEntries(Object.keys(overrides).map((name) => [name, process.env[name]]));
  setAll(overrides);
  try {
    return await work();
  } finally {
    setAll(before);
    rmSync(dir, { recursive: true, force: true });
  }
}

function setAll(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
