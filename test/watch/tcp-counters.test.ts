import { expect, test } from 'vitest';
import { NO_COUNTERS, tcpCounters } from '../../src/watch/tcp-counters.ts';

interface Counts {
  readonly inUse4?: number;
  readonly inUse6?: number;
  readonly orphans?: number;
  readonly timeWaits?: number;
  readonly activeOpens?: number;
  readonly passiveOpens?: number;
  readonly attemptFails?: number;
  readonly established?: number;
}

const BEFORE: Required<Counts> = {
  inUse4: 12,
  inUse6: 3,
  orphans: 1,
  timeWaits: 7,
  activeOpens: 400,
  passiveOpens: 300,
  attemptFails: 20,
  established: 9,
};

/** The three files as Linux 6.18 writes them; `changes` are added to the values before. */
function countersAfter(changes: Counts) {
  const count = (name: keyof Counts) => BEFORE[name] + (changes[name] ?? 0);
  const sockstat = `sockets: used 188
TCP: inuse ${count('inUse4')} orphan ${count('orphans')} tw ${count('timeWaits')} alloc 30 mem 4
UDP: inuse 5 mem 0
RAW: inuse 0
`;
  const sockstat6 = `TCP6: inuse ${count('inUse6')}\nUDP6: inuse 1\n`;
  const snmp = `Ip: Forwarding DefaultTTL\nIp: 2 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs
Tcp: 1 200 120000 -1 ${count('activeOpens')} ${count('passiveOpens')} ${count('attemptFails')} 5 ${count('established')} 99
`;
  return tcpCounters(sockstat, sockstat6, snmp);
}

const before = countersAfter({});

test.each<[what: string, changes: Counts]>([
  ['a listener comes', { inUse4: 1 }],
  ['a listener goes', { inUse4: -1 }],
  ['an IPv6 listener comes', { inUse6: 1 }],
  ['a listener comes as a connection ends at once', { inUse4: 0, established: -1 }],
  ['a listener comes as an IPv6 connection ends at once', { inUse4: 1, inUse6: -1, established: -1 }],
  ['a listener comes as a closing connection ends', { orphans: -1 }],
  ['a listener comes as a closing connection enters TIME-WAIT', { timeWaits: 1 }],
  ['a call begins and ends', { activeOpens: 1, attemptFails: 1 }],
])('%s: the listeners must be read', (_what, changes) => {
  const after = countersAfter(changes);
  expect(after.listeners).not.toBe(before.listeners);
  expect(after.all).not.toBe(before.all);
});

test.each<[what: string, changes: Counts]>([
  ['a scanner resets connections that a service has answered', { attemptFails: 5 }],
  ['a client connects to a service', { inUse4: 1, passiveOpens: 1, established: 1 }],
  ['a client connects to a service over IPv6', { inUse6: 1, passiveOpens: 1, established: 1 }],
  ['clients of a service came and went', { passiveOpens: 1 }],
  ['connections to a service end', { inUse4: -4, established: -4 }],
])('%s: no listener can hide behind that, but a poll reads them', (_what, changes) => {
  const after = countersAfter(changes);
  expect(after.listeners).toBe(before.listeners);
  expect(after.all).not.toBe(before.all);
});

test('sockets in use are counted by family', () => {
  expect(before).toMatchObject({ inUse4: 12, inUse6: 3 });
});

test('a host without IPv6 has no IPv6 socket', () => {
  expect(tcpCounters('TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0\n', '', '')).toMatchObject({
    inUse4: 1,
    inUse6: 0,
  });
});

test('a file that cannot be read does not mean no sockets', () => {
  expect(tcpCounters('', '', '').inUse4).toBeNaN();
  expect(NO_COUNTERS.inUse4).toBeNaN();
});
