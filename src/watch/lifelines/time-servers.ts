import { existsSync } from 'node:fs';
import { Address, parseAddress } from '../../net/address.ts';
import { addLifelines, type Lifeline } from './lifeline.ts';

/** A clock that asks more servers than this is none. */
const MAX_TIME_SERVERS = 256;

const BUS_NAME = 'org.freedesktop.timesync1';

/** A program that knows the servers which a time daemon asks now. */
export interface TimeDaemon {
  /** The program and its arguments. */
  readonly command: string;
  readonly args: readonly string[];
  /** The Debian package that has it. */
  readonly package: string;
  /** One of these paths exists while the daemon runs. */
  readonly signs: readonly string[];
  /** The addresses in the program's output. */
  parse(output: string): (Address | null)[];
}

/** The time daemons whose servers can be found out. Configuration files name pools, so only the daemons know. */
export const TIME_DAEMONS: readonly TimeDaemon[] = [
  {
    command: 'chronyc',
    args: ['-n', '-c', 'sources'],
    package: 'chrony',
    signs: ['/run/chrony', '/var/run/chrony'],
    // `^,*,192.0.2.1,2,6,...`: the mode (`#` is a clock of this host), the state, the server.
    parse: (output) =>
      [...output.matchAll(/^[\^=],.,([^,\s]+),/gm)].map(([, text = '']) => parseAddress(text)),
  },
  {
    command: 'ntpq',
    args: ['-n', '-w', '-p'],
    package: 'ntpsec',
    signs: ['/run/ntpd.pid', '/var/run/ntpd.pid', '/run/ntpsec'],
    // A tally code, the server, its reference. A heading and names of pools are no addresses.
    parse: (output) =>
      [...output.matchAll(/^[ x.\-+#*o](\S+)(?:\s|$)/gm)].map(([, text = '']) => parseAddress(text)),
  },
  {
    command: 'busctl',
    args: [
      '--system',
      '--json=short',
      // A daemon that does not run must not be started by the question.
      '--auto-start=no',
      'get-property',
      BUS_NAME,
      `/${BUS_NAME.replaceAll('.', '/')}`,
      `${BUS_NAME}.Manager`,
      'ServerAddress',
    ],
    package: 'systemd',
    signs: ['/run/systemd/timesync'],
    parse: (output) => [parseBusAddress(output)],
  },
];

/** The daemons that seem to run. */
export function runningTimeDaemons(): TimeDaemon[] {
  return TIME_DAEMONS.filter(({ signs }) => signs.some((path) => existsSync(path)));
}

/** The servers in the output of these programs, each once. */
export function timeServersOf(outputs: readonly (readonly [TimeDaemon, string])[]): Lifeline[] {
  const servers = new Map<string, Lifeline>();
  for (const [daemon, output] of outputs) {
    const found = daemon.parse(output).flatMap((address) => {
      return address === null
        ? []
        : [{ address, of: daemon.command === 'busctl' ? 'systemd-timesyncd' : daemon.command }];
    });
    addLifelines(servers, found, MAX_TIME_SERVERS);
  }
  return [...servers.values()];
}

/** `{"type":"(iay)","data":[2,[192,0,2,1]]}`: the family and the octets; none while no server is asked. */
function parseBusAddress(output: string): Address | null {
  const octets = /"data":\[\d+,\[([\d,]+)\]\]/.exec(output)?.[1]?.split(',').map(Number) ?? [];
  const word = (at: number) => octets.slice(at, at + 4).reduce((sum, octet) => sum * 256 + octet, 0);
  if (octets.some((octet) => octet > 255)) return null;
  if (octets.length === 4) return Address.v4(word(0));
  return octets.length === 16 ? new Address(word(0), word(4), word(8), word(12)) : null;
}
