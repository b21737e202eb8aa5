import type { BlockMethod, Config } from '../config/config.ts';
import { bestMethod } from '../firewall/choose.ts';
import type { BackendPool } from '../firewall/pool.ts';
import type { LedgerMethod } from '../ledger/entry.ts';
import type { ModeTransport } from '../net/protocol.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { backendOf } from '../respond/block-state.ts';
import { type Countermeasure, countermeasureFor } from '../respond/countermeasure.ts';
import { plannedMethod } from '../respond/plan.ts';

/** How sources are dealt with now. */
export interface Method {
  /** The method that BLOCK="1" uses; `none` where no transport has it. */
  readonly forPolicy1: BlockMethod;
  /** The method of new blocks, that of TCP if it blocks; `none` when nobody is blocked. */
  readonly name: LedgerMethod;
  /** Why it is this one; more than one method is named here. */
  readonly how: string;
}

const TRANSPORTS = ['tcp', 'udp'] as const;

/** The method of a daemon that blocks nobody, whatever the configuration says. */
export const DRY_RUN: Method = { forPolicy1: 'none', name: 'none', how: 'a dry run blocks nobody' };

/**
 * Finds the method for new blocks and opens its back end. Throws a CommandError (69) when sources are to be blocked and
 * the host has no way to do it.
 */
export async function findMethod(config: Config, backends: BackendPool): Promise<Method> {
  try {
    const found = await findForPolicy1(config);
    const forPolicy1 = found?.method ?? 'none';
    const measures = TRANSPORTS.map((transport) => countermeasureFor(config, forPolicy1, transport, 4));
    const methods = measures.flatMap((measure) => methodOf(measure) ?? []);
    for (const method of new Set(methods)) await backends.get(backendOf(method));
    const [name = 'none'] = methods;
    return { forPolicy1, name, how: reasonOf(config, found?.why ?? '', measures) };
  } catch (error) {
    const hint = 'set BLOCK_METHOD or KILL_ROUTE to something that works here';
    throw new CommandError(
      Exit.unavailable,
      `sources cannot be blocked: ${(error as Error).message}; ${hint}`,
    );
  }
}

/** The method for a block by hand when nobody is blocked by configuration; rejects with a one-line reason. */
export async function findMethodByHand(config: Config): Promise<LedgerMethod> {
  const planned = plannedMethod(config);
  const method = planned === 'best' ? (await bestMethod()).method : planned;
  return method === 'none' && config.killHostsDeny !== null ? 'hosts.deny' : method;
}

/** The method of a measure that blocks; null for any other. */
export function methodOf(measure: Countermeasure): LedgerMethod | null {
  return measure.does === 'blocks' ? (measure.method as LedgerMethod) : null;
}

async function findForPolicy1(
  config: Config,
): Promise<{ readonly method: BlockMethod; readonly why: string } | null> {
  if (config.blockTcp !== 1 && config.blockUdp !== 1) return null;
  const planned = plannedMethod(config);
  if (planned === 'best') return await bestMethod();
  return { method: planned, why: config.blockMethod === null ? 'KILL_ROUTE is set' : 'set by BLOCK_METHOD' };
}

function reasonOf(config: Config, why: string, measures: readonly Countermeasure[]): string {
  const texts = TRANSPORTS.map((transport, index) =>
    textOf(config, transport, measures[index] as Countermeasure, why),
  );
  const [tcp, udp] = texts as [string, string];
  if (tcp === udp) return tcp;
  // What only logs is no method, and says nothing beside one that blocks.
  const [tcpMeasure, udpMeasure] = measures as [Countermeasure, Countermeasure];
  if (udpMeasure.does === 'logs') return tcp;
  if (tcpMeasure.does === 'logs') return udp;
  return `TCP: ${named(tcpMeasure)}${tcp}; UDP: ${named(udpMeasure)}${udp}`;
}

function named(measure: Countermeasure): string {
  const method = methodOf(measure);
  return method === null ? '' : `${method}, `;
}

function textOf(config: Config, transport: ModeTransport, measure: Countermeasure, why: string): string {
  switch (measure.does) {
    case 'logs':
      return 'BLOCK_TCP and BLOCK_UDP block no source';
    case 'notifies':
      return 'KILL_RUN_CMD is run, which blocks nobody';
    case 'fails':
      return 'nothing is configured that would block anybody';
    case 'blocks': {
      const policy = transport === 'tcp' ? config.blockTcp : config.blockUdp;
      if (policy === 2) return 'BLOCK="2" runs KILL_ROUTE';
      return measure.method === 'hosts.deny' ? 'BLOCK_METHOD is "none", and KILL_HOSTS_DENY is set' : why;
    }
  }
}
