import type { BlockPolicy, Config, ModeName } from '../config/config.ts';
import { transportOfMode } from '../config/modes.ts';
import { PORT_COUNT } from '../config/ports.ts';
import { duration } from '../config/values.ts';
import type { ModeTransport } from '../net/protocol.ts';
import { type PlannedAction, planActions, plannedMethod } from '../respond/plan.ts';
import { describeEnd } from './check-end.ts';
import { DEFAULT, type StartedModes } from './check-start.ts';

/** What will happen to a scanner, in plain words, for each transport. */
export function renderResponse(config: Config, start: StartedModes): string {
  return [
    'What will happen to a scanner\n',
    ...(['tcp', 'udp'] as const).flatMap((transport) => describeTransport(config, start, transport)),
    ...describeRecords(config),
  ].join('');
}

function describeTransport(config: Config, start: StartedModes, transport: ModeTransport): string[] {
  const policy = transport === 'tcp' ? config.blockTcp : config.blockUdp;
  const name = transport.toUpperCase();
  return [
    `\n  ${name}\n`,
    ...describePorts(config, start, transport),
    `    Ports that this host uses itself are never watched.\n`,
    `    ${describeTrigger(config)}\n`,
    ...(policy === 0 ? [] : describeForgery(config).map((line) => `    ${line}\n`)),
    `    ${describePolicy(transport, policy)}\n`,
    ...([4, 6] as const).flatMap((family) => describeActions(config, transport, family)),
  ];
}

function describePorts(config: Config, start: StartedModes, transport: ModeTransport): string[] {
  const isTcp = transport === 'tcp';
  const limit = isTcp ? config.advancedPortsTcp : config.advancedPortsUdp;
  const excluded = isTcp ? config.advancedExcludeTcp : config.advancedExcludeUdp;
  const ports = isTcp ? config.tcpPorts : config.udpPorts;
  const listed = `the ports of ${isTcp ? 'TCP_PORTS' : 'UDP_PORTS'} (${ports.size})`;
  const watched: readonly (readonly [ModeName, string])[] = [
    [isTcp ? 'atcp' : 'audp', `${portsBelow(limit)}${excluded.size > 0 ? ` except ${excluded}` : ''}`],
    [isTcp ? 'stcp' : 'sudp', listed],
    [isTcp ? 'tcp' : 'udp', `${listed} by listening on them${describeBanner(config, transport)}`],
  ];
  const lines = watched.map(([mode, what]) => `    -${mode} watches ${what}${remark(start, mode)}\n`);
  if (start.modes.some((mode) => transportOfMode(mode) === transport)) return lines;
  const by = start.by.charAt(0).toUpperCase() + start.by.slice(1);
  return [...lines, `    ${by} names no ${transport.toUpperCase()} mode: none of them is started.\n`];
}

function describeBanner({ portBanner, udpBannerAmplify }: Config, transport: ModeTransport): string {
  if (portBanner === null) return '';
  if (transport === 'tcp') return ', and answers with PORT_BANNER';
  return `, and answers with PORT_BANNER${udpBannerAmplify ? '' : ', cut to the size of the request'}`;
}

function remark({ modes, by }: StartedModes, mode: ModeName): string {
  if (!modes.includes(mode)) return '';
  return by === DEFAULT ? ' (started unless the command line says otherwise)' : ` (started: ${by})`;
}

/** The ports of an advanced mode. */
export function portsBelow(limit: number): string {
  return limit === PORT_COUNT ? 'every port' : `every port below ${limit}`;
}

/** Which connect of a source triggers. */
export function describeTrigger({ scanTrigger, scanWindow }: Config): string {
  if (scanTrigger === 0) return 'The first connect of a source triggers.';
  const window = scanWindow === 0 ? ', however late,' : ` within ${time.format(scanWindow)}`;
  return `Connect number ${scanTrigger + 1} of a source${window} triggers.`;
}

function describeProof({ challenge }: Config): string {
  const way = challenge ? 'a connection in -tcp or the coin test' : 'a connection in -tcp';
  return `Packets that anybody can forge are not enough, however many: only a source that proves its address, by ${way}, is blocked (BLOCK_SPOOFABLE="0").`;
}

const TESTED =
  'Half of the TCP ports of a held source answer with RST, so that it can prove itself; one that is blocked is tested no further (CHALLENGE="1").';

/** What is not acted on because it may be forged. */
function describeForgery(config: Config): string[] {
  const { blockSpoofable, decoyPolicy, challenge } = config;
  return [
    ...(blockSpoofable ? [] : [describeProof(config)]),
    ...(challenge ? [TESTED] : []),
    ...(decoyPolicy === 'block'
      ? []
      : ['Sources that send the same at the same time (decoys) are only logged (DECOY_POLICY="log").']),
  ];
}

const time = duration({ forEver: true });

function describePolicy(transport: ModeTransport, policy: BlockPolicy): string {
  const setting = `BLOCK_${transport.toUpperCase()}="${policy}"`;
  if (policy === 0) return `${setting}: it is only logged; nothing is run.`;
  if (policy === 1) return `${setting}: it is blocked, in this order:`;
  return `${setting}: only the external command is run:`;
}

function describeActions(config: Config, transport: ModeTransport, family: 4 | 6): string[] {
  return planActions(config, plannedMethod(config), transport, family).map(
    (action, index) => `      IPv${family}, ${index + 1}. ${describeAction(config, action, family)}\n`,
  );
}

function describeAction(config: Config, { step, template }: PlannedAction, family: 4 | 6): string {
  if (step === 'wrappers') {
    const brackets = family === 6 ? ', the address in brackets' : '';
    return `the line ${template} is added to /etc/hosts.deny (KILL_HOSTS_DENY${brackets})`;
  }
  if (step === 'route' && plannedMethod(config) !== 'command') return `it is blocked ${METHODS[template]}`;
  const route = family === 6 && config.killRoute6 !== null ? 'KILL_ROUTE6' : 'KILL_ROUTE';
  const key = step === 'external' && config.killRunCmd !== null ? 'KILL_RUN_CMD' : route;
  return `${key} is run by /bin/sh: ${template}`;
}

const METHODS: Readonly<Record<string, string>> = {
  best: 'by the best of nftables, ipset, iptables and route that this host has (logged at startup)',
  nftables: 'by nftables: in a set of the table inet portsentry',
  ipset: 'by ipset: in a set that a rule of iptables and ip6tables drops',
  iptables: 'by iptables or ip6tables: with a rule in the chain PORTSENTRY',
  route: 'by a blackhole route: nothing is sent to it anymore',
  null: 'by the method null, which does nothing and reports success',
};

/** How sources are blocked where BLOCK_TCP or BLOCK_UDP is 1. */
export function describeMethod(config: Config): string {
  const method = plannedMethod(config);
  if (method === 'none') return 'No source is blocked in the firewall.';
  return method === 'command'
    ? 'A source is blocked by KILL_ROUTE.'
    : `A source is blocked ${METHODS[method]}.`;
}

function describeRecords(config: Config): string[] {
  const onlyLogs = [config.blockTcp, config.blockUdp].includes(0);
  const blocks = config.blockTcp > 0 || config.blockUdp > 0;
  const lines = [
    `Log: a line for each probe and each action, as PortSentry ${config.logFormat}.x writes them.`,
    ...(config.logFormat === 1 && config.logTool
      ? ['The scanner\'s tool follows the port (LOG_TOOL="1"), which parsers of 1.x lines do not expect.']
      : []),
  ];
  if (config.historyFile !== null) {
    const when = [
      ...(blocks ? ['each block that worked'] : []),
      ...(onlyLogs ? ['each source that triggers but is only logged'] : []),
    ];
    lines.push(`${config.historyFile}: a line for ${when.join(' and for ')}.`);
  }
  if (config.blockedFile !== null && blocks) {
    lines.push(`${config.blockedFile}.MODE: a line for each block that worked.`);
  }
  lines.push(...describeNotifications(config));
  if (config.eventFile !== null) lines.push(`${config.eventFile}: a JSON object for each event.`);
  if (blocks) {
    lines.push(
      'A block that fails (exit status other than 0) is written to neither file and is tried again',
      'at a later probe.',
      ...describeEnd(config),
    );
  }
  return ['\n  Records\n', ...lines.map((line) => `    ${line}\n`)];
}

/** Where notifications go, and what they tell of. */
function describeNotifications({ notifyCommand, notifyUrl, notifyUrlFile, notifyFormat }: Config): string[] {
  const to = [
    ...(notifyCommand === null ? [] : ['NOTIFY_COMMAND']),
    ...(notifyUrl === null && notifyUrlFile === null ? [] : [`NOTIFY_URL as ${notifyFormat}`]),
  ];
  if (to.length === 0) return [];
  return [
    `Scans, failed blocks, floods, the start and the stop are told to ${to.join(' and to ')}, together once a`,
    'minute at most.',
  ];
}
