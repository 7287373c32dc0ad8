import { delimiter, dirname } from 'node:path';
import { Output } from '../console/output.ts';
import { dockerHost } from '../bootstrap/docker-host.ts';
import { passphraseFile } from './passphrase.ts';
import { formerPassphrase } from './renamed-stack.ts';
import { fittingPassphrase, saltInSettings, saltInState } from './salts.ts';
import { ensurePulumi } from '../bootstrap/pulumi-install.ts';
import type { Reporter } from '../console/reporter.ts';

let tools: Promise<Record<string, string>> | undefined;

/** The variables that every `pulumi` needs here: the paths of engine, plugins and Docker. Determined once per process. */
async function toolVariables(reporter: Reporter): Promise<Record<string, string>> {
  tools ??= findTools(reporter);
  return { ...(await tools) };
}

async function findTools(reporter: Reporter): Promise<Record<string, string>> {
  const { path } = await ensurePulumi(reporter);
  const inherited = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  // Node first: the language host runs the program with the `node` that it finds on PATH.
  const front = [dirname(process.execPath), ...path];
  const variables: Record<string, string> = {
    PATH: [...front, ...inherited.filter((folder) => !front.includes(folder))].join(delimiter),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  const host = await dockerHost();
  if (host) variables.DOCKER_HOST = host;
  return variables;
}

/** The variables that plain `pulumi` needs for `stack`, in addition to those set already. Creates the stack's passphrase if needed. */
export async function pulumiVariables(stack: string, reporter: Reporter): Promise<Record<string, string>> {
  const variables = await toolVariables(reporter);
  const env = { ...process.env, ...variables };
  const findSalt = async () => {
    const salt = (await saltInSettings(stack)) ?? (await saltInState(stack, env));
    return salt && { ...salt, fits: await fittingPassphrase(salt.salt, env) };
  };
  const passphrase = formerPassphrase(stack) ?? (await passphraseFile(stack, reporter.progress, findSalt));
  if (passphrase) variables.PULUMI_CONFIG_PASSPHRASE_FILE = passphrase;
  return variables;
}

/** The environment for reading the backend without decrypting. Creates no passphrase. */
export async function toolEnv(reporter: Reporter = new Output()): Promise<NodeJS.ProcessEnv> {
  return { ...process.env, ...(await toolVariables(reporter)) };
}

const variablesByStack = new Map<string, Promise<Record<string, string>>>();

/** The whole environment in which the CLI runs `pulumi` for `stack`. Installs the engine if needed. Determined once per process. */
export async function pulumiEnv(
  stack: string,
  reporter: Reporter = new Output(),
): Promise<NodeJS.ProcessEnv> {
  let variables = variablesByStack.get(stack);
  if (!variables) {
    variables = pulumiVariables(stack, reporter);
    variablesByStack.set(stack, variables);
  }
  return { ...process.env, ...(await variables) };
}
