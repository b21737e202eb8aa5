import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import type { Config } from '../../src/config/config.ts';
import type { Modes } from '../../src/config/modes.ts';
import { PortSet } from '../../src/config/ports.ts';
import { ConnectModes } from '../../src/daemon/connect-modes.ts';
import { Engine } from '../../src/engine.ts';
import { SynMatcher } from '../../src/listen/syn-matcher.ts';
import type { ProbeEvent } from '../../src/track/event.ts';
import { configWith } from '../respond/given.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import { eventually } from '../support/eventually.ts';
import { probe, START } from '../track/given.ts';
import { preparedWith } from './given.ts';

/** Below the ports that the kernel gives to clients. */
const PORT = 21_650;
const TCP: Modes = { tcp: 'tcp', udp: null };
const HOST = '127.0.0.1';
const listOf = (...ports: number[]) => PortSet.of(ports.map((port) => ({ first: port, last: port })));

/** Connect modes before a real engine, the probes that it heard of, and the lines of the log. */
function given() {
  const events: ProbeEvent[] = [];
  const lines: string[] = [];
  const recorder = recorderOf({ probe: (event) => events.push(event) });
  const modes = new ConnectModes({
    engine: new Engine(
      engineParts(configWith({}), recorder, { localCheck: false }, { tcp: 'tcp', udp: 'udp' }),
    ),
    isOwn: (address) => address.toString() === '10.0.0.2',
    now: () => START,
    tell: (line) => lines.push(line),
  });
  onTestFinished(() => modes.close());
  const prepared = (settings: Partial<Config>, chosen = TCP) => preparedWith(configWith(settings), chosen);
  const bound = () => [modes.ports.tcp, modes.ports.udp].map(String);
  return { modes, events, lines, prepared, bound };
}

/** Holds a TCP port at every address until the test ends. */
async function occupy(port: number, host = '::'): Promise<void> {
  const server = createServer().listen(port, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
}

test('a connection to a port of the mode tcp is a connect', async () => {
  const { modes, events, prepared } = given();
  await modes.open(prepared({ tcpPorts: listOf(PORT), udpPorts: listOf(PORT) }));
  expect([modes.holds(PORT), modes.holds(PORT + 1)]).toEqual([true, false]);
  const client = connect({ port: PORT, host: HOST, localAddress: '127.0.0.9' });
  await once(client, 'connect');
  const sourcePort = client.localPort;
  await once(client, 'close');
  await eventually(() => expect(events).toHaveLength(1));
  expect(events[0]).toMatchObject({
    kind: 'connect',
    mode: 'tcp',
    time: START,
    source: '127.0.0.9',
    sourcePort,
    destination: HOST,
    destinationPort: PORT,
  });
});

test.each<[Modes, string[]]>([
  [{ tcp: 'tcp', udp: 'udp' }, [String(PORT), String(PORT + 1)]],
  [{ tcp: 'tcp', udp: 'audp' }, [String(PORT), '']],
  [{ tcp: 'stcp', udp: null }, ['', '']],
])('the modes %j bind the ports of the connect modes only', async (chosen, ports) => {
  const { modes, prepared, bound } = given();
  await modes.open(prepared({ tcpPorts: listOf(PORT), udpPorts: listOf(PORT + 1) }, chosen));
  expect(bound()).toEqual(ports);
});

describe('a port that a service holds', () => {
  test('is logged as 1.x does, and the mode goes on with the others', async () => {
    const { modes, lines, prepared, bound } = given();
    await occupy(PORT);
    await modes.open(prepared({ tcpPorts: listOf(PORT, PORT + 1) }));
    expect(bound()[0]).toBe(String(PORT + 1));
    expect(lines).toEqual([
      expect.stringMatching(`ERROR: could not bind TCP socket.*${PORT}. Attempting to continue`),
    ]);
  });

  test('at one address is named with the address that could not be bound', async () => {
    const { modes, lines, prepared } = given();
    await occupy(PORT, HOST);
    await modes.open(prepared({ tcpPorts: listOf(PORT) }));
    const why = 'something else uses them there';
    expect(lines).toContain(`adminalert: TCP ports ${PORT} are not listened on at 0.0.0.0: ${why}.`);
  });

  test('and is the only one of its mode ends the start', async () => {
    const { modes, prepared } = given();
    await occupy(PORT);
    await expect(modes.open(prepared({ tcpPorts: listOf(PORT) }))).rejects.toMatchObject({
      exit: 69,
      message: 'could not bind ANY TCP sockets: every port of the list is taken',
    });
  });
});

test('a reload opens and closes what differs, and logs what is new', async () => {
  const { modes, lines, prepared, bound } = given();
  await modes.open(prepared({ tcpPorts: listOf(PORT, PORT + 1) }));
  await modes.reload(prepared({ tcpPorts: listOf(PORT + 1, PORT + 2) }));
  expect(bound()[0]).toBe(String(listOf(PORT + 1, PORT + 2)));
  expect([modes.holds(PORT), modes.holds(PORT + 2)]).toEqual([false, true]);
  expect(lines).toEqual([expect.stringMatching(`Going into listen mode on TCP port: ${PORT + 2}$`)]);
});

test.each([
  ['a SYN to a port of the mode', { port: PORT }, true, 1],
  ['one to an address that is not our own', { port: PORT, destination: '10.0.0.3' }, true, 0],
  ['another packet to that port', { port: PORT, kind: Kind.fin }, true, 0],
  ['a SYN to another port', { port: PORT + 1 }, false, 0],
  ['a datagram', { port: PORT, kind: Kind.udp }, false, 0],
])('%s is taken: %s, and noted as the SYN of a connection: %i', async (_what, fields, taken, noted) => {
  const noteSyn = vi.spyOn(SynMatcher.prototype, 'noteSyn');
  onTestFinished(() => noteSyn.mockRestore());
  const { modes, events, prepared } = given();
  await modes.open(prepared({ tcpPorts: listOf(PORT) }));
  expect(modes.matchSyn(probe(fields))).toBe(taken);
  expect([noteSyn.mock.calls.length, events]).toEqual([noted, []]);
});
