/**
 * The life of one throwaway stack with one gateway: mistakes around a deployment, interrupted and concurrent runs, and its keys. Each group
 * is a file in lifecycle/. Pulumi, Docker, the edge and the gateway's request filter are real; a stub answers instead of LiteLLM, which no
 * group tests. The same is tested with LiteLLM elsewhere:
 *
 * - it starts with these files: test/e2e/stack.test.ts ("a first up, without any account"); it reports mistakes in them, drains and
 *   restarts: runtimes/gateway/test/whole-gateway.test.ts ("the whole gateway serves, hides keys, drains, and reports failures clearly") and the
 *   drill `kill`;
 * - it accepts the new master key, the old one during its grace period, and no other key: the drill `rotate-master-key`.
 *
 * By default this is a sample. `npm run soak` also closes the terminal of an `up` (by default its signal: test/unit/console/interruptible.test.ts,
 * and Ctrl-C: test/e2e/automation.test.ts), both removes and stops a container by hand, and previews rotations (by default:
 * test/unit/preview/describe-changes.test.ts).
 */
import { afterAll, beforeAll } from '@jest/globals';
import { badInput, nothingDeployed } from './lifecycle/bad-input.ts';
import {
  changedByHand,
  closedTerminal,
  concurrentRuns,
  killedRun,
  removal,
} from './lifecycle/interrupted.ts';
import { firstKeys, rotations } from './lifecycle/key-rotations.ts';
import { leakedKeys, previewOfRotations } from './lifecycle/leaked-keys.ts';
import { LifecycleStack, MINUTE } from './lifecycle/lifecycle-stack.ts';
import { SOAK } from '../harness/soak.ts';
import { virtualKeys } from './lifecycle/keys-by-command.ts';

const stack = new LifecycleStack();
beforeAll(() => stack.start(), MINUTE);
afterAll(() => stack.remove(), 5 * MINUTE);

nothingDeployed(stack);
firstKeys(stack);
killedRun(stack);
badInput(stack);
concurrentRuns(stack);
if (SOAK) closedTerminal(stack);
changedByHand(stack);
rotations(stack);
leakedKeys(stack);
if (SOAK) previewOfRotations(stack);
virtualKeys(stack);
// Last, since it removes the stack.
removal(stack);
