import { createReadStream } from 'node:fs';
import { openCaptureFile } from '../../src/capture/file/open.ts';
import { classify, fillProbe } from '../../src/classify/classify.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { Reason } from '../../src/decode/reason.ts';
import { FragmentReader } from './fragment-reader.ts';
import { ethernet, type IpFields, SYN, type TcpFields, tcpPacket } from './frames.ts';
import { capturePath } from './golden.ts';
import { type ReadFrame, readAll } from './read-capture.ts';

/** The probes among these frames, if every port is watched and none in use. */
export function probesIn(frames: Iterable<ReadFrame>): Probe[] {
  const reader = new FragmentReader();
  const probes: Probe[] = [];
  for (const { data, linkType, time, wireLength } of frames) {
    reader.packet.time = time;
    if (reader.read(data, linkType, wireLength) !== Reason.none) continue;
    const kind = classify(reader.packet);
    // A question for one address is no sweep.
    if (kind === Kind.none || kind === Kind.arp || reader.verify() !== Reason.none) continue;
    const probe = new Probe();
    fillProbe(probe, reader.packet, kind);
    probes.push(probe);
  }
  return probes;
}

/** The probes in a fixture, if every port is watched and none in use. */
export async function probesOf(capture: string): Promise<Probe[]> {
  const file = await openCaptureFile(capturePath(capture), () => createReadStream('/dev/null'));
  const { frames } = await readAll(file.read());
  file.close();
  return probesIn(frames);
}

/** A SYN from 10.99.0.1 to TCP port 23 of 10.99.0.2, decoded from its frame. */
export function synProbe(fields: Partial<TcpFields> = {}, ip: IpFields = {}): Probe {
  const ends = { source: '10.99.0.1', destination: '10.99.0.2' };
  const data = ethernet(tcpPacket({ ...ends, destinationPort: 23, flags: SYN, ...fields }, ip));
  const [probe] = probesIn([{ data, wireLength: data.length, linkType: 1, time: 0 }]);
  if (probe === undefined) throw new Error('no probe');
  return probe;
}
