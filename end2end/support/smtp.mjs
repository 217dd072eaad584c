/**
 * A mail server for tests: `smtp-server`, which misbehaves when it is told to.
 *
 *     node smtp.mjs '{"tls":"starttls","certificate":"…","key":"…","user":"…","password":"…"}'
 *
 * `tls`: `none`, `starttls`, `implicit`. It says `ready <port>` once it listens, and a line of JSON for each mail
 * whose data it has: its envelope, its Message-ID and what came of it. A line on its standard input says how the
 * mails from then on are met, and is answered with `now <line>`:
 *
 *     take       takes them
 *     later      refuses each recipient for now (450)
 *     never      refuses each recipient for good (550)
 *     slow       lets the sender wait for an answer to its recipient until it gives up
 *     cut        ends the connection once it has the data, before it says that it took them
 *     hold       keeps the answer to the data back until the sender gives up
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SMTPServer } from 'smtp-server';

const options = JSON.parse(process.argv[2] ?? '{}');
let manner = 'take';

const say = (line) => process.stdout.write(`${line}\n`);
const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });
const sockets = new Set();

const server = new SMTPServer({
  secure: options.tls === 'implicit',
  disabledCommands: options.tls === 'starttls' || options.tls === 'implicit' ? [] : ['STARTTLS'],
  hideSTARTTLS: options.tls !== 'starttls',
  key: options.key && readFileSync(options.key),
  cert: options.certificate && readFileSync(options.certificate),
  // Nobody signs in, or sends, on an open line where there could be TLS.
  allowInsecureAuth: false,
  authOptional: !options.user,
  disableReverseLookup: true,
  closeTimeout: 100,
  onConnect(session, done) {
    done();
  },
  onAuth(given, _session, done) {
    const right = given.username === options.user && given.password === options.password;
    return right ? done(null, { user: given.username }) : done(refusal(535, 'wrong name or password'));
  },
  onRcptTo(_address, _session, done) {
    if (manner === 'later') return done(refusal(450, 'mailbox busy, come later'));
    if (manner === 'never') return done(refusal(550, '5.1.1 no such mailbox'));
    if (manner === 'slow') return undefined;
    return done();
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => {
      const data = Buffer.concat(parts).toString('utf8');
      say(
        JSON.stringify({
          from: session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map((recipient) => recipient.address),
          id: /^Message-ID: (.*)$/im.exec(data)?.[1]?.trim() ?? '',
          encrypted: session.secure,
          user: session.user ?? '',
          manner,
          data,
        }),
      );
      if (manner === 'cut') {
        for (const socket of sockets) socket.destroy();
        return;
      }
      if (manner !== 'hold') done();
    });
  },
});
// Who is cut off or refuses the certificate ends the connection; that is the tests' business.
server.on('error', () => undefined);
server.server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => undefined);
});
server.listen(options.port ?? 0, '127.0.0.1', () => say(`ready ${server.server.address().port}`));

createInterface({ input: process.stdin })
  .on('line', (line) => {
    manner = line;
    say(`now ${line}`);
  })
  // Ends with whoever started it, even when that was killed.
  .on('close', () => process.exit(0));
