import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configure, IGNORE_FILE, readFile, startDetector, writeFile } from '../support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { ATTACKS, comeFrom, HONEST, type Honest, launch } from '../support/matrix.ts';
import { targetsOf } from '../support/orders.ts';
import { sendFrames } from '../support/services.ts';

/**
 * Scans by real tools, and honest traffic that looks like scans: is there an alert of the right kind, a block, a line of
 * text and an event? Each row comes from an address of its own. MATRIX_FILE gets the table.
 */

const EVENTS = '/run/events';
const IGNORED = '10.99.0.250';

let lab: Lab;
let detector: LabProcess;
const table: string[] = [];

beforeAll(async () => {
  lab = await createLab({ name: 'matrix' });
  configure(lab.victim, `BLOCK_METHOD="nftables"\nEVENT_FILE="${EVENTS}"`);
  writeFile(lab.victim, IGNORE_FILE, `${IGNORED}\n`);
  detector = await startDetector(lab, lab.victim);
});
afterAll(async () => {
  await lab.close();
  const text = `${table.join('\n')}\n`;
  console.log(text);
  if (process.env.MATRIX_FILE !== undefined) appendFileSync(process.env.MATRIX_FILE, text);
});

interface Told {
  readonly event: { readonly action: string };
  readonly source: { readonly ip: string };
  readonly portsentry: {
    readonly kind?: string;
    readonly triggered?: boolean;
    readonly ignored?: string | null;
    readonly note?: string;
  };
}

const events = (): Told[] =>
  readFile(lab.victim, EVENTS)
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Told);

const probesOf = (source: string): Told[] =>
  events().filter(({ event, source: { ip } }) => event.action === 'probe' && ip === source);

/** The events of decoys, one for all their sources. */
const decoys = (): Told[] => events().filter(({ event }) => event.action === 'decoys');

const cell = (value: boolean) => (value ? 'yes' : 'no ');

function note(name: string, alerted: boolean, kind: string, blocked: boolean, text: boolean, event: boolean) {
  const cells = [cell(alerted), kind.padEnd(18), cell(blocked), cell(text), cell(event)];
  table.push(`${name.padEnd(44)} ${cells.join('      ')}`);
}

table.push(`${'stimulus'.padEnd(44)} alerted  right kind              blocked  text     event`);

describe('attacks', () => {
  test.each(ATTACKS.map((attack, index) => ({ ...attack, index })))('$name', async (attack) => {
    const source = await launch(lab, attack, attack.index);
    const isLet = attack.isLet === true;
    const told = () => (isLet ? decoys() : probesOf(source));
    const kinds = () => told().map(({ portsentry }) => portsentry.kind);
    const isRight = () => attack.kinds.every((kind) => kinds().includes(kind));
    const isBlocked = async () => (await targetsOf(lab)).includes(source);
    const isDone = async () => isRight() && (await isBlocked()) !== isLet;
    await lab.waitFor(isDone).catch(() => {});
    const alerted = told().some(({ portsentry }) => isLet || portsentry.triggered === true);
    const words = isLet ? 'attackalert: Decoys: ' : `from host: ${source}/${source} to `;
    const text = detector.lines().some((line) => line.includes(words));
    const found = isRight() ? attack.kinds.join(' ') : `no: ${[...new Set(kinds())].join(' ')}`;
    const blocked = await isBlocked();
    note(attack.name, alerted, found, blocked, text, kinds().length > 0);
    expect({ alerted, kinds: found, blocked, text }).toEqual({
      alerted: true,
      kinds: attack.kinds.join(' '),
      blocked: !isLet,
      text: true,
    });
  });
});

describe('honest', () => {
  test.each(HONEST.map((honest, index) => ({ ...honest, index })))(
    '$name',
    async (honest: Honest & { index: number }) => {
      const source = honest.fromIgnored === true ? IGNORED : `10.99.0.${100 + honest.index}`;
      await comeFrom(lab, source, `fd99::${2000 + honest.index}`);
      await honest.run(lab, source);
      // A probe of another source: when that is blocked, all packets before it have been judged.
      const last = `203.0.113.${honest.index + 1}`;
      const packet = tcpPacket({
        source: last,
        destination: lab.wire.to.ipv4,
        destinationPort: 7777,
        flags: SYN,
      });
      await sendFrames(lab, lab.scanner, [ethernet(packet, { destination: lab.wire.to.mac })]);
      await lab.waitFor(async () => (await targetsOf(lab)).includes(last));
      // What the port of a service that is away gets is recorded, and accuses nobody.
      const accusations = probesOf(source).filter(
        ({ portsentry }) => portsentry.ignored === null && portsentry.note !== 'known-service',
      );
      const text = detector
        .lines()
        .some((line) => line.startsWith('attackalert:') && line.includes(`/${source} to `));
      const blocked = (await targetsOf(lab)).includes(source);
      note(
        honest.name,
        accusations.length > 0,
        accusations[0]?.portsentry.kind ?? '-',
        blocked,
        text,
        accusations.length > 0,
      );
      expect({ accusations, text, blocked }).toEqual({ accusations: [], text: false, blocked: false });
    },
  );
});
