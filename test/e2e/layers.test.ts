/**
 * Tests all layers on one throwaway stack: real LiteLLM, edge and Portkey, and the providers' real SDKs; only the paid upstreams are fake.
 * Each group of tests is a file in layers/.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { clients } from './layers/clients.ts';
import { commands } from './layers/commands.ts';
import { failures } from './layers/failures.ts';
import { hostile } from './layers/hostile.ts';
import { limits } from './layers/limits.ts';
import { portkey } from './layers/portkey-layer.ts';
import { providers } from './layers/providers.ts';
import { requestIds } from './layers/request-ids.ts';
import { sdks } from './layers/sdks.ts';
import { LayersStack, MINUTE } from './layers/layers-stack.ts';

const stack = new LayersStack();
beforeAll(() => stack.start(), 20 * MINUTE);
afterAll(() => stack.remove(), 5 * MINUTE);

sdks(stack);
providers(stack);
limits(stack);
requestIds(stack);
hostile(stack);
portkey(stack);
commands(stack);
clients(stack);
// Last, because it injects failures and changes the stack.
failures(stack);
