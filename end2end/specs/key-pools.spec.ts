import fs from 'node:fs';
import { fernhollow, operators } from '../accounts';
import { expect, test } from './partner';

/** Key pools: importing keys, what is left out of a file, and the warning of a pool that runs low. */

test.use({ isolated: true });

const POOLS = '/operator/keys';
const POOL = `${POOLS}/windows_enterprise`;
const key = (number: number): string => `SPECS-AAAAA-BBBBB-CCCCC-${String(number).padStart(5, '0')}`;

test('operators import keys and see which lines brought none @long', async (
  { page, signIn, steps, hydrated, axe },
  testInfo,
) => {
  await signIn(page, operators.catalogueManager, { path: POOLS });
  await expect(page.getByRole('heading', { level: 1, name: 'Product keys' })).toBeVisible();
  await axe(page);
  const row = page.getByRole('row').filter({ hasText: 'Windows Enterprise' });
  await row.getByRole('link', { name: 'Windows Enterprise' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Windows Enterprise' })).toBeVisible();
  await hydrated(page);
  await axe(page);

  // What is no file of keys is said; name and source stay, keys don't come back.
  const choose = async (name: string, content: string): Promise<void> => {
    const path = testInfo.outputPath(name);
    fs.writeFileSync(path, content);
    await page.getByLabel('Text or CSV file').setInputFiles(path);
    await page.getByRole('button', { name: 'Import keys' }).click();
    await hydrated(page);
  };
  await page.getByLabel('Name of the batch').fill('Order 7');
  await page.getByLabel('Source').fill('The vendor');
  await choose('empty.csv', 'key\n');
  await expect(page.getByRole('alert')).toContainText('For safety the keys don\'t come back');
  await expect(page.getByLabel('Name of the batch')).toHaveValue('Order 7');
  await expect(page.getByLabel('Source')).toHaveValue('The vendor');
  await axe(page);

  const keys = Array.from({ length: 1200 }, (_, number) => key(number));
  await choose('keys.csv', `key\n${keys.join('\n')}\n${key(4)}\nnot a key\n`);
  const batch = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: /Order 7/ }) });
  await expect(async () => {
    await page.reload();
    await expect(batch.getByText('Imported', { exact: true })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
  const detail = page.locator('tr.detail');
  await expect(detail.getByText('Key here already, in lines')).toBeVisible();
  await expect(detail.locator('dd').filter({ hasText: /^1,202$/ })).toBeVisible();
  await expect(detail.locator('dd').filter({ hasText: /^1,203$/ })).toBeVisible();
  await expect(page.locator('body')).not.toContainText('SPECS-');
  await hydrated(page);
  await axe(page);

  // The threshold: above what is free the pool runs low, and the overview says so first.
  await page.getByLabel('Tell when fewer keys are free than').fill('5000');
  await page.getByRole('button', { name: 'Save threshold' }).click();
  await steps.told(page, 'You are told when fewer keys are free than 5,000.');
  await page.goto(POOLS);
  await expect(page.getByRole('rowheader').first()).toContainText('Windows Enterprise');
  await expect(page.getByRole('rowheader').first()).toContainText('Runs low');
  await hydrated(page);
  await axe(page);
});

test('auditors read the pools, agents and partners have none @long', async ({ page, signIn, steps }) => {
  await signIn(page, operators.auditor, { path: POOL });
  await steps.refused(page.locator('#import'), 'Import keys', /This needs the role /);
  await signIn(page, operators.fulfilmentAgent, { path: POOLS });
  await expect(page.getByRole('table')).toHaveCount(0);
  await signIn(page, fernhollow.globalAdmin, { path: POOLS });
  await expect(page.getByRole('table')).toHaveCount(0);
});
