import { fernhollow } from '../accounts';
import { english, expect, test } from './partner';

test.use({ isolated: true });

const PATH = '/benefits/cloud';
const OFFICE = 'Office 365 E3';

test('usage-based: one assigns oneself, then goes on in the vendor’s portal', async ({ page, signIn, steps, mail, axe }) => {
  const maren = fernhollow.globalAdmin;
  await signIn(page, maren, { path: PATH });
  await axe(page);
  const detail = await steps.open(page, 'Azure bulk credit, US$12,000', 'Gold Core');
  await axe(page);
  await detail.getByRole('button', { name: 'Assign myself' }).click();
  await expect(steps.holder(page, maren)).toContainText(english(new Date()));
  await expect(detail.getByRole('button', { name: 'Assign myself' })).toHaveCount(0);
  await expect(steps.row(page, 'Azure bulk credit, US$12,000', 'Gold Core')).toContainText('1 of 1 used · 0 left');
  await expect(detail.getByRole('link', { name: 'Open the vendor’s portal' })).toHaveAttribute(
    'href',
    'https://portal.example/azure',
  );

  await steps.reload(page);
  await expect(steps.holder(page, maren)).toBeVisible();
  const sent = await mail(maren, /^You have a seat: Azure bulk credit/m);
  expect(sent.text).toContain('https://portal.example/azure');
  await page.goto('/my-benefits');
  const own = page.locator('main section').filter({ hasText: 'Azure bulk credit, US$12,000' }).first();
  await expect(own.getByRole('link', { name: 'Open the vendor’s portal' })).toHaveAttribute(
    'href',
    'https://portal.example/azure',
  );
});

test('usage-based: somebody else is assigned', async ({ page, signIn, steps }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  await steps.open(page, 'Azure credit', 'Gold Core');
  await steps.assign(page, [fernhollow.employee]);
  await steps.reload(page);
  await expect(steps.holder(page, fernhollow.employee)).toBeVisible();
});

test('licence-based: the key’s three uses are previewed, one is chosen', async ({ page, signIn, steps, scripts, axe }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  const detail = await steps.open(page, OFFICE, 'Gold Core');
  await expect(detail.getByText('One key, 100 seats')).toBeVisible();
  // Before the key one sees what it could be used for.
  await expect(detail.getByText('Get the key first, then choose what it is used for.')).toBeVisible();
  await expect(detail.getByRole('listitem').filter({ hasText: 'Open a new subscription' })).toContainText('100 seats until');
  await expect(detail.getByRole('button', { name: 'Redeem key' })).toHaveCount(0);
  await axe(page);

  const tick = detail.getByLabel('I know that the refund ends.');
  if ((await tick.count()) > 0) {
    await tick.check();
  }
  await detail.getByRole('button', { name: 'Get keys' }).click();
  await expect(detail.getByLabel('Product license key', { exact: true })).toBeVisible();
  if (scripts) {
    await expect(detail.getByRole('button', { name: 'Copy Product license key' })).toBeVisible();
  }
  await expect(detail.getByRole('heading', { name: 'Special instructions' })).toBeVisible();
  await axe(page);

  const opens = detail.getByRole('radio', { name: 'Open a new subscription' });
  const adds = detail.getByRole('radio', { name: /^Add seats to the subscription from / });
  const extends_ = detail.getByRole('radio', { name: /^Move the end of the subscription from / });
  await expect(opens).toHaveAccessibleDescription(/^100 seats until \d{1,2} \w{3} \d{4}$/);
  await expect(adds).toHaveAccessibleDescription(
    /^105 seats instead of 5, until \d{1,2} \w{3} \d{4} instead of \d{1,2} \w{3} \d{4}$/,
  );
  // 100 seats for 5 would be 20 times; three are allowed.
  await expect(extends_).toBeDisabled();
  await expect(extends_).toHaveAccessibleDescription('An extension covers at most three times the seats. Enter a smaller number.');

  const outcome = await adds.evaluate(
    (radio) => document.getElementById(radio.getAttribute('aria-describedby') ?? '')?.textContent ?? '',
  );
  const until = /until (\d{1,2} \w{3} \d{4}) instead/.exec(outcome)?.[1] ?? 'no date';
  await adds.check();
  await detail.getByRole('button', { name: 'Redeem key' }).click();
  await expect(detail.getByText('Added seats to a subscription')).toBeVisible();
  await expect(detail.getByText(`Redeemed by ${fernhollow.partnerAdmin.name}, ${english(new Date())}.`)).toBeVisible();
  const subscriptions = detail.getByRole('table', { name: 'Your subscriptions of this product' });
  await expect(subscriptions.getByRole('row').nth(1)).toContainText('105');
  await expect(subscriptions.getByRole('row').nth(1)).toContainText(until);

  await steps.reload(page);
  await expect(subscriptions.getByRole('row').nth(1)).toContainText('105');
  await expect(detail.getByText('Added seats to a subscription')).toBeVisible();
  await axe(page);
});

test('licence-based: nothing chosen is said beside the choices', async ({ page, signIn, steps, axe }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const detail = await steps.open(page, 'Enterprise Mobility Suite', 'Action Pack');
  // This key was revealed nine days ago and never redeemed.
  await detail.getByRole('button', { name: 'Redeem key' }).click();
  await expect(detail.getByRole('group', { name: 'What the key is used for' })).toContainText('This field is empty. Fill it in.');
  await axe(page);
  await expect(detail.getByText('There is no subscription of this product yet.')).toBeVisible();
  await detail.getByRole('radio', { name: 'Open a new subscription' }).check();
  await detail.getByRole('button', { name: 'Redeem key' }).click();
  await expect(detail.getByText('Opened a new subscription')).toBeVisible();
  await steps.reload(page);
  await expect(detail.getByRole('table', { name: 'Your subscriptions of this product' }).getByRole('row').nth(1)).toContainText('5');
});
