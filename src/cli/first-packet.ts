import type { CaptureFile } from '../capture/file/open.ts';

/** A capture, and the time of its first packet in ms since the epoch, which is not finite without packets. */
interface Dated {
  readonly file: CaptureFile;
  readonly time: number;
}

/** The captures in the order of their first packets. Those of one time stay in order, and those without packets come last. */
export async function byFirstPacket(files: readonly CaptureFile[]): Promise<CaptureFile[]> {
  const all: Dated[] = [];
  for (const file of files) all.push({ file, time: await timeOfFirst(file) });
  return all
    .sort((one, other) => (one.time === other.time ? 0 : one.time - other.time))
    .map(({ file }) => file);
}

/** The earliest time of the first packets of captures, in ms since the epoch; null when they have none. */
export async function firstPacketOf(files: readonly CaptureFile[]): Promise<number | null> {
  let first = Number.POSITIVE_INFINITY;
  for (const file of files) first = Math.min(first, await timeOfFirst(file));
  return Number.isFinite(first) ? first : null;
}

async function timeOfFirst(file: CaptureFile): Promise<number> {
  const source = file.read();
  const time = (await source.next())?.time[0] ?? Number.POSITIVE_INFINITY;
  source.close();
  return time;
}
