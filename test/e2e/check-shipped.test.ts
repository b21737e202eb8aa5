import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unpackPackage } from '../support/debian-package.ts';
import { CONFIG_FILE, PROGRAM, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';

/**
 * `check` on the configurations that came with PortSentry. It says what every line that sets something does here, and it
 * reports what the old program did wrong with it in silence.
 */

interface Shipped {
  readonly name: string;
  readonly text: () => string;
  /** What check must say about each key that the file sets. */
  readonly effects: Readonly<Record<string, string>>;
  /** Its warnings, then its notes, by the key at whose line each stands; the words are part of the finding. */
  readonly findings: readonly (readonly [key: string, words: string])[];
}

const LOGS = 'BLOCK_TCP and BLOCK_UDP only log';
const ATCP = 'not used: the default starts -atcp';
const AUDP = 'not used: the default starts -audp';

/** The same in every file. */
const PLAIN = {
  ADVANCED_EXCLUDE_TCP: '-atcp leaves these out',
  ADVANCED_EXCLUDE_UDP: '-audp leaves these out',
  IGNORE_FILE: 'the addresses in it are never acted on; it is read again on SIGHUP',
  HISTORY_FILE: 'one line for each host, as PortSentry 1.x writes it',
  RESOLVE_HOST: 'log lines show addresses; no name is looked up',
  SCAN_TRIGGER: 'the first connect of a source triggers',
};

const SHIPPED: readonly Shipped[] = [
  {
    name: 'PortSentry 1.2 of Debian',
    text: () => {
      const { folder, version } = unpackPackage('portsentry');
      expect(version).toMatch(/^1\.2-/);
      return readFileSync(join(folder, CONFIG_FILE), 'utf8');
    },
    effects: {
      ...PLAIN,
      TCP_PORTS: `26 ports that -tcp and -stcp watch; ${ATCP}`,
      UDP_PORTS: `21 ports that -udp and -sudp watch; ${AUDP}`,
      ADVANCED_PORTS_TCP: '-atcp watches every port below 1024',
      ADVANCED_PORTS_UDP: '-audp watches every port below 1024',
      BLOCKED_FILE: `nothing is written to it: ${LOGS}`,
      BLOCK_TCP: 'a TCP scanner is only logged; nothing is run',
      BLOCK_UDP: 'a UDP scanner is only logged; nothing is run',
      KILL_ROUTE: `not used: ${LOGS}`,
      KILL_HOSTS_DENY: `not used: ${LOGS}`,
    },
    findings: [],
  },
  {
    name: "PortSentry 1.2 of Gentoo's wiki",
    text: () => readFileSync('fixtures/conf/gentoo-wiki.conf', 'utf8'),
    effects: {
      ...PLAIN,
      TCP_PORTS: `45 ports that -tcp and -stcp watch; ${ATCP}`,
      UDP_PORTS: `32 ports that -udp and -sudp watch; ${AUDP}`,
      ADVANCED_PORTS_TCP: '-atcp watches every port below 65355',
      ADVANCED_PORTS_UDP: '-audp watches every port below 65355',
      BLOCKED_FILE: 'one line for each block that worked, in /etc/portsentry/portsentry.blocked.MODE',
      BLOCK_TCP: 'only KILL_ROUTE is run for a TCP scanner',
      BLOCK_UDP: 'only KILL_ROUTE is run for a UDP scanner',
      KILL_ROUTE: 'run by /bin/sh for a TCP or UDP scanner; it counts as a block only with exit status 0',
      PORT_BANNER: '-tcp and -udp answer a client with it; not used: the default starts -atcp and -audp',
    },
    findings: [
      ['BLOCK_TCP', 'without KILL_RUN_CMD: KILL_ROUTE is run as the external command'],
      ['KILL_ROUTE', 'KILL_ROUTE calls iptables, which knows no IPv6: an IPv6 source stays unblocked'],
      ['KILL_ROUTE', 'set UNKILL_ROUTE="/sbin/iptables -D INPUT -s $TARGET$ -j DROP"'],
      ['ADVANCED_PORTS_UDP', 'PortSentry 1.x blocked a resolver whose answer was late'],
      [
        'IGNORE_FILE',
        'made the old PortSentry block the gateway, unless IGNORE_FILE had it; here AUTO_IGNORE="1" spares it',
      ],
      [
        'KILL_ROUTE',
        'ended the value at this quote and read "/sbin/iptables -I INPUT -s $TARGET$ -j DROP && echo "',
      ],
    ],
  },
  {
    name: 'PortSentry 2.0.7',
    text: () => readFileSync('fixtures/conf/portsentry-2.0.7.conf', 'utf8'),
    effects: {
      IGNORE_FILE: PLAIN.IGNORE_FILE,
      HISTORY_FILE: PLAIN.HISTORY_FILE,
      TCP_PORTS: `28 ports that -tcp and -stcp watch; ${ATCP}`,
      UDP_PORTS: `9 ports that -udp and -sudp watch; ${AUDP}`,
      BLOCKED_FILE: `nothing is written to it: ${LOGS}`,
    },
    findings: [
      ['TCP_PORTS', 'which watched only these ports; here --stealth (-stcp -sudp) or MODES="stcp,sudp" does'],
    ],
  },
];

let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ name: 'check' });
});
afterAll(() => lab.close());

describe.each(SHIPPED)('$name', ({ text, effects, findings }) => {
  let lines: readonly string[];
  let answer: readonly string[];
  beforeAll(async () => {
    const shipped = text();
    lines = shipped.split('\n');
    for (const folder of ['/etc/portsentry', '/var/lib/portsentry', '/var/log'])
      writeFile(lab.victim, `${folder}/.keep`, '');
    writeFile(lab.victim, '/etc/portsentry/portsentry.ignore', '127.0.0.1/32\n');
    writeFile(lab.victim, CONFIG_FILE, shipped);
    const { code, stdout, stderr } = await lab.run(lab.victim, [process.execPath, PROGRAM, 'check']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    answer = stdout.split('\n');
  }, 300_000);

  /** The settings of the file, by a parser of the test's own. */
  const settings = () =>
    lines.flatMap((line, index) => {
      const key = /^\s*([A-Z0-9_]+)\s*=/.exec(line)?.[1];
      return key === undefined ? [] : [{ key, line: index + 1 }];
    });

  test('each line that sets something is explained', () => {
    const begin = answer.indexOf('What each line does');
    const told = answer
      .slice(begin + 1, answer.indexOf('', begin))
      .map((row) => row.replace(/ +/g, ' ').trim());
    expect(told).toEqual(settings().map(({ key, line }) => `line ${line} ${key}: ${effects[key]}`));
  });

  test('each silent fault is found, and nothing else', () => {
    const told = answer.flatMap((line) => /^\S+:(\d+):\d+: (?:error|warning|note): /.exec(line)?.[1] ?? []);
    const lineOf = (key: string) => settings().find((setting) => setting.key === key)?.line;
    expect(told).toEqual(findings.map(([key]) => String(lineOf(key))));
    for (const [, words] of findings) expect(answer.join('\n')).toContain(words);
  });
});
