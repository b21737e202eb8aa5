import { portList } from '../config/values.ts';
import { parseAddress } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import type { OpenPorts } from '../watch/open-ports.ts';
import { readPrefix } from './targets.ts';

/** Parses the value of an option, `10.0.0.0/8,fd00::1`. Throws usage error 64 for anything else. */
export function parsePrefixes(text: string, option: string): Prefix[] {
  return text.split(',').map((item) => readPrefix(item.trim(), `${option}: `));
}

/** Adds the ports of --open, `tcp/22,udp/53@10.0.0.2`; ranges are allowed. Throws usage error 64 for anything else. */
export function addOpen(text: string, open: OpenPorts): void {
  for (const item of text.split(',')) {
    const match = /^\s*(tcp|udp)\/([0-9-]+)(?:@(\S+))?\s*$/.exec(item);
    const ports = match === null ? null : portList.parse(match[2] ?? '');
    const address = match?.[3] === undefined ? null : parseAddress(match[3]);
    if (match === null || ports === null || !ports.ok || (match[3] !== undefined && address === null)) {
      throw new CommandError(
        Exit.usage,
        `--open: expected tcp/PORT or udp/PORT@ADDRESS such as udp/53@10.0.0.2, found "${item}"`,
      );
    }
    const protocol = match[1] === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP;
    for (const { first, last } of ports.value.ranges()) {
      for (let port = first; port <= last; port++) {
        if (address === null) open.addEverywhere(protocol, port);
        else open.add(protocol, address, port);
      }
    }
  }
}
