import fs from 'node:fs';
import path from 'node:path';
import type { Cookie, Request } from '@playwright/test';
import { PASSWORD } from '../accounts';
import { read } from './mail';

/** Fields of forms whose values nobody else may read. */
const SECRET_FIELDS = /password|secret|^code$|token|^access_id$|^contract_id$/;
/** Cookies that open something. */
const SECRET_COOKIES = /session|second-factor|directory/;
/** Tokens in links and in what programs are given: sessions, invitations, new passwords, SCIM. */
const TOKEN = /\b[0-9a-f]{64}\b/g;
/** Product keys, as they are shown. */
const PRODUCT_KEY = /\b[0-9A-Z]{5}(?:-[0-9A-Z]{5}){4}\b/g;
/** What an authenticator app is set up with and recovery codes, in groups of four as they are shown. */
const GROUPED = /\b[A-Z2-7]{4}(?:[ -][A-Z2-7]{4}){5,7}\b/g;
/** Access IDs and Contract IDs, as they are shown. */
const SUPPORT_ID = /\b\d{3} \d{3} \d{3}\b/g;
/** What is shorter stands in a log by chance: such as a code of six digits. */
const LENGTH = 8;

/** The secrets that were used with one server, each with what it is. */
export class Secrets {
  private readonly used = new Map<string, string>([[PASSWORD, 'the password of the demo accounts']]);

  /** As it was written, and without the marks between its groups. */
  private note(secret: string, what: string): void {
    for (const written of [secret, secret.replaceAll(/[ -]/g, '')]) {
      if (written.length >= LENGTH) {
        this.used.set(written, what);
      }
    }
  }

  /** What a browser sends in a form, and the tokens in its address. */
  ofRequest(request: Request): void {
    this.ofText(request.url());
    const body = request.postData();
    if (request.method() !== 'POST' || body === null) {
      return;
    }
    for (const [name, value] of fields(body)) {
      if (SECRET_FIELDS.test(name)) {
        this.note(value, `the field ${name} of a form`);
      }
    }
  }

  /** What opens something for a browser. */
  ofCookies(cookies: Cookie[]): void {
    for (const { name, value } of cookies) {
      if (SECRET_COOKIES.test(name)) {
        this.note(value, `the cookie ${name}`);
      }
    }
  }

  /** Keys and tokens that a page shows, or that a mail carries. */
  ofText(text: string): void {
    for (const [token] of text.matchAll(TOKEN)) {
      this.note(token, 'a token');
    }
    for (const [key] of text.matchAll(PRODUCT_KEY)) {
      this.note(key, 'a product key');
    }
    for (const [code] of text.matchAll(GROUPED)) {
      this.note(code, 'a secret or a recovery code of a second factor');
    }
    for (const [id] of text.matchAll(SUPPORT_ID)) {
      this.note(id, 'an Access ID or a Contract ID');
    }
  }

  /** The links of all mails. */
  ofMails(folder: string): void {
    if (fs.existsSync(folder)) {
      for (const name of fs.readdirSync(folder).filter((name) => name.endsWith('.eml'))) {
        this.ofText(read(fs.readFileSync(path.join(folder, name))).text);
      }
    }
  }

  /** What of it stands in a log, without saying it again. */
  in(log: string): string[] {
    const told = [...this.used].filter(([secret]) => log.includes(secret)).map(([, what]) => what);
    return log.search(PRODUCT_KEY) >= 0 ? [...told, 'something like a product key'] : told;
  }
}

/** The fields of a form, sent by the browser itself, with a file or without, or by the page's script as JSON. */
function fields(body: string): URLSearchParams {
  if (body.startsWith('--')) {
    const parts = body.matchAll(/name="([^"]+)"\r\n\r\n([\s\S]*?)\r\n--/g);
    return new URLSearchParams([...parts].map(([, name = '', value = '']) => [name, value]));
  }
  if (!body.startsWith('{')) {
    return new URLSearchParams(body);
  }
  const form: unknown = (JSON.parse(body) as { form?: unknown }).form;
  return new URLSearchParams(typeof form === 'string' ? form : '');
}
