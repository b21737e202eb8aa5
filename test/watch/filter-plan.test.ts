import { expect, test } from 'vitest';
import type { DetectedKind } from '../../src/config/kinds.ts';
import { PROTOCOL_TCP } from '../../src/net/protocol.ts';
import { readEphemeralPorts } from '../../src/watch/ephemeral-ports.ts';
import { FilterPlanner } from '../../src/watch/filter-plan.ts';
import { SocketTable } from '../../src/watch/sockets.ts';
import { WatchedPorts } from '../../src/watch/watched-ports.ts';
import { configWith } from '../respond/given.ts';
import { address, START } from '../track/given.ts';

/** A table that has seen these sockets. */
class Sockets extends SocketTable {
  readonly #bound: readonly number[];
  readonly #connected: readonly number[];

  constructor(bound: readonly number[], connected: readonly number[]) {
    super('/nowhere');
    this.#bound = bound;
    this.#connected = connected;
  }

  override bound(protocol: number) {
    return protocol === PROTOCOL_TCP ? this.#bound.map(at) : [];
  }

  override get localEnds() {
    return this.#connected.map(at);
  }
}

const at = (port: number) => ({ address: address('10.0.0.2'), port });

function planFor(sockets: SocketTable, detect?: DetectedKind[]) {
  const config = configWith({ advancedPortsTcp: 65_535, ...(detect === undefined ? {} : { detect }) });
  const watched = new WatchedPorts(config, { tcp: 'atcp', udp: 'audp' });
  return new FilterPlanner().plan(watched, [address('10.0.0.2')], sockets);
}

test('bare segments pass to ports that no socket holds and that are not ephemeral', () => {
  const { first } = readEphemeralPorts();
  const { idle } = planFor(new Sockets([22], [703])).v4;
  expect([21, 22, 23, 702, 703, 704, first].map((port) => idle.pass.has(port))).toEqual([
    true,
    false,
    true,
    true,
    false,
    true,
    false,
  ]);
  expect([22, 703, first].every((port) => idle.keepOut.has(port))).toBe(true);
});

test('a kind that DETECT does not name has no terms', () => {
  const none = new Sockets([], []);
  expect(planFor(none)).toMatchObject({
    impossible: true,
    bareFlags: [0x10, 0x11],
    chunkTypes: [1, 10],
    icmpTypes: [],
  });
  expect(planFor(none).busyProtocols).toContain(6);
  const icmp = planFor(none, ['icmp']);
  expect(icmp).toMatchObject({
    impossible: false,
    bareFlags: [],
    chunkTypes: [],
    busyProtocols: [],
    icmpTypes: [8, 13, 17],
  });
  expect([icmp.v4.tcp.pass.size, icmp.v4.udp.pass.size]).toEqual([0, 0]);
});

test('a port that stays connected changes the plan, an ephemeral port does not', () => {
  const planner = new FilterPlanner();
  const { first } = readEphemeralPorts();
  const update = (connected: number[], now: number) =>
    planner.update(new Sockets([], connected), [address('10.0.0.2')], START + now, false);
  for (let now = 0; now < 20_000; now += 1_000) expect(update([first], now)).toBe(false);
  const changes = Array.from({ length: 12 }, (_, second) => update([703], 20_000 + second * 1_000));
  expect(changes.filter((change) => change)).toHaveLength(1);
});
