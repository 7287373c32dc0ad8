/** The time grows linearly with the number of models. `node test/unit/domain/large.ts` prints the figures. */
import { measure } from './large.ts';

test('the time grows linearly with the number of models', () => {
  measure(100);
  const [hundred, thousand] = [measure(100), measure(1000, 2)];
  // Quadratic growth would take a hundred times as long.
  expect(thousand / hundred).toBeLessThan(25);
});
