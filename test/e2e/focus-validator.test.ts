/** What `usage --csv` writes, checked by the validator of FOCUS. test/unit/domain/focus-rules.test.ts has the rules of the version that it follows. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { focusCsv } from '../../domain/render/usage-page.ts';
import { brokenFocusRules, focusValidator } from '../harness/focus-validator.ts';
import { SOAK } from '../harness/soak.ts';
import { usageRows } from '../unit/domain/usage-rows.ts';

/** The validator has the rules of FOCUS 1.0, and these do not hold for 1.2. */
const NOT_IN_1_2 = [
  // Columns that need not exist for what a provider does not have: commitments, regions, resources, price lists with one price.
  /^(CommitmentDiscount\w+|ContractedUnitPrice|ListUnitPrice|Region\w+|Resource\w+|Sku\w+)_Required$/,
  // Names of drafts: ProviderName, PublisherName and InvoiceIssuerName in 1.0 and 1.2.
  /^(Provider|Publisher|InvoiceIssuer)_Required$/,
  // It takes a column of whole numbers for one without decimals. In FOCUS a number may be whole.
  /^(ConsumedQuantity|PricingQuantity)_IsDecimal$/,
];

test('the validator of FOCUS finds nothing in the CSV of usage but what its older version asks for', async () => {
  if (!SOAK) return console.log('skipped: the validator of FOCUS is installed (400 MB) only in the soak');
  const validator = await focusValidator();
  if ('missing' in validator) return console.log(`skipped: ${validator.missing}`);
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-focus-'));
  try {
    const file = join(folder, 'usage.csv');
    const broken = async (csv: string): Promise<string[]> => {
      await writeFile(file, csv);
      const rules = await brokenFocusRules(validator.bin, file);
      return rules.filter((rule) => !NOT_IN_1_2.some((known) => known.test(rule)));
    };
    const csv = focusCsv('dev', usageRows());
    expect(await broken(csv)).toEqual([]);
    // It would find faults.
    expect(await broken(csv.replaceAll(',USD,', ',dollar,').replaceAll('00:00:00Z', ''))).toEqual(
      expect.arrayContaining(['BillingCurrency_IsCurrencyCode', 'ChargePeriodStart_IsDateTime']),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}, 600_000);
