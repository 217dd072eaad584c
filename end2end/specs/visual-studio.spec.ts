import { PASSWORD, fernhollow, kestrelAsh } from '../accounts';
import { type Account, english, expect, test } from './partner';

test.use({ isolated: true });

const PATH = '/benefits/visual-studio';
const ENTERPRISE = 'Visual Studio Enterprise';

/** People of Fernhollow who hold nothing of Visual Studio Enterprise. */
const leila: Account = { email: 'leila.azarmandi@fernhollow.example', name: 'Leila Azarmandi' };
const priyanka: Account = { email: 'priyanka.oyelaran@fernhollow.example', name: 'Priyanka Oyelaran' };
const marisol: Account = { email: 'marisol.echavarren@fernhollow.example', name: 'Marisol Echavarren-Dahl' };
const yutong: Account = { email: 'yutong.lin@fernhollow.example', name: '林語彤' };
const noor: Account = { email: 'noor.castellane@tarnbridge.example', name: 'Noor Castellane' };
const solveig: Account = { email: 'solveig.aurdalen@fernhollow.example', name: 'Solveig Aurdalen' };

test('benefits are filtered and sorted, and the address keeps it', async ({ page, signIn, steps, axe }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const count = page.locator('search').getByRole('status');
  await expect(count).toHaveText('4 benefits, sorted by Benefit name');
  await axe(page);

  await steps.find(page, 'professional');
  await expect(count).toHaveText('1 benefit, sorted by Benefit name');
  await expect(page).toHaveURL(/[?&]find=professional/);
  await expect(steps.row(page, 'Visual Studio Professional', 'Action Pack')).toBeVisible();
  await expect(steps.opener(page, ENTERPRISE, 'Gold Core')).toHaveCount(0);
  await steps.reload(page);
  await expect(count).toHaveText('1 benefit, sorted by Benefit name');
  await expect(page.getByRole('searchbox', { name: 'Find' })).toHaveValue('professional');

  await page.getByRole('link', { name: /^professional\s*Remove filter/ }).click();
  await expect(count).toHaveText('4 benefits, sorted by Benefit name');
  await steps.filter(page, 'Status', 'All used');
  await expect(count).toHaveText('1 benefit, sorted by Benefit name');
  await steps.filter(page, 'Source', 'Gold Core');
  await expect(page.getByText('No benefit matches')).toBeVisible();
  await expect(page.getByText('4 benefits are hidden by the filters.')).toBeVisible();
  await axe(page);
  await page.locator('section').getByRole('link', { name: 'Clear all' }).click();
  await expect(count).toHaveText('4 benefits, sorted by Benefit name');

  // The head of the table is out of sight on a phone; its links stay reachable with the keyboard.
  const head = page.getByRole('columnheader', { name: 'Seats' });
  await head.getByRole('link').press('Enter');
  await expect(count).toHaveText('4 benefits, sorted by Seats');
  await expect(head).toHaveAttribute('aria-sort', 'ascending');
  const names = page.locator('tbody tr[id]');
  await expect(names.first()).toContainText('Visual Studio Professional');
  await head.getByRole('link').press('Enter');
  await expect(head).toHaveAttribute('aria-sort', 'descending');
  await expect(names.first()).toContainText('Cloud Platform');
  await steps.reload(page);
  await expect(head).toHaveAttribute('aria-sort', 'descending');
  await expect(names.first()).toContainText('0 of 25 used · 25 left');
});

test('one person is assigned, gets a mail, and stays assigned', async ({ page, signIn, steps, mail, axe }) => {
  test.slow();
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const row = steps.row(page, ENTERPRISE, 'Gold Core');
  await expect(row).toContainText('6 of 10 used · 4 left');
  const detail = await steps.open(page, ENTERPRISE, 'Gold Core');
  await expect(detail.getByText('A seat can be reassigned at any time.')).toBeVisible();
  await axe(page);

  await steps.choose(page, leila, 'azarm');
  await axe(page);
  await detail.getByRole('button', { name: 'Assign user', exact: true }).click();
  await steps.told(page, 'Assigned to Leila Azarmandi.');

  const holder = steps.holder(page, leila);
  await expect(holder).toContainText(english(new Date()));
  await expect(holder).toContainText(fernhollow.globalAdmin.name);
  await expect(row).toContainText('7 of 10 used · 3 left');
  await expect(steps.chosen(page, leila)).toHaveCount(0);
  await axe(page);

  await steps.reload(page);
  await expect(holder).toContainText(english(new Date()));
  await expect(row).toContainText('7 of 10 used · 3 left');

  const sent = await mail(leila, /^You have a seat: Visual Studio Enterprise$/m);
  expect(sent.language).toBe('en');
  expect(sent.text).toContain('Maren Tolvik assigned you a seat of Visual Studio Enterprise.');
  expect(sent.text).toContain("Install Visual Studio from the portal's Downloads.");
  expect(sent.text).toContain('https://developer.example/subscriptions');
});

test('whoever has a seat already is not assigned twice', async ({ page, signIn, steps, scripts }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const detail = await steps.open(page, ENTERPRISE, 'Gold Core');
  const holder = fernhollow.employee;
  if (scripts) {
    const input = detail.locator('input[role="combobox"]');
    await input.pressSequentially('wrzos');
    const option = steps.options(page).filter({ hasText: holder.email });
    await expect(option).toContainText('Has a seat');
    await expect(option).toHaveAttribute('aria-disabled', 'true');
    await option.click({ force: true });
    await expect(steps.chosen(page, holder)).toHaveCount(0);
    await input.fill('nobody of this name');
    await expect(detail.getByText('Nobody has this name or address.')).toBeVisible();
  } else {
    await expect(detail.locator('option', { hasText: `${holder.name} (Has a seat)` }).first()).toBeDisabled();
  }
});

test('choosing faster than the search leaves the list closed', async ({ page, signIn, steps, scripts }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const detail = await steps.open(page, ENTERPRISE, 'Gold Core');
  if (scripts) {
    const input = detail.locator('input[role="combobox"]');
    await input.click();
    await expect(steps.options(page).first()).toBeVisible();
    // The search for the last letter is under way when the person is chosen from what stands there.
    await input.press('l');
    await steps.options(page).filter({ hasText: leila.email }).dispatchEvent('click');
    await expect(steps.chosen(page, leila)).toBeVisible();
    await page.waitForTimeout(1_000);
    await expect(input).toHaveAttribute('aria-expanded', 'false');
  } else {
    await steps.choose(page, leila);
  }
  await detail.getByRole('button', { name: 'Assign user', exact: true }).click();
  await expect(steps.holder(page, leila)).toBeVisible();
});

test('several people are assigned', async ({ page, signIn, steps }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  await steps.open(page, ENTERPRISE, 'Gold Core');
  await steps.assign(page, [leila, priyanka, yutong]);
  await steps.reload(page);
  for (const person of [leila, priyanka, yutong]) {
    await expect(steps.holder(page, person)).toBeVisible();
  }
  await expect(steps.row(page, ENTERPRISE, 'Gold Core')).toContainText('9 of 10 used · 1 left');
});

test('seats that became too few go to nobody, or to the first as far as they go', async ({
  page,
  anotherPage,
  signIn,
  steps,
  scripts,
  axe,
}) => {
  test.slow();
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const detail = await steps.open(page, ENTERPRISE, 'Gold Core');
  const other = await anotherPage();
  await signIn(other, fernhollow.otherGlobalAdmin, { path: PATH });
  await steps.open(other, ENTERPRISE, 'Gold Core');
  const row = steps.row(page, ENTERPRISE, 'Gold Core');

  if (scripts) {
    for (const person of [leila, priyanka, yutong]) {
      await steps.choose(page, person);
    }
    await steps.assign(other, [marisol, noor]);
    await expect(row).toContainText('8 of 10 used · 2 left');
    // Who is chosen stays chosen while the other's change comes in.
    for (const person of [leila, priyanka, yutong]) {
      await expect(steps.chosen(page, person)).toBeVisible();
    }
    await detail.getByRole('button', { name: 'Assign 3 users' }).click();
    await expect(detail.getByRole('alert')).toContainText(
      'Not enough seats: 2 left. Choose fewer people, or remove an assignment first.',
    );
    await axe(page);

    const shortage = detail.getByLabel('If the seats are too few');
    await shortage.selectOption({ label: 'Assign nobody' });
    await detail.getByRole('button', { name: 'Assign 3 users' }).click();
    await expect(detail.getByRole('alert')).toContainText('Not enough seats: 2 left.');
    await expect(row).toContainText('8 of 10 used · 2 left');

    await shortage.selectOption({ label: 'Assign in the order chosen, as far as they go' });
    await detail.getByRole('button', { name: 'Assign 3 users' }).click();
    await steps.told(page, 'Assigned to Leila Azarmandi and Priyanka Oyelaran. No seat was left for 林語彤.');
  } else {
    await steps.assign(other, [marisol, noor, priyanka]);
    // This page still shows four seats; the last one is taken by its own form.
    await steps.assign(page, [leila]);
    await steps.choose(other, yutong);
    await other.getByRole('button', { name: 'Assign user', exact: true }).click();
    await expect(steps.detail(other).getByRole('alert')).toContainText(/No seat is left|Not enough seats: 0 left/);
    await expect(steps.chosen(other, yutong)).toBeAttached();
  }
  await steps.reload(page);
  await expect(row).toContainText('10 of 10 used · 0 left');
  await expect(row).toContainText('All used');
  await expect(steps.holder(page, leila)).toBeVisible();
  await expect(steps.holder(page, yutong)).toHaveCount(0);
  await axe(page);
});

test('a holder is removed after a question and becomes an earlier holder', async ({
  page,
  signIn,
  steps,
  mail,
  axe,
}) => {
  const kofi = fernhollow.adminAgent;
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const detail = await steps.open(page, ENTERPRISE, 'Gold Core');
  await steps.confirm(steps.holder(page, kofi), `Remove ${kofi.name}`, `Remove ${kofi.name}?`, 'Remove');
  await expect(steps.holder(page, kofi)).toHaveCount(0);
  await expect(steps.row(page, ENTERPRISE, 'Gold Core')).toContainText('5 of 10 used · 5 left');

  await steps.reload(page);
  await expect(steps.holder(page, kofi)).toHaveCount(0);
  await steps.unfold(detail, '4 earlier holders');
  const earlier = detail.getByRole('table', { name: '4 earlier holders' });
  const line = earlier.getByRole('row').filter({ hasText: kofi.name });
  await expect(line).toContainText('Removed');
  await expect(line).toContainText(english(new Date()));
  await expect(earlier.getByRole('row').filter({ hasText: 'Tarik Selimbasic' })).toContainText('Left the organization');
  await axe(page);

  const sent = await mail(kofi, /^Your seat was removed: Visual Studio Enterprise$/m);
  expect(sent.text).toContain('your seat of Visual Studio Enterprise was removed');
});

test('a seat is reassigned', async ({ page, signIn, steps, axe }) => {
  const from = fernhollow.otherEmployee;
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const detail = await steps.open(page, ENTERPRISE, 'Gold Core');
  const holder = steps.holder(page, from);
  await steps.unfold(holder, `Reassign the seat of ${from.name}`);
  await axe(page);

  await holder.getByRole('button', { name: 'Reassign', exact: true }).click();
  await steps.fault(holder, 'Reassign to', 'This field is empty. Fill it in.');
  await holder.getByLabel('Reassign to').selectOption({ label: `${marisol.name} (${marisol.email})` });
  await holder.getByRole('button', { name: 'Reassign', exact: true }).click();
  await steps.told(page, `The seat went from ${from.name} to ${marisol.name}.`);
  await expect(steps.holder(page, marisol)).toBeVisible();
  await expect(steps.holder(page, from)).toHaveCount(0);

  await steps.reload(page);
  await expect(steps.holder(page, marisol)).toBeVisible();
  await expect(steps.row(page, ENTERPRISE, 'Gold Core')).toContainText('6 of 10 used · 4 left');
  await steps.unfold(detail, '4 earlier holders');
  const earlier = detail.getByRole('table', { name: '4 earlier holders' });
  await expect(earlier.getByRole('row').filter({ hasText: from.name })).toContainText('Reassigned');
});

test('somebody who is not in the list is added, comes back chosen, is assigned, and accepts', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  scripts,
  axe,
}) => {
  test.slow();
  const added: Account = { email: 'sunniva.hallberg@fernhollow.example', name: 'Sunniva Hallberg' };
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const detail = await steps.open(page, ENTERPRISE, 'Cloud Platform');
  await detail.getByRole('link', { name: 'Add user' }).click();
  await expect(page).toHaveURL(/\/account\/users\/add\?then=/);
  await hydrated(page);
  await expect(page.getByRole('heading', { name: 'Add user', level: 1 })).toBeVisible();
  await axe(page);

  const form = page.locator('main form');
  await form.getByLabel('Full name').fill(added.name);
  await form.getByLabel('Email address').fill('sunniva at fernhollow');
  await form.getByRole('button', { name: 'Add user' }).click();
  await steps.fault(form, 'Email address', "This isn't an email address. Write it like name@company.example.");
  await expect(form.getByLabel('Full name')).toHaveValue(added.name);
  await axe(page);
  await form.getByLabel('Email address').fill(added.email);
  await form.getByRole('button', { name: 'Add user' }).click();

  // Back on the open row, with the new person chosen: the seat is there when they sign in.
  await expect(page).toHaveURL(/\/benefits\/visual-studio\?open=.*chosen=/);
  await hydrated(page);
  await expect(steps.opener(page, ENTERPRISE, 'Cloud Platform')).toHaveAttribute('aria-expanded', 'true');
  if (scripts) {
    await expect(steps.chosen(page, added)).toBeVisible();
  } else {
    await expect(steps.chosen(page, added)).toHaveText(/Invited, not active yet/);
  }
  await axe(page);
  await detail.getByRole('button', { name: 'Assign user', exact: true }).click();
  await expect(steps.holder(page, added)).toBeVisible();
  await steps.reload(page);
  await expect(steps.holder(page, added)).toBeVisible();
  if (scripts) {
    await expect(steps.chosen(page, added), 'who has a seat is not chosen again').toHaveCount(0);
  }

  const invitation = await mail(added, /invites you to Fernhollow Systems/);
  const link = /https?:\/\/\S+\/invitation\/\S+/.exec(invitation.text)?.[0] ?? '';
  const newcomer = await anotherPage();
  await newcomer.goto(new URL(link).pathname);
  await hydrated(newcomer);
  await expect(newcomer.getByRole('heading', { name: 'Welcome to Fernhollow Systems' })).toBeVisible();
  await axe(newcomer);
  for (const field of ['New password', 'New password again']) {
    await newcomer.getByLabel(field, { exact: true }).fill(`${PASSWORD}-of-Sunniva`);
  }
  await newcomer.getByRole('button', { name: 'Choose password' }).click();
  await expect(newcomer).toHaveURL('/');

  await expect(newcomer.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  await newcomer.goto('/my-benefits');
  await expect(newcomer.getByRole('heading', { name: ENTERPRISE })).toBeVisible();
});

test('a request for a seat is refused with a reason, another one is granted', async ({
  page,
  anotherPage,
  signIn,
  steps,
  mail,
  axe,
}) => {
  test.slow();
  const asks = { email: 'hamish.glenorrach@kestrelash.example', name: 'Hamish Glenorrach' };
  const employee = await anotherPage();
  await signIn(employee, asks, { path: '/my-benefits' });
  const question = employee.locator('details', { hasText: 'Visual Studio Professional' });
  await question.locator('summary').click();
  await question.getByLabel('Why you need it (optional)').fill('For the <b>build</b> server & the release.');
  await question.locator('form').getByRole('button', { name: 'Ask for a seat' }).click();
  const own = employee.getByRole('table', { name: 'My requests for a seat' });
  await expect(own.getByRole('row').filter({ hasText: 'Visual Studio Professional' })).toContainText('Requested');
  await axe(employee);

  await signIn(page, kestrelAsh.globalAdmin, { path: PATH });
  const detail = await steps.open(page, 'Visual Studio Professional', 'Action Pack');
  const request = (name: string) =>
    detail.locator('form', { has: page.getByRole('button', { name: 'Grant' }) }).locator('..').filter({ hasText: name });
  await expect(request(asks.name)).toContainText('For the <b>build</b> server & the release.');
  await axe(page);

  // A refusal needs its reason.
  await request('Harpreet Sandhuwal').getByRole('button', { name: 'Refuse' }).click();
  await steps.fault(request('Harpreet Sandhuwal'), 'Reason, if you refuse', 'This field is empty. Fill it in.');
  await request('Harpreet Sandhuwal').getByLabel('Reason, if you refuse').fill('The trial goes on until March.');
  await request('Harpreet Sandhuwal').getByRole('button', { name: 'Refuse' }).click();
  await expect(request('Harpreet Sandhuwal')).toHaveCount(0);
  await request(asks.name).getByRole('button', { name: 'Grant' }).click();
  await expect(steps.holder(page, asks)).toBeVisible();
  await expect(request(asks.name)).toHaveCount(0);

  await steps.reload(page);
  await expect(steps.row(page, 'Visual Studio Professional', 'Action Pack')).toContainText('3 of 3 used · 0 left');
  await expect(steps.holder(page, asks)).toBeVisible();
  const refusal = await mail(
    { email: 'harpreet.sandhuwal@kestrelash.example', name: '' },
    /^Your request was refused: Visual Studio Professional$/m,
  );
  expect(refusal.text).toContain('Reason: The trial goes on until March.');

  await employee.goto('/my-benefits');
  await expect(employee.getByRole('heading', { name: 'Visual Studio Professional' })).toBeVisible();
  await employee.goto('/requests');
  const decided = employee.getByRole('row').filter({ hasText: 'Visual Studio Professional' });
  await expect(decided).toContainText('Granted');
  await expect(decided).toContainText(kestrelAsh.globalAdmin.name);
});

test('requests of all benefits are decided on one page', async ({ page, signIn, hydrated, steps, axe }) => {
  await signIn(page, fernhollow.globalAdmin, { path: '/requests' });
  await axe(page);
  const request = page.locator('main .sheet .sheet').filter({ hasText: solveig.name });
  await expect(request).toContainText('I join the portal team on Monday.');
  await request.getByRole('button', { name: 'Grant' }).click();
  await expect(request).toHaveCount(0);
  await page.goto(PATH);
  await hydrated(page);
  await steps.open(page, ENTERPRISE, 'Application Development');
  await expect(steps.holder(page, solveig)).toBeVisible();
});
