import type { Locator, Page } from '@playwright/test';

import { fernhollow, kestrelAsh } from '../accounts';
import { expect, test } from './partner';

/** The next year of what a company holds: from when it can be renewed, for how much, and that it is. */

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
