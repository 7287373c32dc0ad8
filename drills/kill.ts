import { injectFault } from './inject-fault.ts';
import type { Drill } from './drill-types.ts';

/** Sends SIGKILL to a gateway's LiteLLM process. */
export const kill: Drill = {
  name: 'kill',
  claim:
    'when a gateway is killed, only requests that it had begun to answer can fail; all others are answered, queued while no gateway is ready',
  run: (context) => injectFault(context, 'SIGKILL', 300),
};
