/**
 * The life of one throwaway stack with one gateway: what goes wrong around a deployment, runs that are interrupted or meet another, and
 * its keys. Each group is a file of its own in lifecycle/. Pulumi, Docker, the edge and the gateway's request filter are real; a stub
 * answers in place of LiteLLM, which is no group's subject. Where the same is asserted with LiteLLM:
 *
 * - it comes up from these files: test/e2e/stack.test.ts ("a first up, without any account"); it says what is wrong with them, leaves
 *   and comes back: runtimes/gateway/test/hooks.test.ts ("the whole gateway serves, hides keys, drains, and reports failures clearly") and the
 *   drill `kill`;
 * - it takes the new master key, the old one within its grace, and neither another: the drill `rotate-master-key`.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { badInput, nothingDeployed } from './lifecycle/bad-input.ts';
import { killedHalfWay, remainingParts, meetings, strangers } from './lifecycle/interrupted.ts';
import { firstKeys, rotations } from './lifecycle/key-rotations.ts';
import { leakedKeys } from './lifecycle/leaked-keys.ts';
import { LifecycleStack, MINUTE } from './lifecycle/lifecycle-stack.ts';

const stack = new LifecycleStack();
beforeAll(() => stack.start(), MINUTE);
afterAll(() => stack.remove(), 5 * MINUTE);

nothingDeployed(stack);
firstKeys(stack);
killedHalfWay(stack);
badInput(stack);
meetings(stack);
strangers(stack);
rotations(stack);
leakedKeys(stack);
// Last: it takes the stack down.
remainingParts(stack);
