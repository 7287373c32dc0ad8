import { injectFault } from './inject-fault.ts';
import type { Drill } from './drill-types.ts';

/** Sends SIGSTOP to a gateway's LiteLLM process: it accepts connections and never answers. */
export const hang: Drill = {
  name: 'hang',
  claim:
    'a gateway that hangs is restarted automatically; only requests that it had begun to answer can fail',
  run: (context) => injectFault(context, 'SIGSTOP', 300),
};
