/**
 * The log lines of PortSentry 1.x, word for word: logwatch, OSSEC, Prelude and people's own scripts read them.
 * Nothing else in the program spells an `attackalert:`. A `name` is the host's, or its address again.
 */
import type { Block } from '../respond/block.ts';
import type { ActionStep, UnblockEvent } from '../respond/event.ts';
import type { Knock } from '../track/event.ts';
import { labelOf } from './labels.ts';

type Where = Pick<Knock, 'transport' | 'destinationPort'>;

/** Something that the administrator should know. */
export function adminLine(text: string): string {
  return `adminalert: ${text}`;
}

export function probeLine(knock: Knock, name: string): string {
  return `attackalert: ${labelOf(knock)} from host: ${name}/${knock.source} to ${portOf(knock)}`;
}

export function ipOptionsLine(knock: Knock, name: string): string {
  const host = `${name}/${knock.source}`;
  return `attackalert: Packet from host: ${host} to ${portOf(knock)} has IP options set (detection avoidance technique).`;
}

/** The sum of what got no line of its own. The words stay the same for one: programs read them. */
export function sumLine(source: string, name: string, probes: number, ports: number): string {
  const where = ports === 0 ? 'ports named before' : `${ports} ports`;
  return `attackalert: ${probes} more probes from host: ${name}/${source} to ${where}`;
}

/** BLOCK_TCP="0" or BLOCK_UDP="0". */
export function noBlockLine(knock: Knock): string {
  return `attackalert: Ignoring ${protocolOf(knock)} response per configuration file setting.`;
}

/** The connect modes name one address and end with a full stop; OSSEC's decoder knows only that form. */
export function alreadyBlockedLine(knock: Knock, name: string): string {
  return knock.kind === 'connect'
    ? `attackalert: Host: ${knock.source} is already blocked. Ignoring`
    : `attackalert: Host: ${name}/${knock.source} is already blocked Ignoring`;
}

/** How one of the actions for an address or prefix ended. */
export function stepLine(target: string, { step, text, failure }: ActionStep): string {
  if (failure === null) return `attackalert: ${DONE[step](target)}: "${text}"`;
  return `attackalert: ERROR: ${FAILED[step](target)}: "${text}": ${failure}`;
}

const DONE: Readonly<Record<ActionStep['step'], (target: string) => string>> = {
  wrappers: (target) => `Host ${target} has been blocked via wrappers with string`,
  route: (target) => `Host ${target} has been blocked via dropped route using command`,
  external: (target) => `External command run for host: ${target} using command`,
};

/** These must not read like the ones above: logwatch counts every "has been blocked". */
const FAILED: Readonly<Record<ActionStep['step'], (target: string) => string>> = {
  wrappers: (target) => `Host ${target} was not blocked via wrappers with string`,
  route: (target) => `Host ${target} was not blocked via dropped route using command`,
  external: (target) => `External command failed for host: ${target} using command`,
};

export function notBlockedLine(source: string, name: string): string {
  return `attackalert: ERROR: Could not block host ${name}/${source} !!`;
}

/** An administrator's order has been carried out. */
export function blockByHandLine({ target, until, cause }: Block): string {
  const end = until === null ? 'for ever' : `until ${new Date(until).toISOString()}`;
  return adminLine(
    `Host: ${target} is blocked by hand ${end}${cause.note === null ? '' : `: ${cause.note}`}`,
  );
}

/** A block is over. */
export function unblockLine({ entry, how, rule }: UnblockEvent): string {
  const why = rule === null ? ENDS[how] : `it is never to be blocked: ${rule}`;
  return adminLine(`Host: ${entry.block.target} is no longer blocked: ${why}`);
}

const ENDS: Readonly<Record<UnblockEvent['how'], string>> = {
  expired: 'its time is over',
  unblocked: 'it was taken back by hand',
  replaced: 'all of its network is blocked',
  spared: 'it is never to be blocked',
  evicted: 'too many blocks stand, and this one has stood longest',
  failed: 'it could not be put in force',
};

/** A never-block rule spared a source that triggered. */
export function refusedLine(source: string, name: string, rule: string): string {
  return adminLine(`Host: ${name}/${source} is never blocked: ${rule}`);
}

/** `TCP port: 111`. */
export function portOf({ transport, destinationPort }: Where): string {
  return `${protocolOf({ transport })} port: ${destinationPort}`;
}

export function protocolOf({ transport }: Pick<Knock, 'transport'>): 'TCP' | 'UDP' {
  return transport === 'tcp' ? 'TCP' : 'UDP';
}
