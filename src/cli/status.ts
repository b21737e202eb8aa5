import type {
  ChallengeStatus,
  KnownServiceInfo,
  NotifyChannelStatus,
  SensorProcessStatus,
  Status,
} from '../control/status.ts';
import { Exit } from '../preflight/exit.ts';
import { counted } from '../record/counted.ts';
import { formatTime } from '../record/times.ts';
import { askFor, findSocket } from './ask.ts';
import { type Paint, PLAIN, type Style } from './colour.ts';
import type { QueryOptions } from './invocation.ts';
import { jsonLine } from './json.ts';
import type { CommandOutput } from './output.ts';
import { shareFacts } from './share-facts.ts';
import { renderFacts } from './table.ts';
import { formatDuration } from './times.ts';

const MEBIBYTE_BYTES = 1024 * 1024;

/** `portsentry status`: prints the state of the daemon. Throws a CommandError without an answer. */
export async function runStatus({ configfile, json }: QueryOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(configfile, output);
  const status = await askFor<Status>(socket, { command: 'status' }, 'status');
  await output.stdout(json ? jsonLine(status) : renderStatus(status, output.paint));
  return Exit.ok;
}

/** The status for people. The most important facts come first. */
export function renderStatus(status: Status, paint: Paint = PLAIN): string {
  const { version, pid, uptime, startedAt, blocks, method, queue, duplicates } = status;
  const up = `up ${formatDuration(uptime * 1000)} (since ${formatTime(startedAt)})`;
  const twice = duplicates === 0 ? '' : `, ${duplicates} of them captured twice`;
  const facts: [string, ...string[]][] = [
    ['modes', status.modes.join(', ')],
    [
      'interfaces',
      status.interfaces.join(', ') || `none is up (asked for: ${status.interfacesAsked.join(', ')})`,
    ],
    ['configuration', status.configFile ?? 'no file: the built-in defaults, which only log'],
    ...(status.dryRun ? [['dry run', 'no action is carried out'] as [string, string]] : []),
    ['frames', `${status.frames}${twice}`],
    ['not decoded', describeUndecoded(status)],
    ...sensorFacts(status),
    ['probes', String(status.probes)],
    ['sources', `${status.sources} tracked`],
    ['blocks', describeBlocks(blocks)],
    ['method', `${method.name} (${method.how})`],
    ['actions', `${queue.running} running, ${queue.queued} waiting`],
    ['breaker', describeBreaker(status)],
    ...(status.share === null ? [] : shareFacts(status.share)),
    ['services', describeServices(status)],
    ...notifyFacts(status),
    ['memory', `${Math.round(status.memory / MEBIBYTE_BYTES)} MiB`],
  ];
  const title = paint('bold', `portsentry ${version}`);
  const colours = { paint, styleOf: (_text: string, name: string) => styleOf(status, name) };
  return `${title}, pid ${pid}, ${up}\n\n${renderFacts(facts, colours)}`;
}

/** What the administrator should look at: in red what does not work, in yellow what is restricted. */
function styleOf({ sensor, breaker, blocks, dryRun, notifications }: Status, name: string): Style | null {
  if (name === 'process') return sensor.process?.isWell === false ? 'red' : null;
  if (name === 'notify') return notifications.some(({ failure }) => failure !== null) ? 'red' : null;
  if (name === 'blocks') return blocks.inForce + blocks.unknown < blocks.due ? 'red' : null;
  if (name === 'breaker') return breaker.open ? 'yellow' : null;
  return name === 'dry run' && dryRun ? 'yellow' : null;
}

function notifyFacts({ notifications }: Status): [string, ...string[]][] {
  return notifications.length === 0 ? [] : [['notify', ...notifications.map(describeChannel)]];
}

function describeChannel({ to, sent, failed, waiting, lastSent, failure }: NotifyChannelStatus): string {
  const last = lastSent === null ? '' : `, the last at ${formatTime(lastSent)}`;
  const lost = failed === 0 ? '' : `; ${counted(failed, 'attempt')} failed`;
  const why = failure === null ? '' : `: ${failure}`;
  const wait =
    waiting === 0 ? '' : `; ${waiting} ${waiting === 1 ? 'thing waits' : 'things wait'} for the next one`;
  return `${to}: ${counted(sent, 'message')} sent${last}${lost}${why}${wait}`;
}

function describeBlocks({ inForce, unknown, due }: Status['blocks']): string {
  const unsure = unknown === 0 ? '' : `, ${unknown} unknown (nothing can say it)`;
  return `${inForce} in force${unsure}, ${due} due`;
}

function sensorFacts(status: Status): [string, string][] {
  const { process } = status.sensor;
  if (process === null) return tableFacts(status);
  return [...tableFacts(status), ['process', describeProcess(process)]];
}

function describeProcess({ isWell, account, died, refused, retimed }: SensorProcessStatus): string {
  const state = isWell ? 'runs' : 'is gone or gives no sign of life';
  const user = account === null ? '' : ` as ${account}`;
  const untrue = refused + retimed === 0 ? '' : `, ${refused} records refused, ${retimed} with a far time`;
  return `${state}${user}, replaced ${counted(died, 'time')}${untrue}`;
}

function tableFacts({ sensor: { why, kernel, challenge }, method }: Status): [string, string][] {
  if (kernel === null) return [['sensor', why]];
  const { held, heldPackets, shed, reported, unreported, lost, hearsBlocked } = kernel;
  const blocked = hearsBlocked ? '' : `; of blocked sources unknown, because ${method.name} drops them first`;
  return [
    ['sensor', why],
    [
      'held',
      `${held === null ? 'unknown' : counted(held, 'source')} now, ${counted(heldPackets, 'packet')} so far`,
    ],
    ['holds shed', `${shed}`],
    ...(challenge === null ? [] : [['challenge', describeChallenge(challenge)] as [string, string]]),
    ['reports', `${reported}, ${lost} lost, ${unreported} beyond the rate${blocked}`],
  ];
}

function describeChallenge({ underTest, proven, isFull }: ChallengeStatus): string {
  const full = isFull ? '; too many within a day, so nobody new is tested' : '';
  return `${counted(underTest, 'source')} under test, ${proven} proven within a day${full}`;
}

/** Services that a line names; --json has all. */
const MAX_SERVICES_SHOWN = 16;

function describeServices({ knownServices }: Status): string {
  if (knownServices.length === 0) return 'none is known';
  const shown = knownServices.slice(0, MAX_SERVICES_SHOWN).map(describeService);
  const more = knownServices.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}

function describeService({ transport, address, port }: KnownServiceInfo): string {
  return address === null ? `${port}/${transport}` : `${port}/${transport} at ${address}`;
}

function describeUndecoded({ undecoded }: Status): string {
  const reasons = Object.entries(undecoded).filter(([, count]) => count > 0);
  if (reasons.length === 0) return '0';
  const sum = reasons.reduce((total, [, count]) => total + count, 0);
  const counts = reasons.sort(([, a], [, b]) => b - a).map(([reason, count]) => `${reason} ${count}`);
  return `${sum}: ${counts.join(', ')}`;
}

function describeBreaker({ breaker: { open, threshold } }: Status): string {
  const limit = `${counted(threshold, 'new block')} a minute`;
  return open
    ? `open: more than ${limit}, so sources of a single probe are only logged`
    : `closed (opens at more than ${limit})`;
}
