import { Kind } from '../classify/kind.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { UnblockEvent } from '../respond/event.ts';
import type { ProbeDetails, ProbeEvent } from '../track/event.ts';
import { suffices } from '../track/evidence.ts';
import { addressOf, hasPorts, timestamp } from './ecs-fields.ts';
import {
  blockByHandFields,
  blockFields,
  blockMessage,
  decoysFields,
  framesOf,
  probeFields,
  probeMessage,
  scanFields,
  unblockFields,
} from './event-fields.ts';
import type { EventForm, RecordedEvent } from './event-form.ts';
import { labelOf } from './labels.ts';
import { blockByHandLine, decoysLine, messageOf, refusedLine, scanEndedLine, unblockLine } from './lines1.ts';

/**
 * Events as Suricata's EVE has them, because many programs read it. A probe and a group of decoys are an `alert`, as a rule of
 * Suricata makes one. EVE has no type for the sum of a scan and for blocks: these have `event_type` `portsentry`, which readers
 * of EVE leave out.
 */
export class EveForm implements EventForm {
  readonly #host: string;

  constructor(host: string) {
    this.#host = host;
  }

  line(event: RecordedEvent): string {
    switch (event.action) {
      case 'probe':
        return this.#alert(event, severityOf(event), probeMessage(event), probeFields(event));
      case 'decoys':
        return this.#alert(event, LOW, messageOf(decoysLine(event)), decoysFields(event));
      case 'scan':
        return this.#other(
          event.time,
          event.source,
          messageOf(scanEndedLine(event, timestamp(event.first))),
          {
            action: 'scan',
            ...(event.places === undefined ? {} : framesOf(event.places)),
            triggered: event.triggered,
            evidence: event.evidence,
            scan: scanFields(event),
          },
        );
      case 'unblock':
        return this.#unblock(event);
      case 'refused':
        return this.#aboutProbe(event, messageOf(refusedLine(event.source, event.source, event.rule)), {
          rule: event.rule,
        });
      default:
        return this.#aboutProbe(event, blockMessage(event), blockFields(event));
    }
  }

  blockByHandLine(entry: LedgerEntry): string {
    const { block } = entry;
    const fields = { action: 'block', ...blockByHandFields(entry) };
    return this.#other(block.since, block.target, messageOf(blockByHandLine(block)), fields);
  }

  #alert(event: ProbeDetails & { action: string }, severity: number, message: string, more: object): string {
    const label = labelOf(event);
    return JSON.stringify({
      timestamp: eveTime(event.time),
      event_type: 'alert',
      ...flowOf(event),
      alert: {
        // The event says that a packet was seen. Whether it was dropped depends on the sensor.
        action: 'allowed',
        gid: 1,
        signature_id: FIRST_SIGNATURE + Kind[event.kind],
        rev: 1,
        signature: event.action === 'decoys' ? `PORTSENTRY Decoys, ${label}` : `PORTSENTRY ${label}`,
        category: CATEGORY,
        severity,
      },
      host: this.#host,
      portsentry: { message, ...aboutOf(event), ...more },
    });
  }

  /** An event about a probe that is no alert. */
  #aboutProbe(event: ProbeDetails & { action: string }, message: string, more: object): string {
    return JSON.stringify({
      timestamp: eveTime(event.time),
      event_type: OWN_TYPE,
      ...flowOf(event),
      host: this.#host,
      portsentry: { message, ...aboutOf(event), ...more },
    });
  }

  #unblock(event: UnblockEvent): string {
    const fields = { action: 'unblock', ...unblockFields(event) };
    return this.#other(event.time, event.entry.block.target, messageOf(unblockLine(event)), fields);
  }

  /** An event of a source, without a packet. */
  #other(time: number, target: string, message: string, fields: object): string {
    return JSON.stringify({
      timestamp: eveTime(time),
      event_type: OWN_TYPE,
      src_ip: addressOf(target),
      host: this.#host,
      portsentry: { message, target, ...fields },
    });
  }
}

const OWN_TYPE = 'portsentry';

/** Suricata's text for `classtype:network-scan`. */
const CATEGORY = 'Detection of a Network Scan';

/** Of no published rule set; each kind has the number that follows from its place in `Kind`. */
const FIRST_SIGNATURE = 9_900_000;

/** CrowdSec's stock rules for Suricata ban a source of severity 1 at once, and only record one of severity 3. */
const HIGH = 1;
const LOW = 3;

/** 1 only for what this host itself would block, on evidence that nobody else can make true. */
function severityOf({ triggered, ignored, decoy, evidence }: ProbeEvent): number {
  return triggered && ignored === null && !decoy && suffices(evidence, 'share') ? HIGH : LOW;
}

/** The packet, by EVE's names. */
function flowOf(event: ProbeDetails): object {
  const { source, sourcePort, destination, destinationPort } = event;
  if (hasPorts(event)) {
    return {
      src_ip: addressOf(source),
      src_port: sourcePort,
      dest_ip: destination,
      dest_port: destinationPort,
      proto: event.transport.toUpperCase(),
    };
  }
  const proto = protoOf(event);
  const icmp = event.transport === 'icmp' ? { icmp_type: destinationPort } : {};
  return { src_ip: addressOf(source), dest_ip: destination, proto, ...icmp };
}

/** Suricata names ICMP so, and any other protocol by its number. */
function protoOf({ transport, family, destinationPort }: ProbeDetails): string {
  if (transport === 'icmp') return family === 6 ? 'IPv6-ICMP' : 'ICMP';
  return transport === 'ip' ? String(destinationPort) : transport.toUpperCase();
}

function aboutOf({ action, source, mode, kind, place }: ProbeDetails & { action: string }): object {
  return {
    action,
    mode,
    kind,
    ...(source.includes('/') ? { source } : {}),
    ...(place === undefined
      ? {}
      : {
          file: place.file,
          frame: place.frame,
          ...(place.comment === null ? {} : { comment: place.comment }),
        }),
  };
}

/** As in `2026-11-29T09:05:00.000000+0000`. */
function eveTime(time: number): string {
  return timestamp(time).replace('Z', '000+0000');
}
