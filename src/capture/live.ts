import { createRequire } from 'node:module';
import {
  canonicalLinkType,
  isDecoded,
  LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
  linkTypeName,
} from './link-type.ts';

/** The part of the `cap` binding that is used; the package has no types of its own. */
interface Cap {
  open(device: string, filter: string, ringSize: number, buffer: Buffer): string;
  on(event: 'packet', listener: (length: number, truncated: boolean) => void): void;
  close(): void;
}

/** The binding copies each frame into one buffer of ours; its snap length is fixed at 65,535. */
const FRAME_BUFFER_LENGTH = 65_536;

/** Link types by the names that the binding gives them; the others have a number. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  ETHERNET: LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  NULL: LINKTYPE_NULL,
  RAW: LINKTYPE_RAW,
};

const NUMBERED = /^Unknown linktype (\d+)$/;

/** One open device. Whoever drops it must call `close`. */
export interface LiveDevice {
  readonly name: string;
  readonly linkType: number;
  close(): void;
}

/** A frame, valid until the listener returns. `length` octets from the start of the view. */
export type FrameListener = (view: DataView, length: number) => void;

/**
 * Opens `device` with a kernel filter and a ring of `ringSize` octets. Throws what libpcap says when it cannot.
 * Time stamps are not to be had from the binding: the listener takes its own.
 */
export function openLive(
  device: string,
  filter: string,
  ringSize: number,
  onFrame: FrameListener,
): LiveDevice {
  const { Cap } = loadBinding();
  const memory = new ArrayBuffer(FRAME_BUFFER_LENGTH);
  const view = new DataView(memory);
  const cap = new Cap();
  const linkType = liveLinkType(cap.open(device, filter, ringSize, Buffer.from(memory)));
  if (typeof linkType === 'string') {
    cap.close();
    throw new Error(`link type ${linkType} is not decoded`);
  }
  // The binding writes into this memory without holding it: the listener, which holds the view, keeps it alive.
  cap.on('packet', (length) => onFrame(view, length));
  return { name: device, linkType, close: () => cap.close() };
}

/** The link type that the binding calls `name`; a text for messages when it is one that is not decoded. */
export function liveLinkType(name: string): number | string {
  const number = NUMBERED.exec(name)?.[1];
  if (number === undefined) return LINK_TYPES[name] ?? name;
  const linkType = canonicalLinkType(Number(number));
  return isDecoded(linkType) ? linkType : linkTypeName(linkType);
}

/** Loads `cap` as a module in the place of `from` would. Throws one line that says what to do when it cannot. */
export function loadBinding(from: string | URL = import.meta.url): { readonly Cap: new () => Cap } {
  try {
    return createRequire(from)('cap');
  } catch (error) {
    throw new Error(`cap ${whyNotLoaded(error as NodeJS.ErrnoException)}`);
  }
}

function whyNotLoaded({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'MODULE_NOT_FOUND') return 'is not built: run npm rebuild cap';
  if (message.includes('NODE_MODULE_VERSION')) {
    return 'was built for another version of Node: run npm rebuild cap';
  }
  if (message.includes('libpcap')) return 'finds no libpcap: install libpcap0.8';
  return `cannot be loaded: ${message}`;
}
