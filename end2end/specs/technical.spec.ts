import { fernhollow, kestrelAsh } from '../accounts';
import { english, expect, test } from './partner';

test.use({ isolated: true });

const PATH = '/benefits/technical';
const PRESALES = 'Technical presales and deployment services';

test('Activate leads to processing, and the request can be withdrawn', async ({ page, signIn, steps, axe }) => {
  test.slow();
  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  await axe(page);
  const row = steps.row(page, PRESALES, 'Gold Core');
  await expect(row).toContainText('Ready');
  const detail = await steps.open(page, PRESALES, 'Gold Core');
  await axe(page);
  await detail.getByRole('button', { name: 'Activate', exact: true }).click();
  await steps.told(page, /^Activation requested. The request number is \d+.$/);
  await expect(row).toContainText(/Processing, day 1 of \d/);
  const way = detail.getByRole('list', { name: 'The way to an active benefit' });
  await expect(way.getByRole('listitem')).toHaveCount(3);
  await expect(way.getByRole('listitem').nth(0)).toContainText(
    new RegExp(`Requested.*${english(new Date())}, \\d\\d:\\d\\d, ${fernhollow.partnerAdmin.name}, request \\d+`),
  );
  await expect(way.getByRole('listitem').nth(1)).toHaveAttribute('aria-current', 'step');
  await axe(page);

  await steps.reload(page);
  await expect(row).toContainText(/Processing, day 1 of \d/);
  const number = /request (\d+)/.exec(await way.innerText())?.[1] ?? 'none';
  await page.goto('/requests');
  await expect(page.locator(`#request-${number}`)).toContainText(PRESALES);

  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  await steps.open(page, PRESALES, 'Gold Core');
  await steps.confirm(detail, 'Withdraw request', `Withdraw request ${number}?`, 'Withdraw request');
  await expect(detail.getByRole('button', { name: /^Activate/ })).toBeVisible();
  await steps.reload(page);
  await expect(row).toContainText('Withdrawn');
});

test('an active benefit shows Access ID and Contract ID on request', async ({ page, signIn, steps, scripts, axe }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  const detail = await steps.open(page, 'Product support incidents', 'Gold Core');
  await expect(detail.getByText('Break-fix: an on-premises product is broken')).toBeVisible();
  await expect(detail.getByText('For each on-premises incident')).toBeVisible();
  await expect(detail.getByText('Action Pack, Silver and Gold')).toBeVisible();
  const used = detail.getByRole('table', { name: 'What was used' });
  await expect(used.getByRole('row').filter({ hasText: 'Cluster does not fail over' })).toBeVisible();
  const numbers = detail.locator('dl.ids dd');
  await expect(numbers).toHaveCount(0);
  await axe(page);

  await detail.getByRole('button', { name: 'Show Access ID and Contract ID' }).click();
  await expect(numbers).toHaveCount(2);
  for (const at of [0, 1]) {
    await expect(numbers.nth(at)).toContainText(/\d{3} \d{3} \d{3}/);
  }
  const access = (/\d{3} \d{3} \d{3}/.exec(await numbers.nth(0).innerText())?.[0] ?? '').replaceAll(' ', '');
  await axe(page);
  if (scripts) {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await detail.getByRole('button', { name: 'Copy Access ID' }).click();
    await expect(detail.getByText('Access ID is copied.')).toBeAttached();
    expect(await steps.pasted(page)).toBe(access);
  }
  await page.goto(page.url());
  await steps.reload(page);
  await expect(numbers).toHaveCount(0);
  await expect(detail.getByRole('button', { name: 'Show Access ID and Contract ID' })).toBeVisible();
});

test('the request form keeps what was typed and answers with a number', async ({ page, signIn, steps, hydrated, mail, axe }) => {
  await signIn(page, kestrelAsh.employee, { path: '/technical-request' });
  await axe(page);
  const form = page.getByRole('form', { name: 'Request form' });
  const description = 'Two <script>alert(1)</script> sites & “one” tenant. 😀\nBest before noon.';
  await form.getByLabel('Presales').check();
  await form.getByLabel('Hybrid').check();
  await form.getByLabel('Case title').fill('Moving <b>two</b> sites');
  await form.getByLabel('Description').fill(description);
  await form.getByLabel('Product').fill('Exchange');
  await form.getByLabel('Country or region').fill('GB');
  await form.getByLabel('Contact phone').fill('call me');
  await form.getByLabel('Working hours').fill('09:00–17:00');
  await form.getByLabel('Benefit that is charged').selectOption({ label: 'Advisory hours, Action Pack: 3 hours left' }).catch(
    () => form.getByLabel('Benefit that is charged').selectOption({ index: 1 }),
  );
  await form.getByLabel('Hours', { exact: true }).fill('26');
  await form.getByRole('button', { name: 'Submit request' }).click();

  const summary = form.getByRole('alert');
  await expect(summary).toBeFocused();
  await expect(summary.getByRole('link')).toHaveCount(2);
  await steps.fault(form, 'Contact phone', "This isn't a phone number with country code. Write it like +47 21 00 00 00.");
  await steps.fault(form, 'Hours', 'An engagement has at most 25 hours. Enter 25 or fewer.');
  await expect(form.getByLabel('Presales')).toBeChecked();
  await expect(form.getByLabel('Hybrid')).toBeChecked();
  await expect(form.getByLabel('Case title')).toHaveValue('Moving <b>two</b> sites');
  await expect(form.getByLabel('Description')).toHaveValue(description);
  await expect(form.getByLabel('Contact phone')).toHaveValue('call me');
  await expect(form.getByLabel('Benefit that is charged')).not.toHaveValue('');
  await axe(page);

  await form.getByLabel('Contact phone').fill('+44 20 7946 0142');
  await form.getByLabel('Hours', { exact: true }).fill('2');
  await form.getByRole('button', { name: 'Submit request' }).click();
  const said = page.getByText(/Your request is submitted\. The request number is \d+\./).first();
  await expect(said).toBeVisible();
  const number = /number is (\d+)/.exec(await said.innerText())?.[1] ?? 'none';
  await axe(page);

  await page.goto('/technical-request');
  await hydrated(page);
  const requests = page.getByRole('table', { name: 'Requests so far' });
  await expect(requests.getByRole('row').filter({ hasText: number })).toContainText('Moving <b>two</b> sites');
  const sent = await mail(kestrelAsh.employee, new RegExp(`^Request ${number}: `));
  expect(sent.text).toContain('It asks for 2 hours');
});
