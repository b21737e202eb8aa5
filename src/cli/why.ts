import type { ListMatch } from '../control/lists.ts';
import type { BlockInfo, KnownSource, Why } from '../control/status.ts';
import { Exit } from '../preflight/exit.ts';
import { counted } from '../record/counted.ts';
import { formatTime } from '../record/times.ts';
import { askFor, findSocket } from './ask.ts';
import { type Paint, PLAIN } from './colour.ts';
import { describeCause } from './describe-cause.ts';
import type { WhyOptions } from './invocation.ts';
import { jsonLine } from './json.ts';
import type { CommandOutput } from './output.ts';
import { renderFacts } from './table.ts';
import { readAddress } from './targets.ts';
import { formatDuration, formatEnd } from './times.ts';

/** `portsentry why`: prints everything known about an address. Throws a CommandError, 64 for an invalid address. */
export async function runWhy(options: WhyOptions, output: CommandOutput): Promise<Exit> {
  const address = readAddress(options.address);
  const socket = findSocket(options.configfile, output);
  const why = await askFor<Why>(socket, { command: 'why', address }, 'why');
  await output.stdout(options.json ? jsonLine(why) : renderWhy(why, Date.now(), output.paint));
  return Exit.ok;
}

/** What the address did, what was done to it, and what happens next. */
export function renderWhy(why: Why, now: number, paint: Paint = PLAIN): string {
  const { address, rule, source, block, lists, shared, earlier, next } = why;
  const facts: [string, ...string[]][] = [
    ['never block', rule === null ? 'no rule spares it' : `spared by a rule: ${rule}`],
    ['seen', ...(source === null ? ['not tracked'] : describeSource(source, now))],
    ['blocked', ...(block === null ? ['no'] : describeBlock(block, address, now))],
  ];
  if (lists.length > 0) facts.push(['listed', ...lists.map((match) => describeMatch(match, address, now))]);
  if (shared !== null) facts.push(['shared', shared]);
  if (earlier !== null) {
    const { times, endedAt, how } = earlier;
    const what = times === 0 ? 'a block by hand, which' : `${counted(times, 'block')}; the last one`;
    facts.push(['before', `${what} ended ${formatTime(endedAt)}: ${how}`]);
  }
  facts.push(['next', ...next]);
  const isGone = block?.inForce === false;
  const styleOf = (text: string, name: string) =>
    isGone && name === 'blocked' && text.includes(FORCE.false as string) ? 'red' : null;
  return `${paint('bold', address)}\n\n${renderFacts(facts, { paint, styleOf })}`;
}

function describeMatch({ list, target, until, note }: ListMatch, address: string, now: number): string {
  const part = target === address ? '' : `, as part of ${target}`;
  const end = until === null ? '' : `, ends ${formatEnd(until, now)}`;
  return `in the list ${list}${part}${end}${note === null ? '' : `: ${note}`}`;
}

function describeSource(source: KnownSource, now: number): string[] {
  const { probes, connects, ports, targets, kinds, firstSeen, lastSeen, tool, decoy, challenge } = source;
  const ago = formatDuration(Math.max(0, now - lastSeen));
  return [
    `${counted(probes, 'probe')} since ${formatTime(firstSeen)}, the last one ${ago} ago`,
    `${counted(connects, 'connect')} to ${counted(ports, 'port')} of ` +
      `${counted(targets, 'address', 'addresses')} (${kinds.join(', ')})`,
    `${EVIDENCE[source.evidence]}${tool === null ? '' : `; it looks like ${tool}`}`,
    ...(challenge === null ? [] : [describeChallenge(challenge)]),
    ...(decoy ? ['others sent the same at the same time; most of them are forged'] : []),
  ];
}

function describeChallenge({ bets, log2 }: NonNullable<KnownSource['challenge']>): string {
  return `coin test: it sent again to ${counted(bets, 'port')}; log2 M is ${log2.toFixed(1)}, and 20 proves it`;
}

const EVIDENCE: Readonly<Record<KnownSource['evidence'], string>> = {
  handshake: 'it completed a handshake, so its address is genuine',
  reacts: 'it sent again what got no answer and not what did, so it reads what is sent to its address',
  repeated: 'it made several different attempts; a forger can send them as well as one',
  spoofable: 'everything known about it may be forged',
};

const FORCE: Readonly<Record<string, string>> = {
  true: 'in force',
  false: 'not in force',
  null: 'nothing can say whether it is in force',
};

function endOf({ undo, until }: BlockInfo, now: number): string {
  if (undo === null) return 'stays until you take it back';
  return until === null ? 'never ends' : `ends ${formatEnd(until, now)}`;
}

function describeBlock(block: BlockInfo, address: string, now: number): string[] {
  const { target, since, times, method, inForce, connects } = block;
  const end = endOf(block, now);
  const force = FORCE[String(inForce)];
  const count = connects === 0 ? '' : `, after ${counted(connects, 'connect')}`;
  return [
    ...(target === address ? [] : [`as part of ${target}`]),
    `since ${formatTime(since)}, ${end}; by ${method}, ${force}`,
    `${describeCause(block)}${count}${times > 1 ? `; block number ${times}` : ''}`,
  ];
}
