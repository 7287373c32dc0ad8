/** Does something for each of several files or clients, and reports everything that stops it, not only the first. */
import { UserError } from '../console/errors.ts';

/**
 * The results for all items, one after the other.
 *
 * @throws UserError if any item has one: that error, or one that names them all. Any other error at once.
 */
export async function forEachOrErrors<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const errors: UserError[] = [];
  for (const item of items)
    try {
      results.push(await work(item));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      errors.push(error);
    }
  if (errors.length > 0) throw together(errors);
  return results;
}

function together(errors: readonly UserError[]): UserError {
  const [first] = errors;
  if (errors.length === 1) return first!;
  const list = (of: (error: UserError) => string | undefined): string =>
    [...new Set(errors.map(of).filter((one) => one !== undefined))].join('; ');
  return new UserError(
    list(({ message }) => message),
    {
      where: list(({ where }) => where),
      found: list(({ found }) => found),
      allowed: list(({ allowed }) => (typeof allowed === 'object' ? allowed.join(', ') : allowed)),
      command: list(({ command }) => command),
    },
  );
}
