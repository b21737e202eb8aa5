import type { BlockInfo, KnownSource, Why } from '../control/status.ts';
import { Exit } from '../preflight/exit.ts';
import { counted } from '../record/counted.ts';
import { askFor, findSocket } from './ask.ts';
import type { WhyOptions } from './invocation.ts';
import { tellCause } from './list.ts';
import type { CommandOutput } from './output.ts';
import { tellEnd, tellMoment, tellSpan } from './spans.ts';
import { renderFacts } from './table.ts';
import { readAddress } from './targets.ts';

/** `portsentry why`: tells all that is known of an address. Throws a CommandError, 64 for what is none. */
export async function runWhy(options: WhyOptions, output: CommandOutput): Promise<Exit> {
  const address = readAddress(options.address);
  const socket = findSocket(options.configfile, output);
  const why = await askFor<Why>(socket, { command: 'why', address }, 'why');
  await output.stdout(options.json ? `${JSON.stringify(why)}\n` : renderWhy(why, Date.now()));
  return Exit.ok;
}

/** What it did, what was done to it, and what will happen next. */
export function renderWhy({ address, rule, source, block, earlier, next }: Why, now: number): string {
  const facts: [string, ...string[]][] = [
    ['never block', rule === null ? 'no rule spares it' : `spared by a rule: ${rule}`],
    ['seen', ...(source === null ? ['not that anybody remembers'] : tellSource(source, now))],
    ['blocked', ...(block === null ? ['no'] : tellBlock(block, address, now))],
  ];
  if (earlier !== null) {
    const { times, endedAt, how } = earlier;
    facts.push(['before', `${counted(times, 'block')}; the last one ended ${tellMoment(endedAt)}: ${how}`]);
  }
  facts.push(['next', ...next]);
  return `${address}\n\n${renderFacts(facts)}`;
}

function tellSource(source: KnownSource, now: number): string[] {
  const { probes, connects, ports, targets, kinds, firstSeen, lastSeen, tool, decoy } = source;
  const ago = tellSpan(Math.max(0, now - lastSeen));
  return [
    `${counted(probes, 'probe')} since ${tellMoment(firstSeen)}, the last one ${ago} ago`,
    `${counted(connects, 'connect')} to ${counted(ports, 'port')} of ` +
      `${counted(targets, 'address', 'addresses')} (${kinds.join(', ')})`,
    `${EVIDENCE[source.evidence]}${tool === null ? '' : `; it looks like ${tool}`}`,
    ...(decoy ? ['others sent the same at the same time: most of them are forged'] : []),
  ];
}

const EVIDENCE: Readonly<Record<KnownSource['evidence'], string>> = {
  handshake: 'it has completed a handshake, so the address is its own',
  answered: 'different attempts came from it; to forge them takes more than one packet',
  spoofable: 'all that is known of it may be forged',
};

function tellBlock(block: BlockInfo, address: string, now: number): string[] {
  const { target, since, until, times, method, inForce, connects } = block;
  const force = inForce ? 'in force' : 'not in force';
  const count = connects === 0 ? '' : `, after ${counted(connects, 'connect')}`;
  return [
    ...(target === address ? [] : [`as a part of ${target}`]),
    `since ${tellMoment(since)}, ends ${tellEnd(until, now)}; by ${method}, ${force}`,
    `${tellCause(block)}${count}${times > 1 ? `; block number ${times}` : ''}`,
  ];
}
