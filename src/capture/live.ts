import { createRequire } from 'node:module';
import { PROGRAM_URL } from '../files/program.ts';
import {
  canonicalLinkType,
  isDecoded,
  LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
  linkTypeName,
} from './link-type.ts';

/** The part of the `cap` binding that is used. The package has no types. */
interface Cap {
  open(device: string, filter: string, ringBytes: number, buffer: Buffer): string;
  on(event: 'packet', listener: (length: number, truncated: boolean) => void): void;
  close(): void;
}

/** The binding copies each frame into one buffer. Its snap length is fixed at 65,535. */
const FRAME_BUFFER_BYTES = 65_536;

/** Link types by the names that the binding uses. For others it reports a number. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  ETHERNET: LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  NULL: LINKTYPE_NULL,
  RAW: LINKTYPE_RAW,
};

const NUMBERED = /^Unknown linktype (\d+)$/;

/** An open device. The owner must call `close`. */
export interface LiveDevice {
  readonly name: string;
  readonly linkType: number;
  close(): void;
}

/** Gets a frame: the first `length` octets of the view, valid until the listener returns. */
export type FrameListener = (view: DataView, length: number) => void;

/**
 * Opens `device` with a kernel filter and a ring of `ringBytes` octets. Throws the error of libpcap, or an error that
 * names a link type without a decoder. The binding has no time stamps; the listener must read the clock.
 */
export function openLive(
  device: string,
  filter: string,
  ringBytes: number,
  onFrame: FrameListener,
): LiveDevice {
  const { Cap } = loadBinding();
  const memory = new ArrayBuffer(FRAME_BUFFER_BYTES);
  const view = new DataView(memory);
  const cap = new Cap();
  const linkType = liveLinkType(cap.open(device, filter, ringBytes, Buffer.from(memory)));
  if (typeof linkType === 'string') {
    cap.close();
    throw new Error(`link type ${linkType} is not decoded`);
  }
  // The binding does not keep a reference to this memory. The listener, which holds the view, keeps it alive.
  cap.on('packet', (length) => onFrame(view, length));
  return { name: device, linkType, close: () => cap.close() };
}

/** The link type that the binding calls `name`, or a text for messages when no decoder exists for it. */
export function liveLinkType(name: string): number | string {
  const number = NUMBERED.exec(name)?.[1];
  if (number === undefined) return LINK_TYPES[name] ?? name;
  const linkType = canonicalLinkType(Number(number));
  return isDecoded(linkType) ? linkType : linkTypeName(linkType);
}

/** Loads the package `cap` as the module `from` would. Throws a one-line error that says what to do. */
export function loadBinding(from: string | URL = PROGRAM_URL): { readonly Cap: new () => Cap } {
  try {
    return createRequire(from)('cap');
  } catch (error) {
    throw new Error(`cap ${whyNotLoaded(error as NodeJS.ErrnoException)}`);
  }
}

function whyNotLoaded({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'MODULE_NOT_FOUND') return 'is not built: run npm run build:cap';
  if (message.includes('NODE_MODULE_VERSION')) {
    return 'was built for another version of Node: run npm run build:cap';
  }
  if (message.includes('libpcap')) return 'finds no libpcap: install libpcap0.8';
  return `cannot be loaded: ${message}`;
}
