/** The port of the first stack. Further stacks are 100 apart, which leaves room for other ports of the same stack. */
const FIRST_PORT = 4000;
const STEP = 100;

/** The port for a new stack: the first of 4000, 4100, … that is not taken. */
export function nextPort(taken: Iterable<number>): number {
  const others = new Set(taken);
  let port = FIRST_PORT;
  while (others.has(port)) port += STEP;
  return port;
}

/** The addresses of servers that listen on every address; `*` is how `ss` prints it. */
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '*']);

/** Whether two servers with the same port exclude each other: their addresses are equal, or one of them is every address. */
export function addressesCollide(one: string, other: string): boolean {
  return one === other || EVERY_ADDRESS.has(one) || EVERY_ADDRESS.has(other);
}
