/** What a scan was, as one sentence of clauses. */

import type { KindName } from '../classify/kind.ts';
import type { ScanEvent } from '../track/event.ts';
import { countPorts, type ScannedRange } from '../track/ranges.ts';
import { counted } from './counted.ts';
import { foundText } from './found-text.ts';

/** Ranges of ports, and targets, that the text names. The event has them all. */
const MAX_RANGES = 16;
const MAX_TARGETS = 4;

/** The sentence; `began` is the time of the first probe. */
export function scanText(event: ScanEvent, began: string): string {
  const { source, sources, probes, first, last, tool } = event;
  const who = sources > 1 ? `${sources} sources` : source;
  const what = [
    `Scan by ${who} ended: ${counted(probes, 'probe')} to ${whereText(event)} in ${spanText(last - first)} (${kindsText(event.kinds)})`,
    ...(tool === null ? [] : [`${tool}-like`]),
    ...shapeText(event),
  ];
  const clauses = [what.join(', '), `began ${began}`, targetsText(event), portsText(event), foundText(event)];
  return clauses.filter((clause) => clause !== null).join('; ');
}

/** The usual names of kinds: `SYN, UDP`. */
export function kindsText(kinds: readonly KindName[]): string {
  return kinds.map((kind) => SHORT[kind] ?? kind).join(', ');
}

/** Ranges as nmap writes them, MAX_RANGES at most: `TCP 1-6,8 UDP 53`. */
export function rangesText(ranges: readonly ScannedRange[]): string {
  const lists: string[] = [];
  let transport = '';
  for (const range of ranges.slice(0, MAX_RANGES)) {
    const text = range.first === range.last ? `${range.first}` : `${range.first}-${range.last}`;
    if (range.transport === transport) lists.push(`,${text}`);
    else lists.push(`${lists.length === 0 ? '' : ' '}${range.transport.toUpperCase()} ${text}`);
    transport = range.transport;
  }
  const more = ranges.length - MAX_RANGES;
  return `${lists.join('')}${more > 0 ? ` and ${more} more ranges` : ''}`;
}

/** A duration with two digits or more. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 1) return `${(seconds * 1_000).toFixed(0)} ms`;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const minutes = seconds / 60;
  return minutes < 100 ? `${minutes.toFixed(0)} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** Any other kind has its own name. */
const SHORT: Readonly<Partial<Record<string, string>>> = {
  null: 'NULL',
  fin: 'FIN',
  xmas: 'XMAS',
  syn: 'SYN',
  maimon: 'Maimon',
  ack: 'ACK',
  udp: 'UDP',
  arp: 'ARP',
};

/** A question for an address has no port. */
function whereText({ ports, atLeast, targets, shape }: ScanEvent): string {
  if (shape === 'arp sweep') return counted(targets, 'address', 'addresses');
  return `${atLeast ? 'at least ' : ''}${counted(ports, 'port')}${targets > 1 ? ` of ${targets} addresses` : ''}`;
}

/** The sources of a flood are forged, so their names say nothing. */
function shapeText({ shape, decoys, sources }: ScanEvent): string[] {
  if (shape === 'single') return [];
  return [decoys.length > 0 && shape !== 'flood' ? `${shape}: ${namesText(decoys, sources)}` : shape];
}

function targetsText({ targetNames, targets }: ScanEvent): string | null {
  if (targetNames.length === 0) return null;
  const word = targets === 1 ? 'target' : 'targets';
  return `${word} ${namesText(targetNames.slice(0, MAX_TARGETS), targets)}`;
}

/** The ports; `within` when ranges were joined, so that they cover others, too. */
function portsText({ ranges, ports, atLeast }: ScanEvent): string | null {
  const shown = ranges.filter(({ transport }) => transport !== 'arp');
  if (shown.length === 0) return null;
  return `ports ${countPorts(shown) > ports && !atLeast ? 'within ' : ''}${rangesText(shown)}`;
}

function namesText(names: readonly string[], all: number): string {
  return `${names.join(' ')}${all > names.length ? ` and ${all - names.length} more` : ''}`;
}
