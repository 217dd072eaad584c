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

test('a key that leaked: found, shown with a reason, its batch withdrawn, and replaced by its holder @long', async (
  { page, anotherPage, signIn, steps, hydrated, mail, axe },
) => {
  test.slow();
  const partner = await anotherPage();
  await signIn(partner, fernhollow.partnerAdmin, { path: '/benefits/software' });
  const benefit = await steps.open(partner, 'Windows Enterprise', 'Gold Core');
  const shown = benefit.getByLabel('Product license key', { exact: true });
  await benefit.getByLabel('I know that the refund ends.').check();
  await benefit.getByRole('button', { name: 'Get keys' }).click();
  await expect(shown).toBeVisible();
  const leaked = (await shown.innerText()).trim();

  // Whoever got the key from somebody finds whose it is; one that isn't here is nobody's.
  await signIn(page, operators.programmeAdmin, { path: POOLS });
  await hydrated(page);
  const typed = page.getByLabel('Product key', { exact: true });
  const find = page.getByRole('button', { name: 'Find a key' });
  await typed.fill(key(7));
  await find.click();
  await expect(page.getByText('No pool has this key.').first()).toBeVisible();
  await typed.fill(leaked.toLowerCase());
  await find.click();
  const sheet = page.locator('#key');
  await expect(sheet.getByText('Fernhollow Systems').first()).toBeVisible();
  const place = page.url();
  expect(place).not.toContain(leaked.slice(0, 5));
  await expect(page.locator('body')).not.toContainText(leaked);
  await expect(sheet.getByRole('rowheader', { name: fernhollow.partnerAdmin.name })).toBeVisible();
  await hydrated(page);
  await axe(page);

  await sheet.getByLabel('Reason').fill('The partner says that it is refused.');
  await sheet.getByRole('button', { name: 'Show the key' }).click();
  await expect(sheet.getByText(leaked)).toBeVisible();
  await axe(page);
  await page.goto(POOLS);
  await page.goto(place);
  await hydrated(page);
  await expect(sheet.locator('blockquote')).toHaveText('The partner says that it is refused.');
  await expect(page.locator('body')).not.toContainText(leaked);

  // The batch goes out of use, with the list of who saw which key.
  await sheet.locator('dd a').click();
  const detail = page.locator('tr.detail');
  await expect(detail.getByRole('rowheader', { name: operators.programmeAdmin.name }).first()).toBeVisible();
  const download = page.waitForEvent('download');
  await detail.getByRole('link', { name: 'Download the list (CSV)' }).click();
  const list = fs.readFileSync(await (await download).path(), 'utf8');
  expect(list).toContain(fernhollow.partnerAdmin.name);
  expect(list).not.toContain(leaked);
  await hydrated(page);
  await steps.unfold(detail, 'Withdraw the batch');
  await detail.getByLabel('Reason').fill('It stood on a public page.');
  await detail.getByLabel('I know that this can\'t be undone.').check();
  await detail.getByRole('button', { name: 'Withdraw the batch' }).click();
  await expect(detail.getByText('It stood on a public page.')).toBeVisible();
  await axe(page);

  // Others take its place.
  await page.getByLabel('Name of the batch').fill('Instead');
  await page.getByLabel('Source').fill('The vendor');
  await page.getByLabel('Or paste the keys').fill(`${key(1)}\n${key(2)}`);
  await page.getByRole('button', { name: 'Import keys' }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.locator('tr.open').getByText('Imported', { exact: true })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });

  // The holder hears of it, and gets another one from the benefit's page.
  const told = await mail(fernhollow.partnerAdmin, /^Your key for Windows Enterprise was withdrawn$/);
  expect(told.text).not.toContain(leaked);
  await partner.goto('/benefits/software');
  await hydrated(partner);
  const again = await steps.open(partner, 'Windows Enterprise', 'Gold Core');
  await expect(again.getByText('This key was withdrawn by the programme.')).toBeVisible();
  await again.getByLabel('What is wrong with it').fill('Withdrawn by the programme.');
  await again.getByRole('button', { name: 'Replace key' }).click();
  // Either of the two: which one is drawn first says nothing about the file.
  const drawn = again.getByLabel('Product license key', { exact: true });
  await expect(drawn).toHaveText(new RegExp(`^(${key(1)}|${key(2)})$`));
  await axe(partner);
});
