import fs from 'node:fs';
import type { Page } from '@playwright/test';

import { fernhollow, kestrelAsh, operators } from '../accounts';
import { expect, test } from './partner';

/** Offers and orders: what can be bought, how it is paid, and that its benefits come. */

test.use({ isolated: true });

/** The offer's choice of a competency area. */
const silver = (page: Page, area: string) =>
  page
    .getByRole('region', { name: 'Silver competency', exact: true })
    .locator('div.stack')
    .filter({ has: page.getByRole('heading', { level: 3, name: area, exact: true }) })
    .last();

const place = async (page: Page, area: string, hydrated: (page: Page) => Promise<void>): Promise<string> => {
  const choice = silver(page, area);
  await choice.getByLabel(/^I have read the agreement, accept it for Silver competency/).check();
  await choice.getByRole('button', { name: 'Place order' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  return /(\d+)$/.exec(page.url())?.[1] ?? 'none';
};

const pay = async (page: Page, card: string): Promise<void> => {
  await page.getByLabel('Card', { exact: true }).selectOption({ label: card });
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
};

test('an offer is bought by card: declined, asked by the bank, then paid', async ({ page, signIn, steps, mail, hydrated, axe }) => {
  await signIn(page, kestrelAsh.globalAdmin, { path: '/offers' });
  const gold = page.getByRole('region', { name: 'Gold competency', exact: true });
  await expect(gold).toContainText('Once your company has attained a competency, an operator records it');
  await expect(silver(page, 'DevOps')).toContainText('Competency attained and recorded');
  await axe(page);
  const number = await place(page, 'DevOps', hydrated);
  await expect(page.getByRole('heading', { level: 1, name: `Order ${number}` })).toBeVisible();
  await axe(page);

  await pay(page, 'Test card: not enough money');
  await expect(page.getByText("there isn't enough money on it").first()).toBeVisible();
  await pay(page, 'Test card: the bank asks for a confirmation');
  await expect(page.getByText('Your bank asks you to confirm this payment.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Pay', exact: true })).toHaveCount(0);
  await axe(page);
  await page.getByRole('button', { name: 'Confirm payment' }).click();
  await expect(page.getByRole('table', { name: 'Documents' })).toContainText(/Invoice \d+/);
  await steps.reload(page);
  await expect(page.getByRole('table', { name: 'Documents' })).toContainText('US$1,670');
  await axe(page);
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: /^Invoice \d+$/ }).click();
  const file = await downloading;
  expect(file.suggestedFilename()).toMatch(/^invoice-\d+\.pdf$/);
  expect(fs.readFileSync(await file.path()).subarray(0, 5).toString()).toBe('%PDF-');
  const told = await mail(kestrelAsh.globalAdmin, new RegExp(`order ${number} is settled: Silver competency`));
  expect(told.text).toContain(`/orders/${number}`);

  await page.goto('/benefits/visual-studio');
  await hydrated(page);
  const studio = page.getByRole('row').filter({ hasText: 'Visual Studio Enterprise' });
  await expect(studio.filter({ hasText: 'Silver Core' })).toContainText('0 of 5 used');
  await expect(studio.filter({ hasText: 'DevOps' })).toContainText('0 of 5 used');
  await page.goto('/membership');
  await expect(page.getByRole('region', { name: 'Silver competency' })).toContainText('DevOps');
  await page.goto('/orders');
  await hydrated(page);
  await expect(page.getByRole('row').filter({ hasText: number })).toContainText('Paid');
  await axe(page);
  // It can't be bought twice.
  await page.goto('/offers');
  await hydrated(page);
  await expect(silver(page, 'DevOps')).toContainText('Your company has it');
  await expect(silver(page, 'DevOps').getByRole('button', { name: 'Place order' })).toHaveCount(0);
});

test('an order is paid by bank transfer: proof, confirmation by an operator, benefits', async ({ page, signIn, steps, mail, hydrated, axe }, testInfo) => {
  await signIn(page, kestrelAsh.partnerAdmin, { path: '/offers' });
  const number = await place(page, 'Security', hydrated);
  await page.getByRole('button', { name: 'Pay by bank transfer' }).click();
  await expect(page.getByText(`Transfer the amount with the reference ${number}.`)).toBeVisible();
  await expect(page.locator('main')).toContainText('IBAN XX00');
  const told = await mail(kestrelAsh.partnerAdmin, new RegExp(`to pay order ${number}`));
  expect(told.text).toContain('IBAN XX00');

  const wrong = testInfo.outputPath('proof.pdf');
  fs.writeFileSync(wrong, 'no PDF at all');
  await page.getByLabel('Proof of the transfer', { exact: true }).setInputFiles(wrong);
  await page.getByRole('button', { name: 'Send proof' }).click();
  await expect(page.getByRole('alert')).toContainText('This file is no PDF, PNG or JPEG');
  const large = testInfo.outputPath('scan.pdf');
  fs.writeFileSync(large, Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(6 * 1024 * 1024)]));
  await hydrated(page);
  await page.getByLabel('Proof of the transfer', { exact: true }).setInputFiles(large);
  await page.getByRole('button', { name: 'Send proof' }).click();
  await expect(page.getByRole('alert')).toContainText('This is larger than allowed');
  const right = testInfo.outputPath('付款凭证.pdf');
  fs.writeFileSync(right, '%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n');
  await hydrated(page);
  await page.getByLabel('Proof of the transfer', { exact: true }).setInputFiles(right);
  await page.getByRole('button', { name: 'Send proof' }).click();
  await expect(page.getByRole('link', { name: '付款凭证.pdf' })).toBeVisible();
  await hydrated(page);
  await axe(page);

  await signIn(page, operators.fulfilmentAgent, { path: `/operator/queue?find=${number}` });
  await page.getByRole('link', { name: new RegExp(`${number} · Silver competency`) }).first().click();
  await hydrated(page);
  await expect(page.getByRole('link', { name: '付款凭证.pdf' })).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'The money is here' }).click();
  await expect(page.getByRole('button', { name: 'The money is here' })).toHaveCount(0);

  await signIn(page, kestrelAsh.partnerAdmin, { path: `/orders/${number}` });
  await expect(page.getByRole('table', { name: 'Payments' })).toContainText('Paid');
  await steps.reload(page);
  await expect(page.getByRole('table', { name: 'Documents' })).toContainText(/Invoice \d+/);
});

test('an operator records a competency, and the company can order it and take the order back', async ({ page, signIn, steps, hydrated, axe }) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/competencies' });
  await axe(page);
  await page.getByLabel('Company', { exact: true }).fill('kestrelash.example');
  await page.getByLabel('Level', { exact: true }).selectOption({ label: 'Silver' });
  await page.getByLabel('Competency area', { exact: true }).selectOption({ label: 'Messaging' });
  await page.getByRole('button', { name: 'Record competency' }).click();
  await steps.told(page, 'The competency of Kestrel & Ash Consulting is on record.');
  await expect(page.getByRole('row').filter({ hasText: 'Messaging' })).toContainText('kestrelash.example');

  await signIn(page, kestrelAsh.globalAdmin, { path: '/offers' });
  const number = await place(page, 'Messaging', hydrated);
  await steps.confirm(page.locator('main'), 'Cancel order', `Cancel order ${number}?`, 'Cancel order');
  await expect(page.getByRole('button', { name: 'Pay', exact: true })).toHaveCount(0);
  await steps.reload(page);
  await expect(page.locator('main')).toContainText('Cancelled');
});

test('an employee reads who buys for the company', async ({ page, signIn }) => {
  await signIn(page, fernhollow.employee, { path: '/orders' });
  await expect(page.locator('main')).toContainText(fernhollow.globalAdmin.name);
});
