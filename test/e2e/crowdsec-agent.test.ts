import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bannedBy } from '../support/crowdsec-agent.ts';
import { configure, nmap, PROGRAM, startDetector } from '../support/detector.ts';
import { createLab } from '../support/lab.ts';
import { targetsOf } from '../support/orders.ts';

/** The real agent of crowdsec reads our events: with the parser and the scenario that we ship, and with its stock rules for Suricata. */

function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-events-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('EVENT_FORMAT="ecs": the scanners are banned, and neither decoys nor a flood nor honest hosts', async () => {
  const events = join(testFolder(), 'events.json');
  const captures = ['story', 'nmap-decoys', 'honest-http', 'honest-dns', 'honest-ftp'].map(
    (name) => `fixtures/captures/${name}.pcap`,
  );
  const out = openSync(events, 'w');
  const words = ['replay', '--format', 'json', '--no-summary', '-atcp', '-audp', ...captures];
  const { status } = spawnSync(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', out, 'ignore'] });
  closeSync(out);
  expect(status).toBe(0);
  expect(await bannedBy(events, 'portsentry')).toEqual([
    '10.99.0.1 local/portsentry-scan',
    '10.99.0.11 local/portsentry-scan',
    '10.99.0.12 local/portsentry-scan',
  ]);
});

test('EVENT_FORMAT="eve": a scanner that connected is banned by the stock rules, forged sources are not', async () => {
  const lab = await createLab({ name: 'eve' });
  onTestFinished(() => lab.close());
  configure(
    lab.victim,
    'BLOCK_METHOD="nftables"\nTCP_PORTS="3000-3010"\nEVENT_FILE="/run/events"\nEVENT_FORMAT="eve"\nEVENT_FILE_MODE="0640:adm"',
  );
  const detector = await startDetector(lab, lab.victim, ['-tcp', '-audp']);
  await lab.run(lab.scanner, [
    ...['hping3', '--udp', '--rand-source', '--fast', '--count', '20', '-p', '++40', lab.wire.to.ipv4],
  ]);
  await nmap(lab, ['-sT', '-p', '3000-3004', lab.wire.to.ipv4]);
  await lab.waitFor(async () => (await targetsOf(lab)).includes(lab.wire.from.ipv4));
  await detector.stop();
  const events = lab.victim.path('/run/events');
  expect(statSync(events).mode & 0o777).toBe(0o640);
  expect(await bannedBy(events, 'suricata-evelogs')).toEqual([
    '10.99.0.1 crowdsecurity/suricata-major-severity',
  ]);
});
