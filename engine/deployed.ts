/** Reads from a stack's state what its gateways run with, without the secrets. */
import { pulumi } from './pulumi-run.ts';
import { resourceName, type StateResource } from './stack-state.ts';

/** The folder of a gateway's keys, whose files are never returned. */
const SECRETS = '/run/secrets/';

/** The property that marks a secret in Pulumi's state. */
const SIGNATURE = '4dabf18193072939515e22adb298388d';

/**
 * A stack's resources with decrypted secrets, in memory only. In the state a gateway's plain files are encrypted together with its keys:
 * there is no other way to read them.
 */
export async function revealedResources(stack: string): Promise<StateResource[]> {
  const { stdout } = await pulumi(stack, ['stack', 'export', '--show-secrets']);
  const { deployment } = JSON.parse(stdout) as { deployment: { resources?: StateResource[] } };
  return deployment.resources ?? [];
}

/**
 * The outputs of a stack that are not secret, read from its state without decrypting anything.
 *
 * @param resources the stack's state, encrypted or not.
 * @returns empty if no deployment was ever completed.
 */
export function plainOutputs(resources: readonly StateResource[]): Record<string, unknown> {
  const outputs = resources.find(({ type }) => type === 'pulumi:pulumi:Stack')?.outputs ?? {};
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => !isSecret(value)));
}

/** The plain files of the first gateway among decrypted resources, by path; undefined if there is none. */
export function deployedFiles(resources: readonly StateResource[]): Files | undefined {
  const gateway = resources.find((resource) => resourceName(resource) === 'gateway-0');
  const uploads = reveal(gateway?.inputs?.uploads);
  if (!Array.isArray(uploads)) return undefined;
  return Object.fromEntries(
    (uploads as { file: string; content?: unknown }[])
      .filter((upload) => !upload.file.startsWith(SECRETS) && typeof upload.content === 'string')
      .map((upload) => [upload.file, upload.content as string]),
  );
}

/** The plain value of a secret in a decrypted state; any other value unchanged. */
export function reveal(value: unknown): unknown {
  if (!isSecret(value)) return value;
  return 'plaintext' in value && typeof value.plaintext === 'string'
    ? (JSON.parse(value.plaintext) as unknown)
    : undefined;
}

function isSecret(value: unknown): value is object {
  return typeof value === 'object' && value !== null && SIGNATURE in value;
}

/** Plain files by their path in the container. */
export type Files = Readonly<Record<string, string>>;
