/**
 * Stands in the place of the sensor's program and does what an attacker would who took it over. Each start takes the next
 * word of the file `phases` beside it; without one it is the real sensor.
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { AnswerKind, LeftAnswer } from '../classify/answer.js';
import { Kind, LAST_KIND } from '../classify/kind.js';
import { Probe } from '../classify/probe.js';
import { parseAddress } from '../net/address.js';
import {
  RECORD_LENGTH,
  writeAlive,
  writeAnswer,
  writeCount,
  writeProbe,
  writeReady,
} from './record-format.js';

const RECORDS_FD = 3;
const FILE = new URL('./phases', import.meta.url);
const [phase, ...rest] = readFileSync(FILE, 'utf8').split(' ');
writeFileSync(FILE, rest.join(' '));

/** Times that no packet of now has. */
const now = Date.now();
const TIMES = [now, 0, now - 3_600_000, now + 3_600_000, 8.64e15, Number.NaN, -1, Number.POSITIVE_INFINITY];
const VICTIM = '10.99.0.2';

function send(write) {
  const view = new DataView(new ArrayBuffer(RECORD_LENGTH));
  write(view);
  writeSync(RECORDS_FD, new Uint8Array(view.buffer));
}

function sendProbe(kind, protocol, time) {
  const probe = new Probe();
  Object.assign(probe, { kind, protocol, time, sourcePort: 1, destinationPort: 3_000 + kind });
  probe.source.set(parseAddress(`10.66.0.${kind}`));
  probe.destination.set(parseAddress(VICTIM));
  for (const rule of [0, 1, 15]) send((view) => writeProbe(view, 0, probe, 0, rule));
}

function sendAnswer(kind, protocol, time) {
  const answer = new LeftAnswer();
  Object.assign(answer, { kind, protocol, time, sourcePort: 4_000, destinationPort: 1 });
  answer.source.set(parseAddress(VICTIM));
  answer.destination.set(parseAddress('10.66.0.1'));
  send((view) => writeAnswer(view, 0, answer));
}

function sendEverything() {
  for (const time of TIMES) {
    for (let kind = 0; kind <= LAST_KIND; kind++)
      for (const protocol of [1, 6, 17, 132]) sendProbe(kind, protocol, time);
    sendProbe(Kind.connect, 6, time);
    for (const kind of Object.values(AnswerKind))
      for (const protocol of [6, 17]) sendAnswer(kind, protocol, time);
  }
  for (const count of [10, 5, 1e300, Number.NaN, -1]) send((view) => writeCount(view, 0, 1, count));
  send((view) => writeCount(view, 0, 250, 1));
  send((view) => writeReady(view, 0, 255));
  for (let type = 0; type < 256; type++) if (type > 5) send((view) => view.setUint8(0, type));
  // Half a record.
  writeSync(RECORDS_FD, new Uint8Array(RECORD_LENGTH / 2));
}

/** Resolves when the main process has written its plan: it takes the sensor for ready from here on. */
async function start() {
  await new Promise((resolve) => process.stdin.once('data', resolve));
  send((view) => writeReady(view, 0, 0));
}

switch (phase) {
  case 'everything':
    await start();
    sendEverything();
    // Whatever it said, it dies of it.
    setTimeout(() => process.exit(1), 500);
    break;
  case 'silent':
    await start();
    break;
  case 'stopped':
    await start();
    process.kill(process.pid, 'SIGSTOP');
    break;
  case 'killed':
    await start();
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
    break;
  case 'lively':
    await start();
    setInterval(() => send((view) => writeAlive(view, 0)), 1_000);
    break;
  default:
    await import('./honest-child.js');
}
