import fs from 'node:fs';
import type { Locator, Page } from '@playwright/test';

import { type Account, chenghu, chienyuan, kestrelAsh, operators } from '../accounts';
import { type Mail, type Steps, expect, test } from './partner';

/** Payments whose answer is late, missing or another than hoped for, and who may buy. */

test.use({ isolated: true });
test.describe.configure({ timeout: 90_000 });

type Hydrated = (page: Page) => Promise<void>;
type Signs = (page: Page, account: Account, options?: { path?: string }) => Promise<void>;
type Mails = (account: Account) => Mail[];

const CONFIRMS = 'Test card: the bank asks for a confirmation';
const PAYS = 'Test card: pays';
const ASKED = 'Your bank asks you to confirm this payment.';
const NOT_CONFIRMED = "The payment wasn't confirmed, and nothing was charged. Pay again when you are ready.";
const UNKNOWN = /^The payment processor hasn't answered yet\. Whether the card was charged will be known/;

/** Orders the Silver competency of an area; gives the order's number. */
const order = async (page: Page, area: string, hydrated: Hydrated): Promise<string> => {
  const choice = page
    .getByRole('region', { name: 'Silver competency', exact: true })
    .locator('div.stack')
    .filter({ has: page.getByRole('heading', { level: 3, name: area, exact: true }) })
    .last();
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

const chooseTransfer = async (page: Page, number: string): Promise<void> => {
  await page.getByRole('button', { name: 'Pay by bank transfer' }).click();
  await expect(page.getByText(`Transfer the amount with the reference ${number}.`)).toBeVisible();
};

/** The rows of a table of the order, without its head. */
const lines = (page: Page, table: 'Payments' | 'Documents' | '付款记录' | '单据'): Locator =>
  page.getByRole('table', { name: table }).locator('tbody').getByRole('row');

/** The order's payments, the last first, each with its method and where it stands. */
const expectPayments = async (page: Page, payments: readonly (readonly [string, string])[]): Promise<void> => {
  await expect(lines(page, 'Payments')).toHaveCount(payments.length);
  for (const [place, [method, state]] of payments.entries()) {
    await expect(lines(page, 'Payments').nth(place).getByRole('rowheader')).toHaveText(method);
    await expect(lines(page, 'Payments').nth(place)).toContainText(state);
  }
};

/** The order is paid, with one invoice, however often one looks, and the buyer was told once. */
const expectPaidOnce = async (
  page: Page,
  number: string,
  buyer: Account,
  steps: Steps,
  mails: Mails,
): Promise<void> => {
  await expect(lines(page, 'Documents')).toHaveCount(1);
  await steps.reload(page);
  await expect(lines(page, 'Documents')).toHaveCount(1);
  await expect(lines(page, 'Documents')).toContainText(/Invoice \d+/);
  await expect(lines(page, 'Payments').filter({ hasText: 'Paid' })).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'Pay', exact: true })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Pay by bank transfer' })).toHaveCount(0);
  const settled = (): number =>
    mails(buyer).filter(({ subject }) => subject.startsWith(`Order ${number} is settled`)).length;
  await expect.poll(settled, { message: 'mails that the order is settled', timeout: 20_000 }).toBe(1);
};

/** What the operators see of the transfer of an order, open. */
const openTransfer = async (
  operator: Page,
  number: string,
  signIn: Signs,
  hydrated: Hydrated,
): Promise<Locator> => {
  await signIn(operator, operators.fulfilmentAgent, { path: `/operator/queue?find=${number}` });
  await operator.getByRole('link', { name: new RegExp(`${number} · `) }).first().click();
  await hydrated(operator);
  const detail = operator.locator('tr.detail');
  await expect(detail).toBeVisible();
  return detail;
};

/** Waits until something shows that nobody in the browser causes. */
const comes = async (page: Page, what: Locator, scripts: boolean, steps: Steps, within: number): Promise<void> => {
  if (scripts) {
    await expect(what).toBeVisible({ timeout: within });
    return;
  }
  await expect(async () => {
    await steps.reload(page);
    await expect(what).toBeVisible({ timeout: 100 });
  }).toPass({ timeout: within, intervals: [3000] });
};

test('a charge whose answer was lost pays the order by itself, once', { tag: '@long' }, async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  scripts,
  mails,
  axe,
}) => {
  test.setTimeout(240_000);
  const buyer = kestrelAsh.globalAdmin;
  await signIn(page, buyer, { path: '/offers' });
  const number = await order(page, 'DevOps', hydrated);
  const other = await anotherPage();
  await signIn(other, buyer, { path: `/orders/${number}` });
  await expect(other.getByRole('button', { name: 'Pay', exact: true })).toBeVisible();
  await pay(page, 'Test card: charged, but the answer is lost');
  await steps.told(page, "The payment processor hasn't answered yet. This page will show what became of it.");
  await steps.reload(page);
  await expect(page.getByText(UNKNOWN)).toBeVisible();
  await expectPayments(page, [['Card', 'Waiting']]);
  // Nothing can be paid a second time, and nothing cancelled that may have been paid.
  for (const name of ['Pay', 'Pay by bank transfer', 'Confirm payment', 'Cancel order']) {
    await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0);
  }
  await expect(page.locator('main')).not.toContainText('Cancel order');
  await expect(page.getByRole('table', { name: 'Documents' })).toHaveCount(0);
  await axe(page);
  // A window that was open before can't pay either.
  if (scripts) {
    await steps.reload(other);
    await expect(other.getByText(UNKNOWN)).toBeVisible();
    await expect(other.getByRole('button', { name: 'Pay', exact: true })).toHaveCount(0);
  } else {
    await pay(other, PAYS);
    await expect(other.getByRole('alert').first()).toBeVisible();
  }
  await steps.reload(page);
  await expectPayments(page, [['Card', 'Waiting']]);

  await comes(page, page.getByRole('table', { name: 'Documents' }), scripts, steps, 150_000);
  await expect(page.getByText(UNKNOWN)).toHaveCount(0);
  await expectPaidOnce(page, number, buyer, steps, mails);
  await expectPayments(page, [['Card', 'Paid']]);
  await page.goto('/membership');
  await hydrated(page);
  await expect(page.getByRole('region', { name: 'Silver competency' })).toContainText('DevOps');
});

test('a charge whose answer was lost shows in a window that was open before', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
}) => {
  await signIn(page, kestrelAsh.globalAdmin, { path: '/offers' });
  const number = await order(page, 'DevOps', hydrated);
  const other = await anotherPage();
  await signIn(other, kestrelAsh.globalAdmin, { path: `/orders/${number}` });
  await expect(other.getByRole('button', { name: 'Pay', exact: true })).toBeVisible();
  await pay(page, 'Test card: charged, but the answer is lost');
  await expect(page.getByText(UNKNOWN)).toBeVisible();
  await steps.seesChange(other, other.getByText(UNKNOWN));
  await expect(other.getByRole('button', { name: 'Pay', exact: true })).toHaveCount(0);
});

test('a payment that is not confirmed charges nothing, and the order can be paid again', async ({
  page,
  signIn,
  hydrated,
  steps,
  mails,
  axe,
}) => {
  const buyer = kestrelAsh.globalAdmin;
  await signIn(page, buyer, { path: '/offers' });
  const number = await order(page, 'Security', hydrated);
  await pay(page, CONFIRMS);
  await steps.told(page, 'Your bank asks you to confirm the payment.');
  await expect(page.getByText(ASKED)).toBeVisible();

  // The question waits for whoever goes away and comes back.
  await page.goto('/orders');
  await hydrated(page);
  await expect(page.getByRole('row').filter({ hasText: number })).toContainText('Unpaid');
  await page.getByRole('link', { name: number, exact: true }).click();
  await expect(page).toHaveURL(`/orders/${number}`);
  await hydrated(page);
  await expect(page.getByText(ASKED)).toBeVisible();
  await expectPayments(page, [['Card', 'Waiting']]);
  await page.getByRole('button', { name: "Don't confirm" }).click();
  await steps.told(page, 'The payment was declined. The page says why.');
  await expect(page.getByText(NOT_CONFIRMED).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Confirm payment' })).toHaveCount(0);
  await expectPayments(page, [['Card', 'Failed']]);
  await expect(page.getByRole('table', { name: 'Documents' })).toHaveCount(0);
  await steps.reload(page);
  await expect(page.getByRole('main').getByText('Unpaid')).toBeVisible();
  await axe(page);
  await page.goto('/membership');
  await hydrated(page);
  await expect(page.getByRole('region', { name: 'Silver competency' })).toHaveCount(0);

  await page.goto(`/orders/${number}`);
  await hydrated(page);
  await pay(page, PAYS);
  await expectPaidOnce(page, number, buyer, steps, mails);
  await expectPayments(page, [
    ['Card', 'Paid'],
    ['Card', 'Failed'],
  ]);
});

test('whoever chose the transfer pays by card instead, and the operators wait no longer', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mails,
  axe,
}) => {
  const buyer = kestrelAsh.partnerAdmin;
  await signIn(page, buyer, { path: '/offers' });
  const number = await order(page, 'DevOps', hydrated);
  await chooseTransfer(page, number);
  await steps.told(page, `Order ${number} waits for your bank transfer.`);
  await hydrated(page);
  await expect(page.getByText('Paying by card ends the wait for your transfer, also where the card is declined.')).toBeVisible();
  await expectPayments(page, [['Bank transfer', 'Waiting']]);
  const operator = await anotherPage();
  const detail = await openTransfer(operator, number, signIn, hydrated);
  await expect(detail.getByRole('button', { name: 'The money is here' })).toBeVisible();

  await pay(page, 'Test card: declined');
  await expect(page.getByText("The card was declined, and the bank doesn't say why.").first()).toBeVisible();
  await expect(page.getByText(`Transfer the amount with the reference ${number}.`)).toHaveCount(0);
  await expectPayments(page, [
    ['Card', 'Failed'],
    ['Bank transfer', 'Cancelled'],
  ]);
  await steps.reload(page);
  await axe(page);
  await signIn(operator, operators.fulfilmentAgent, { path: `/operator/queue?find=${number}` });
  await expect(operator.getByRole('row').filter({ hasText: `${number} · ` })).toHaveCount(0);

  await chooseTransfer(page, number);
  await hydrated(page);
  await pay(page, PAYS);
  await expectPaidOnce(page, number, buyer, steps, mails);
  await expectPayments(page, [
    ['Card', 'Paid'],
    ['Bank transfer', 'Cancelled'],
    ['Card', 'Failed'],
    ['Bank transfer', 'Cancelled'],
  ]);
});

test('whoever was asked to confirm a card pays by transfer instead, and the card is never charged', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mails,
}) => {
  const buyer = kestrelAsh.partnerAdmin;
  await signIn(page, buyer, { path: '/offers' });
  const number = await order(page, 'Security', hydrated);
  await pay(page, CONFIRMS);
  await expect(page.getByText(ASKED)).toBeVisible();
  await hydrated(page);
  await chooseTransfer(page, number);
  await expect(page.getByText(ASKED)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Confirm payment' })).toHaveCount(0);
  await expectPayments(page, [
    ['Bank transfer', 'Waiting'],
    ['Card', NOT_CONFIRMED],
  ]);

  const operator = await anotherPage();
  const detail = await openTransfer(operator, number, signIn, hydrated);
  await detail.getByRole('button', { name: 'The money is here' }).click();
  await steps.told(operator, /^Request \d+ is completed\.$/);
  await steps.seesChange(page, page.getByRole('table', { name: 'Documents' }));
  await expectPaidOnce(page, number, buyer, steps, mails);
  await expectPayments(page, [
    ['Bank transfer', 'Paid'],
    ['Card', NOT_CONFIRMED],
  ]);
});

test('the operators do not find the transfer: the buyer reads why, and the order waits for another payment', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  mails,
  axe,
}) => {
  const reason = 'No transfer with this reference has come within two weeks.';
  const buyer = kestrelAsh.globalAdmin;
  await signIn(page, buyer, { path: '/offers' });
  const number = await order(page, 'Security', hydrated);
  await chooseTransfer(page, number);

  const operator = await anotherPage();
  const detail = await openTransfer(operator, number, signIn, hydrated);
  await steps.unfold(detail, 'Refuse this request');
  await detail.getByLabel('Reason', { exact: true }).fill(reason);
  await detail.getByRole('button', { name: 'Refuse', exact: true }).click();
  await steps.told(operator, /^Request \d+ is refused\.$/);
  await expect(detail.locator('blockquote')).toHaveText(reason);

  const told = await mail(buyer, new RegExp(`^Order ${number}: your transfer was not found$`));
  expect(told.text).toContain(`Reason: ${reason}`);
  expect(told.text).toContain('The order still waits for its payment');
  expect(told.text).toContain(`/orders/${number}`);
  await steps.seesChange(page, page.getByRole('button', { name: 'Pay by bank transfer' }));
  await expect(page.getByText(`Transfer the amount with the reference ${number}.`)).toHaveCount(0);
  await expectPayments(page, [['Bank transfer', 'Cancelled']]);
  await expect(page.getByRole('main').getByText('Unpaid')).toBeVisible();
  await steps.reload(page);
  await axe(page);
  await page.goto('/requests');
  await hydrated(page);
  const request = page.getByRole('row').filter({ hasText: reason });
  await expect(request).toContainText('Silver competency');
  await expect(request).toContainText('Refused');

  await page.goto(`/orders/${number}`);
  await hydrated(page);
  await chooseTransfer(page, number);
  const again = await openTransfer(operator, number, signIn, hydrated);
  await again.getByRole('button', { name: 'The money is here' }).click();
  await steps.told(operator, /^Request \d+ is completed\.$/);
  await steps.seesChange(page, page.getByRole('table', { name: 'Documents' }));
  await expectPaidOnce(page, number, buyer, steps, mails);
});

for (const [role, buyer] of [
  ['a User admin', chienyuan.userAdmin],
  ['an Admin agent', chienyuan.adminAgent],
] as const) {
  test(`${role} buys the Action Pack, which needs no competency and no Global admin`, async ({
    page,
    signIn,
    hydrated,
    steps,
    mails,
    axe,
  }) => {
    await signIn(page, buyer, { path: '/offers' });
    const pack = page.getByRole('region', { name: 'Action Pack', exact: true });
    await expect(pack.getByRole('heading', { level: 3 })).toHaveCount(0);
    await expect(pack).not.toContainText('Competency attained and recorded');
    await axe(page);
    await pack.getByLabel(/^I have read the agreement, accept it for Action Pack/).check();
    await pack.getByRole('button', { name: 'Place order' }).click();
    await expect(page).toHaveURL(/\/orders\/\d+$/);
    await hydrated(page);
    const number = /(\d+)$/.exec(page.url())?.[1] ?? 'none';
    await pay(page, PAYS);
    await expectPaidOnce(page, number, buyer, steps, mails);
    await expectPayments(page, [['Card', 'Paid']]);
    await expect(lines(page, 'Documents')).toContainText('US$475');
    await expect(page.getByRole('main').getByText(`by ${buyer.name}`)).toBeVisible();

    await page.goto('/membership');
    await hydrated(page);
    await expect(page.getByRole('region', { name: 'Action Pack' }).first()).toBeVisible();
    await page.goto('/benefits/visual-studio');
    await hydrated(page);
    await expect(steps.row(page, 'Visual Studio Professional', 'Action Pack')).toBeVisible();
    await page.goto('/offers');
    await hydrated(page);
    await expect(pack).toContainText('Your company has it');
    await expect(pack.getByRole('button', { name: 'Place order' })).toHaveCount(0);
  });
}

test('an order is paid in Simplified Chinese, and its invoice is a PDF', async ({ page, signIn, hydrated, mail }) => {
  await signIn(page, chenghu.partnerAdmin, { language: 'zh-Hans', path: '/offers' });
  const offer = page.getByRole('region', { name: '金级资质', exact: true });
  const choice = offer
    .locator('div.stack')
    .filter({ has: page.getByRole('heading', { level: 3, name: '数据分析', exact: true }) })
    .last();
  await choice.getByLabel(/^我已阅读并接受适用于金级资质/).check();
  await choice.getByRole('button', { name: '下单' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  const number = /(\d+)$/.exec(page.url())?.[1] ?? 'none';
  await expect(page.getByRole('heading', { level: 1, name: `订单 ${number}` })).toBeVisible();
  await page.getByLabel('银行卡', { exact: true }).selectOption({ label: '测试卡：付款成功' });
  await page.getByRole('button', { name: '付款', exact: true }).click();
  await expect(lines(page, '单据')).toHaveCount(1);
  await expect(lines(page, '付款记录')).toContainText('已付款');
  expect((await mail(chenghu.partnerAdmin, new RegExp(`^订单 ${number} 已结清：金级资质`))).language).toBe('zh-Hans');

  await hydrated(page);
  const link = page.getByRole('link', { name: /^发票 \d+$/ });
  const downloading = page.waitForEvent('download');
  await link.click();
  const file = await downloading;
  expect(file.suggestedFilename()).toMatch(/^invoice-\d+\.pdf$/);
  expect(fs.readFileSync(await file.path()).subarray(0, 5).toString()).toBe('%PDF-');
  const answer = await page.request.get((await link.getAttribute('href')) ?? '');
  expect(answer.status()).toBe(200);
  expect(answer.headers()['content-type']).toBe('application/pdf');
  expect(answer.headers()['content-disposition']).toMatch(/^attachment; filename="invoice-\d+\.pdf"$/);
  expect((await answer.body()).subarray(0, 4).toString()).toBe('%PDF');
});
