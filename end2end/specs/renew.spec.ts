import type { Locator, Page } from '@playwright/test';

import { chenghu, fernhollow, kestrelAsh, operators } from '../accounts';
import { expect, test } from './partner';

/**
 * The next year of what a company holds: from when it can be renewed, for how much, and that it is. And another
 * level of a competency: what it would change, that it does, and that it can be taken back.
 */

test.use({ isolated: true });

const holding = (page: Page, offer: string): Locator => page.getByRole('region', { name: offer, exact: true });

test('the free membership is renewed before its anniversary, from the link of the reminder', async ({ page, signIn, steps, mail, hydrated, axe }) => {
  const told = await mail(fernhollow.globalAdmin, /the year of Network membership of Fernhollow Systems ends on/);
  expect(told.text).toContain('/membership');
  await signIn(page, fernhollow.globalAdmin, { path: '/membership' });
  const network = holding(page, 'Network membership');
  await expect(network.getByRole('heading', { name: 'Next year' })).toBeVisible();
  await expect(network).toContainText(/Renew until .+, free of charge/);
  await axe(page);
  await network.getByLabel(/^I have read the agreement, accept it for Network membership/).check();
  await network.getByRole('button', { name: 'Renew', exact: true }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  await expect(page.locator('main')).toContainText('Renewal: Network membership');
  await expect(page.locator('main')).toContainText('Paid');
  await axe(page);

  await page.goto('/membership');
  await hydrated(page);
  await expect(network).toContainText(/Renewed: the next year runs from/);
  await expect(network.getByRole('button', { name: 'Renew', exact: true })).toHaveCount(0);
  await axe(page);
  await steps.reload(page);
  await expect(network).toContainText(/Renewed: the next year runs from/);
  const renewed = await mail(fernhollow.globalAdmin, /Network membership, .+ Its next year runs from/);
  expect(renewed.subject).toContain('is renewed until');
});

test('what is not due yet says from when and for how much', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, kestrelAsh.globalAdmin, { path: '/membership' });
  const pack = holding(page, 'Action Pack');
  await expect(pack).toContainText(/Can be renewed from .+ to .+, for US\$475/);
  await expect(pack.getByRole('button', { name: 'Renew', exact: true })).toHaveCount(0);
  await page.goto('/offers');
  await hydrated(page);
  await expect(holding(page, 'Action Pack')).toContainText(/Can be renewed from .+ to .+, for US\$475/);
  await axe(page);
});

test('a silver competency becomes gold for a quarter less, and is taken back', async ({ page, signIn, steps, hydrated, axe }) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/competencies' });
  for (const area of ['Cloud Productivity', 'Enterprise Mobility Management']) {
    await page.getByLabel('Company', { exact: true }).fill('chenghu.example');
    await page.getByLabel('Level', { exact: true }).selectOption({ label: 'Gold' });
    await page.getByLabel('Competency area', { exact: true }).selectOption({ label: area });
    await page.getByRole('button', { name: 'Record competency' }).click();
    await expect(
      page.getByRole('row').filter({ hasText: 'chenghu.example' }).filter({ hasText: area }).filter({ hasText: 'Gold' }),
    ).toHaveCount(1);
  }

  await signIn(page, chenghu.globalAdmin, { path: '/membership' });
  await holding(page, 'Silver competency').getByRole('link', { name: 'Change level' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Change level' })).toBeVisible();
  await hydrated(page);
  await expect(page.locator('main')).toContainText('US$3,547.50');
  await expect(page.locator('main')).toContainText('25 % off US$4,730');
  const goesOn = page.getByRole('table', { name: 'What goes on' });
  await expect(goesOn.getByRole('row').filter({ hasText: 'Visual Studio Enterprise' }).first()).toBeVisible();
  await axe(page);
  await page.getByLabel(/^I have read the agreement and what ends/).check();
  await page.getByRole('button', { name: 'Order the change' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  const number = /(\d+)$/.exec(page.url())?.[1] ?? 'none';
  await expect(page.locator('main')).toContainText('Change of level: Gold competency');
  await page.getByLabel('Card', { exact: true }).selectOption({ label: 'Test card: pays' });
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Change of level' })).toBeVisible();
  await axe(page);
  await page.goto('/membership');
  await hydrated(page);
  await expect(holding(page, 'Gold competency')).toContainText('Cloud Productivity');

  await page.goto(`/orders/${number}`);
  await hydrated(page);
  await steps.confirm(page.locator('main'), 'Take back', `Take the change of order ${number} back?`, 'Take back');
  await expect(page.getByRole('table', { name: 'Documents' })).toContainText(/Credit note \d+/);
  await steps.reload(page);
  await expect(page.locator('main')).toContainText('Refunded');
  await page.goto('/membership');
  await hydrated(page);
  await expect(holding(page, 'Silver competency')).toContainText('Cloud Productivity');
});
