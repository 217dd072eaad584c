import type { Locator, Page } from '@playwright/test';
import { type Account, fernhollow, operators } from '../accounts';
import { english, expect, inDays, test } from './partner';

/** A day at the queue: views, several requests at once, questions to the company, notes, plans, keys. */

test.use({ isolated: true });

const SUBJECT = 'Landing zone for a hospital group';
const priyanka: Account = { email: 'priyanka.oyelaran@fernhollow.example', name: 'Priyanka Oyelaran' };

const iso = (day: Date): string => day.toISOString().slice(0, 10);

async function find(page: Page, subject: string, scripts: boolean): Promise<void> {
  await page.getByRole('searchbox', { name: 'Find' }).fill(subject);
  if (!scripts) {
    await page.getByRole('button', { name: 'Apply' }).click();
  }
  await expect(page.locator('a.opener')).toHaveCount(1);
}

test('a question goes to the company and its answer comes back, a note stays inside', { tag: '@long' }, async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  scripts,
  mail,
  axe,
}) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/queue' });
  await find(page, SUBJECT, scripts);
  await page.locator('a.opener').click();
  const detail = page.locator('tr.detail');
  await expect(detail).toBeVisible();
  await hydrated(page);
  await detail.getByRole('button', { name: 'Take', exact: true }).click();
  await expect(detail.getByText('Taken by you')).toBeVisible();
  await hydrated(page);
  // The row says where it stands and with whom; a benefit that is called like the kind of request stands there once.
  await expect(page.locator('tr.open').getByText('Processing', { exact: true })).toBeVisible();
  await expect(page.locator('tr.open th small')).toHaveText(/^\d+ · Advisory hours$/);

  await steps.unfold(detail, `Write to ${priyanka.name}`);
  await detail.getByLabel('Message', { exact: true }).fill('Which region is it for?');
  await detail.getByRole('button', { name: 'Send the message' }).click();
  await expect(detail.locator('.history blockquote')).toHaveText(['Which region is it for?']);
  await hydrated(page);
  await steps.unfold(detail, 'Add an internal note');
  await detail.getByLabel('Note', { exact: true }).fill('Their third landing zone this year.');
  await detail.getByRole('button', { name: 'Add the note' }).click();
  await expect(detail.locator('.history blockquote')).toHaveText([
    'Which region is it for?',
    'Their third landing zone this year.',
  ]);
  await axe(page);

  const asked = await mail(priyanka, /a message from the programme$/);
  expect(asked.text).toContain('Which region is it for?');
  const path = /\/requests\?open=\S+/.exec(asked.text)?.[0] ?? '/requests';
  const partner = await anotherPage();
  await signIn(partner, priyanka, { path });
  const open = partner.locator('tr.detail');
  await expect(open.getByText('The operators wait for your answer.')).toBeVisible();
  await expect(open.getByText('Which region is it for?')).toBeVisible();
  expect(await partner.content()).not.toContain('third landing zone');
  await axe(partner);
  await open.getByLabel('Message to the operators').fill('Norway East, <b>really</b>.');
  await open.getByRole('button', { name: 'Send the message' }).click();
  await expect(open.locator('.history blockquote')).toHaveText([
    'Which region is it for?',
    'Norway East, <b>really</b>.',
  ]);

  await steps.seesChange(page, detail.getByText('Norway East, <b>really</b>.'));
  await expect(page.locator('tr.open').getByText('The company answered')).toBeVisible();
  expect((await mail(operators.fulfilmentAgent, new RegExp(`${priyanka.name} answered$`))).text).toContain('Norway East');

  // Somebody else of the company doesn't see it, and what stands in the address shows nothing.
  await partner.goto('/requests');
  await signIn(partner, fernhollow.employee, { path });
  await expect(partner.locator('tr.detail')).toHaveCount(0);
});

test('an engagement is planned, and the company reads when and who', { tag: '@long' }, async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  scripts,
  axe,
  mail,
}) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/queue' });
  await find(page, SUBJECT, scripts);
  await page.locator('a.opener').click();
  const detail = page.locator('tr.detail');
  await expect(detail).toBeVisible();
  await hydrated(page);
  const day = inDays(9);
  await steps.unfold(detail, 'Plan the engagement');
  await detail.getByLabel('Consultant').fill('Ingeborg Vale');
  await detail.getByLabel('Day', { exact: true }).fill(iso(inDays(-3)));
  await detail.getByLabel('Planned hours').fill('4');
  await detail.getByRole('button', { name: 'Save the plan' }).click();
  await expect(detail.getByLabel('Day', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(detail.getByLabel('Consultant')).toHaveValue('Ingeborg Vale');
  await detail.getByLabel('Day', { exact: true }).fill(iso(day));
  await detail.getByRole('button', { name: 'Save the plan' }).click();
  await expect(detail.getByText(/, 4 hours, Ingeborg Vale$/)).toBeVisible();
  await axe(page);
  expect((await mail(priyanka, /4 hours are planned/)).text).toContain('Ingeborg Vale');

  const partner = await anotherPage();
  await signIn(partner, priyanka, { path: '/requests' });
  await partner.getByRole('row').filter({ hasText: SUBJECT }).locator('a.opener').click();
  const open = partner.locator('tr.detail');
  await expect(open.getByText('The consultant comes on the planned day.')).toBeVisible();
  await expect(open.getByText(`${english(day, 'UTC')}, 4 hours, Ingeborg Vale`)).toBeVisible();
});

test('several requests are taken, marked and refused at once, and what a colleague took is named', { tag: '@long' }, async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  scripts,
  axe,
}) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/queue?kind=activation&owner=nobody' });
  const boxes = page.locator('input.pick');
  expect(await boxes.count()).toBeGreaterThan(1);
  const numbers: string[] = [];
  for (const box of (await boxes.all()).slice(0, 2)) {
    numbers.push(/\d+/.exec((await box.getAttribute('aria-label')) ?? '')?.[0] ?? 'none');
    await box.check();
  }
  await axe(page);

  // A colleague is faster with the first of them, before the page has heard of it.
  const first = (await boxes.first().getAttribute('value')) ?? '';
  const colleague = await anotherPage();
  await signIn(colleague, operators.programmeAdmin, { path: `/operator/queue?find=${numbers[0]}` });
  await colleague.locator('input.pick').check();
  await colleague.getByRole('button', { name: 'Take them' }).click();
  await steps.told(colleague, '1 request is yours now.');
  if (scripts) {
    // The page reads its rows again by itself; the form still has what was ticked before.
    await expect(page.locator(`input.pick[value="${first}"]`)).toHaveCount(0, { timeout: 10_000 });
    await expect(page.getByText("1 request more is ticked that isn't listed here.")).toBeVisible();
    await boxes.first().check();
  }
  await page.getByRole('button', { name: 'Take them' }).click();
  // Some of it worked, and that is how it looks.
  const answer = page.locator(scripts ? '.bulk' : '.flash').locator('.notice.wait');
  await expect(answer.getByText('1 request is yours now.')).toBeVisible();
  await expect(answer.getByText(`Not ${numbers[0]}: meanwhile Rosalind Ekwueme has it.`)).toBeVisible();
  await axe(page);

  // What can't be done without its own form says so; a refusal needs its reason.
  await page.goto('/operator/queue?owner=me&kind=activation');
  await hydrated(page);
  await boxes.first().check();
  await page.getByRole('button', { name: 'Complete them' }).click();
  const nothing = page.locator('.notice.stop').getByText(/^Not \d+: it needs its own form\.$/);
  await expect(nothing.first()).toBeVisible();
  await expect(page.locator('.notice.good')).toHaveCount(0);
  await page.goto('/operator/queue?owner=me&kind=activation');
  await hydrated(page);
  await boxes.first().check();
  await steps.unfold(page.locator('.bulk'), 'Give to a colleague, or refuse');
  await page.getByRole('button', { name: 'Refuse them' }).click();
  await expect(page.locator('.bulk').getByLabel('Reason')).toHaveAttribute('aria-invalid', 'true');
  await boxes.first().check();
  await page.locator('.bulk').getByLabel('Reason').fill('The tenant is missing.');
  await page.getByRole('button', { name: 'Refuse them' }).click();
  await steps.told(page, '1 request is refused.');
});

test('several requests are marked and given to a colleague at once', { tag: '@long' }, async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  test.slow();
  const rosalind = operators.programmeAdmin;
  const nobodys = '/operator/queue?kind=activation&owner=nobody';
  await signIn(page, operators.fulfilmentAgent, { path: `${nobodys}&state=requested` });
  const boxes = page.locator('input.pick');
  const box = (number: string): Locator => page.getByRole('checkbox', { name: `Choose request ${number}`, exact: true });
  expect(await boxes.count()).toBeGreaterThan(1);
  const numbers: string[] = [];
  for (const one of (await boxes.all()).slice(0, 2)) {
    numbers.push(/\d+/.exec((await one.getAttribute('aria-label')) ?? '')?.[0] ?? 'none');
  }
  for (const number of numbers) {
    await box(number).check();
  }
  await page.getByRole('button', { name: 'Mark as being worked on' }).click();
  await steps.told(page, '2 requests are marked.');
  for (const number of numbers) {
    await page.goto(`/operator/queue?find=${number}`);
    await hydrated(page);
    await expect(page.locator('tbody').getByText('Processing', { exact: true })).toBeVisible();
    await expect(page.locator('tbody').getByText('Nobody', { exact: true })).toBeVisible();
  }

  // What is marked already says so.
  await boxes.check();
  await page.getByRole('button', { name: 'Mark as being worked on' }).click();
  const again = page.locator('.notice.stop').getByText(`Not ${numbers[1]}: it is so already.`);
  await expect(again.first()).toBeVisible();

  // Nobody is nobody: the field says that somebody has to be chosen.
  await page.goto(`${nobodys}&state=processing`);
  await hydrated(page);
  const tick = async (): Promise<void> => {
    for (const number of numbers) {
      await box(number).check();
    }
  };
  await tick();
  const bulk = page.locator('.bulk');
  await steps.unfold(bulk, 'Give to a colleague, or refuse');
  await bulk.getByRole('button', { name: 'Give them to this operator' }).click();
  const colleague = bulk.getByLabel('Operator', { exact: true });
  await expect(colleague).toHaveAttribute('aria-invalid', 'true');
  await axe(page);
  await tick();
  await colleague.selectOption({ label: rosalind.name });
  await bulk.getByRole('button', { name: 'Give them to this operator' }).click();
  await steps.told(page, '2 requests are with your colleague.');
  for (const number of numbers) {
    await page.goto(`/operator/queue?find=${number}`);
    await hydrated(page);
    await expect(page.locator('tbody').getByText(rosalind.name, { exact: true })).toBeVisible();
  }

  // The colleague finds them among her own.
  const theirs = await anotherPage();
  await signIn(theirs, rosalind, { path: '/operator/queue?kind=activation&owner=me' });
  for (const number of numbers) {
    const row = theirs.getByRole('row').filter({
      has: theirs.getByRole('checkbox', { name: `Choose request ${number}`, exact: true }),
    });
    await expect(row.getByText('Me', { exact: true })).toBeVisible();
    await expect(row.getByText('Processing', { exact: true })).toBeVisible();
  }
});

test('what is ticked stays so while another filter is chosen', { tag: '@long' }, async ({
  page,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/queue?kind=activation' });
  const boxes = page.locator('input.pick');
  await boxes.first().check();
  const value = (await boxes.first().getAttribute('value')) ?? '';
  const also = page.getByText("1 request more is ticked that isn't listed here.");
  await steps.filter(page, 'Kind', 'Advisory hours');
  await expect(page).toHaveURL(/kind=advisory/);
  await expect(also).toBeVisible();
  await hydrated(page);
  await axe(page);
  await boxes.first().check();

  // Back where it is listed it is ticked, and what was ticked elsewhere is told.
  await steps.filter(page, 'Kind', 'Activation');
  await expect(page.locator(`input.pick[value="${value}"]`)).toBeChecked();
  await expect(also).toBeVisible();
  await hydrated(page);
  await page.getByRole('link', { name: "Untick what isn't listed" }).click();
  await expect(also).toHaveCount(0);

  // Both are taken, the one that the list shows and the one that it doesn't.
  await hydrated(page);
  await page.locator(`input.pick[value="${value}"]`).check();
  await steps.filter(page, 'Kind', 'Advisory hours');
  await expect(also).toBeVisible();
  await hydrated(page);
  await boxes.first().check();
  await page.getByRole('button', { name: 'Take them' }).click();
  await steps.told(page, '2 requests are yours now.');
  await expect(also).toHaveCount(0);
  await expect(page).not.toHaveURL(/ticked=/);
});

test('a view is saved under a name, shared, opened and removed', { tag: '@long' }, async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/queue?kind=activation&sort=-age' });
  const views = page.getByRole('region', { name: 'Saved views' });
  await steps.unfold(views, 'Save this view');
  await views.getByLabel('Name of the view').fill('Young activations');
  await views.getByLabel('All operators see it').check();
  await views.getByRole('button', { name: 'Save the view' }).click();
  await steps.told(page, 'The view Young activations is saved.');
  await hydrated(page);
  await expect(views.getByRole('link', { name: 'Young activations' })).toHaveAttribute('aria-current', 'true');
  await axe(page);

  const colleague = await anotherPage();
  await signIn(colleague, operators.programmeAdmin, { path: '/operator/queue' });
  await colleague.getByRole('link', { name: 'Young activations' }).click();
  await expect(colleague).toHaveURL(/kind=activation&sort=-age/);
  await expect(colleague.getByText('by Marisa Talvinen')).toBeVisible();
  await expect(colleague.getByRole('button', { name: 'Remove the view Young activations' })).toHaveCount(0);

  await views.getByRole('button', { name: 'Remove the view Young activations' }).click();
  await steps.told(page, 'The view Young activations is removed.');
  await expect(views.getByRole('link', { name: 'Young activations' })).toHaveCount(0);
});

test('the keys move through the queue, take a request, and can be turned off', { tag: '@long' }, async ({
  page,
  signIn,
  hydrated,
  steps,
  scripts,
  axe,
}) => {
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/queue?owner=nobody' });
  const subjects = page.locator('main .ledger tbody tr:not(.detail) th a');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  if (scripts) {
    const number = /\d+/.exec(await page.locator('main .ledger tbody tr th small').first().innerText())?.[0] ?? '';
    await page.keyboard.press('j');
    await expect(subjects.first()).toBeFocused();
    await page.keyboard.press('j');
    await expect(subjects.nth(1)).toBeFocused();
    await page.keyboard.press('k');
    await expect(subjects.first()).toBeFocused();
    await page.keyboard.press('a');
    await steps.told(page, '1 request is yours now.');
    await page.goto(`/operator/queue?find=${number}`);
    await hydrated(page);
    await expect(page.locator('tbody').getByText('Me', { exact: true })).toBeVisible();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await expect(page.locator('tr.detail')).toBeVisible();
    // In a field a letter is a letter.
    const search = page.getByRole('searchbox', { name: 'Find' });
    await search.fill('');
    await search.pressSequentially('jka?');
    await expect(search).toHaveValue('jka?');
    await expect(dialog).toBeHidden();
    await page.goto('/operator/queue');
    await hydrated(page);
    await page.keyboard.press('?');
  } else {
    await steps.unfold(page.locator('main'), 'Keys');
  }
  await expect(dialog).toBeVisible();
  await expect(dialog.getByText('The next request')).toBeVisible();
  await axe(page);
  await dialog.getByRole('button', { name: 'Turn the keys off' }).click();
  await steps.told(page, 'The keys are off.');
  if (scripts) {
    await page.goto('/operator/queue');
    await hydrated(page);
    await page.keyboard.press('j');
    await page.keyboard.press('?');
    await expect(dialog).toBeHidden();
    await expect(subjects.first()).not.toBeFocused();
  }
});
