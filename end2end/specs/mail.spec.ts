import type { Locator } from '@playwright/test';
import { fernhollow, operators } from '../accounts';
import { expect, test } from './partner';

/** Mail as operators look after it: reading one, what came back, templates; and notices as people see them. */

test.use({ isolated: true });

const invitation = /^Malin Thistlewood invites you to Fernhollow Systems$/;

test('@long an operator reads a mail, marks its address and clears it', async ({
  page,
  signIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  const invite = async (): Promise<void> => {
    await signIn(page, fernhollow.userAdmin, { path: '/account/users?find=Tveitanger' });
    await page.locator('a.opener').click();
    await hydrated(page);
    await page.getByRole('button', { name: 'Send another invitation' }).click();
    await steps.told(page, 'Another invitation goes to Eirik Tveitanger.');
  };
  const mailsTo = `/operator/outbox?recipient=${encodeURIComponent(fernhollow.invited.email)}`;
  const open = async (row: Locator): Promise<void> => {
    await row.locator('a.opener').click();
    await expect(page.getByRole('region', { name: 'What it says' })).toBeVisible();
    await hydrated(page);
  };
  await invite();
  const sent = await mail(fernhollow.invited, invitation);
  const token = /\/invitation\/(\S+)/.exec(sent.text)?.[1] ?? '';
  expect(token).toHaveLength(64);

  // Read as it went out, without the link that is its reader's.
  await signIn(page, operators.programmeAdmin, { path: mailsTo });
  const row = page.getByRole('row').filter({ hasText: fernhollow.invited.email }).first();
  await expect(async () => {
    await page.reload();
    await expect(row.getByText('Sent', { exact: true })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await hydrated(page);
  await open(row);
  const text = page.getByRole('region', { name: 'What it says' });
  await expect(text).toContainText('Choose a password to sign in');
  await expect(text).toContainText('[link for the reader alone]');
  expect(await page.content()).not.toContain(token);
  await expect(page.getByRole('region', { name: 'Attempts' })).toContainText('taken');
  await axe(page);

  // It came back: the address waits, and the company's administrators see why.
  await page.getByRole('textbox', { name: 'Reason' }).fill('550 no such mailbox');
  await page.getByRole('button', { name: 'Mark as bounced' }).click();
  await steps.told(page, `The mail is marked as bounced. Mail to ${fernhollow.invited.email} waits.`);
  await expect(row.getByText('Came back')).toBeVisible();
  await expect(page.getByText('Mail to this address is on hold')).toBeVisible();
  await axe(page);
  await invite();
  await expect(page.getByText('Mail to this address comes back: 550 no such mailbox.')).toBeVisible();
  await signIn(page, operators.programmeAdmin, { path: mailsTo });
  const held = page.getByRole('row').filter({ hasText: 'On hold' });
  await expect(held).toHaveCount(1);
  await open(held);
  await page.getByRole('button', { name: 'Clear the address' }).click();
  await steps.told(page, `${fernhollow.invited.email} is cleared. What waits goes out within a minute.`);
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('row').getByText('Sent', { exact: true })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
});

test('@long a programme admin gives a mail its own wording and takes it back', async ({
  page,
  signIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/templates' });
  await expect(page.getByRole('row').filter({ hasText: 'Invitation with a link' })).toBeVisible();
  await axe(page);
  await page.goto('/operator/templates?kind=invitation&language=en');
  await hydrated(page);
  await expect(page.getByRole('status', { name: 'In force, with sample data' })).toContainText('invites you to');

  // What the mail can't do without has to stay; what it doesn't have can't come in.
  await page.getByRole('textbox', { name: 'Subject' }).fill('Welcome to {organization}, {nickname}');
  await page.getByRole('textbox', { name: 'Text' }).fill('Hello {person}');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByText(/^A place is missing/).last()).toBeVisible();
  await expect(page.getByText(/^There is a brace here/).last()).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Text' })).toHaveValue('Hello {person}');
  await axe(page);

  // Looked at before it is saved.
  await page.getByRole('textbox', { name: 'Subject' }).fill('Welcome to {organization}');
  await page.getByRole('textbox', { name: 'Text' }).fill('Dear {person},\n\n{by} let you in:\n{link}');
  await page.getByRole('button', { name: 'Preview' }).click();
  const typed = page.getByRole('status', { name: /^What you typed/ });
  await expect(typed).toContainText('Welcome to Fernhollow Systems');
  await expect(typed).toContainText('Maren Tolvik let you in:');
  await expect(page.getByRole('textbox', { name: 'Subject' })).toHaveValue('Welcome to {organization}');
  await page.getByRole('button', { name: 'Save' }).click();
  await steps.told(page, 'Mails have the new wording from now on.');
  await page.goto('/operator/templates?own=yes');
  await expect(page.getByRole('row').filter({ hasText: 'Own: English' })).toHaveCount(1);

  await signIn(page, fernhollow.userAdmin, { path: '/account/users?find=Tveitanger' });
  await page.locator('a.opener').click();
  await hydrated(page);
  await page.getByRole('button', { name: 'Send another invitation' }).click();
  await steps.told(page, 'Another invitation goes to Eirik Tveitanger.');
  const sent = await mail(fernhollow.invited, /^Welcome to Fernhollow Systems$/);
  expect(sent.text).toMatch(/^Dear Eirik Tveitanger,\s+Malin Thistlewood let you in:\s+http\S+\/invitation\/\S+/);

  await signIn(page, operators.programmeAdmin, { path: '/operator/templates?kind=invitation&language=en' });
  const back = "Back to the product's wording";
  await steps.confirm(page.locator('main'), back, "Go back to the product's wording?", back);
  await steps.told(page, "Mails have the product's wording again.");
  await expect(page.getByRole('status', { name: 'In force, with sample data' })).toContainText('invites you to');
});
