import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { History } from '../../src/record/history.ts';
import { Recorder, type RecorderParts } from '../../src/record/recorder.ts';
import type { BlockEvent } from '../../src/respond/event.ts';
import type { ProbeEvent } from '../../src/track/event.ts';
import { newReported } from '../support/reported.ts';
import { NOON, probeEvent, testFolder } from './given.ts';

const HOST = '10.99.0.1/10.99.0.1';
const ALREADY_BLOCKED = `attackalert: Host: ${HOST} is already blocked Ignoring`;
const STEP = { step: 'route', text: 'true 10.99.0.1', failure: null } as const;
const STEP_LINE =
  'attackalert: Host 10.99.0.1 has been blocked via dropped route using command: "true 10.99.0.1"';

function given(parts: Partial<RecorderParts> = {}) {
  const lines: string[] = [];
  const path = join(testFolder(), 'history');
  const tell = (text: string) => expect.fail(text);
  const history = new History({ historyFile: path, blockedFile: path, modes: ['atcp'], tell });
  expect(history.open()).toBeNull();
  const recorder = new Recorder({
    logFormat: 2,
    sumUp: true,
    text: (line) => lines.push(line),
    events: null,
    history,
    names: null,
    ...parts,
  });
  onTestFinished(() => recorder.close());
  const read = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const files = () => {
    recorder.close();
    return { history: read(path), blocked: read(`${path}.atcp`) };
  };
  return { recorder, lines, files };
}

function scanAt(port: number, end: string): string {
  return `Scan from: [10.99.0.1] (10.99.0.1) protocol: [TCP] port: [${port}] type: [TCP SYN/Normal scan] IP opts: [not set] ${end}`;
}

function blockOf(probe: ProbeEvent, action: BlockEvent['action'] = 'block'): BlockEvent {
  const reason = action === 'block' ? null : 'exit status 4';
  return {
    ...probe,
    target: probe.source,
    until: null,
    times: 1,
    method: 'command',
    steps: [],
    action,
    reason,
  };
}

const BLOCKED = 'ignored: [false] triggered: [true] noblock: [false] blocked: [true]';
const NOT_BLOCKED = 'ignored: [false] triggered: [true] noblock: [false] blocked: [false]';
const ONLY_LOGGED = 'ignored: [false] triggered: [true] noblock: [true] blocked: [false]';

describe('LOG_FORMAT="2"', () => {
  test('a probe that blocks has one line, after those of the actions', () => {
    const { recorder, lines, files } = given();
    const probe = probeEvent();
    recorder.probe(probe, newReported(), 'begun');
    recorder.step('10.99.0.1', STEP);
    recorder.block(blockOf(probe), probe);
    expect(lines).toEqual([STEP_LINE, scanAt(111, BLOCKED)]);
    const { history, blocked } = files();
    expect(history).toEqual([expect.stringMatching(/^2026-11-22T\S+ Scan from: .* blocked: \[true\]$/)]);
    expect(blocked).toEqual([expect.stringMatching(/ Port: 111 TCP Blocked$/)]);
  });

  test('probes that come during the actions come after them, as already blocked', () => {
    const { recorder, lines, files } = given();
    const reported = newReported();
    const probe = probeEvent();
    recorder.probe(probe, reported, 'begun');
    for (const destinationPort of [112, 113])
      recorder.probe(probeEvent({ destinationPort }), reported, 'under way');
    expect(lines).toEqual([]);
    recorder.block(blockOf(probe), probe);
    expect(lines).toEqual([
      scanAt(111, BLOCKED),
      ALREADY_BLOCKED,
      scanAt(112, BLOCKED),
      ALREADY_BLOCKED,
      scanAt(113, BLOCKED),
    ]);
    expect(files().history).toHaveLength(3);
  });

  test('a block that fails has the words of 2.x', () => {
    const { recorder, lines, files } = given();
    const probe = probeEvent();
    recorder.probe(probe, newReported(), 'begun');
    recorder.probe(probeEvent({ destinationPort: 112 }), newReported(), 'under way');
    recorder.block(blockOf(probe, 'block-failed'), probe);
    expect(lines).toEqual([
      `attackalert: Error during target dispose ${HOST}!`,
      scanAt(111, NOT_BLOCKED),
      scanAt(112, NOT_BLOCKED),
    ]);
    expect(files().blocked).toEqual([]);
  });

  test('two addresses of a network that begin the same actions have a line each and one block', () => {
    const { recorder, lines, files } = given();
    const [one, two] = ['2001:db8::1', '2001:db8::2'].map((source) => probeEvent({ source })) as [
      ProbeEvent,
      ProbeEvent,
    ];
    for (const probe of [one, two]) recorder.probe(probe, newReported(), 'begun');
    for (const probe of [one, two]) recorder.block(blockOf(one), probe);
    expect(lines.map((line) => /^Scan from: \[(.*?)\]/.exec(line)?.[1])).toEqual([one.source, two.source]);
    const { history, blocked } = files();
    expect([history.length, blocked.length]).toEqual([2, 1]);
  });

  test('each probe has its line, however many, repeats too; there is no sum', () => {
    const { recorder, lines, files } = given();
    const reported = newReported();
    for (let port = 1; port <= 60; port++)
      recorder.probe(probeEvent({ destinationPort: port, noBlock: true }), reported);
    recorder.probe(probeEvent({ repeat: true, noBlock: true }), reported);
    const { history } = files();
    expect(lines).toHaveLength(61);
    expect(lines.at(-1)).toBe(scanAt(111, ONLY_LOGGED));
    expect(history.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(lines);
  });

  test('above 100 a second they are counted in a line that readers of 2.x skip', () => {
    const { recorder, lines, files } = given();
    for (let index = 0; index < 500; index++)
      recorder.probe(
        probeEvent({ source: `10.0.${index >> 8}.${index & 255}`, noBlock: true }),
        newReported(),
      );
    recorder.tick(NOON + 59_999);
    expect(lines).toHaveLength(100);
    recorder.tick(NOON + 60_000);
    expect(lines.slice(100)).toEqual([
      'adminalert: 400 probes have no line, above 100 a second or 500000 a day.',
    ]);
    expect(files().history).toHaveLength(100);
  });

  test('a flood silences neither the actions nor the line of the probe that began them', () => {
    const { recorder, lines, files } = given();
    const probe = probeEvent();
    for (let port = 1; port <= 200; port++)
      recorder.probe(probeEvent({ destinationPort: port, noBlock: true }), newReported());
    recorder.probe(probe, newReported(), 'begun');
    recorder.step('10.99.0.1', STEP);
    recorder.block(blockOf(probe), probe);
    expect(lines.slice(100)).toEqual([STEP_LINE, scanAt(111, BLOCKED)]);
    expect(files().history).toHaveLength(101);
  });

  test('a connect of a blocked source has the words of 2.x, each time', () => {
    const { recorder, lines } = given();
    const event = probeEvent({ kind: 'connect', mode: 'tcp', alreadyBlocked: true });
    for (let count = 0; count < 2; count++) recorder.probe(event, newReported());
    expect(lines.filter((line) => line === ALREADY_BLOCKED)).toHaveLength(2);
    expect(lines.filter((line) => line.endsWith(BLOCKED))).toHaveLength(2);
  });

  test('with --verbose an ignored source has a line that names the file', () => {
    const ignored = { ignored: 'ignore file 10.99.0.0/16' };
    const scan = scanAt(111, 'ignored: [true] triggered: [unset] noblock: [unset] blocked: [unset]');
    for (const namedIgnoreFile of [null, '/etc/ignore']) {
      const { recorder, lines } = given({ namedIgnoreFile });
      recorder.probe(probeEvent(ignored), newReported());
      const more = ['Host: 10.99.0.1 found in ignore file /etc/ignore, aborting actions'];
      expect(lines).toEqual([...(namedIgnoreFile === null ? [] : more), scan]);
    }
  });

  test('what 1.x says and 2.x does not is not said', () => {
    const { recorder, lines } = given();
    recorder.unblocked(probeEvent());
    recorder.forget('10.99.0.1', newReported());
    recorder.close();
    expect(lines).toEqual([]);
  });

  test('probes that still wait at the end are written as not decided', () => {
    const { recorder, lines, files } = given();
    recorder.probe(probeEvent(), newReported(), 'under way');
    expect(files().history).toHaveLength(1);
    expect(lines).toEqual([
      scanAt(111, 'ignored: [false] triggered: [true] noblock: [false] blocked: [unset]'),
    ]);
  });

  test('no more than a thousand probes wait', () => {
    const { recorder, lines } = given({ history: null, sumUp: false });
    for (let port = 1; port <= 1_001; port++)
      recorder.probe(probeEvent({ destinationPort: port }), newReported(), 'under way');
    expect(lines).toHaveLength(1);
  });
});
