import crypto from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP = 30_000;

/** An authenticator app, as RFC 6238 has it: six digits, a new code every 30 seconds. */
export class Authenticator {
  private readonly secret: Buffer;
  private used = 0;

  /** With the key that the page shows, spaces and all. */
  constructor(key: string) {
    const bits = [...key.replaceAll(/\s/g, '')].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
    this.secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  }

  /** A code that wasn't used before: that of this step or the next, which counts as well, or of the one after a wait. */
  async code(): Promise<string> {
    let step = Math.floor(Date.now() / STEP);
    if (step <= this.used) {
      step = this.used + 1;
      const begins = (step - 1) * STEP;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, begins - Date.now())));
    }
    this.used = step;
    return this.codeOf(step);
  }

  private codeOf(step: number): string {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const digest = crypto.createHmac('sha1', this.secret).update(counter).digest();
    const offset = (digest.at(-1) ?? 0) & 15;
    return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
  }
}
