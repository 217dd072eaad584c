import type { Page } from '@playwright/test';
import { kestrelAsh, fernhollow, operators } from '../accounts';
import { shift } from '../support/calendar';
import { expect, test } from './partner';

test.use({ isolated: true });

test('a draft is begun, changed, looked at and published, and companies see it @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  test.slow();
  // Who holds a seat before anything changes.
  const company = await anotherPage();
  const holders = async (): Promise<string[]> => {
    const rows = company.getByRole('table', { name: /^Holders of Visual Studio Enterprise/ }).locator('tbody > tr');
    await expect(rows).toHaveCount(6);
    return (await rows.locator('th small').allTextContents()).sort();
  };
  await signIn(company, fernhollow.globalAdmin, { path: '/benefits/visual-studio' });
  await steps.open(company, 'Visual Studio Enterprise', 'Gold Core');
  const held = await holders();
  expect(new Set(held).size).toBe(6);

  await signIn(page, operators.catalogueManager, { path: '/operator/catalogue' });
  await expect(page.getByText('Version 1 is in force')).toBeVisible();
  await axe(page);
  await page.getByLabel('Title').fill('Fewer seats');
  await page.getByRole('button', { name: 'Begin a draft' }).click();
  await page.waitForURL(/\/operator\/catalogue\/[0-9a-f-]{36}/);
  await hydrated(page);
  const draft = new URL(page.url()).pathname;
  await expect(page.getByText('No differences').first()).toBeVisible();

  // What can't be read is said, and what was typed stays.
  const gold = page.getByLabel('Visual Studio Enterprise, Gold Core');
  await expect(gold).toHaveValue('10');
  await gold.fill('many');
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await expect(page.getByText('visual_studio_enterprise gold_core: many').first()).toBeVisible();
  await expect(gold).toHaveValue('many');
  await gold.fill('3');
  await page.getByLabel('Visual Studio Professional, Action Pack').fill('∞');
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await expect(page.getByText('Saved: the draft has 2 differences.')).toBeVisible();
  await page.goto(draft);
  await hydrated(page);
  const differences = page.getByRole('table', { name: 'Differences' });
  await expect(differences.getByRole('row', { name: /Visual Studio Enterprise/ })).toContainText('Quantity: 10 → 3');
  await expect(differences.getByRole('row', { name: /Visual Studio Professional/ })).toContainText('3 → Unlimited');
  const over = page.getByRole('table', { name: 'Over-allocated pools' });
  await expect(over.getByRole('row', { name: /Fernhollow Systems/ })).toContainText('Visual Studio Enterprise');
  await axe(page);

  // A product's texts, in each language.
  await page.goto(`${draft}/product?code=visual_studio_enterprise`);
  await hydrated(page);
  await axe(page);
  await page.getByLabel('Line under the name').first().fill('For whole teams');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved: the draft has 3 differences.')).toBeVisible();

  // A catalogue manager drafts; a programme admin publishes.
  await page.goto(draft);
  await hydrated(page);
  await expect(page.getByRole('button', { name: 'Publish' })).toHaveAttribute('aria-disabled', 'true');
  const admin = await anotherPage();
  await signIn(admin, operators.programmeAdmin, { path: draft });
  await admin.getByLabel('Also what companies hold already').check();
  await admin.getByRole('button', { name: 'Publish' }).click();
  await expect(admin.getByText('Version 2 is in force.').first()).toBeVisible();
  await axe(admin);

  await signIn(company, fernhollow.globalAdmin, { path: '/benefits/visual-studio' });
  const row = company.getByRole('row', { name: /Visual Studio Enterprise/ }).filter({ hasText: 'Gold Core' });
  await expect(row).toContainText('Over-allocated');
  await expect(row).toContainText('For whole teams');
  await expect(row).toContainText('6 of 3 used · 3 too many');
  // Nobody lost a seat, and whoever opens the benefit reads who has one and why nobody new gets one.
  const open = await steps.open(company, 'Visual Studio Enterprise', 'Gold Core');
  await expect(open.getByText('More is used than granted.')).toBeVisible();
  await expect(open.getByText('Nobody loses a seat; new ones start when there is room again.')).toBeVisible();
  expect(await holders()).toEqual(held);
  await axe(company);
  await signIn(company, kestrelAsh.globalAdmin, { path: '/benefits/visual-studio' });
  await expect(company.getByRole('row', { name: /Visual Studio Professional/ })).toContainText(/[Uu]nlimited|No limit/);

  // The file of what is in force.
  await admin.goto('/operator/catalogue');
  await hydrated(admin);
  await expect(admin.getByText('Version 2 is in force')).toBeVisible();
  const file = await admin.request.get('/operator/catalogue.toml');
  expect(await file.text()).toContain('For whole teams');
});

test('a product is new and removed, a draft waits for its day, is taken back and withdrawn @long', async ({
  page,
  signIn,
  hydrated,
  axe,
  scripts,
}) => {
  const begin = async (title: string): Promise<string> => {
    await page.goto('/operator/catalogue');
    await hydrated(page);
    await page.getByLabel('Title').fill(title);
    await page.getByRole('button', { name: 'Begin a draft' }).click();
    await page.waitForURL(/\/operator\/catalogue\/[0-9a-f-]{36}/);
    await hydrated(page);
    return new URL(page.url()).pathname;
  };
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  const draft = await begin('A new product');
  await page.getByRole('link', { name: 'New product' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New product' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  await page.getByLabel('Code').fill('No Code');
  for (const label of ['Name', 'Line under the name', 'Special instructions']) {
    for (const field of await page.getByLabel(label, { exact: true }).all()) {
      await field.fill('Test studio');
    }
  }
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('product No Code').first()).toBeVisible();
  await page.getByLabel('Code').fill('test_studio');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved: the draft has 1 difference.')).toBeVisible();
  await page.goto(draft);
  await hydrated(page);
  await page.getByLabel('Test studio, Silver Core').fill('4');
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await expect(page.getByText('Saved: the draft has 2 differences.')).toBeVisible();

  // From a day on, and taken back before.
  await page.goto(draft);
  await hydrated(page);
  const day = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel(/^In force from/).fill(day);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('waits for its day').first()).toBeVisible();
  await page.goto(draft);
  await hydrated(page);
  await expect(page.getByLabel('Test studio, Silver Core')).toHaveCount(0);
  await page.locator('summary', { hasText: 'Withdraw' }).click();
  const asked = scripts ? page.getByRole('dialog') : page.locator('details[open]');
  await expect(asked.getByText('Withdraw A new product?')).toBeVisible();
  await asked.getByRole('button', { name: 'Withdraw' }).last().click();
  await expect(page.getByText('The draft is withdrawn.')).toBeVisible();

  // A draft that another version overtook keeps its own changes.
  const behind = await begin('Behind');
  await page.getByLabel('Visual Studio Enterprise, Gold Core').fill('12');
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await expect(page.getByText('Saved: the draft has 1 difference.')).toBeVisible();
  await begin('Quicker');
  await page.getByLabel('Visual Studio Enterprise, Silver Core').fill('6');
  await page.getByRole('button', { name: 'Save quantities' }).click();
  await expect(page.getByText('Saved: the draft has 1 difference.')).toBeVisible();
  await page.goto(new URL(page.url()).pathname);
  await hydrated(page);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Version 2 is in force.').first()).toBeVisible();
  await page.goto(behind);
  await hydrated(page);
  await expect(page.getByRole('button', { name: 'Publish' })).toHaveCount(0);
  await axe(page);
  await page.getByRole('button', { name: 'Bring up to date' }).click();
  await expect(page.getByText('The draft is up to date; 1 difference is its own.')).toBeVisible();
  await page.goto(behind);
  await hydrated(page);
  await expect(page.getByLabel('Visual Studio Enterprise, Silver Core')).toHaveValue('6');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Version 3 is in force.').first()).toBeVisible();
});

test('catalogue_publication: one person, or a second one @long', async ({ page, anotherPage, signIn, hydrated, steps }) => {
  const drafted = async (whose: Page): Promise<string> => {
    await whose.goto('/operator/catalogue');
    await hydrated(whose);
    await whose.getByLabel('Title').fill('Publication');
    await whose.getByRole('button', { name: 'Begin a draft' }).click();
    await whose.waitForURL(/\/operator\/catalogue\/[0-9a-f-]{36}/);
    await hydrated(whose);
    const seats = whose.getByLabel('Visual Studio Enterprise, Gold Core');
    await seats.fill(String(Number(await seats.inputValue()) + 1));
    await whose.getByRole('button', { name: 'Save quantities' }).click();
    await expect(whose.getByText('Saved: the draft has 1 difference.')).toBeVisible();
    return new URL(whose.url()).pathname;
  };
  await signIn(page, operators.programmeAdmin, { path: '/operator/policies' });
  await page.locator('input[name="catalogue_publication"][value="second_person"]').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, '1 policy is changed.');
  const own = await drafted(page);
  await page.goto(own);
  await hydrated(page);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('The programme asks for a second person').first()).toBeVisible();
  const manager = await anotherPage();
  await signIn(manager, operators.catalogueManager, { path: own });
  await manager.getByLabel('Visual Studio Enterprise, Silver Core').fill('9');
  await manager.getByRole('button', { name: 'Save quantities' }).click();
  await expect(manager.getByText('Saved: the draft has 2 differences.')).toBeVisible();
  // Whoever came last: who changed something in it isn't the second person.
  await page.goto(own);
  await hydrated(page);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('The programme asks for a second person').first()).toBeVisible();
  await manager.goto('/operator/catalogue');
  await hydrated(manager);
  const theirs = await drafted(manager);
  await page.goto(theirs);
  await hydrated(page);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Version 2 is in force.').first()).toBeVisible();

  await page.goto('/operator/policies');
  await hydrated(page);
  await page.locator('input[name="catalogue_publication"][value="one_person"]').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, '1 policy is changed.');
  await page.goto(await drafted(page));
  await hydrated(page);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Version 3 is in force.').first()).toBeVisible();
});

test('a draft comes into force on its day @long', async ({ page, anotherPage, portal, signIn, hydrated }) => {
  test.setTimeout(150_000);
  await signIn(page, operators.programmeAdmin, { path: '/operator/catalogue' });
  await page.getByLabel('Title').fill('On its day');
  await page.getByRole('button', { name: 'Begin a draft' }).click();
  await page.waitForURL(/\/operator\/catalogue\/[0-9a-f-]{36}/);
  await hydrated(page);
  const draft = new URL(page.url()).pathname;
  await page.goto(`${draft}/product?code=visual_studio_enterprise`);
  await hydrated(page);
  await page.getByLabel('Line under the name').first().fill('From its day on');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved: the draft has 1 difference.')).toBeVisible();
  await page.goto(draft);
  await hydrated(page);
  await page.getByLabel(/^In force from/).fill(new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10));
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('waits for its day').first()).toBeVisible();

  const company = await anotherPage();
  await signIn(company, fernhollow.globalAdmin, { path: '/benefits/visual-studio' });
  const row = company.getByRole('row', { name: /Visual Studio Enterprise/ }).filter({ hasText: 'Gold Core' });
  await expect(row).toBeVisible();
  await expect(row).not.toContainText('From its day on');

  // Its day comes; nobody presses anything.
  shift(portal, [["update catalogue_draft set in_force_at = ? where state = 'published'", Date.now() - 60_000]]);
  await expect(async () => {
    await page.goto('/operator/catalogue');
    await expect(page.getByText('Version 2 is in force')).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 90_000 });
  await company.reload();
  await expect(row).toContainText('From its day on');
});
