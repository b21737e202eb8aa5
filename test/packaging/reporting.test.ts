import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Group } from '../../src/notify/group.ts';
import { messageOf } from '../../src/notify/message.ts';
import type { ScanEvent } from '../../src/track/event.ts';
import { EVIDENCE } from '../../src/track/evidence.ts';
import { type Got, receiver, scan } from '../notify/given.ts';
import { mailServer } from './given.ts';

/** The examples that report proven scanners to others, with a real receiver and a program in the place of sendmail. */

const EXAMPLES = resolve('packaging/examples');
const KEY = 'f00dc0ffee'.repeat(8);
const PROVEN = {
  source: '203.0.113.7',
  evidence: 'handshake',
  targetNames: ['198.51.100.20'],
  ranges: [
    { transport: 'tcp', first: 20, last: 22 },
    { transport: 'udp', first: 53, last: 53 },
  ],
  ports: 4,
  probes: 9,
} as const satisfies Partial<ScanEvent>;

function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-reporting-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What NOTIFY_COMMAND reads of these scans. */
function message(...scans: Partial<ScanEvent>[]): string {
  const group = new Group();
  for (const fields of scans) group.add(scan(fields));
  return `${JSON.stringify(messageOf(group.take(), { host: 'web1', version: '3.0.0' }).fields)}\n`;
}

/** Runs a NOTIFY_COMMAND as the daemon does, with the message on its standard input. */
async function run(command: string, input: string, variables: Record<string, string>) {
  const child = spawn('/bin/sh', ['-c', command], { env: { ...process.env, ...variables } });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const status = await new Promise<number | null>((done) => child.once('close', done));
  return { status, ...output };
}

/** AbuseIPDB as the tests have it; `answer` is the status of each answer. */
async function givenAbuseIpdb(answer: () => number = () => 200) {
  const folder = testFolder();
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });
  const { got, port } = await receiver((response) => response.writeHead(answer()).end('{}'));
  const variables = { ABUSEIPDB_KEY_FILE: keyFile, ABUSEIPDB_URL: `http://127.0.0.1:${port}/api/v2/report` };
  const state = join(folder, 'state');
  const command = `${EXAMPLES}/proven-scans ${state} ${EXAMPLES}/abuseipdb/report-abuseipdb`;
  const notify = (input: string, other: Record<string, string> = {}) =>
    run(command, input, { ...variables, ...other });
  return { folder, keyFile, state, got, notify };
}

const formsOf = (got: readonly Got[]) => got.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
const reportedTo = (got: readonly Got[]) => formsOf(got).map(({ ip }) => ip);
const NOTHING_SAID = { status: 0, stdout: '', stderr: '' };

describe('AbuseIPDB', () => {
  test('gets one report about a proven scanner, without an address of this host', async () => {
    const { got, notify } = await givenAbuseIpdb();
    expect(await notify(message(PROVEN))).toEqual(NOTHING_SAID);
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({
      url: '/api/v2/report',
      headers: { key: KEY, accept: 'application/json' },
    });
    expect(formsOf(got)).toEqual([
      {
        ip: '203.0.113.7',
        categories: '14',
        comment:
          'Port scan: 9 probes to 4 ports (TCP 20-22, UDP 53), nmap-like; the address is not forged: ' +
          'it completed a TCP handshake. Seen by portsentry.',
        timestamp: '2026-11-22T13:33:37+00:00',
      },
    ]);
    expect(got[0]?.body).not.toMatch(/198\.51\.100\.20|web1/);
  });

  test.each(EVIDENCE)('evidence %s', async (evidence) => {
    const { got, notify } = await givenAbuseIpdb();
    expect(await notify(message({ ...PROVEN, evidence }))).toEqual(NOTHING_SAID);
    expect(got).toHaveLength(evidence === 'handshake' || evidence === 'reacts' ? 1 : 0);
  });

  test('gets nothing about decoys, networks, private addresses, and what is no scan', async () => {
    const { got, notify } = await givenAbuseIpdb();
    const decoys = { sources: 2, decoys: ['203.0.113.7', '203.0.113.8'], shape: 'decoy' } as const;
    const others = [
      '10.1.2.3',
      '172.20.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.1.1',
      'fe80::1',
      'fd00::1',
    ];
    const scans = [
      { ...PROVEN, ...decoys },
      { ...PROVEN, source: '2001:db8:1::/64' },
    ];
    for (const fields of [...scans, ...others.map((source) => ({ ...PROVEN, source }))])
      expect(await notify(message(fields))).toEqual(NOTHING_SAID);
    expect(await notify('{"events":[{"event":{"action":"start"}}]}')).toEqual(NOTHING_SAID);
    expect(got).toEqual([]);
  });

  test('gets each source of a message once in 15 minutes', async () => {
    const { state, got, notify } = await givenAbuseIpdb();
    const other = { ...PROVEN, source: '2001:db8::7' };
    await notify(message(PROVEN, other, { ...PROVEN, probes: 3 }));
    await notify(message(PROVEN, other));
    expect(reportedTo(got)).toEqual(['2001:db8::7', '203.0.113.7']);
    const old = Math.floor(Date.now() / 1_000) - 901;
    writeFileSync(state, `${old} 203.0.113.7\n`);
    await notify(message(PROVEN));
    expect(reportedTo(got)).toEqual(['2001:db8::7', '203.0.113.7', '203.0.113.7']);
    expect(readFileSync(state, 'utf8')).toMatch(/^\d+ 203\.0\.113\.7\n$/);
  });

  test('gets one report when several commands start at once', async () => {
    const { got, notify } = await givenAbuseIpdb();
    const results = await Promise.all(Array.from({ length: 6 }, () => notify(message(PROVEN))));
    expect(results).toEqual(results.map(() => NOTHING_SAID));
    expect(reportedTo(got)).toEqual(['203.0.113.7']);
  });

  test('gets no text as syntax: of a shell, of curl or of a form', async () => {
    const { folder, got, notify } = await givenAbuseIpdb();
    const hostile = `"\nurl = "http://127.0.0.1/"\n$(touch ${folder}/evil) \`touch ${folder}/evil\`&ip=192.0.2.1;'%s`;
    const fields = {
      ...PROVEN,
      tool: hostile,
      targetNames: [hostile],
      kinds: [hostile],
    } as unknown as ScanEvent;
    expect(await notify(message(fields))).toEqual(NOTHING_SAID);
    expect(await notify(message({ ...fields, source: hostile }))).toEqual(NOTHING_SAID);
    expect(reportedTo(got)).toEqual(['203.0.113.7']);
    expect(formsOf(got)[0]?.comment).toMatch(/^Port scan: 9 probes to 4 ports \(TCP 20-22, UDP 53\); the/);
    expect(existsSync(join(folder, 'evil'))).toBe(false);
  });

  test('that is down or does not know the key makes the command fail in one line, and the next try reports', async () => {
    let status = 401;
    const { got, notify } = await givenAbuseIpdb(() => status);
    expect(await notify(message(PROVEN))).toEqual({
      status: 1,
      stdout: '',
      stderr: 'report-abuseipdb: 203.0.113.7: curl: (22) The requested URL returned error: 401\n',
    });
    const down = await notify(message(PROVEN), { ABUSEIPDB_URL: 'http://127.0.0.1:1/' });
    expect(down).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^report-abuseipdb: 203\.0\.113\.7: curl: \(7\) [^\n]+\n$/),
    });
    status = 200;
    expect(await notify(message(PROVEN))).toEqual(NOTHING_SAID);
    expect(got).toHaveLength(2);
  });

  test.each([429, 422])('that refuses a report with %i is not asked again', async (status) => {
    const { got, notify } = await givenAbuseIpdb(() => status);
    const refused = await notify(message(PROVEN, { ...PROVEN, source: '203.0.113.8' }));
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^[^\n]+ is refused: [^\n]+\n$/),
    });
    expect(await notify(message(PROVEN))).toEqual(NOTHING_SAID);
    expect(got).toHaveLength(2);
  });

  test.each([
    ['can be read by others', (path: string) => chmodSync(path, 0o640), 'others may read it: chmod 600'],
    ['is missing', (path: string) => rmSync(path), 'cannot be read'],
    ['has something else', (path: string) => writeFileSync(path, 'a key\n'), 'expected the key of the API'],
  ])('gets nothing when the file of the key %s', async (_, spoil, reason) => {
    const { keyFile, got, notify } = await givenAbuseIpdb();
    spoil(keyFile);
    const { status, stderr } = await notify(message(PROVEN));
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${keyFile}: ${reason}`)]);
    expect(got).toEqual([]);
  });

  test('its key is in no list of processes', async () => {
    const seen: string[] = [];
    const { got, notify } = await givenAbuseIpdb(() => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          seen.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
        } catch {
          // It has ended.
        }
      }
      return 200;
    });
    await notify(message(PROVEN));
    expect(got[0]?.headers).toMatchObject({ key: KEY });
    expect(seen.join('\n')).toContain('curl');
    expect(seen.join('\n')).not.toContain(KEY);
  });
});

/** DShield's mail, taken by a program that is called as sendmail is; `status` is how it ends. */
function givenDshield(status = 0) {
  const folder = testFolder();
  const sendmail = join(folder, 'sendmail');
  const at = (name: string) => join(folder, name);
  writeFileSync(
    sendmail,
    `#!/bin/sh\nprintf '%s\\n' "$@" >'${at('arguments')}'; cat >>'${at('mails')}'; exit ${status}\n`,
  );
  chmodSync(sendmail, 0o755);
  const command = `${EXAMPLES}/proven-scans ${at('state')} ${EXAMPLES}/dshield/report-dshield 123456 admin@example.org`;
  const notify = (input: string, other: Record<string, string> = {}) =>
    run(command, input, { FILE: at('lines'), SENDMAIL: sendmail, ...other });
  const mails = () => (existsSync(at('mails')) ? readFileSync(at('mails'), 'utf8') : '');
  const lines = () =>
    mails()
      .split('\n')
      .filter((line) => line.includes('\t'));
  return { at, notify, mails, lines };
}

describe('DShield', () => {
  test('gets a line for each port of a proven scanner by mail, without the address of this host', async () => {
    const { at, notify, mails, lines } = givenDshield();
    expect(await notify(message(PROVEN))).toEqual(NOTHING_SAID);
    expect(readFileSync(at('arguments'), 'utf8')).toBe(
      '-i\n-f\nadmin@example.org\n--\nreports@dshield.org\n',
    );
    expect(mails()).toMatch(
      /^From: admin@example\.org\nTo: reports@dshield\.org\nSubject: FORMAT DSHIELD USERID 123456 TZ \+00:00 portsentry\n/,
    );
    const line = (port: number, protocol: string, flags: string) =>
      [
        '2026-11-22 13:33:34 +00:00',
        '123456',
        '1',
        '203.0.113.7',
        '???',
        '10.51.100.20',
        port,
        protocol,
        flags,
      ].join('\t');
    expect(lines()).toEqual([
      line(20, 'TCP', 'S'),
      line(21, 'TCP', 'S'),
      line(22, 'TCP', 'S'),
      line(53, 'UDP', ''),
    ]);
  });

  test('gets the target and the count of a scan of one port, where that is asked for', async () => {
    const { notify, lines } = givenDshield();
    const one = { ranges: [{ transport: 'tcp', first: 22, last: 22 }], ports: 1 } as const;
    await notify(message({ ...PROVEN, ...one }), { SHOW_TARGETS: '1' });
    expect(lines()).toEqual([
      '2026-11-22 13:33:34 +00:00\t123456\t9\t203.0.113.7\t???\t198.51.100.20\t22\tTCP\tS',
    ]);
  });

  test('gets no port that was perhaps not probed', async () => {
    const { notify, lines } = givenDshield();
    await notify(message({ ...PROVEN, ranges: [{ transport: 'tcp', first: 1, last: 60_000 }], ports: 300 }));
    expect(lines().map((line) => line.split('\t')[6])).toEqual(['1', '60000']);
  });

  test('gets nothing about what may be forged, nor twice, and one mail an hour', async () => {
    const { at, notify, mails, lines } = givenDshield();
    for (const evidence of ['spoofable', 'repeated'] as const)
      expect(await notify(message({ ...PROVEN, evidence }))).toEqual(NOTHING_SAID);
    expect(mails()).toBe('');
    await notify(message(PROVEN));
    await notify(message(PROVEN));
    await notify(message({ ...PROVEN, source: '203.0.113.8' }));
    expect(lines()).toHaveLength(4);
    expect(readFileSync(at('lines'), 'utf8').split('\n')).toHaveLength(5);
    const anHourAgo = new Date(Date.now() - 3_700_000);
    utimesSync(at('lines.sent'), anHourAgo, anHourAgo);
    await notify(message({ ...PROVEN, source: '203.0.113.9' }));
    const sources = lines().map((line) => line.split('\t')[3]);
    expect([...new Set(sources)]).toEqual(['203.0.113.7', '203.0.113.8', '203.0.113.9']);
    expect(sources).toHaveLength(12);
  });

  test('gets the mail by the port of the mail server where no program may change its group', async () => {
    const { at } = givenDshield();
    const { said, url } = await mailServer();
    const report = `${EXAMPLES}/dshield/report-dshield 123456 admin@example.org`;
    const command = `exec setpriv --no-new-privs ${EXAMPLES}/proven-scans ${at('state')} ${report}`;
    expect(
      await run(command, message(PROVEN), { FILE: at('lines'), SENDMAIL: '/bin/false', SMTP: url }),
    ).toEqual(NOTHING_SAID);
    expect(said).toEqual(
      expect.arrayContaining([
        'MAIL FROM:<admin@example.org>',
        'RCPT TO:<reports@dshield.org>',
        'Subject: FORMAT DSHIELD USERID 123456 TZ +00:00 portsentry',
      ]),
    );
    expect(said.filter((line) => line.includes('\t'))).toHaveLength(4);
  });

  test('whose mail is not taken makes the command fail in one line, and the next try mails', async () => {
    const { at, notify } = givenDshield(75);
    const { status, stderr } = await notify(message(PROVEN));
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^report-dshield: reports@dshield\.org: the mail is not taken: [^\n]*\n$/),
    ]);
    const sendmail = at('sendmail');
    writeFileSync(sendmail, `#!/bin/sh\ncat >'${at('mails')}'\n`);
    expect(await notify(message(PROVEN))).toEqual(NOTHING_SAID);
    expect(readFileSync(at('mails'), 'utf8').match(/203\.0\.113\.7/g)).toHaveLength(4);
  });

  test.each(['x 123', '123 -oQ/tmp', "123 'a\nBcc: b'"])('takes no other words: %s', async (words) => {
    const { at } = givenDshield();
    const command = `${EXAMPLES}/proven-scans ${at('state')} ${EXAMPLES}/dshield/report-dshield ${words}`;
    const { status, stderr } = await run(command, message(PROVEN), { FILE: at('lines') });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^report-dshield: expected /)]);
    expect(existsSync(at('mails'))).toBe(false);
  });
});
