import { ethernet, SYN, tcpPacket } from '../../test/support/frames.ts';
import type { Lab, Link } from '../../test/support/lab.ts';
import type { Host } from '../../test/support/lab-host.ts';
import type { LabProcess } from '../../test/support/lab-process.ts';
import { type Frames, fixChecksums, writeCapture } from './captures.ts';

/** Where the forged sources begin; each frame has the next one. */
const FIRST_SOURCE = 11 << 24;
export const FORGED = '11.0.0.0/8';

/** The idle ports that a flood goes to, in turn. */
const FIRST_PORT = 1_000;
const PORTS = 1_000;

/** A rate for `tcpreplay`; Infinity is as fast as it can. */
export interface FloodPlan {
  readonly perSecond: number;
  readonly seconds: number;
}

/** What `tcpreplay` says that it has sent. */
export interface Sent {
  readonly frames: number;
  readonly seconds: number;
}

/** Writes `count` SYNs, each from a forged source of its own, to a capture that `startReplay` sends over the link. */
export async function writeFlood(path: string, link: Link, count: number): Promise<void> {
  await writeCapture(path, floodOf(link, count));
}

function* floodOf({ from, to }: Link, count: number): Frames {
  const syn = tcpPacket({ source: '11.0.0.0', destination: to.ipv4, destinationPort: 1, flags: SYN });
  const frame = ethernet(syn, { source: from.mac, destination: to.mac });
  const view = new DataView(frame.buffer, frame.byteOffset);
  for (let index = 0; index < count; index++) {
    view.setUint32(26, FIRST_SOURCE + index);
    view.setUint16(34, 1_024 + (index % 60_000));
    view.setUint16(36, FIRST_PORT + (index % PORTS));
    fixChecksums(view);
    yield { frame, time: 0 };
  }
}

/** Starts to send the frames of a capture over the link. It reads the capture first. */
export function startReplay(lab: Lab, link: Link, path: string, plan: FloodPlan): Promise<LabProcess> {
  const { perSecond, seconds } = plan;
  const pace = Number.isFinite(perSecond)
    ? [
        '--pps',
        String(perSecond),
        '--pps-multi',
        '100',
        '--timer',
        'nano',
        '--limit',
        String(perSecond * seconds),
      ]
    : ['--topspeed', '--duration', String(seconds)];
  return lab.start(link.from.host, [
    'tcpreplay',
    '--preload-pcap',
    '--no-flow-stats',
    '--intf1',
    link.from.interface,
    ...pace,
    path,
  ]);
}

/** Waits for the end of a replay. */
export async function sentBy(replay: LabProcess): Promise<Sent> {
  const { stdout, stderr } = await replay.ended;
  const [, frames, seconds] = /Actual: (\d+) packets .* sent in ([\d.]+) seconds/.exec(stdout) ?? [];
  if (frames === undefined) throw new Error(`tcpreplay: ${stderr}`);
  return { frames: Number(frames), seconds: Number(seconds) };
}

/** The counters of all tables of a host, by name. */
export async function countersOf(lab: Lab, host: Host): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await lab.run(host, ['nft', '-j', 'list', 'counters']);
  const { nftables } = JSON.parse(stdout) as {
    nftables: { counter?: { name: string; packets: number } }[];
  };
  return Object.fromEntries(
    nftables.flatMap(({ counter }) => (counter === undefined ? [] : [[counter.name, counter.packets]])),
  );
}
