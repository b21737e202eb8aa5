import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ProbeEvent, ScanEvent } from '../../src/track/event.ts';

/** 2026-11-22 13:33:37.123 UTC. */
export const NOON = 1_795_354_417_123;

/** A SYN to TCP port 111 that triggered and is no repeat, from a source that no rule spares. */
export function probeEvent(fields: Partial<ProbeEvent> = {}): ProbeEvent {
  const source = fields.source ?? '10.99.0.1';
  const isV6 = source.includes(':');
  return {
    action: 'probe',
    time: NOON,
    mode: 'atcp',
    kind: 'syn',
    transport: 'tcp',
    family: isV6 ? 6 : 4,
    source,
    sourcePort: 41302,
    destination: isV6 ? '2001:db8::2' : '10.99.0.2',
    destinationPort: 111,
    tcpFlags: 2,
    ipOptions: false,
    fragmented: false,
    connects: 1,
    triggered: true,
    ignored: null,
    isSilent: false,
    repeat: false,
    note: null,
    noBlock: false,
    alreadyBlocked: false,
    evidence: 'spoofable',
    tool: null,
    decoy: false,
    ...fields,
  };
}

/** A datagram to UDP port 9. */
export function udpEvent(fields: Partial<ProbeEvent> = {}): ProbeEvent {
  return probeEvent({
    mode: 'audp',
    kind: 'udp',
    transport: 'udp',
    destinationPort: 9,
    tcpFlags: 0,
    ...fields,
  });
}

/** A scan of 397 ports that has ended. */
export function scanEvent(fields: Partial<ScanEvent> = {}): ScanEvent {
  return {
    action: 'scan',
    time: NOON,
    source: '10.99.0.1',
    family: 4,
    first: NOON - 3_100,
    last: NOON,
    probes: 412,
    ports: 397,
    kinds: ['syn'],
    targets: 1,
    ranges: [],
    targetNames: [],
    atLeast: false,
    answered: null,
    tried: 397,
    shape: 'vertical',
    tool: 'nmap',
    triggered: true,
    evidence: 'repeated',
    sources: 1,
    decoys: [],
    ...fields,
  };
}

/** A temporary folder, removed after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-record-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
