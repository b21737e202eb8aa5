import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure, endBy, nmap, PROMPT_STARTS, startDetector, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { order, targetsOf } from '../support/orders.ts';
import { startReceiver, trustReceiver } from '../support/receiver.ts';

/** Notifications, with a real receiver on the victim itself. */

const BLOCKS = 'BLOCK_METHOD="nftables"\nHISTORY_FILE=""\nBLOCKED_FILE=""';
const TOKEN_FILE = '/etc/portsentry/token';
const URL_FILE = '/etc/portsentry/notify-url';

/** Secrets that must not be seen anywhere but at the receiver. */
const TOKEN = 'tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2';
const TOPIC = 's3cr3t-t0pic';

/** A stop waits for the last message, at most 2 s longer than it takes without. */
const STOP_STARTS = PROMPT_STARTS * 4;

let lab: Lab;

beforeEach(async () => {
  lab = await createLab({ name: 'notify' });
});
afterEach(() => lab.close());

function secretFile(path: string, text: string, mode = '600') {
  writeFile(lab.victim, path, text);
  return lab.run(lab.victim, ['chmod', mode, path]);
}

/** What people can see of a run without being root's debugger: its log, its answers, and the list of processes. */
async function everythingShown(detector: LabProcess): Promise<string> {
  const texts = [detector.output];
  for (const words of [
    ['status', '--json'],
    ['doctor', '--json'],
    ['notify', '--test'],
    ['notify', '--test', '--json'],
  ])
    texts.push(...Object.values(await order(lab, ...words)).map(String));
  texts.push((await lab.run(lab.victim, ['sh', '-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/comm'])).stdout);
  return texts.join('\n');
}

const titles = (received: readonly { readonly headers: Readonly<Record<string, string>> }[]) =>
  received.map(({ headers }) => headers.title?.replace(/ on \S+:/, ' on HOST:'));

test('a scan, the start and the stop reach a receiver with TLS; its address and token are shown nowhere', async () => {
  const receiver = await startReceiver(lab, 8443, true);
  await trustReceiver(lab);
  await secretFile(TOKEN_FILE, `${TOKEN}\n`);
  await secretFile(URL_FILE, `https://localhost:8443/${TOPIC}\n`);
  const keys = `NOTIFY_URL_FILE="${URL_FILE}"\nNOTIFY_TOKEN_FILE="${TOKEN_FILE}"\nNOTIFY_FORMAT="ntfy"`;
  configure(lab.victim, `${BLOCKS}\n${keys}`);
  const detector = await startDetector(lab, lab.victim);
  await lab.waitFor(() => receiver.received().length > 0);
  await nmap(lab, ['-sS', '-p', '1-50', lab.wire.to.ipv4]);
  await lab.waitFor(async () => (await targetsOf(lab)).length > 0);
  const shown = await everythingShown(detector);
  const { code } = await endBy(lab, detector);
  expect(code).toBe(0);
  const received = receiver.received();
  expect(titles(received)).toEqual([
    'portsentry on HOST: started',
    'portsentry on HOST: a test message',
    'portsentry on HOST: a test message',
    'portsentry on HOST: 1 scan, stopped',
  ]);
  expect(received.at(-1)?.body).toMatch(/^\S+ \S+ Scan by 10\.99\.0\.1 ended: \d+ probes to \d+ ports/);
  for (const { url, headers } of received) {
    expect(url).toBe(`/${TOPIC}`);
    expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
  }
  expect(shown).toContain('https://localhost:8443/... (ntfy): delivered');
  for (const secret of [TOKEN, TOPIC]) expect(`${shown}${detector.output}`).not.toContain(secret);
});

test('each format has what its receiver reads, a bad certificate gets nothing, and a test says so', async () => {
  const receiver = await startReceiver(lab, 8443, true);
  const formats = ['json', 'ntfy', 'slack', 'apprise'] as const;
  const tryFormat = (format: string) => {
    configure(lab.victim, `NOTIFY_URL="https://localhost:8443/x"\nNOTIFY_FORMAT="${format}"`);
    return order(lab, 'notify', '--test');
  };
  const refused = await tryFormat('json');
  expect(refused.code).toBe(69);
  expect(refused.stdout).toMatch(/NOT delivered after \S+ s: self-signed certificate/);
  expect(receiver.received()).toEqual([]);
  await trustReceiver(lab);
  for (const format of formats) expect((await tryFormat(format)).code).toBe(0);
  receiver.answers('401');
  const unauthorized = await tryFormat('ntfy');
  expect([unauthorized.code, unauthorized.stdout]).toEqual([
    69,
    expect.stringMatching(/NOT delivered .* status 401: 401/),
  ]);
  const [json, ntfy, slack, apprise] = receiver.received();
  expect(JSON.parse(json?.body ?? '')).toMatchObject({
    counts: { test: 1 },
    events: [{ event: { action: 'test' } }],
  });
  expect(ntfy?.headers).toMatchObject({ title: expect.stringContaining('a test message'), priority: '2' });
  expect(JSON.parse(slack?.body ?? '')).toMatchObject({ text: expect.stringContaining('a test message') });
  expect(JSON.parse(apprise?.body ?? '')).toMatchObject({
    type: 'info',
    body: expect.stringContaining('test'),
  });
});

test('nobody to tell, a wrong address and files that are too open are said with their exit codes', async () => {
  configure(lab.victim);
  expect(await order(lab, 'notify', '--test')).toMatchObject({
    code: 78,
    stderr: 'portsentry: nobody is notified: neither NOTIFY_COMMAND nor NOTIFY_URL is set\n',
  });
  expect((await order(lab, 'notify')).code).toBe(64);
  configure(lab.victim, `NOTIFY_URL="https://user:hunter22@localhost/"`);
  const wrong = await order(lab, 'check');
  expect(wrong.code).toBe(78);
  expect(wrong.stdout).toContain('NOTIFY_URL: expected an address without a user and a password');
  expect(wrong.stdout).not.toContain('hunter22');
  await secretFile(URL_FILE, 'https://localhost/x', '644');
  configure(lab.victim, `NOTIFY_URL_FILE="${URL_FILE}"`);
  const open = await order(lab, 'notify', '--test');
  expect([open.code, open.stdout]).toEqual([69, expect.stringContaining(`chmod 600 ${URL_FILE}`)]);
  const checked = await order(lab, 'check');
  expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining(`chmod 600 ${URL_FILE}`)]);
});

test('a receiver that fails, resets, hangs and comes back costs nothing, and gets all in the end', async () => {
  const receiver = await startReceiver(lab, 8080);
  receiver.answers('500');
  configure(lab.victim, `${BLOCKS}\nNOTIFY_URL="http://localhost:8080/x"\nNOTIFY_FORMAT="ntfy"`);
  const detector = await startDetector(lab, lab.victim);
  await detector.waitForLine(
    /^adminalert: A notification did not reach http:\/\/localhost:8080\/\.\.\.: status 500: 500; it is tried again\.$/,
  );
  const doctor = await order(lab, 'doctor');
  expect([doctor.code, doctor.stdout]).toEqual([
    69,
    expect.stringMatching(/^FAIL {2}notify .*the last attempt failed: status 500/m),
  ]);
  receiver.answers('reset');
  const reset = await order(lab, 'notify', '--test');
  expect([reset.code, reset.stdout]).toEqual([
    69,
    expect.stringMatching(/NOT delivered .*(socket hang up|ECONNRESET)/),
  ]);
  // Another address is tried at once.
  receiver.answers('hang');
  configure(lab.victim, `${BLOCKS}\nNOTIFY_URL="http://localhost:8080/other"\nNOTIFY_FORMAT="ntfy"`);
  detector.signal('SIGHUP');
  await lab.waitFor(() => receiver.received().some(({ url, mode }) => url === '/other' && mode === 'hang'));
  await nmap(lab, ['-sS', '-p', '1-50', lab.wire.to.ipv4]);
  await lab.waitFor(async () => (await targetsOf(lab)).length > 0);
  await detector.waitForLine(
    /^adminalert: A notification did not reach .*: no answer within 10 s; it is tried again\.$/,
  );
  receiver.answers('ok');
  await detector.waitForLine(
    /^adminalert: Notifications reach http:\/\/localhost:8080\/\.\.\. again, after one attempt that failed\.$/,
  );
  expect(titles(receiver.received().filter(({ mode }) => mode === 'ok'))).toEqual([
    'portsentry on HOST: started',
  ]);
  receiver.answers('hang');
  const { code, starts } = await endBy(lab, detector);
  expect(code).toBe(0);
  expect(starts, 'a stop does not wait for a receiver that hangs').toBeLessThan(STOP_STARTS);
  expect(titles(receiver.received()).at(-1)).toBe('portsentry on HOST: 1 scan, stopped');
});

test('a daemon that is started again and again tells of it once a minute', async () => {
  const receiver = await startReceiver(lab, 8080);
  configure(lab.victim, `${BLOCKS}\nNOTIFY_URL="http://localhost:8080/x"\nNOTIFY_FORMAT="ntfy"`);
  const first = await startDetector(lab, lab.victim);
  await lab.waitFor(() => receiver.received().length > 0);
  first.signal('SIGKILL');
  await first.ended;
  for (let run = 0; run < 2; run++) {
    const again = await startDetector(lab, lab.victim);
    // Its first seconds are over.
    await again.waitForLine(/is now active/);
    await lab.waitFor(async () => (await order(lab, 'status', '--json')).stdout.includes('"waiting":1'));
    again.signal('SIGKILL');
    await again.ended;
  }
  expect(titles(receiver.received())).toEqual(['portsentry on HOST: started']);
});
