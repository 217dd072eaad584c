import { fernhollow } from '../accounts';
import { english, expect, inDays, test } from './partner';

test.use({ isolated: true });

const PATH = '/my-benefits';

test('an employee sees own seats with the steps, and what was before', async ({ page, signIn, steps, axe }) => {
  await signIn(page, fernhollow.employee, { path: PATH });
  await axe(page);
  const seat = page.locator('main section').filter({ has: page.getByRole('heading', { name: 'Visual Studio Enterprise' }) });
  await expect(seat).toContainText('Gold Core');
  await expect(seat).toContainText(`Yours since ${english(inDays(-11))}, assigned by Maren Tolvik`);
  await expect(seat.getByRole('listitem')).toHaveCount(4);
  await expect(seat.getByRole('link', { name: 'Open the vendor’s portal' })).toHaveAttribute(
    'href',
    'https://developer.example/subscriptions',
  );
  await steps.unfold(page.locator('main'), '1 earlier seat');
  const earlier = page.getByRole('table', { name: '1 earlier seat' });
  await expect(earlier.getByRole('row').nth(1)).toContainText(/Visual Studio Professional.*Reassigned/);
  await axe(page);
});

test('an employee gets the key of the own seat', async ({ page, signIn, hydrated, steps, axe }) => {
  await signIn(page, fernhollow.employee, { path: PATH });
  const seat = page.locator('main section').filter({ has: page.getByRole('heading', { name: 'Project Professional 2019' }) });
  const key = seat.getByLabel('Product license key', { exact: true });
  await expect(key).toHaveCount(0);
  await seat.getByRole('link', { name: 'My key' }).click();
  await expect(page).toHaveURL(/open=/);
  await hydrated(page);
  await expect(key).toHaveCount(0);
  await seat.getByRole('button', { name: 'Show the key' }).click();
  await expect(key).toBeVisible();
  const shown = (await key.innerText()).trim();
  expect(shown).toMatch(/^[A-Z0-9]{4,}(-[A-Z0-9]{4,})+$/);
  await axe(page);
  await steps.reload(page);
  expect(await page.content()).not.toContain(shown);
});

test('an employee shows Access ID and Contract ID', async ({ page, signIn, axe }) => {
  await signIn(page, fernhollow.employee, { path: PATH });
  const support = page.locator('main section').filter({ has: page.getByRole('heading', { name: 'Technical support' }) });
  await expect(support.getByText('Share the Access ID and Contract ID with the first support request.')).toBeVisible();
  const show = support.getByRole('button', { name: 'Show Access ID and Contract ID' });
  const before = await show.count();
  await show.first().click();
  await expect(support.locator('dl.ids dd')).toHaveCount(2);
  await expect(support.locator('dl.ids dd').first()).toContainText(/\d{3} \d{3} \d{3}/);
  await expect(show).toHaveCount(before - 1);
  await axe(page);
});

test('an employee asks for a seat once', async ({ page, signIn, steps, mail, axe }) => {
  await signIn(page, fernhollow.employee, { path: PATH });
  const ask = page.locator('details').filter({ hasText: 'Visual Studio Enterprise' }).filter({ hasText: 'Cloud Platform' });
  await expect(ask).toContainText('25 left');
  await ask.locator('summary').click();
  await axe(page);
  await ask.getByLabel('Why you need it (optional)').fill('مرحبا 🎉 </textarea>');
  await ask.locator('form').getByRole('button', { name: 'Ask for a seat' }).click();
  await steps.told(page, 'Your request was sent.');
  const requests = page.getByRole('table', { name: 'My requests for a seat' });
  await expect(requests.getByRole('row').filter({ hasText: 'Visual Studio Enterprise' })).toContainText(english(new Date()));
  await expect(ask).toHaveCount(0);
  await steps.reload(page);
  await expect(requests.getByRole('row').filter({ hasText: 'Visual Studio Enterprise' })).toContainText('Requested');
  await expect(ask).toHaveCount(0);
  for (const admin of [fernhollow.globalAdmin, fernhollow.otherGlobalAdmin]) {
    const sent = await mail(admin, /^Teodor Wrzosek asks for a seat: Visual Studio Enterprise$/m);
    expect(sent.text).toContain('مرحبا 🎉 </textarea>');
  }
});

test('whoever has nothing is told what to do', async ({ page, signIn, axe }) => {
  await signIn(page, { email: 'leila.azarmandi@fernhollow.example', name: 'Leila Azarmandi' }, { path: '/' });
  await axe(page);
  await page.getByRole('main').getByRole('link', { name: 'See my benefits' }).click();
  await expect(page).toHaveURL(PATH);
  await expect(page.getByRole('table', { name: 'My requests for a seat' })).toContainText('Visio Professional 2019');
  await axe(page);
});
