import fs from 'node:fs';
import path from 'node:path';

/** A mail as its recipient reads it. */
export type Mail = {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  /** Tag of its language, such as `zh-Hant`. */
  readonly language: string;
  readonly text: string;
  /** The `.ics` file that came with it; empty where none did. */
  readonly calendar: string;
};

/** The mails in the folder to this address, the oldest first. */
export function mailsTo(folder: string, address: string): Mail[] {
  if (!fs.existsSync(folder)) {
    return [];
  }
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => path.join(folder, name))
    .map((file) => ({ file, written: fs.statSync(file).mtimeMs }))
    .sort((one, other) => one.written - other.written || one.file.localeCompare(other.file))
    .map(({ file }) => read(fs.readFileSync(file)))
    .filter((mail) => addressOf(mail.to) === address.toLowerCase());
}

function addressOf(recipient: string): string {
  return (/<([^>]+)>\s*$/.exec(recipient)?.[1] ?? recipient).trim().toLowerCase();
}

/** A mail or a part of one. */
type Part = { readonly headers: Map<string, string>; readonly body: string };

function part(source: string): Part {
  const gap = source.indexOf('\n\n');
  const head = gap < 0 ? source : source.slice(0, gap);
  const headers = new Map<string, string>();
  for (const line of head.replaceAll(/\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) {
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
  }
  return { headers, body: gap < 0 ? '' : source.slice(gap + 2) };
}

/** The parts of a mail: itself, where it is one. */
function parts(mail: Part): Part[] {
  const boundary = /^multipart\/.*boundary="?([^";]+)"?/i.exec(mail.headers.get('content-type') ?? '')?.[1];
  if (boundary === undefined) {
    return [mail];
  }
  return mail.body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((text) => part(text.replace(/^\n/, '')));
}

/** Reads a mail of text, alone or with a calendar's file, with the encodings that occur in it. */
export function read(bytes: Buffer): Mail {
  const mail = part(bytes.toString('latin1').replaceAll('\r\n', '\n'));
  const header = (name: string): string => words(mail.headers.get(name) ?? '');
  const content = (kind: RegExp): string => {
    const found = parts(mail).find(({ headers }) => kind.test(headers.get('content-type') ?? 'text/plain'));
    return found === undefined ? '' : decode(found.body, found.headers.get('content-transfer-encoding') ?? '7bit');
  };
  return {
    from: header('from'),
    to: header('to'),
    subject: header('subject'),
    language: header('content-language'),
    text: content(/^text\/plain/i),
    calendar: content(/^text\/calendar/i),
  };
}

function decode(body: string, encoding: string): string {
  switch (encoding.toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8');
    case 'quoted-printable':
      return quotedPrintable(body.replaceAll(/=[ \t]*\n/g, ''));
    default:
      return Buffer.from(body, 'latin1').toString('utf8');
  }
}

function quotedPrintable(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Encoded words; the white space between two of them is no part of the text. */
function words(value: string): string {
  const joined = value.replaceAll(/(\?=)\s+(=\?)/g, '$1$2');
  return joined.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
    kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString('utf8') : quotedPrintable(text.replaceAll('_', ' ')),
  );
}
