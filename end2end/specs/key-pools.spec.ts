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

test('an import of many thousand lines says how far it is until it is done @long', async (
  { page, signIn, hydrated, axe },
  testInfo,
) => {
  test.setTimeout(240_000);
  const LINES = 40_000;
  await signIn(page, operators.catalogueManager, { path: POOL });
  const path = testInfo.outputPath('many.csv');
  fs.writeFileSync(path, `key\n${Array.from({ length: LINES }, (_, number) => key(number)).join('\n')}\n`);
  await page.getByLabel('Name of the batch').fill('Many');
  await page.getByLabel('Source').fill('The vendor');
  await page.getByLabel('Text or CSV file').setInputFiles(path);
  await page.getByRole('button', { name: 'Import keys' }).click();
  const batch = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: /Many/ }) });
  const state = batch.getByRole('cell').first();
  const importing = /^Importing, ([\d,]+) of 40,000 lines$/;
  await expect(state).toHaveText(importing);

  // What is read is never behind what was read before.
  const seen: number[] = [];
  await expect(async () => {
    await page.reload();
    const text = ((await state.textContent()) ?? '').trim();
    const position = importing.exec(text)?.[1];
    if (position !== undefined) {
      seen.push(Number(position.replaceAll(',', '')));
    }
    expect(text).toBe('Imported');
  }).toPass({ timeout: 180_000, intervals: [100] });
  expect(seen).toEqual([...seen].sort((one, other) => one - other));
  const between = seen.filter((position) => position > 0 && position < LINES);
  expect(between.length, `positions in between, of ${seen.join(', ')}`).toBeGreaterThan(0);
  await page.reload();
  await hydrated(page);
  await expect(batch.getByRole('cell').nth(1)).toHaveText('40,000');
  await expect(batch.getByRole('cell').nth(2)).toHaveText('0');
  await expect(batch.getByRole('cell').nth(3)).toHaveText('0');
  await expect(page.locator('main .head dt:text-is("Free") + dd')).toHaveText('40,040');
  await axe(page);
});

test('who imports keys is told once that a pool runs low, by mail and by the bell @long', async ({
  page,
  signIn,
  steps,
  hydrated,
  mails,
  axe,
}) => {
  test.setTimeout(180_000);
  const readers = [operators.catalogueManager, operators.programmeAdmin];
  const subject = 'Keys of Windows Enterprise run low: 40 free';
  await signIn(page, operators.catalogueManager, { path: POOL });
  await page.getByLabel('Tell when fewer keys are free than').fill('41');
  await page.getByRole('button', { name: 'Save threshold' }).click();
  await steps.told(page, 'You are told when fewer keys are free than 41.');
  // The clock looks twice a minute.
  const told = (): number[] =>
    readers.map((reader) => mails(reader).filter((mail) => mail.subject === subject).length);
  await expect.poll(told, { message: subject, timeout: 90_000 }).toEqual([1, 1]);
  const [mail] = mails(operators.programmeAdmin).filter((one) => one.subject === subject);
  expect(mail?.text).toContain('the threshold is 41');
  expect(mail?.text).toContain(POOL);
  expect(mails(operators.fulfilmentAgent).filter((one) => one.subject === subject)).toEqual([]);

  // The outbox has it with its state, to each of them.
  await signIn(page, operators.programmeAdmin, { path: '/operator/outbox?kind=key_pool_low' });
  const rows = page.getByRole('row').filter({ hasText: subject });
  await expect(async () => {
    await page.reload();
    await expect(rows).toHaveCount(2, { timeout: 1_000 });
    await expect(rows.getByText('Sent', { exact: true })).toHaveCount(2, { timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
  for (const reader of readers) {
    await expect(rows.filter({ hasText: reader.email })).toHaveCount(1);
  }
  await hydrated(page);
  await axe(page);

  // The bell counts it, and the notice leads to the pool.
  await page.goto('/notices');
  await hydrated(page);
  expect(Number(await page.locator('header.bar a[href="/notices"] .count').textContent())).toBeGreaterThan(0);
  const notice = page.getByRole('table', { name: 'Notices' }).locator('tbody > tr').filter({ hasText: subject });
  await expect(notice).toHaveCount(1);
  await expect(notice.getByText('New', { exact: true })).toBeVisible();
  await notice.getByRole('link', { name: subject }).click();
  await expect(page).toHaveURL(POOL);
  await expect(page.locator('main .head').getByText('Runs low')).toBeVisible();
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
