import type { Locator, Page } from '@playwright/test';
import { type Account, chenghu, fernhollow, operators } from '../accounts';
import type { Steps } from './partner';
import { english, expect, inDays, test } from './partner';

/** The operators' queue: what is asked for ends by somebody's decision, and the partner sees it. */

test.use({ isolated: true });

type Signs = (page: Page, account: Account, options?: { path?: string }) => Promise<void>;

const priyanka: Account = { email: 'priyanka.oyelaran@fernhollow.example', name: 'Priyanka Oyelaran' };
const linnea = fernhollow.otherPartnerAdmin;
/** Where the marketing contact of Fernhollow has the instructions sent. */
const press: Account = { email: 'press@fernhollow.example', name: 'Odalys Brandt-Reyes' };

/** What an input of a date takes. */
const iso = (day: Date): string => day.toISOString().slice(0, 10);

/** Finds a request in the queue and opens it. */
async function openItem(
  page: Page,
  signIn: Signs,
  hydrated: (page: Page) => Promise<void>,
  operator: Account,
  subject: string,
): Promise<Locator> {
  await signIn(page, operator, { path: '/operator/queue' });
  await page.getByRole('searchbox', { name: 'Find' }).fill(subject);
  await page.getByRole('button', { name: 'Apply' }).click();
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader').getByRole('link', { name: subject }) });
  await expect(page.locator('tbody').first().getByRole('row')).toHaveCount(1);
  const opener = row.locator('a.opener');
  await opener.click();
  await hydrated(page);
  await expect(page.locator('a.opener')).toHaveAttribute('aria-expanded', 'true');
  await expect(page.locator('tr.detail')).toBeVisible();
  return page.locator('tr.detail');
}

/** The number of the open request. */
async function numberOf(page: Page): Promise<string> {
  const note = await page.locator('tr.open th small').innerText();
  const number = /\d+/.exec(note)?.[0];
  expect(number, `a number in “${note}”`).toBeDefined();
  return number ?? '';
}

/** What a list of facts says about something. */
const fact = (within: Locator, name: string): Locator =>
  within.locator(`dt:text-is("${name}") + dd`);

async function refuse(detail: Locator, steps: Steps, reason: string): Promise<void> {
  await steps.unfold(detail, 'Refuse this request');
  await detail.getByLabel('Reason', { exact: true }).fill(reason);
  await detail.getByRole('button', { name: 'Refuse', exact: true }).click();
}

test('an activation gets its numbers and its end, and the partner sees both @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  const detail = await openItem(page, signIn, hydrated, operators.fulfilmentAgent, 'Signature cloud support');
  const number = await numberOf(page);
  await expect(detail.getByRole('heading', { name: 'Complete the activation' })).toBeVisible();
  await expect(fact(detail, 'Source')).toHaveText('Gold Core');
  await axe(page);

  const until = inDays(120);
  await detail.getByLabel('Access ID').fill('1234567');
  await detail.getByLabel('Contract ID').fill('987654321');
  await detail.getByLabel('Expires').fill(iso(until));
  await detail.getByRole('button', { name: 'Complete', exact: true }).click();
  await steps.fault(detail, 'Access ID', 'Nine digits; this has 7. Check the number.');
  await expect(detail.getByLabel('Access ID')).toHaveValue('1234567');
  await expect(detail.getByLabel('Contract ID')).toHaveValue('987654321');
  await expect(detail.getByLabel('Expires')).toHaveValue(iso(until));
  await axe(page);

  await detail.getByLabel('Access ID').fill('123456789');
  await detail.getByLabel('Expires').fill(iso(inDays(-1)));
  await detail.getByRole('button', { name: 'Complete', exact: true }).click();
  await steps.fault(detail, 'Expires', 'The end lies before the beginning, or in the past. Choose a later date.');

  await detail.getByLabel('Expires').fill(iso(until));
  await detail.getByRole('button', { name: 'Complete', exact: true }).click();
  await steps.told(page, `Request ${number} is completed.`);
  await expect(detail.getByText(/Completed: .*Marisa Talvinen/)).toBeVisible();
  await page.reload();
  await expect(page.locator('tr.detail').getByText(/Completed: .*Marisa Talvinen/)).toBeVisible();

  const partner = await anotherPage();
  await signIn(partner, fernhollow.globalAdmin, { path: '/benefits/technical' });
  const row = steps.row(partner, 'Signature cloud support', 'Gold Core');
  await expect(row.getByText('Active', { exact: true })).toBeVisible();
  const open = await steps.open(partner, 'Signature cloud support', 'Gold Core');
  await expect(fact(open, 'Active until')).toContainText(english(until, 'UTC'));
  await open.getByRole('button', { name: 'Show Access ID and Contract ID' }).click();
  await expect(open.getByText('123 456 789')).toBeVisible();
  await expect(open.getByText('987 654 321')).toBeVisible();

  const told = await mail(fernhollow.globalAdmin, /^Active: Signature cloud support$/);
  expect(told.language).toBe('en');
  expect(told.text).toContain(`active until ${english(until, 'UTC')}`);
  expect(told.text, 'numbers stay out of mails').not.toMatch(/123 ?456 ?789|987 ?654 ?321/);
});

test('a go-to-market activation sends its instructions to the designated address @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
}) => {
  const detail = await openItem(page, signIn, hydrated, operators.fulfilmentAgent, 'Partner Go-To-Market Toolbox');
  await expect(fact(detail, 'Marketing contact')).toContainText('press@fernhollow.example');
  await expect(detail.getByLabel('Access ID')).toHaveCount(0);
  const until = inDays(90);
  await detail.getByLabel('Expires').fill(iso(until));
  await detail.getByRole('button', { name: 'Complete', exact: true }).click();
  await expect(detail.getByText(/^Completed: /)).toBeVisible();

  const partner = await anotherPage();
  await signIn(partner, linnea, { path: '/benefits/go-to-market' });
  const row = steps.row(partner, 'Partner Go-To-Market Toolbox', 'Gold Core');
  await expect(row.getByText('Active', { exact: true })).toBeVisible();
  await expect(row.getByText(english(until, 'UTC'))).toBeVisible();
  const told = await mail(press, /^Active: Partner Go-To-Market Toolbox$/);
  expect(told.text).toContain('How to use it:');
});

test('a refused activation says why, and can be asked for again @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
}) => {
  const detail = await openItem(page, signIn, hydrated, operators.fulfilmentAgent, 'Signature cloud support');
  const number = await numberOf(page);
  await refuse(detail, steps, '   ');
  await expect(detail.getByLabel('Reason', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await detail.getByLabel('Reason', { exact: true }).fill('The tenant <b>name</b> is missing. 请补充。');
  await detail.getByRole('button', { name: 'Refuse', exact: true }).click();
  await steps.told(page, `Request ${number} is refused.`);
  await expect(page.locator('tr.detail blockquote')).toHaveText('The tenant <b>name</b> is missing. 请补充。');

  const told = await mail(fernhollow.globalAdmin, /^Refused: Signature cloud support$/);
  expect(told.text).toContain('Reason: The tenant <b>name</b> is missing. 请补充。');
  const partner = await anotherPage();
  await signIn(partner, fernhollow.globalAdmin, { path: '/benefits/technical' });
  await expect(steps.row(partner, 'Signature cloud support', 'Gold Core').getByText('Refused')).toBeVisible();
  const open = await steps.open(partner, 'Signature cloud support', 'Gold Core');
  await expect(open.getByText('Reason: The tenant <b>name</b> is missing. 请补充。')).toBeVisible();
  await open.getByRole('button', { name: 'Activate again' }).click();
  await expect(steps.row(partner, 'Signature cloud support', 'Gold Core').getByText('Processing, day 1 of 5')).toBeVisible();
});

test('a request is taken, and taken over by a colleague @long', async ({ page, anotherPage, signIn, hydrated, steps }) => {
  const subject = 'Landing zone for a hospital group';
  const detail = await openItem(page, signIn, hydrated, operators.fulfilmentAgent, subject);
  const number = await numberOf(page);
  await detail.getByRole('button', { name: 'Take', exact: true }).click();
  await steps.told(page, `Request ${number} is yours now.`);
  await expect(detail.getByText('Taken by you')).toBeVisible();
  await expect(page.locator('tr.open').getByText('Me', { exact: true })).toBeVisible();
  await expect(detail.getByRole('button', { name: 'Take', exact: true })).toHaveCount(0);

  const colleague = await anotherPage();
  const theirs = await openItem(colleague, signIn, hydrated, operators.programmeAdmin, subject);
  await theirs.getByRole('button', { name: 'Take over from Marisa Talvinen' }).click();
  await expect(theirs.getByText('Taken by you')).toBeVisible();
  await steps.seesChange(page, page.locator('tr.detail').getByText('Taken by Rosalind Ekwueme'));
});

test('hours are recorded as they are delivered, and the balance falls @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  const subject = 'Landing zone for a hospital group';
  const detail = await openItem(page, signIn, hydrated, operators.fulfilmentAgent, subject);
  const number = await numberOf(page);
  const before = Number(/^(\d+) hours? left$/.exec(await fact(detail, 'Balance').innerText())?.[1]);
  expect(before).toBeGreaterThan(3);
  await expect(fact(detail, 'Hours asked for')).toHaveText('6');

  await detail.getByLabel('Hours', { exact: true }).fill(String(before + 1));
  await detail.getByLabel('What was done').fill('Review of the network design');
  await detail.getByRole('button', { name: 'Record hours' }).click();
  await expect(detail.getByRole('alert')).toBeVisible();
  await expect(fact(detail, 'Balance')).toHaveText(`${before} hours left`);
  await expect(detail.getByLabel('What was done')).toHaveValue('Review of the network design');

  await detail.getByLabel('Hours', { exact: true }).fill('2');
  await detail.getByRole('button', { name: 'Record hours' }).click();
  await steps.told(page, `The hours are recorded for request ${number}.`);
  await expect(fact(detail, 'Balance')).toHaveText(`${before - 2} hours left`);
  await expect(detail.getByText(/2 hours, Marisa Talvinen: Review of the network design/)).toBeVisible();
  await axe(page);
  const told = await mail(priyanka, /2 hours recorded$/);
  expect(told.subject).toContain(number);
  expect(told.text).toContain('Review of the network design');
  expect(told.text).toContain(`Hours left: ${before - 2}`);

  const partner = await anotherPage();
  await signIn(partner, fernhollow.globalAdmin, { path: '/benefits/technical' });
  const open = await steps.open(partner, 'Advisory hours', 'Gold Core');
  await expect(fact(open, 'Left')).toHaveText(String(before - 2));
  await expect(open.getByText('Review of the network design')).toBeVisible();

  await detail.getByRole('button', { name: 'Complete', exact: true }).click();
  await steps.told(page, `Request ${number} is completed.`);
  expect((await mail(priyanka, /is completed: Landing zone/)).text).toContain('2 hours were recorded');
});

test('used incidents are recorded, and the partner sees what for @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
}) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/queue' });
  const sheet = page.locator('#incidents');
  await sheet.getByLabel('Organization').fill('fernhollow');
  await sheet.getByRole('button', { name: 'Find' }).click();
  const choice = sheet.getByLabel('Benefit', { exact: true });
  await expect(choice).toBeVisible();
  await hydrated(page);
  const option = choice.locator('option', { hasText: 'Product support incidents, Gold Core' });
  const text = await option.innerText();
  const before = Number(/\((\d+) incidents? left\)/.exec(text)?.[1]);
  expect(before).toBeGreaterThan(0);
  const value = (await option.getAttribute('value')) ?? '';

  const record = async (count: string): Promise<void> => {
    await choice.selectOption(value);
    await sheet.getByLabel('Incidents used').fill(count);
    await sheet.getByLabel('What it was about').fill('Restore of a mail store');
    await sheet.getByRole('button', { name: 'Record incidents' }).click();
  };
  await record(String(before + 1));
  await expect(sheet.getByRole('alert')).toBeVisible();
  await expect(sheet.getByLabel('What it was about')).toHaveValue('Restore of a mail store');
  await record('1');
  await steps.told(page, /^The use is recorded\./);
  await expect(option).toContainText(`(${before - 1} incident`);

  const partner = await anotherPage();
  await signIn(partner, fernhollow.employee, { path: '/my-benefits' });
  await signIn(partner, fernhollow.globalAdmin, { path: '/benefits/technical' });
  const open = await steps.open(partner, 'Product support incidents', 'Gold Core');
  await expect(fact(open, 'Left')).toHaveText(String(before - 1));
  await expect(open.getByText('Restore of a mail store')).toBeVisible();
});

test('an approved cancellation withdraws the benefits and releases the seats @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  const partner = await anotherPage();
  await signIn(partner, chenghu.globalAdmin, { path: '/benefits/visual-studio' });
  await steps.open(partner, 'Visual Studio Professional', 'Action Pack');
  await steps.assign(partner, [chenghu.employee]);

  // A fulfilment agent sees it, why not, and nothing to press.
  await openItem(page, signIn, hydrated, operators.fulfilmentAgent, 'Action Pack');
  await expect(page.locator('tr.detail .why').getByText(/Programme admin/)).toBeVisible();
  await expect(page.locator('tr.detail').getByText('Approve the refund')).toHaveCount(0);

  const detail = await openItem(page, signIn, hydrated, operators.programmeAdmin, 'Action Pack');
  const number = await numberOf(page);
  await expect(detail.getByText('已有银级资质，Action Pack 重复购买。')).toBeVisible();
  await axe(page);
  await steps.confirm(detail, 'Approve the refund', 'Approve the refund of Action Pack?', 'Approve the refund');
  await steps.told(page, `Request ${number} is approved.`);
  await expect(page.locator('tr.detail').getByText(/^Approved: .*Rosalind Ekwueme/)).toBeVisible();

  const withdrawn = await mail(chenghu.employee, /席位已撤回/);
  expect(withdrawn.language).toBe('zh-Hans');
  expect(withdrawn.subject).toContain('Visual Studio 专业版');
  await mail(chenghu.globalAdmin, /^Refund approved: /);

  await signIn(partner, chenghu.globalAdmin, { path: '/benefits/cancel' });
  await expect(partner.getByRole('region', { name: /^Action Pack/ }).getByText('Refunded')).toBeVisible();
  await partner.goto('/benefits/visual-studio');
  await hydrated(partner);
  await expect(steps.row(partner, 'Visual Studio Professional', 'Action Pack').getByText('Withdrawn')).toBeVisible();

  await signIn(partner, chenghu.employee, { path: '/my-benefits' });
  await expect(partner.locator('main section', { has: partner.getByRole('heading', { name: 'Visual Studio Professional' }) })).toHaveCount(0);
  await steps.unfold(partner.locator('main'), '1 earlier seat');
  await expect(partner.getByRole('cell', { name: 'Benefit withdrawn' })).toBeVisible();
});

test('a refused cancellation leaves everything as it is @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
}) => {
  const detail = await openItem(page, signIn, hydrated, operators.programmeAdmin, 'Action Pack');
  await refuse(detail, steps, 'The Silver membership needs it.');
  await expect(page.locator('tr.detail blockquote')).toHaveText('The Silver membership needs it.');
  const told = await mail(chenghu.globalAdmin, /退款被拒绝|Refund refused/);
  expect(told.text).toContain('The Silver membership needs it.');

  const partner = await anotherPage();
  await signIn(partner, chenghu.globalAdmin, { path: '/benefits/cancel' });
  const earlier = partner.getByRole('table', { name: 'Earlier requests' }).getByRole('row');
  await expect(earlier.filter({ hasText: 'The Silver membership needs it.' }).getByText('Refused')).toBeVisible();
  await partner.goto('/benefits/visual-studio');
  await expect(steps.row(partner, 'Visual Studio Professional', 'Action Pack').getByText('Ready')).toBeVisible();
});

test('a request that nobody decides stays in the queue with its age @long', async ({ page, signIn, hydrated, steps }) => {
  const detail = await openItem(page, signIn, hydrated, operators.auditor, 'Co-branded one-pager');
  // Read by an auditor, decided by others: the text says who.
  await expect(detail.locator('.why').getByText(/Fulfilment agent/)).toBeVisible();
  await expect(detail.getByRole('button')).toHaveCount(0);
  const row = page.locator('tr.open');
  await expect(row.getByText(/^9 days$/)).toBeVisible();
  await expect(row.getByText(/days? late/)).toBeVisible();
  await page.goto('/operator/queue?target=late');
  await hydrated(page);
  await expect(page.getByRole('row').filter({ hasText: 'Co-branded one-pager' })).toBeVisible();
  await steps.filter(page, 'Kind', 'Cancellation');
  await expect(page.getByRole('heading', { name: 'Nothing matches these filters.' })).toBeVisible();
});
