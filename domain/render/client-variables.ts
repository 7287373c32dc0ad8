/** The variables with which any program that uses OpenAI's or Anthropic's SDK calls the gateway. Pure. */
import type { GatewayAccess } from './gateway-access.ts';

/** Variables to set, and to remove. */
export interface ClientVariables {
  set: Record<string, string>;
  unset: string[];
}

/** The variables that the makers' SDKs read, and OPENAI_API_BASE for programs with LiteLLM or an older SDK. */
export function clientVariables({ endpoint, key }: GatewayAccess): ClientVariables {
  return {
    set: {
      OPENAI_BASE_URL: `${endpoint}/v1`,
      OPENAI_API_BASE: `${endpoint}/v1`,
      OPENAI_API_KEY: key,
      ANTHROPIC_BASE_URL: endpoint,
      ANTHROPIC_API_KEY: key,
    },
    // Anthropic's SDK would send it beside the key: somebody else's key does not belong to the gateway.
    unset: ['ANTHROPIC_AUTH_TOKEN'],
  };
}
