import { fernhollow } from '../accounts';
import { type Account, expect, test } from './partner';

test.use({ isolated: true });

const PATH = '/benefits/visual-studio';
const ENTERPRISE = 'Visual Studio Enterprise';
const leila: Account = { email: 'leila.azarmandi@fernhollow.example', name: 'Leila Azarmandi' };
const priyanka: Account = { email: 'priyanka.oyelaran@fernhollow.example', name: 'Priyanka Oyelaran' };
/** So soon the change of one administrator shows to the other. */
const SOON = 2_000;

test('two administrators see each other’s changes, and what one types stays', async ({
  page,
  anotherPage,
  signIn,
  steps,
  scripts,
}) => {
  const other = await anotherPage();
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  await signIn(other, fernhollow.otherGlobalAdmin, { path: PATH });
  const detail = await steps.open(page, ENTERPRISE, 'Gold Core');
  await steps.open(other, ENTERPRISE, 'Gold Core');

  const input = detail.locator('input[role="combobox"]');
  if (scripts) {
    await steps.choose(page, priyanka);
    await input.pressSequentially('mari');
    await expect(steps.options(page).first()).toBeVisible();
  }

  await steps.assign(other, [leila]);
  await steps.seesChange(page, steps.holder(page, leila), SOON);
  await expect(steps.row(page, ENTERPRISE, 'Gold Core')).toContainText('7 of 10 used · 3 left', { timeout: SOON });
  if (scripts) {
    await expect(input).toHaveValue('mari');
    await expect(input).toBeFocused();
    await expect(steps.chosen(page, priyanka)).toBeVisible();
    await input.pressSequentially('sol');
    await expect(input).toHaveValue('marisol');
    await expect(steps.options(page)).toHaveCount(1);
    await input.fill('');
    await input.press('Escape');
    await detail.getByRole('button', { name: 'Assign user', exact: true }).click();
  } else {
    await steps.assign(page, [priyanka]);
  }
  await expect(steps.holder(page, priyanka)).toBeVisible();
  await steps.seesChange(other, steps.holder(other, priyanka), SOON);

  // The other way round, and a removal.
  await steps.confirm(steps.holder(other, leila), `Remove ${leila.name}`, `Remove ${leila.name}?`, 'Remove');
  await expect(steps.holder(other, leila)).toHaveCount(0);
  if (!scripts) {
    await steps.reload(page);
  }
  await expect(steps.holder(page, leila)).toHaveCount(0, { timeout: SOON });
});

test('a page that can’t be read again keeps what one types, says so, and catches up', async ({
  page,
  anotherPage,
  signIn,
  steps,
  scripts,
}) => {
  const other = await anotherPage();
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  await signIn(other, fernhollow.otherGlobalAdmin, { path: PATH });
  const detail = await steps.open(page, ENTERPRISE, 'Cloud Platform');
  await steps.open(other, ENTERPRISE, 'Cloud Platform');
  if (!scripts) {
    // Nothing is read in the background: a page that is read is there as a whole.
    await steps.assign(other, [leila]);
    await steps.seesChange(page, steps.holder(page, leila));
    return;
  }
  const input = detail.locator('input[role="combobox"]');
  await input.pressSequentially('mari');
  await page.route('**/api/benefits', (route) => route.abort());
  await steps.assign(other, [leila]);
  const away = page.locator('.flash').getByText(/^The portal does not answer at the moment\./);
  await expect(away).toBeVisible();
  await expect(input).toHaveValue('mari');
  await expect(input).toBeFocused();
  await page.unroute('**/api/benefits');
  await expect(steps.holder(page, leila)).toBeVisible();
  await expect(away).toHaveCount(0);
  await expect(input).toHaveValue('mari');
});

test('a page whose answers are slow shows each of them while changes go on @long', async ({
  page,
  anotherPage,
  signIn,
  steps,
  scripts,
}) => {
  const other = await anotherPage();
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  await signIn(other, fernhollow.otherGlobalAdmin, { path: PATH });
  await steps.open(page, ENTERPRISE, 'Cloud Platform');
  await steps.open(other, ENTERPRISE, 'Cloud Platform');
  if (!scripts) {
    // Nothing is read in the background: a page that is read is there as a whole.
    await steps.assign(other, [leila]);
    await steps.seesChange(page, steps.holder(page, leila));
    return;
  }
  let underWay = 0;
  let most = 0;
  await page.route('**/api/benefits', async (route) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((later) => setTimeout(later, 4_000));
    underWay -= 1;
    await route.continue().catch(() => undefined);
  });
  await steps.assign(other, [leila]);
  await steps.assign(other, [priyanka]);
  await expect(steps.holder(page, leila)).toBeVisible();
  await expect(steps.holder(page, priyanka)).toBeVisible();
  expect(most).toBe(1);
});

test('a form older than its row is refused', async ({ page, anotherPage, signIn, steps, scripts }) => {
  const kofi = fernhollow.adminAgent;
  const other = await anotherPage();
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  await signIn(other, fernhollow.otherGlobalAdmin, { path: PATH });
  await steps.open(page, ENTERPRISE, 'Gold Core');
  await steps.open(other, ENTERPRISE, 'Gold Core');
  await steps.confirm(steps.holder(other, kofi), `Remove ${kofi.name}`, `Remove ${kofi.name}?`, 'Remove');
  await expect(steps.holder(other, kofi)).toHaveCount(0);
  if (scripts) {
    await expect(steps.holder(page, kofi)).toHaveCount(0, { timeout: SOON });
  } else {
    await steps.unfold(steps.holder(page, kofi), `Remove ${kofi.name}`);
    await page.getByRole('dialog', { name: `Remove ${kofi.name}?` }).getByRole('button', { name: 'Remove' }).click();
    await expect(steps.holder(page, kofi)).toHaveCount(0);
    await expect(page.getByText(/was released already|changed this meanwhile|Nothing is found here/).first()).toBeVisible();
  }
});

test('a processing benefit changes on another’s page when it is withdrawn', async ({ page, anotherPage, signIn, steps, scripts }) => {
  const other = await anotherPage();
  const presales = 'Technical presales and deployment services';
  await signIn(page, fernhollow.globalAdmin, { path: '/benefits/technical' });
  await signIn(other, fernhollow.partnerAdmin, { path: '/benefits/technical' });
  const detail = await steps.open(page, presales, 'Action Pack');
  await (await steps.open(other, presales, 'Action Pack')).getByRole('button', { name: 'Activate', exact: true }).click();
  await expect(steps.row(other, presales, 'Action Pack')).toContainText(/Processing, day 1 of \d/);
  if (!scripts) {
    await steps.reload(page);
  }
  await expect(steps.row(page, presales, 'Action Pack')).toContainText(/Processing, day 1 of \d/, { timeout: SOON });
  await expect(detail.getByRole('list', { name: 'The way to an active benefit' })).toBeVisible();
});
