/** Plain LiteLLM: the release from the gateway's image with one worker, without our parts. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startGateway } from './bench-containers.ts';
import { newKey, type BenchEnvironment } from './bench-environment.ts';
import type { Target } from './targets.ts';

const FOLDER = '/etc/litellm-plain';
const PORT = 4000;

/** Its configuration: the one model, the disk cache, keys in files. */
export function litellmConfig(model: { alias: string; litellmModel: string; apiBase: string }): string {
  return stringify({
    model_list: [
      {
        model_name: model.alias,
        litellm_params: {
          model: model.litellmModel,
          api_base: model.apiBase,
          api_key: `os.environ/oidc/file/${FOLDER}/provider-key`,
        },
      },
    ],
    litellm_settings: {
      cache: true,
      cache_params: { type: 'disk', ttl: 3600, disk_cache_dir: '/data/cache' },
      disable_hf_tokenizer_download: true,
    },
    general_settings: { master_key: `os.environ/oidc/file/${FOLDER}/master-key` },
  });
}

/** Its environment. Like the stacks' gateways it contacts only the upstream; otherwise its start would wait for other servers. */
const ENVIRONMENT = {
  LITELLM_MODE: 'PRODUCTION',
  LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS: 'True',
  LITELLM_LOCAL_POLICY_TEMPLATES: 'True',
  LITELLM_LOCAL_BLOG_POSTS: 'True',
  LITELLM_LOCAL_AUTOROUTER_PRESETS: 'True',
  HF_HUB_OFFLINE: '1',
  // By default it reads keys only from /run/secrets, where the configuration must not be.
  LITELLM_OIDC_ALLOWED_CREDENTIAL_DIRS: FOLDER,
  HOME: '/tmp',
};

/**
 * Starts it.
 *
 * @param image the image of a stack's gateway.
 */
export async function startLitellm(
  environment: BenchEnvironment,
  image: string,
  signal: AbortSignal,
): Promise<Target> {
  const masterKey = newKey();
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
  try {
    const files = join(folder, 'files');
    mkdirSync(files);
    // In the container these files belong to root, and the container's group is root's.
    const texts = {
      'config.yaml': litellmConfig({ ...environment.model, apiBase: environment.apiBase }),
      'provider-key': environment.providerKey,
      'master-key': masterKey,
    };
    for (const [file, text] of Object.entries(texts)) {
      writeFileSync(join(files, file), text);
      chmodSync(join(files, file), 0o440);
    }
    chmodSync(files, 0o750);
    return await startGateway(
      environment,
      {
        name: 'litellm',
        image,
        port: PORT,
        command: [
          'litellm', '--config', `${FOLDER}/config.yaml`, '--host', '0.0.0.0', '--port', String(PORT), '--num_workers', '1',
        ], // prettier-ignore
        env: ENVIRONMENT,
        files: { from: files, to: FOLDER },
        readyPath: '/health/readiness',
        request: { headers: { authorization: `Bearer ${masterKey}` }, model: environment.model.alias },
        caches: true,
      },
      signal,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
