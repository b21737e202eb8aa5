import type { BlockPolicy, Config, ModeName } from '../config/config.ts';
import { unkillRouteFor } from '../config/kill-route.ts';
import { startedModes, transportOfMode } from '../config/modes.ts';
import { duration } from '../config/values.ts';
import type { ModeTransport } from '../net/protocol.ts';
import { type PlannedAction, planActions, plannedMethod } from '../respond/plan.ts';

/** What will happen to a scanner, in plain words, for each transport. */
export function tellResponse(config: Config): string {
  return [
    'What will happen to a scanner\n',
    ...(['tcp', 'udp'] as const).flatMap((transport) => tellTransport(config, transport)),
    ...tellRecords(config),
  ].join('');
}

function tellTransport(config: Config, transport: ModeTransport): string[] {
  const policy = transport === 'tcp' ? config.blockTcp : config.blockUdp;
  const name = transport.toUpperCase();
  return [
    `\n  ${name}\n`,
    ...tellPorts(config, transport),
    `    Ports that this host uses itself are never watched.\n`,
    `    ${tellTrigger(config)}\n`,
    ...(policy === 0 ? [] : tellForgery(config).map((line) => `    ${line}\n`)),
    `    ${tellPolicy(transport, policy)}\n`,
    ...([4, 6] as const).flatMap((family) => tellActions(config, transport, family)),
  ];
}

function tellPorts(config: Config, transport: ModeTransport): string[] {
  const isTcp = transport === 'tcp';
  const limit = isTcp ? config.advancedPortsTcp : config.advancedPortsUdp;
  const excluded = isTcp ? config.advancedExcludeTcp : config.advancedExcludeUdp;
  const ports = isTcp ? config.tcpPorts : config.udpPorts;
  const listed = `the ports of ${isTcp ? 'TCP_PORTS' : 'UDP_PORTS'} (${ports.size})`;
  const watched: readonly (readonly [ModeName, string])[] = [
    [isTcp ? 'atcp' : 'audp', `every port below ${limit}${excluded.size > 0 ? ` except ${excluded}` : ''}`],
    [isTcp ? 'stcp' : 'sudp', listed],
    [isTcp ? 'tcp' : 'udp', `${listed} by listening on them${tellBanner(config, transport)}`],
  ];
  const lines = watched.map(([mode, what]) => `    -${mode} watches ${what}${remark(config, mode)}\n`);
  const idle = !startedModes(config).some((mode) => transportOfMode(mode) === transport);
  return idle
    ? [...lines, `    MODES names no ${transport.toUpperCase()} mode: none of them is started.\n`]
    : lines;
}

function tellBanner({ portBanner, udpBannerAmplify }: Config, transport: ModeTransport): string {
  if (portBanner === null) return '';
  if (transport === 'tcp') return ', and answers with PORT_BANNER';
  return `, and answers with ${udpBannerAmplify ? '' : 'as much of '}PORT_BANNER${udpBannerAmplify ? '' : ' as came in'}`;
}

function remark(config: Config, mode: ModeName): string {
  if (!startedModes(config).includes(mode)) return '';
  return config.modes.length > 0 ? ' (started: MODES)' : ' (started unless the command line says otherwise)';
}

/** Which connect of a source triggers. */
export function tellTrigger({ scanTrigger, scanWindow }: Config): string {
  if (scanTrigger === 0) return 'The first connect of a source triggers.';
  const window = scanWindow === 0 ? 'whenever they come' : `within ${time.format(scanWindow)}`;
  return `Connect number ${scanTrigger + 1} of a source triggers, ${window}.`;
}

/** What is not acted on, because anybody may have sent it. */
function tellForgery({ blockSpoofable, decoyPolicy, scanTrigger }: Config): string[] {
  return [
    ...(blockSpoofable || scanTrigger > 0
      ? []
      : [
          'It is not acted on for one packet, which anybody can forge, but for a second, different one (BLOCK_SPOOFABLE="0").',
        ]),
    ...(decoyPolicy === 'block'
      ? []
      : ['Of several that send the same at the same time (decoys) none is acted on (DECOY_POLICY="log").']),
  ];
}

const time = duration({ forEver: true });

function tellPolicy(transport: ModeTransport, policy: BlockPolicy): string {
  const setting = `BLOCK_${transport.toUpperCase()}="${policy}"`;
  if (policy === 0) return `${setting}: it is only logged; nothing is run.`;
  if (policy === 1) return `${setting}: it is blocked, in this order:`;
  return `${setting}: only the external command is run:`;
}

function tellActions(config: Config, transport: ModeTransport, family: 4 | 6): string[] {
  return planActions(config, plannedMethod(config), transport, family).map(
    (action, index) => `      IPv${family}, ${index + 1}. ${tellAction(config, action, family)}\n`,
  );
}

function tellAction(config: Config, { step, template }: PlannedAction, family: 4 | 6): string {
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
  best: 'by the best of nftables, ipset, iptables and route that this host has (the start says which)',
  nftables: 'by nftables: in a set of the table inet portsentry',
  ipset: 'by ipset: in a set that a rule of iptables and ip6tables drops',
  iptables: 'by iptables or ip6tables: by a rule in the chain PORTSENTRY',
  route: 'by a blackhole route: nothing is sent to it any more',
  null: 'by the method null, which does nothing and says that it did',
};

/** How long a block lasts, and how it ends. */
function tellEnd(config: Config): string {
  const { blockTime, blockTimeFactor: factor, blockTimeMax: most } = config;
  if (plannedMethod(config) === 'command' && unkillRouteFor(config, 4) === null)
    return 'A block stays until you take it back or until the next boot: there is no UNKILL_ROUTE.';
  if (blockTime === 0) return 'A block stays until it is taken back by hand, over every restart and reboot.';
  const longer = factor > 1 ? `, the next of the same source ${factor} times as long` : '';
  const limit = factor > 1 && most > 0 ? `, ${time.format(most)} at most` : '';
  return `A block lasts ${time.format(blockTime)}${longer}${limit}; it survives a restart and a reboot.`;
}

function tellRecords(config: Config): string[] {
  const onlyLogs = [config.blockTcp, config.blockUdp].includes(0);
  const blocks = config.blockTcp > 0 || config.blockUdp > 0;
  const lines = [
    `Log: a line for each probe and each action, as PortSentry ${config.logFormat}.x writes them.`,
    ...(config.logFormat === 1 && config.logTool
      ? ['Behind the port stands the scanner\'s tool (LOG_TOOL="1"), which readers of 1.x lines do not know.']
      : []),
  ];
  if (config.historyFile !== null) {
    const when = [
      ...(blocks ? ['each block that worked'] : []),
      ...(onlyLogs ? ['each source that triggers where BLOCK is "0"'] : []),
    ];
    lines.push(`${config.historyFile}: a line for ${when.join(' and for ')}.`);
  }
  if (config.blockedFile !== null && blocks) {
    lines.push(`${config.blockedFile}.MODE: a line for each block that worked.`);
  }
  if (config.eventFile !== null) lines.push(`${config.eventFile}: a JSON object for each event.`);
  if (blocks) {
    lines.push(
      'A block that failed (the command ends with another status than 0) is written to neither file',
    );
    lines.push('and tried again at a later probe.', tellEnd(config));
  }
  return ['\n  Records\n', ...lines.map((line) => `    ${line}\n`)];
}
