/** Time grows with the number of models and not faster. `node test/unit/domain/large.ts` prints the figures. */
import { measure } from './large.ts';

test('ten times as many models take about ten times as long', () => {
  measure(100);
  const [hundred, thousand] = [measure(100), measure(1000)];
  // Quadratic would be a hundred times as long.
  expect(thousand / hundred).toBeLessThan(25);
});
