/** What a stack's gateways run with now, without its secrets. */
import { pulumi } from './pulumi-run.ts';
import { resourceName, type StateResource } from './stack-state.ts';

/** Where a gateway finds keys: never looked at. */
const SECRETS = '/run/secrets/';

/** The mark by which Pulumi's state tells a secret from an object. */
const SIGNATURE = '4dabf18193072939515e22adb298388d';

/**
 * A stack's resources with their secrets decrypted, in memory. A gateway's plain files are in the state encrypted together with the
 * keys beside them: there is no other way to see them.
 */
export async function revealedResources(stack: string): Promise<StateResource[]> {
  const { stdout } = await pulumi(stack, ['stack', 'export', '--show-secrets']);
  const { deployment } = JSON.parse(stdout) as { deployment: { resources?: StateResource[] } };
  return deployment.resources ?? [];
}

/**
 * The outputs of a stack that are no secrets, out of its state: nothing is decrypted for them.
 *
 * @param resources the stack's state, encrypted or not.
 * @returns none where nothing was ever deployed to the end.
 */
export function plainOutputs(resources: readonly StateResource[]): Record<string, unknown> {
  const outputs = resources.find(({ type }) => type === 'pulumi:pulumi:Stack')?.outputs ?? {};
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => !isSecret(value)));
}

/** The plain files of the first gateway among decrypted resources, by path; undefined where there is none. */
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

/** What a secret of a decrypted state holds; any other value as it is. */
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
