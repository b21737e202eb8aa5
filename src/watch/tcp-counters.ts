/** What the kernel counts of TCP, as far as it tells whether listeners have come or gone. */
export interface TcpCounters {
  /** Sockets in use, but for those that only wait for late segments; NaN when that is not known. */
  readonly inUse4: number;
  readonly inUse6: number;
  /**
   * What moves with a listener, and with nothing that a scanner or a caller of a service does: the sockets that are not
   * of an established connection, and what tells that some of these, which are no listeners, came or went.
   */
  readonly alone: string;
  /** Everything that moves with any connection. */
  readonly all: string;
}

/** Before the first look. */
export const NO_COUNTERS: TcpCounters = { inUse4: Number.NaN, inUse6: Number.NaN, alone: '', all: '' };

const IN_USE_4 = /^TCP: inuse (\d+) orphan (\d+) tw (\d+)/m;
const IN_USE_6 = /^TCP6: inuse (\d+)/m;
const OPENS_AND_ESTABLISHED = /^Tcp: \d+ \d+ \d+ -?\d+ (\d+) (\d+ \d+ \d+) (\d+)/m;

/**
 * The counters by /proc/net/sockstat, sockstat6 and snmp (RFC 4022 has their names). A socket in use listens, is
 * established, calls somebody (ActiveOpens), or is being closed (orphans, time-waits): so one that listens cannot come
 * for one of the others without a trace, but for a call from before the last look that has ended meanwhile.
 */
export function tcpCounters(sockstat: string, sockstat6: string, snmp: string): TcpCounters {
  const [, inUse4, orphans, timeWaits] = IN_USE_4.exec(sockstat) ?? [];
  const inUse6 = IN_USE_6.exec(sockstat6)?.[1] ?? '0';
  const [, activeOpens, passive, established] = OPENS_AND_ESTABLISHED.exec(snmp) ?? [];
  const others = Number(inUse4) + Number(inUse6) - Number(established);
  const closing = `${orphans} ${timeWaits} ${activeOpens}`;
  return {
    inUse4: Number(inUse4),
    inUse6: Number(inUse6),
    alone: `${others} ${closing}`,
    all: `${inUse4} ${inUse6} ${established} ${closing} ${passive}`,
  };
}
