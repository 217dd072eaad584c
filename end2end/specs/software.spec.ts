import { fernhollow } from '../accounts';
import { shift } from '../support/calendar';
import { english, expect, inDays, test } from './partner';

test.use({ isolated: true });

const PATH = '/benefits/software';
const WINDOWS = 'Windows Enterprise';
/** The last day on which Gold, bought 12 days ago, can be cancelled. */
const REFUND_UNTIL = () => english(inDays(18));

test('a key is shown after what it costs, copied, and shown again', async ({ page, signIn, steps, scripts, axe }) => {
  test.slow();
  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  await axe(page);
  const detail = await steps.open(page, WINDOWS, 'Gold Core');

  // What it costs comes first, the refund before everything else.
  await expect(detail.getByRole('heading', { name: 'Before you get this key' })).toBeVisible();
  const costs = detail.locator('.voucher li');
  await expect(costs.nth(0)).toContainText(/The refund of Gold .* ends/);
  await expect(costs.nth(0)).toContainText(`You can cancel it with a refund until ${REFUND_UNTIL()}.`);
  await expect(costs.nth(1)).toContainText('One key, 100 activations');
  await expect(costs.nth(2)).toContainText('Your name and the time are recorded');
  await expect(detail.getByRole('link', { name: 'See the conditions' })).toHaveAttribute('href', '/benefits/cancel');
  await expect(detail.getByText('Get the key first; the downloads stand beside it.')).toBeVisible();
  await axe(page);

  // Nothing is got without the tick: the browser asks for it, and so does the server.
  const tick = detail.getByLabel('I know that the refund ends.');
  const key = detail.getByLabel('Product license key', { exact: true });
  const get = detail.getByRole('button', { name: 'Get keys' });
  await get.click();
  expect(await tick.evaluate((box: HTMLInputElement) => box.validity.valueMissing)).toBe(true);
  await expect(key).toHaveCount(0);
  await tick.evaluate((box) => box.removeAttribute('required'));
  await get.click();
  await expect(detail.getByText("You haven't accepted what this costs. Read it and tick the box first.").first()).toBeVisible();
  await expect(key).toHaveCount(0);
  await axe(page);

  await tick.check();
  await get.click();
  await expect(key).toBeVisible();
  const shown = (await key.innerText()).trim();
  expect(shown).toMatch(/^[A-Z0-9]{4,}(-[A-Z0-9]{4,})+$/);
  await expect(detail.getByText(`First revealed by ${fernhollow.partnerAdmin.name}`)).toBeVisible();
  await expect(detail.getByRole('heading', { name: 'Special instructions' })).toBeVisible();
  await axe(page);
  const copy = detail.getByRole('button', { name: 'Copy Product license key' });
  if (scripts) {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await copy.click();
    await expect(detail.getByText('Product license key is copied.')).toBeAttached();
    expect(await steps.pasted(page)).toBe(shown);
  } else {
    await expect(copy).toBeHidden();
  }

  // The key is one and the same, and never in the page by itself.
  await page.goto(page.url());
  await steps.reload(page);
  await expect(detail.getByText('The key is hidden. Showing it again costs nothing and is recorded.')).toBeVisible();
  expect(await page.content()).not.toContain(shown);
  await detail.getByRole('button', { name: 'Show the key' }).click();
  await expect(key).toHaveText(shown);

  // The refund has ended with it.
  await page.goto('/benefits/cancel');
  await expect(page.getByRole('region', { name: /^Gold competency/ })).toContainText('No refund');
});

test('what exists in a language for a system can be downloaded', async ({ page, signIn, hydrated, steps, scripts, axe }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const detail = await steps.open(page, WINDOWS, 'Action Pack');
  const file = 'windows-enterprise-ltsc-2019-windows-x64-ko.iso';
  if (scripts) {
    await detail.getByLabel('Language', { exact: true }).selectOption({ label: 'Korean' });
    // Others can't be chosen: Korean exists for one system only.
    await expect(detail.getByLabel('Operating system', { exact: true }).locator('option')).toHaveText(['Windows x64']);
    await expect(detail.getByRole('link', { name: `Download ${file}` })).toBeVisible();
    await expect(detail.getByRole('link', { name: 'Download windows-enterprise-ltsc-2019-windows-x64-en.iso' })).toHaveCount(0);
    await detail.getByLabel('Language', { exact: true }).selectOption({ label: 'German' });
    await expect(detail.getByLabel('Operating system', { exact: true }).locator('option')).toHaveCount(3);
    await detail.getByLabel('Operating system', { exact: true }).selectOption({ label: 'Windows ARM64' });
    await expect(detail.getByRole('link', { name: /^Download / })).toHaveCount(1);
    await detail.getByLabel('Language', { exact: true }).selectOption({ label: 'Korean' });
  } else {
    await steps.unfold(detail, 'All downloads · 36');
  }
  await axe(page);
  const link = scripts
    ? detail.getByRole('link', { name: `Download ${file}` })
    : detail.getByRole('link', { name: file, exact: true });
  const answer = await page.request.get((await link.getAttribute('href')) ?? '');
  expect(answer.status()).toBe(200);
  expect(decodeURIComponent(answer.headers()['content-disposition'] ?? '')).toContain(file);
  const downloading = page.waitForEvent('download');
  await link.click();
  // The sample programme's files are stand-ins, so their names go on after it.
  expect((await downloading).suggestedFilename()).toContain(file);

  await page.goto(PATH);
  await hydrated(page);
  await steps.open(page, 'Windows Server CAL', 'Gold Core');
  await expect(detail.getByText('Nothing to download')).toBeVisible();
  await expect(detail.getByText('This benefit has no key: it is a license only.')).toBeVisible();
  await axe(page);
});

test('activations are recorded and what is left is computed', async ({ page, signIn, steps, axe }) => {
  test.slow();
  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  const row = steps.row(page, WINDOWS, 'Action Pack');
  await expect(row).toContainText('8 of 10 used · 2 left');
  const detail = await steps.open(page, WINDOWS, 'Action Pack');
  const form = detail.locator('form', { has: page.getByRole('button', { name: 'Record activations' }) });
  const record = async (amount: string, note: string): Promise<void> => {
    await form.getByLabel('How many').fill(amount);
    await form.getByLabel(/^Note/).fill(note);
    await form.getByRole('button', { name: 'Record activations' }).click();
  };

  await record('3', 'Meeting rooms');
  await expect(form.getByText(/More activations than the key has: 2 left. Enter a smaller number./).first()).toBeVisible();
  await expect(form.getByLabel('How many')).toHaveValue('3');
  await expect(form.getByLabel(/^Note/)).toHaveValue('Meeting rooms');
  await record('two', 'Meeting rooms');
  await steps.fault(form, 'How many', "This isn't a number within the range. Write another one, in figures.");
  await axe(page);

  await record('2', 'Meeting rooms');
  const ledger = detail.getByRole('table', { name: 'Activations recorded' });
  const line = ledger.getByRole('row').filter({ hasText: 'Meeting rooms' });
  await expect(line).toContainText(fernhollow.partnerAdmin.name);
  await expect(line).toContainText(english(new Date()));
  await expect(row).toContainText('10 of 10 used · 0 left');
  await expect(detail.getByText('0 activations left')).toBeVisible();
  await record('-1', '');
  const note = form.getByLabel(/^Note/);
  await expect(note).toHaveAttribute('aria-invalid', 'true');
  await expect(note).toHaveAccessibleDescription('This field is empty. Fill it in.');
  await record('-1', 'Counted twice');
  await expect(row).toContainText('9 of 10 used · 1 left');

  await steps.reload(page);
  await expect(row).toContainText('9 of 10 used · 1 left');
  await expect(ledger.getByRole('row').filter({ hasText: 'Counted twice' })).toContainText('-1');
  await axe(page);
});

test('a key that does not work is replaced once @long', async ({ page, signIn, hydrated, steps, axe }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  const detail = await steps.open(page, WINDOWS, 'Gold Core');
  await detail.getByLabel('I know that the refund ends.').check();
  await detail.getByRole('button', { name: 'Get keys' }).click();
  const key = detail.getByLabel('Product license key', { exact: true });
  await expect(key).toBeVisible();
  const first = (await key.innerText()).trim();
  await hydrated(page);

  await steps.unfold(detail, "The key doesn't work");
  await expect(detail.getByText(`Another key can take its place once, until ${english(inDays(30))}.`)).toBeVisible();
  await detail.getByLabel('What is wrong with it').fill('Refused at the first activation.');
  await axe(page);
  await detail.getByRole('button', { name: 'Replace key' }).click();
  await expect(key).toHaveText(/^[A-Z0-9-]{29}$/);
  await expect(key).not.toHaveText(first);

  // Once, and the reason stands there before anybody presses anything.
  await steps.reload(page);
  await steps.unfold(detail, "The key doesn't work");
  await steps.refused(detail, 'Replace key', /A key of this benefit was replaced already\./);
  await axe(page);
});

test('a key can be replaced for thirty days @long', async ({ page, portal, signIn, hydrated, steps }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  const detail = await steps.open(page, WINDOWS, 'Gold Core');
  await detail.getByLabel('I know that the refund ends.').check();
  await detail.getByRole('button', { name: 'Get keys' }).click();
  await expect(detail.getByLabel('Product license key', { exact: true })).toBeVisible();
  await hydrated(page);
  const back = (days: number): void =>
    shift(portal, [
      [
        `update product_key set revealed_at = revealed_at - ? where seat_id is null and grant_id = (select g.id
           from benefit_grant g join product p on p.id = g.product_id join organization o on o.id = g.organization_id
           where p.code = 'windows_enterprise' and g.source = 'gold_core' and o.domain = ?)`,
        days * 86_400_000,
        'fernhollow.example',
      ],
    ]);
  back(30);
  await steps.reload(page);
  await steps.unfold(detail, "The key doesn't work");
  await expect(detail.getByRole('button', { name: 'Replace key' })).not.toHaveAttribute('aria-disabled', 'true');
  back(1);
  await steps.reload(page);
  await steps.unfold(detail, "The key doesn't work");
  await steps.refused(detail, 'Replace key', `This key could be replaced until ${english(inDays(-1))}. Ask the operators of the programme.`);
});
