import { expect, test } from 'vitest';
import { Readiness } from '../../src/daemon/readiness.ts';

/** A readiness whose reports, and the moment at which it listens, go to `events`. */
function makeReadiness({ needsCapture = true, verbose = false } = {}) {
  const events: string[] = [];
  const readiness = new Readiness({
    verbose,
    needsCapture: () => needsCapture,
    onListening: () => events.push('listening'),
    tell: (text) => events.push(text),
  });
  return { readiness, events };
}

test('the daemon listens once, when capture opens for the first time', async () => {
  const { readiness, events } = makeReadiness();
  readiness.ready(['eth0']);
  readiness.ready(['eth0', 'eth1']);
  await readiness.listening;
  expect(events).toEqual(['listening']);
  expect(readiness.interfaces).toEqual(['eth0', 'eth1']);
});

test('--verbose names the interfaces, at the start before it listens', () => {
  const { readiness, events } = makeReadiness({ verbose: true });
  readiness.ready(['eth0', 'lo']);
  readiness.ready(['eth0']);
  expect(events).toEqual(['Listening on eth0, lo.', 'listening', 'Capture goes on on eth0.']);
});

test.each([
  [true, 77],
  [false, 69],
])(
  'needed capture that cannot start ends the start; not permitted: %s, exit code %i',
  async (permission, exit) => {
    const { readiness, events } = makeReadiness();
    readiness.captureFailed('eth0: no', permission);
    await expect(readiness.listening).rejects.toMatchObject({ exit, message: 'eth0: no' });
    expect(events).toEqual([]);
  },
);

test('needed capture that fails later is reported each time, and is not well', () => {
  const { readiness, events } = makeReadiness();
  readiness.ready(['eth0']);
  readiness.captureFailed('a link went down', false);
  readiness.captureFailed('no interface is up', false);
  expect(events).toEqual([
    'listening',
    'Capture stopped: a link went down; it is started again.',
    'Capture stopped: no interface is up; it is started again.',
  ]);
  expect(readiness.doesWithoutCapture).toBe(false);
});

test('modes that can do without capture listen all the same, and report its failure once', async () => {
  const { readiness, events } = makeReadiness({ needsCapture: false });
  readiness.captureFailed('eth0: no', false);
  readiness.captureFailed('eth0: no', false);
  await readiness.listening;
  expect(events).toEqual([
    'Nothing is captured, so connects that are reset at once have no name: eth0: no.',
    'listening',
  ]);
  expect([readiness.interfaces, readiness.doesWithoutCapture]).toEqual([[], true]);
  readiness.ready(['eth0']);
  expect(readiness.doesWithoutCapture).toBe(false);
  readiness.captureFailed('a link went down', false);
  expect(events.at(-1)).toBe('Capture stopped: a link went down; it is started again.');
  expect(readiness.doesWithoutCapture).toBe(true);
});
