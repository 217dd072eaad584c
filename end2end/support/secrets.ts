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
/** Fields into which product keys are typed, of whichever format. */
const KEY_FIELDS = /^product_keys?$/;
/** Where files of product keys are sent. */
const KEY_FILES = /^\/operator\/keys\/[^/]+\/file$/;
/** A product key of any format, without what stands between its groups: never a number or a word alone. */
const ANY_KEY = /^(?=.*\d)(?=.*[A-Z])[0-9A-Z]{8,64}$/i;
/** What stands between the groups of a key. */
const BETWEEN = /[ -]/g;
/** What an authenticator app is set up with and recovery codes, in groups of four as they are shown. */
const GROUPED = /\b[A-Z2-7]{4}(?:[ -][A-Z2-7]{4}){5,7}\b/g;
/** Access IDs and Contract IDs, as they are shown. */
const SUPPORT_ID = /\b\d{3} \d{3} \d{3}\b/g;
/** What is shorter stands in a log by chance: such as a code of six digits. */
const LENGTH = 8;

/** The secrets that were used with one server, each with what it is. */
export class Secrets {
  private readonly used = new Map<string, string>([[PASSWORD, 'the password of the demo accounts']]);
  /** Answers that are still being read. */
  private readonly awaited = new Set<Promise<void>>();

  /** As it was written, and without the marks between its groups. */
  private note(secret: string, what: string): void {
    for (const written of [secret, secret.replaceAll(BETWEEN, '')]) {
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
    const ofKeys = KEY_FILES.test(new URL(request.url()).pathname);
    for (const [name, value] of fields(body)) {
      if (SECRET_FIELDS.test(name)) {
        this.note(value, `the field ${name} of a form`);
      }
      if (KEY_FIELDS.test(name) || (ofKeys && name === 'file')) {
        this.ofKeys(value);
      }
    }
  }

  /**
   * Product keys of any format, a line or a cell each. Browsers don't say what stands in a file that they send, so a
   * test that sends one notes its keys by this.
   */
  ofKeys(text: string): void {
    for (const cell of text.split(/[\r\n,;\t"]+/)) {
      const written = cell.trim();
      if (ANY_KEY.test(written.replaceAll(BETWEEN, ''))) {
        // The portal keeps them in capitals.
        this.note(written, 'a product key');
        this.note(written.toUpperCase(), 'a product key');
      }
    }
  }

  /** An answer that is still being read; one that never comes has no secret. */
  heard(answer: Promise<string>): void {
    const read = answer.then(
      (text) => this.ofText(text),
      () => undefined,
    );
    this.awaited.add(read);
    void read.finally(() => this.awaited.delete(read));
  }

  /** Waits for the answers that are still being read. */
  async settled(): Promise<void> {
    await Promise.all(this.awaited);
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

/** The fields of a form, sent by the browser itself, with its files or without, or by the page's script as JSON. */
function fields(body: string): URLSearchParams {
  if (body.startsWith('--')) {
    // A file has a name, and a line that says of which kind it is.
    const parts = body.matchAll(/name="([^"]+)"(?:; filename="[^"]*")?(?:\r\n[^\r\n]+)*\r\n\r\n([\s\S]*?)\r\n--/g);
    return new URLSearchParams([...parts].map(([, name = '', value = '']) => [name, value]));
  }
  if (!body.startsWith('{')) {
    return new URLSearchParams(body);
  }
  const form: unknown = (JSON.parse(body) as { form?: unknown }).form;
  return new URLSearchParams(typeof form === 'string' ? form : '');
}
