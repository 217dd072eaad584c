import fs from 'node:fs';
import type { Page } from '@playwright/test';
import { fernhollow, kestrelAsh, operators } from '../accounts';
import { expect, test } from './partner';

/** What a draft of the catalogue has beside products and their quantities, changed in the console. */

test.use({ isolated: true });

const begin = async (page: Page, hydrated: (page: Page) => Promise<void>, title: string): Promise<string> => {
  await page.goto('/operator/catalogue');
  await hydrated(page);
  await page.getByLabel('Title').fill(title);
  await page.getByRole('button', { name: 'Begin a draft' }).click();
  await page.waitForURL(/\/operator\/catalogue\/[0-9a-f-]{36}/);
  await hydrated(page);
  return new URL(page.url()).pathname;
};

const publish = async (page: Page, hydrated: (page: Page) => Promise<void>, draft: string): Promise<void> => {
  await page.goto(draft);
  await hydrated(page);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Version 2 is in force.').first()).toBeVisible();
};

test('an offer of a draft is changed, added and removed, and companies see it @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  axe,
  steps,
}) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  const draft = await begin(page, hydrated, 'Offers');
  const offers = page.getByRole('table', { name: 'Offers' });
  await offers.getByRole('link', { name: 'Gold competency' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Gold competency' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  const price = page.getByLabel('Price', { exact: true });
  await expect(price).toHaveValue('4730.00');
  await price.fill('many');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(price).toHaveAttribute('aria-invalid', 'true');
  await expect(price).toHaveValue('many');
  await axe(page);
  await price.fill('4800');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, 'Saved: the draft has 1 difference.');

  await page.goto(draft);
  await hydrated(page);
  await page.getByRole('link', { name: 'New offer' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New offer' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  await page.getByLabel('Code').fill('gold');
  await page.getByLabel('Tier').selectOption('isv');
  await price.fill('99.00');
  await page.getByLabel('Currency').fill('USD');
  for (const label of ['Name', 'Description']) {
    for (const field of await page.getByLabel(label, { exact: true }).all()) {
      await field.fill('Second co-sell');
    }
  }
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('It stands there twice').first()).toBeVisible();
  await page.getByLabel('Code').fill('isv_second');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, 'Saved: the draft has 2 differences.');

  // One that the programme can't do without stays; another one goes.
  const remove = async (name: string): Promise<void> => {
    await page.goto(draft);
    await hydrated(page);
    await offers.getByRole('link', { name }).click();
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await hydrated(page);
    await page.locator('summary', { hasText: 'Remove offer' }).click();
    await page.locator('details[open]').getByRole('button', { name: 'Remove offer' }).last().click();
  };
  await remove('Network membership');
  await expect(page.getByText('There has to be one offer of the network membership').first()).toBeVisible();
  await remove('ISV Co-sell ready');
  await steps.told(page, 'Saved: the draft has 3 differences.');
  await page.goto(draft);
  await hydrated(page);
  const differences = page.getByRole('table', { name: 'Differences' });
  await expect(differences.getByRole('row', { name: /Gold competency/ })).toContainText('4730.00 → 4800.00');
  await expect(differences.getByRole('row', { name: /Second co-sell/ })).toContainText('Added');
  await expect(differences.getByRole('row', { name: /ISV Co-sell ready/ })).toContainText('Removed');
  await axe(page);

  await publish(page, hydrated, draft);
  const company = await anotherPage();
  await signIn(company, kestrelAsh.globalAdmin, { path: '/offers' });
  await expect(company.getByText('US$4,800').first()).toBeVisible();
});

test('an area of a draft is named and added with its quantities, and another one removed @long', async ({
  page,
  signIn,
  hydrated,
  axe,
  steps,
}) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  const draft = await begin(page, hydrated, 'Areas');
  const areas = page.getByRole('table', { name: 'Competency areas' });
  await expect(areas.getByRole('row', { name: /DevOps/ })).toBeVisible();
  await page.getByRole('link', { name: 'New area' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New area' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  const code = page.getByLabel('Code', { exact: true });
  await code.fill('devops');
  const names = page.getByLabel('Name', { exact: true });
  await expect(names).toHaveCount(3);
  for (const [at, name] of ['Robotics', '机器人', '機器人'].entries()) {
    await names.nth(at).fill(name);
  }
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('It stands there twice').first()).toBeVisible();
  await expect(code).toHaveAttribute('aria-invalid', 'true');
  await code.fill('robotics');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Robotics' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  // Its name has a form of its own from then on.
  const name = page.locator('form:has(input[value="name_catalogue_area"])');
  await expect(names.nth(1)).toHaveValue('机器人');
  await names.nth(2).fill('   ');
  await name.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(names.nth(2)).toHaveAttribute('aria-invalid', 'true');
  await axe(page);
  await names.nth(2).fill('機器人技術');
  await names.nth(0).fill('Robots');
  await name.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Robots' })).toBeVisible();
  await hydrated(page);
  const quantity = page.getByLabel('Visual Studio Enterprise, Silver, Quantity');
  await quantity.fill('many');
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await expect(page.getByText('visual_studio_enterprise silver: many').first()).toBeVisible();
  await expect(quantity).toHaveValue('many');
  await quantity.fill('4');
  await page.getByLabel('Visual Studio Enterprise, Silver, For each area').check();
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await steps.told(page, 'Saved: the draft has 2 differences.');

  // A benefit that isn't counted in people has a field for them.
  await page.goto(`${draft}/area?code=robotics&category=technical`);
  await hydrated(page);
  await axe(page);
  await expect(page.getByLabel(/, Gold, Seats$/).first()).toBeVisible();

  await page.goto(`${draft}/area?code=devops`);
  await hydrated(page);
  await expect(quantity).toHaveValue('5');
  await page.locator('summary', { hasText: 'Remove area' }).click();
  await page.locator('details[open]').getByRole('button', { name: 'Remove area' }).last().click();
  await steps.told(page, 'Saved: the draft has 5 differences.');
  await page.goto(draft);
  await hydrated(page);
  await expect(areas.getByRole('row', { name: /DevOps/ })).toHaveCount(0);
  const differences = page.getByRole('table', { name: 'Differences' });
  await expect(differences.getByRole('row', { name: /Silver, Robots/ })).toContainText('Quantity: 4');
  await expect(differences.getByRole('row', { name: /DevOps.*Competency area/ })).toContainText('Removed');
  await axe(page);

  await publish(page, hydrated, draft);
  await page.goto('/operator/competencies');
  await hydrated(page);
  await expect(page.getByRole('option', { name: 'Robots' }).first()).toBeAttached();
});

test('a tier of a draft is named, and companies see the name once it is in force @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  axe,
  steps,
}) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  const draft = await begin(page, hydrated, 'Tiers');
  const tiers = page.getByRole('table', { name: 'Tiers' });
  await expect(tiers.getByRole('row')).toHaveCount(6);
  await tiers.getByRole('link', { name: 'Action Pack' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Action Pack' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  const names = page.getByLabel('Name', { exact: true });
  const sources = page.getByLabel('Name as a source', { exact: true });
  await expect(names).toHaveCount(3);
  await expect(sources.nth(2)).toHaveValue('行動套件');
  await names.nth(0).fill('Starter');
  await sources.nth(0).fill('   ');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(sources.nth(0)).toHaveAttribute('aria-invalid', 'true');
  await expect(names.nth(0)).toHaveValue('Starter');
  await axe(page);
  await sources.nth(0).fill('Starter Core');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, 'Saved: the draft has 1 difference.');
  await expect(page.getByRole('heading', { level: 1, name: 'Starter' })).toBeVisible();

  await page.goto(draft);
  await hydrated(page);
  const differences = page.getByRole('table', { name: 'Differences' });
  await expect(differences.getByRole('row', { name: /Starter.*Tier/ })).toContainText('Action Pack → Starter Core');
  await expect(page.getByLabel('Visual Studio Professional, Starter Core')).toBeVisible();
  await axe(page);

  await publish(page, hydrated, draft);
  const company = await anotherPage();
  await signIn(company, kestrelAsh.globalAdmin, { path: '/membership' });
  await expect(company.getByRole('table', { name: 'Where benefits come from' }).getByText('Starter Core')).toBeVisible();
});

test('texts of the programme and policies of a draft are changed, and hold once it is in force @long', async ({
  page,
  signIn,
  hydrated,
  axe,
  steps,
}) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  const draft = await begin(page, hydrated, 'Policies');
  await page.getByRole('link', { name: 'Open programme and policies' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Programme and policies' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  const texts = page.locator('form:has(input[value="save_catalogue_programme"])');
  const policies = page.locator('form:has(input[value="save_catalogue_policies"])');
  const name = texts.getByLabel('Name', { exact: true }).first();
  await name.fill('');
  await texts.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await name.fill('Another programme');
  await texts.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, 'Saved: the draft has 1 difference.');

  await page.goto(`${draft}/programme`);
  await hydrated(page);
  const days = policies.getByLabel('Days until a seat can be reassigned');
  await days.fill('400');
  await policies.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(days).toHaveAttribute('aria-invalid', 'true');
  await days.fill('21');
  await policies.locator('input[name="policy:double_holding"][value="refuse"]').check();
  await policies.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, 'Saved: the draft has 3 differences.');
  await page.goto(draft);
  await hydrated(page);
  const differences = page.getByRole('table', { name: 'Differences' });
  await expect(differences.getByRole('row', { name: /Programme/ }).first()).toContainText('Another programme');
  await expect(differences.getByRole('row', { name: /Days until a seat can be reassigned/ })).toContainText('→ 21');
  await expect(differences.getByRole('row', { name: /The same product from two sources/ })).toContainText('Refuse it');
  await axe(page);

  await publish(page, hydrated, draft);
  await page.goto('/operator/policies');
  await hydrated(page);
  await expect(page.getByLabel('Days until a seat can be reassigned')).toHaveValue('21');
  await expect(page.locator('input[name="double_holding"][value="refuse"]')).toBeChecked();
});

test('what is typed into one form of a draft stays while another one is saved @long', async ({
  page,
  signIn,
  hydrated,
  steps,
  scripts,
}) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  const draft = await begin(page, hydrated, 'Two forms');
  await page.goto(`${draft}/programme`);
  await hydrated(page);
  const texts = page.locator('form:has(input[value="save_catalogue_programme"])');
  const policies = page.locator('form:has(input[value="save_catalogue_policies"])');
  const name = texts.getByLabel('Name', { exact: true }).first();
  const version = texts.locator('input[name="version"]');
  const before = (await version.getAttribute('value')) ?? '';
  await name.fill('Half written');
  await policies.getByLabel('Days until a seat can be reassigned').fill('21');
  await policies.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, 'Saved: the draft has 1 difference.');
  await expect(version).not.toHaveAttribute('value', before);
  if (!scripts) {
    // Another page came; what it shows is what was saved.
    await name.fill('Half written');
  }
  await expect(name).toHaveValue('Half written');
  await texts.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, 'Saved: the draft has 2 differences.');
});

test('addresses, formats of keys and shared pools of a draft hold once it is in force @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  axe,
  steps,
}) => {
  test.slow();
  const address = 'https://packages.example/windows-enterprise.iso?edition=1;2';
  const file = 'windows-enterprise-ltsc-2019-windows-x64-en.iso';
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  const draft = await begin(page, hydrated, 'Addresses');
  await page.goto(`${draft}/product?code=windows_enterprise`);
  await hydrated(page);
  const downloads = page.getByLabel(/^Downloads/);
  const format = page.getByLabel(/^Format of a key/);
  const lines = (await downloads.inputValue()).trim().split('\n');
  expect(lines.filter((line) => line.includes(`; ${file}; `))).toHaveLength(1);
  const addressed = lines.map((line) => (line.includes(`; ${file}; `) ? `${line.trim()}; ${address}` : line));
  await downloads.fill(addressed.join('\n'));
  await expect(format).toHaveValue('');
  await format.fill('xxxx-xxxx-xxxx');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, 'Saved: the draft has 1 difference.');
  await page.goto(`${draft}/product?code=windows_enterprise`);
  await hydrated(page);
  await expect(format).toHaveValue('XXXX-XXXX-XXXX');
  const saved = (await downloads.inputValue()).split('\n').filter((line) => line.includes(file));
  expect(saved.map((line) => line.trim().endsWith(`; ${address}`))).toEqual([true]);
  await axe(page);

  // Two products share one pool; its number is one.
  const quantities = page.locator('#quantities');
  const shares = async (category: string): Promise<void> => {
    await page.goto(`${draft}?category=${category}`);
    await hydrated(page);
    await steps.unfold(quantities, 'Seats and shared pools');
  };
  await shares('software');
  for (const product of ['Project Professional 2019', 'Visio Professional 2019']) {
    await quantities.getByLabel(`Gold Core, Shared pool · ${product}`, { exact: true }).fill('gold_apps');
  }
  await axe(page);
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await steps.told(page, 'Saved: the draft has 3 differences.');
  await page.goto(`${draft}?category=software`);
  await hydrated(page);
  await quantities.getByLabel('Visio Professional 2019, Gold Core', { exact: true }).fill('30');
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await steps.told(page, 'Saved: the draft has 3 differences.');
  await page.goto(`${draft}?category=software`);
  await hydrated(page);
  await expect(quantities.getByLabel('Project Professional 2019, Gold Core', { exact: true })).toHaveValue('30');
  await shares('cloud');
  const people = quantities.getByLabel('Gold Core, Seats · Azure credit', { exact: true });
  await expect(people).toHaveValue('5');
  await people.fill('8');
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await steps.told(page, 'Saved: the draft has 4 differences.');
  await page.goto(draft);
  await hydrated(page);
  const differences = page.getByRole('table', { name: 'Differences' });
  await expect(differences.getByRole('row', { name: /Windows Enterprise/ })).toContainText('XXXX-XXXX-XXXX');
  await expect(differences.getByRole('row', { name: /Windows Enterprise/ })).toContainText(address);
  await expect(differences.getByRole('row', { name: /Visio Professional 2019/ })).toContainText('gold_apps');
  await expect(differences.getByRole('row', { name: /Azure credit/ })).toContainText('Seats: 5 → 8');
  await axe(page);
  await publish(page, hydrated, draft);
  const inForce = await (await page.request.get('/operator/catalogue.toml')).text();
  expect(inForce.split('pool = "gold_apps"')).toHaveLength(3);
  expect(inForce).toContain('seats = 8');

  // The pool takes keys that look as they are to look, and leaves others out.
  await page.goto('/operator/keys/windows_enterprise');
  await hydrated(page);
  await page.getByLabel('Name of the batch').fill('Three groups');
  await page.getByLabel('Source').fill('The vendor');
  await page.getByLabel('Or paste the keys').fill('ABCD-EFGH-2345\nSPECS-AAAAA-BBBBB-CCCCC-00001');
  await page.getByRole('button', { name: 'Import keys' }).click();
  const batch = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: /Three groups/ }) });
  await expect(async () => {
    await page.reload();
    await expect(batch.getByText('Imported', { exact: true })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
  for (const [column, count] of [
    [1, '1'],
    [2, '0'],
    [3, '1'],
  ] as const) {
    await expect(batch.getByRole('cell').nth(column)).toHaveText(count);
  }
  const left = page.locator('tr.detail dt:text-is("No key of this format, in lines") + dd');
  await expect(left).toHaveText('2');

  // Whoever downloads is led to the address.
  const company = await anotherPage();
  await signIn(company, fernhollow.globalAdmin, { path: '/benefits/software' });
  const detail = await steps.open(company, 'Windows Enterprise', 'Action Pack');
  await detail.locator('summary').filter({ hasText: /^\s*All downloads/ }).click();
  const link = detail.getByRole('link', { name: file, exact: true });
  await expect(link).toBeVisible();
  const answer = await company.request.get((await link.getAttribute('href')) ?? '', { maxRedirects: 0 });
  expect(answer.status()).toBe(303);
  expect(answer.headers()['location']).toBe(address);
});

test('a file takes the place of a draft, and what is wrong with it stands on the page @long', async (
  { page, signIn, hydrated, axe },
  testInfo,
) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  const draft = await begin(page, hydrated, 'From a file');
  const file = await (await page.request.get('/operator/catalogue.toml')).text();
  const send = async (content: string): Promise<void> => {
    const path = testInfo.outputPath('catalogue.toml');
    fs.writeFileSync(path, content);
    await page.getByLabel('Catalogue file (TOML)').setInputFiles(path);
    await page.getByRole('button', { name: 'Replace with a file' }).click();
    await hydrated(page);
  };
  await send(file.replace('[[product]]', '[[products]]'));
  await expect(page.getByRole('alert')).toContainText(/Line \d+ can't be read/);
  await axe(page);
  await send(file.replace('tier = "gold"', 'tier = "silver"'));
  await expect(page.getByText('The file is taken over: the draft has 1 difference.').first()).toBeVisible();
  await expect(page.getByText('offer, tier silver').first()).toBeVisible();
  await axe(page);
  await page.goto(draft);
  await hydrated(page);
  await send(file.replace('en = "Windows Enterprise"', 'en = "Windows Enterprise 2030"'));
  const differences = page.getByRole('table', { name: 'Differences' });
  await expect(differences.getByRole('row', { name: /Windows Enterprise 2030/ })).toContainText('Changed');
  await expect(page.getByText('offer, tier silver')).toHaveCount(0);
  await publish(page, hydrated, draft);
});
