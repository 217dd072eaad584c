import type { Page } from '@playwright/test';

import { type Account, fernhollow, operators } from '../accounts';
import { Directory } from '../support/directory';
import { type Mail, type Steps, expect, test } from './partner';

/** Enrolling a company where an answer is no, a mail is lost, or the founder comes in by another way. */

test.use({ isolated: true });
// Many hands, and their mail, one after the other.
test.describe.configure({ timeout: 150_000 });

const PASSWORD = 'a heron over the weir 41';
const ENDED = 'This link has been used or is over.';
const NOT_CONFIRMED = "The primary contact didn't confirm the enrolment.";

type Company = { readonly name: string; readonly domain: string; readonly founder: Account; readonly contact: Account };

const tarnwick: Company = {
  name: 'Tarnwick Rådgivning AS',
  domain: 'tarnwick.example',
  founder: { email: 'sunniva.aas@tarnwick.example', name: 'Sunniva Aas' },
  contact: { email: 'torgeir.aas@tarnwick.example', name: 'Torgeir Aas' },
};

type Hydrated = (page: Page) => Promise<void>;
type Mails = (account: Account) => Mail[];
type Signs = (page: Page, account: Account, options?: { path?: string; language?: 'zh-Hans' }) => Promise<void>;
type Answers = { readonly signedUp: 'Yes' | 'No'; readonly ownAddress: 'Yes' | 'No' };

const BOTH: Answers = { signedUp: 'Yes', ownAddress: 'Yes' };

/** The newest of so many links that were sent to somebody: to found a company, or to answer for it. */
const linkTo = async (mails: Mails, account: Account, kind: 'link' | 'contact', number = 1): Promise<string> => {
  const links = (): string[] =>
    mails(account).flatMap(({ text }) => new RegExp(`/enrol/${kind}/\\S+`).exec(text)?.[0] ?? []);
  await expect
    .poll(() => links().length, { message: `links to ${account.email}`, timeout: 20_000 })
    .toBe(number);
  return links().at(-1) ?? '';
};

/** Asks for the link of a new tenant, and opens it. */
const openLink = async (page: Page, company: Company, hydrated: Hydrated, mails: Mails): Promise<string> => {
  await page.goto('/enrol/account');
  await hydrated(page);
  const form = page.locator('form:has(input[name="form"][value="begin_enrolment"])');
  await form.getByLabel('Company domain').fill(company.domain);
  await form.getByLabel('Full name').fill(company.founder.name);
  await form.getByLabel('Business email address').fill(company.founder.email);
  await form.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('Look into your mailbox')).toBeVisible();
  const link = await linkTo(mails, company.founder, 'link');
  await page.goto(link);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: `Create the tenant ${company.domain}` })).toBeVisible();
  return link;
};

/** Founds a company with a password; the legal profile is next. */
const found = async (page: Page, company: Company, hydrated: Hydrated, mails: Mails): Promise<void> => {
  await openLink(page, company, hydrated, mails);
  const form = page.locator('form:has(input[name="form"][value="found_by_password"])');
  await form.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await form.getByLabel('New password again').fill(PASSWORD);
  await form.getByRole('button', { name: 'Create the tenant' }).click();
  await expect(page).toHaveURL('/enrol/profile');
  await hydrated(page);
};

const nameContact = async (page: Page, contact: Account): Promise<void> => {
  const person = page.getByRole('group', { name: 'Primary contact' });
  await person.getByLabel('Full name').fill(contact.name);
  await person.getByLabel('Business email address').fill(contact.email);
  await person.getByLabel('Contact phone').fill('+47 22 00 00 00');
};

const fillProfile = async (page: Page, company: Company): Promise<void> => {
  await page.getByLabel('Legal name').fill(company.name);
  await page.getByLabel('Street and number').fill('Kirkegata 7');
  await page.getByLabel('Country or region').selectOption({ label: 'Norway' });
  await page.getByLabel('Postal code').fill('0153');
  await page.getByLabel('City').fill('Oslo');
  await page.getByLabel('Time zone').fill('Europe/Oslo');
  await nameContact(page, company.contact);
};

/** Saves the profile, accepts the agreement, and is told whom the questions went to. */
const saveAndAccept = async (page: Page, company: Company, contact: Account, hydrated: Hydrated): Promise<void> => {
  await page.getByRole('button', { name: 'Save and continue' }).click();
  await expect(page).toHaveURL('/enrol/summary');
  await hydrated(page);
  await page.getByRole('link', { name: 'Enroll now' }).click();
  await expect(page).toHaveURL('/enrol/agreement');
  await hydrated(page);
  await page.getByLabel(`I accept the agreement, and I am authorized to sign for ${company.name}.`).check();
  await page.getByRole('button', { name: 'Accept the agreement' }).click();
  await expect(page).toHaveURL('/enrol/status');
  await hydrated(page);
  await expect(page.getByText(`The mail went to ${contact.email}`)).toBeVisible();
};

/** From the link in the founder's mail to the questions in the contact's. */
const enrol = async (page: Page, company: Company, hydrated: Hydrated, mails: Mails): Promise<void> => {
  await found(page, company, hydrated, mails);
  await fillProfile(page, company);
  await saveAndAccept(page, company, company.contact, hydrated);
};

const answer = async (page: Page, link: string, answers: Answers, hydrated: Hydrated): Promise<void> => {
  await page.goto(link);
  await hydrated(page);
  await page.getByRole('group', { name: /sign up for/ }).getByLabel(answers.signedUp).check();
  await page.getByRole('group', { name: /belong to/ }).getByLabel(answers.ownAddress).check();
  await page.getByRole('button', { name: 'Answer' }).click();
};

const answerYes = async (page: Page, link: string, hydrated: Hydrated): Promise<void> => {
  await answer(page, link, BOTH, hydrated);
  await expect(page.getByText('Thank you. The operators review the enrolment now.')).toBeVisible();
};

/** A step of what is done and what is pending. */
const pending = (page: Page, step: string) =>
  page
    .getByRole('list', { name: 'What is done and what is pending' })
    .getByRole('listitem')
    .filter({ hasText: step });

/** The operators' rows of a company that enrols. */
const reviews = async (operator: Page, company: Company, signIn: Signs) => {
  await signIn(operator, operators.fulfilmentAgent, { path: '/operator/queue?kind=enrolment' });
  return operator.getByRole('row').filter({ hasText: company.name });
};

/** Opens the review of a company. */
const review = async (operator: Page, company: Company, signIn: Signs, hydrated: Hydrated) => {
  const rows = await reviews(operator, company, signIn);
  await rows.locator('a.opener').click();
  await hydrated(operator);
  const detail = operator.locator('tr.detail');
  await expect(detail).toBeVisible();
  return detail;
};

/** The operators turn the company down whose review is open. */
const turnDown = async (operator: Page, steps: Steps, reason: string): Promise<void> => {
  const detail = operator.locator('tr.detail');
  await steps.unfold(detail, 'Refuse this request');
  await detail.getByLabel('Reason', { exact: true }).fill(reason);
  await detail.getByRole('button', { name: 'Refuse', exact: true }).click();
  await steps.told(operator, /^Request \d+ is refused\.$/);
};

/** The operators accept, and the founder's company is a member. */
const acceptCompany = async (
  page: Page,
  operator: Page,
  company: Company,
  signIn: Signs,
  hydrated: Hydrated,
): Promise<void> => {
  const detail = await review(operator, company, signIn, hydrated);
  await detail.getByRole('button', { name: 'Accept the company' }).click();
  await expect(operator.getByRole('button', { name: 'Accept the company' })).toHaveCount(0);
  await page.goto('/membership');
  await hydrated(page);
  await expect(page.getByText("Your company isn't a member yet")).toHaveCount(0);
  await expect(page.getByRole('main').getByText('Network membership').first()).toBeVisible();
};

const DISPUTES: readonly { what: string; answers: Answers }[] = [
  { what: 'that the company did not sign up', answers: { signedUp: 'No', ownAddress: 'Yes' } },
  { what: 'that the address is not of the company', answers: { signedUp: 'Yes', ownAddress: 'No' } },
];

for (const { what, answers } of DISPUTES) {
  test(`the primary contact answers ${what}: nothing is reviewed until the founder has corrected it @long`, async ({
    page,
    anotherPage,
    signIn,
    hydrated,
    steps,
    mail,
    mails,
    axe,
  }) => {
    const other: Account = { email: 'eldbjorg.lie@tarnwick.example', name: 'Eldbjørg Lie' };
    await enrol(page, tarnwick, hydrated, mails);
    const link = await linkTo(mails, tarnwick.contact, 'contact');
    const theirs = await anotherPage();
    await answer(theirs, link, answers, hydrated);
    await expect(
      theirs.getByText('Thank you. The enrolment has stopped, and whoever began it is told.'),
    ).toBeVisible();
    await expect(theirs.getByText('The operators review the enrolment now.')).toHaveCount(0);
    // Once is all: nobody changes the answer behind the same link.
    await theirs.goto(link);
    await expect(theirs.getByText(ENDED).first()).toBeVisible();

    await steps.seesChange(page, page.getByText(NOT_CONFIRMED));
    await expect(page.getByRole('button', { name: 'Send the mail again' })).toHaveCount(0);
    await expect(pending(page, 'Operators review')).toContainText('Later');
    await axe(page);
    const told = await mail(tarnwick.founder, /^The enrolment of Tarnwick Rådgivning AS was not confirmed$/);
    expect(told.text).toContain(`${tarnwick.contact.name} did not confirm`);
    expect(told.text).toContain('/enrol/profile');
    const operator = await anotherPage();
    await expect(await reviews(operator, tarnwick, signIn)).toHaveCount(0);

    await page.getByRole('link', { name: 'Change the profile' }).click();
    await expect(page).toHaveURL('/enrol/profile');
    await hydrated(page);
    await expect(page.getByText(NOT_CONFIRMED)).toBeVisible();
    await expect(page.getByLabel('Legal name')).toHaveValue(tarnwick.name);
    await axe(page);
    await nameContact(page, other);
    await saveAndAccept(page, tarnwick, other, hydrated);
    await expect(page.getByText(NOT_CONFIRMED)).toHaveCount(0);
    await answerYes(theirs, await linkTo(mails, other, 'contact'), hydrated);

    await steps.seesChange(page, page.getByText("Pending: the operators' review."));
    const underReview = await mail(tarnwick.founder, /is under review$/);
    expect(underReview.text).toContain(`${other.name} confirmed the enrolment`);
    await expect(await reviews(operator, tarnwick, signIn)).toHaveCount(1);
  });
}

test('a primary contact who said no has not confirmed in what is done and what is pending @long', async ({
  page,
  anotherPage,
  hydrated,
  steps,
  mails,
}) => {
  await enrol(page, tarnwick, hydrated, mails);
  const theirs = await anotherPage();
  const link = await linkTo(mails, tarnwick.contact, 'contact');
  await answer(theirs, link, { signedUp: 'No', ownAddress: 'No' }, hydrated);
  await expect(theirs.getByText('The enrolment has stopped')).toBeVisible();
  await steps.seesChange(page, page.getByText(NOT_CONFIRMED));
  await expect(pending(page, 'Primary contact confirms')).toContainText('Answered on');
  await expect(pending(page, 'Primary contact confirms')).not.toContainText('Done');
});

test('the mail to the primary contact is sent again: the link before opens nothing, the new one does @long', async ({
  page,
  anotherPage,
  hydrated,
  steps,
  mails,
}) => {
  await enrol(page, tarnwick, hydrated, mails);
  const before = await linkTo(mails, tarnwick.contact, 'contact');
  await page.getByRole('button', { name: 'Send the mail again' }).click();
  await steps.told(page, 'The primary contact gets another mail. The link before it no longer works.');
  const after = await linkTo(mails, tarnwick.contact, 'contact', 2);
  expect(after).not.toBe(before);

  const theirs = await anotherPage();
  await theirs.goto(before);
  await expect(theirs.getByText(ENDED).first()).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'Answer' })).toHaveCount(0);
  await hydrated(page);
  await expect(page.getByText(`The mail went to ${tarnwick.contact.email}`)).toBeVisible();
  await answerYes(theirs, after, hydrated);
  await steps.seesChange(page, page.getByText("Pending: the operators' review."));
});

test('the operators turn a company down with a reason, and it applies again @long', { tag: '@long' }, async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  mails,
  axe,
}) => {
  const reason = 'The register has no company with this name.';
  const rejected = `${tarnwick.name} was not accepted. Reason: ${reason}`;
  await enrol(page, tarnwick, hydrated, mails);
  const theirs = await anotherPage();
  await answerYes(theirs, await linkTo(mails, tarnwick.contact, 'contact'), hydrated);

  const operator = await anotherPage();
  await review(operator, tarnwick, signIn, hydrated);
  await turnDown(operator, steps, reason);

  const told = await mail(tarnwick.founder, /^Tarnwick Rådgivning AS was not accepted$/);
  expect(told.text).toContain(`Reason: ${reason}`);
  expect(told.text).toContain('/enrol/status');
  await steps.seesChange(page, page.getByText(rejected));
  await axe(page);
  // The profile stays as it was judged until the company applies again.
  await page.goto('/enrol/profile');
  await hydrated(page);
  await expect(page.getByText('Another step comes first.')).toBeVisible();
  await page.getByRole('link', { name: 'Next' }).click();
  await expect(page).toHaveURL('/enrol/status');
  await hydrated(page);
  await page.getByRole('button', { name: 'Apply again' }).click();
  await expect(page).toHaveURL('/enrol/profile');
  await hydrated(page);
  await expect(page.getByLabel('Legal name')).toHaveValue(tarnwick.name);

  await page.getByLabel('Registration number').fill('987 654 321');
  await saveAndAccept(page, tarnwick, tarnwick.contact, hydrated);
  await expect(page.getByText(reason)).toHaveCount(0);
  await expect(pending(page, 'Primary contact confirms')).toContainText('Asked on');
  await answerYes(theirs, await linkTo(mails, tarnwick.contact, 'contact', 2), hydrated);
  const again = await review(operator, tarnwick, signIn, hydrated);
  await expect(again.getByText('987 654 321')).toBeVisible();
  await acceptCompany(page, operator, tarnwick, signIn, hydrated);
  await mail(tarnwick.founder, /^Tarnwick Rådgivning AS is a member$/);
});

test('a company that applies again is not shown the day of the decision before @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mails,
}) => {
  await enrol(page, tarnwick, hydrated, mails);
  const theirs = await anotherPage();
  await answerYes(theirs, await linkTo(mails, tarnwick.contact, 'contact'), hydrated);
  const operator = await anotherPage();
  await review(operator, tarnwick, signIn, hydrated);
  await turnDown(operator, steps, 'The register has no company with this name.');
  await steps.seesChange(page, page.getByRole('button', { name: 'Apply again' }));
  await page.getByRole('button', { name: 'Apply again' }).click();
  await expect(page).toHaveURL('/enrol/profile');
  await hydrated(page);
  await saveAndAccept(page, tarnwick, tarnwick.contact, hydrated);
  await expect(pending(page, 'Operators review')).toHaveText(/^Operators review\s+Later$/);
});

test('a founder who has an account here signs in first, and founds with it @long', async ({
  page,
  anotherPage,
  signIn,
  sendSignIn,
  hydrated,
  steps,
  mail,
  mails,
  axe,
}) => {
  const consultant: Account = tarnwick.founder;
  const admin = await anotherPage();
  await signIn(admin, fernhollow.userAdmin, { path: '/account/users/add' });
  const form = admin.locator('main form');
  await form.getByLabel('Full name').fill(consultant.name);
  await form.getByLabel('Email address').fill(consultant.email);
  await form.getByRole('button', { name: 'Add user' }).click();
  await steps.told(admin, `${consultant.name} is added. An email goes to ${consultant.email}.`);
  const invitation = await mail(consultant, /\/invitation\//);
  await page.goto(/\/invitation\/\S+/.exec(invitation.text)?.[0] ?? '');
  await hydrated(page);
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('New password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Choose password' }).click();
  await expect(page.locator('.bar')).toContainText('Fernhollow Systems');
  await page.context().clearCookies();

  const link = await openLink(page, tarnwick, hydrated, mails);
  await expect(page.getByText(`${consultant.email} has an account here already.`)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Create the tenant' })).toHaveCount(0);
  await expect(page.locator('main input[type="password"]')).toHaveCount(0);
  await axe(page);

  // Somebody else who is signed in can't use it.
  await admin.goto(link);
  await hydrated(admin);
  await expect(admin.getByText(`sign in as ${consultant.email}.`)).toBeVisible();
  await expect(admin.getByRole('button', { name: 'Create the tenant' })).toHaveCount(0);

  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).first().click();
  await expect(page).toHaveURL(/\/sign-in\?then=/);
  await hydrated(page);
  await sendSignIn(page, consultant, PASSWORD);
  await expect(page).toHaveURL(new RegExp(`${link}$`));
  await hydrated(page);
  await expect(page.getByText(`The tenant is created for your account ${consultant.email}.`)).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Create the tenant' }).click();
  await expect(page).toHaveURL('/enrol/profile');
  await hydrated(page);
  await fillProfile(page, tarnwick);
  await saveAndAccept(page, tarnwick, tarnwick.contact, hydrated);

  // The account serves both companies.
  await page.getByLabel(`Account of ${consultant.name}`).click();
  await page.getByRole('button', { name: 'Go on in Fernhollow Systems' }).click();
  await expect(page.locator('.bar')).toContainText('Fernhollow Systems');
  const theirs = await anotherPage();
  await theirs.goto(link);
  await expect(theirs.getByText(ENDED).first()).toBeVisible();
});

test('a company is founded with its directory behind the mailed link @long', { tag: '@long' }, async ({
  page,
  anotherPage,
  portal,
  hydrated,
  mails,
  axe,
}) => {
  const directory = await Directory.start(portal.address);
  try {
    const link = await openLink(page, tarnwick, hydrated, mails);
    const fill = async (issuer: string): Promise<void> => {
      const form = page.locator('form:has(input[name="form"][value="found_by_directory"])');
      await form.getByLabel('Issuer').fill(issuer);
      await form.getByLabel('Client ID').fill(directory.client.id);
      await form.getByLabel('Client secret').fill(directory.client.secret);
    };
    const leave = (): Promise<void> => page.getByRole('button', { name: 'Sign in there' }).click();
    await expect(page.getByText(`${portal.address}/sign-in/directory/callback`)).toBeVisible();
    await fill('http://localhost.example');
    await leave();
    await expect(page.getByText("This isn't the address of a directory.").first()).toBeVisible();
    await axe(page);

    // Whoever turns back there has founded nothing, and can use the link again.
    await hydrated(page);
    await fill(directory.issuer);
    await directory.reach(page, tarnwick.founder.email, leave);
    await page.goto(link);
    await hydrated(page);
    await fill(directory.issuer);
    await directory.reach(page, tarnwick.founder.email, leave);
    await directory.signIn(page);
    await expect(page).toHaveURL('/enrol/profile');
    await hydrated(page);
    await expect(page.getByLabel(`Account of ${tarnwick.founder.name}`)).toBeVisible();
    await fillProfile(page, tarnwick);
    await saveAndAccept(page, tarnwick, tarnwick.contact, hydrated);
    await page.goto('/account/directory');
    await hydrated(page);
    await expect(page.getByRole('main').getByText(directory.issuer).first()).toBeVisible();

    // From now on the directory is the way in; the link is over.
    const later = await anotherPage();
    await later.goto(link);
    await expect(later.getByText(ENDED).first()).toBeVisible();
    await later.goto('/sign-in/directory?then=/enrol/status');
    await hydrated(later);
    await later.getByLabel('Your address at your company').fill(tarnwick.founder.email);
    await directory.reach(later, tarnwick.founder.email, () =>
      later.getByRole('button', { name: 'Sign in with your company' }).click(),
    );
    await directory.signIn(later);
    await expect(later).toHaveURL('/enrol/status');
    await expect(later.getByText(`The mail went to ${tarnwick.contact.email}`)).toBeVisible();
  } finally {
    await directory.stop();
  }
});

test('a company enrols in Simplified Chinese, from the welcome to its membership @long', { tag: '@long' }, async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  chooseLanguage,
  mail,
  mails,
}) => {
  const company: Company = {
    name: '苇洲数据科技有限公司',
    domain: 'weizhou.example',
    founder: { email: 'mingzhu.tan@weizhou.example', name: '谭明珠' },
    contact: { email: 'chengyu.he@weizhou.example', name: '贺承宇' },
  };
  const heading = (within: Page, name: string) => within.getByRole('heading', { level: 1, name, exact: true });

  await page.goto('/enrol');
  await hydrated(page);
  await chooseLanguage(page, 'zh-Hans');
  await expect(heading(page, '欢迎加入北光合作伙伴计划')).toBeVisible();
  await expect(page.getByRole('heading', { level: 2, name: '请准备好以下资料' })).toBeVisible();
  await page.getByRole('link', { name: '下一步' }).click();
  await expect(page).toHaveURL('/enrol/account');
  await hydrated(page);
  await expect(heading(page, '登录或创建新租户')).toBeVisible();
  const asks = page.locator('form:has(input[name="form"][value="begin_enrolment"])');
  await asks.getByLabel('公司域名').fill(company.domain);
  await asks.getByLabel('姓名').fill(company.founder.name);
  await asks.getByLabel('公司电子邮箱').fill(company.founder.email);
  await asks.getByRole('button', { name: '发送链接' }).click();
  await expect(page.getByText('请查看邮箱')).toBeVisible();

  const sent = await mail(company.founder, /\/enrol\/link\//);
  expect(sent.language).toBe('zh-Hans');
  expect(sent.subject).toBe('加入北光合作伙伴计划的链接');
  await page.goto(await linkTo(mails, company.founder, 'link'));
  await hydrated(page);
  await expect(heading(page, `创建租户 ${company.domain}`)).toBeVisible();
  const chooses = page.locator('form:has(input[name="form"][value="found_by_password"])');
  await chooses.getByLabel('新密码', { exact: true }).fill(PASSWORD);
  await chooses.getByLabel('再次输入新密码').fill(PASSWORD);
  await chooses.getByRole('button', { name: '创建租户' }).click();
  await expect(page).toHaveURL('/enrol/profile');
  await hydrated(page);

  await expect(page.locator('html[lang="zh-Hans"]')).toBeAttached();
  await expect(heading(page, '法定公司资料')).toBeVisible();
  await page.getByLabel('法定名称').fill(company.name);
  await page.getByLabel('街道和门牌号').fill('漕宝路 88 号');
  await page.getByLabel('国家或地区').selectOption({ label: '中国' });
  await page.getByLabel('邮政编码').fill('200233');
  await page.getByLabel('城市').fill('上海');
  await page.getByLabel('省或州').fill('上海市');
  await page.getByLabel('时区').fill('Asia/Shanghai');
  const person = page.getByRole('group', { name: '主要联系人' });
  await expect(person.getByLabel('姓名')).toHaveValue(company.founder.name);
  await person.getByLabel('姓名').fill(company.contact.name);
  await person.getByLabel('公司电子邮箱').fill(company.contact.email);
  await person.getByLabel('联系电话').fill('+86 21 5550 0188');
  await page.getByRole('button', { name: '保存并继续' }).click();
  await expect(page).toHaveURL('/enrol/summary');
  await hydrated(page);
  await expect(heading(page, '立即注册')).toBeVisible();
  await expect(page.getByText(`${company.contact.name}，${company.contact.email}`)).toBeVisible();
  await page.getByRole('link', { name: '立即注册' }).click();
  await expect(page).toHaveURL('/enrol/agreement');
  await hydrated(page);
  await expect(heading(page, '协议')).toBeVisible();
  await expect(page.getByText('本协议由 Northlight Programme Services 与加入北光合作伙伴计划的公司签订。')).toBeVisible();
  await page.getByLabel(`我接受本协议，并有权代表${company.name}签署。`).check();
  await page.getByRole('button', { name: '接受协议' }).click();
  await expect(page).toHaveURL('/enrol/status');
  await hydrated(page);
  await expect(heading(page, '确认与审核')).toBeVisible();
  await expect(page.getByText(`待处理：主要联系人的答复。邮件已发往 ${company.contact.email}`)).toBeVisible();

  await page.getByRole('link', { name: '打开用户管理' }).click();
  await expect(page).toHaveURL('/account/users');
  await hydrated(page);
  await expect(heading(page, '用户管理')).toBeVisible();
  await page.getByLabel('管理员代理').first().check();
  await page.getByRole('button', { name: '更新' }).first().click();
  await expect(page.getByText('你已是管理员代理。设置已完成。').first()).toBeVisible();

  const question = await mail(company.contact, /\/enrol\/contact\//);
  expect(question.language).toBe('zh-Hans');
  expect(question.subject).toBe(`${company.name}是否申请加入北光合作伙伴计划？`);
  const theirs = await anotherPage();
  await theirs.goto('/enrol');
  await hydrated(theirs);
  await chooseLanguage(theirs, 'zh-Hans');
  await theirs.goto(await linkTo(mails, company.contact, 'contact'));
  await hydrated(theirs);
  await expect(heading(theirs, `确认${company.name}的注册`)).toBeVisible();
  await theirs.getByRole('group', { name: '是否申请加入' }).getByLabel('是', { exact: true }).check();
  await theirs.getByRole('group', { name: '是否属于' }).getByLabel('是', { exact: true }).check();
  await theirs.getByRole('button', { name: '提交答复' }).click();
  await expect(theirs.getByText('谢谢。运营方现在开始审核。')).toBeVisible();

  const operator = await anotherPage();
  await signIn(operator, operators.chineseFulfilmentAgent, {
    path: '/operator/queue?kind=enrolment',
    language: 'zh-Hans',
  });
  await expect(heading(operator, '队列')).toBeVisible();
  await operator.getByRole('row').filter({ hasText: company.name }).locator('a.opener').click();
  await hydrated(operator);
  await expect(operator.getByRole('heading', { level: 2, name: company.name })).toBeVisible();
  await operator.getByRole('button', { name: '接受该公司' }).click();
  await expect(operator.getByRole('button', { name: '接受该公司' })).toHaveCount(0);

  expect((await mail(company.founder, /已成为会员$/)).subject).toBe(`${company.name}已成为会员`);
  await page.goto('/membership');
  await hydrated(page);
  await expect(heading(page, '会员资格')).toBeVisible();
  await expect(page.getByText('贵公司还不是会员')).toHaveCount(0);
  await expect(page.getByRole('main').getByText('网络会员资格').first()).toBeVisible();
  await page.goto('/enrol/status');
  await hydrated(page);
  await expect(page.getByText(`${company.name}已是会员。`).first()).toBeVisible();
});
