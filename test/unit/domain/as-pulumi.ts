import { parse } from 'yaml';

/** A stack's file as Pulumi passes it: names without our namespace, every value as text, objects as JSON, secrets separately. */
export function asPulumi(text: string): { config: Record<string, string>; secretKeys: string[] } {
  const config: Record<string, string> = {};
  const secretKeys: string[] = [];
  const entries = Object.entries((parse(text) as { config?: Record<string, unknown> }).config ?? {});
  for (const [name, value] of entries) {
    if (!name.startsWith('switchyard:')) continue;
    const bare = name.slice('switchyard:'.length);
    if (typeof value === 'object' && value !== null && 'secure' in value) secretKeys.push(bare);
    else config[bare] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return { config, secretKeys };
}
