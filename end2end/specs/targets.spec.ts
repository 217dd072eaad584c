import type { Locator, Page } from '@playwright/test';
import { type Account, fernhollow, kestrelAsh, operators } from '../accounts';
import { shift } from '../support/calendar';
import { expect, inWorkingDays, test as base } from './partner';

/**
 * The policies that say how long operators may take with each kind of request: the day stands in the queue and where
 * the company looks. That of an enrolment is set where a company enrols.
 */

base.use({ isolated: true });

const OSLO = 'Europe/Oslo';
const LONDON = 'Europe/London';

type Within = (kind: string, days: number) => Promise<void>;
type Seen = (partner: Page, about: string, days: number, timeZone: string, order?: string) => Promise<void>;

/** A number as it stands by itself; a subject as it is. */
const whole = (text: string): RegExp | string => (/^\d+$/.test(text) ? new RegExp(`(?<!\\d)${text}(?!\\d)`) : text);

const test = base.extend<{ within: Within; seen: Seen; operator: Page }>({
  operator: async ({ anotherPage }, use) => use(await anotherPage()),

  /** Sets the days of a kind. */
  within: async ({ operator, signIn, steps }, use) =>
    use(async (kind, days) => {
      await signIn(operator, operators.programmeAdmin, { path: '/operator/policies' });
      await steps.setPolicy(operator, `target_days_${kind}`, String(days));
    }),

  /** The request is to be answered by that day, at the company's and in the queue, where a payment has its order's number. */
  seen: async ({ operator, hydrated }, use) =>
    use(async (partner, about, days, timeZone, order = about) => {
      const day = inWorkingDays(days, timeZone);
      const target = (row: Locator): Locator => row.locator(`time[datetime="${day}"]`);
      await partner.goto('/requests');
      await hydrated(partner);
      // One row, whose number or subject it is: other rows may have the same digits, or the same day.
      const head = partner.getByRole('rowheader').filter({ hasText: whole(about) });
      const row = partner.getByRole('row').filter({ has: head });
      await expect(row).toHaveCount(1);
      await expect(target(row.getByRole('cell').nth(3))).toBeVisible();
      await operator.goto(`/operator/queue?find=${encodeURIComponent(order)}`);
      await hydrated(operator);
      await expect(operator.locator('a.opener')).toHaveCount(1);
      await expect(target(operator.getByRole('row').filter({ hasText: order })).first()).toBeVisible();
    }),
});

const asked = async (page: Page, within: Locator, sentence: RegExp): Promise<string> => {
  const said = within.getByText(sentence).first();
  await expect(said).toBeVisible({ timeout: 20_000 });
  const number = sentence.exec(await said.innerText())?.[1];
  expect(number, `a number at ${page.url()}`).toBeDefined();
  return number ?? '';
};

for (const days of [1, 60]) {
  test(`target_days_activation ${days}: an activation is due then, and an earlier one stays @long`, async ({
    page,
    signIn,
    steps,
    within,
    seen,
  }) => {
    await within('activation', days);
    await signIn(page, fernhollow.partnerAdmin, { path: '/benefits/technical' });
    const detail = await steps.open(page, 'Technical presales and deployment services', 'Gold Core');
    await detail.getByRole('button', { name: 'Activate', exact: true }).click();
    const row = steps.row(page, 'Technical presales and deployment services', 'Gold Core');
    await expect(row.getByText(`Processing, day 1 of ${days}`, { exact: true })).toBeVisible();
    const number = await asked(page, detail, /request (\d+)/);
    await seen(page, number, days, OSLO);
    // What was asked for before keeps its day.
    await within('activation', 7);
    await seen(page, number, days, OSLO);
  });
}

test('target_days_advisory: a consultant answers by then @long', async ({ page, signIn, within, seen }) => {
  await within('advisory', 11);
  await signIn(page, kestrelAsh.employee, { path: '/technical-request' });
  const form = page.getByRole('form', { name: 'Request form' });
  await form.getByLabel('Presales').check();
  await form.getByLabel('Hybrid').check();
  await form.getByLabel('Case title').fill('Moving two sites');
  await form.getByLabel('Description').fill('Two sites and one tenant.');
  await form.getByLabel('Product').fill('Exchange');
  await form.getByLabel('Country or region').fill('GB');
  await form.getByLabel('Contact phone').fill('+44 20 7946 0142');
  await form.getByLabel('Working hours').fill('09:00–17:00');
  await form.getByLabel('Benefit that is charged').selectOption({ index: 1 });
  await form.getByLabel('Hours', { exact: true }).fill('2');
  await form.getByRole('button', { name: 'Submit request' }).click();
  const number = await asked(page, page.locator('body'), /The request number is (\d+)\./);
  await seen(page, number, 11, LONDON);
});

/** Orders Silver in DevOps, and gives the order's number. */
async function order(page: Page, hydrated: (page: Page) => Promise<void>): Promise<string> {
  const choice = page
    .getByRole('region', { name: 'Silver competency', exact: true })
    .locator('div.stack')
    .filter({ has: page.getByRole('heading', { level: 3, name: 'DevOps', exact: true }) })
    .last();
  await choice.getByLabel(/^I have read the agreement, accept it for Silver competency/).check();
  await choice.getByRole('button', { name: 'Place order' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  return /(\d+)$/.exec(page.url())?.[1] ?? 'none';
}

test('target_days_payment: the money is looked for until then @long', async ({ page, signIn, hydrated, within, seen }) => {
  await within('payment', 8);
  await signIn(page, kestrelAsh.partnerAdmin, { path: '/offers' });
  const number = await order(page, hydrated);
  await page.getByRole('button', { name: 'Pay by bank transfer' }).click();
  await expect(page.getByText(`Transfer the amount with the reference ${number}.`)).toBeVisible();
  await seen(page, 'Silver competency', 8, LONDON, number);
});

test('target_days_cancellation: a refund is decided by then @long', async ({ page, signIn, hydrated, within, seen }) => {
  await within('cancellation', 3);
  await signIn(page, kestrelAsh.globalAdmin, { path: '/offers' });
  await order(page, hydrated);
  await page.getByLabel('Card', { exact: true }).selectOption({ label: 'Test card: pays' });
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(page.getByRole('table', { name: 'Documents' })).toContainText(/Invoice \d+/);
  await page.goto('/benefits/cancel');
  await hydrated(page);
  const line = page.getByRole('region', { name: 'Silver competency, DevOps', exact: true });
  await line.getByLabel('Reason', { exact: true }).selectOption({ label: 'Bought by mistake' });
  await line.getByLabel('I want to cancel Silver competency, DevOps.').check();
  await line.getByRole('button', { name: 'Submit request' }).click();
  const number = await asked(page, line, /^Request (\d+) is with the operators since /);
  await seen(page, number, 3, LONDON);
});

test('target_days_global_admin: whoever asks where there is none is answered by then @long', async ({
  page,
  portal,
  signIn,
  within,
  seen,
}) => {
  const asks: Account = fernhollow.employee;
  await within('global_admin', 6);
  // As if they had all left by ways that the portal doesn't have.
  shift(portal, [
    [
      `delete from person_role where role = 'global_admin' and organization_id =
         (select id from organization where domain = ?)`,
      'fernhollow.example',
    ],
  ]);
  await signIn(page, asks, { path: '/become-global-admin' });
  await expect(page.getByText('answer within 6 working days')).toBeVisible();
  await page.getByRole('button', { name: 'Ask the operators' }).click();
  const number = await asked(page, page.getByRole('main'), /^Your request (\d+) is with the operators\./);
  await seen(page, number, 6, OSLO);
});
