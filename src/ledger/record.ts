import type { LedgerEntry, Operation } from './entry.ts';
import {
  cleanNote,
  isBoot,
  isCauseKind,
  isCount,
  isEnd,
  isMethod,
  isMode,
  isPort,
  isTarget,
  isTime,
  isTransport,
  isWrappersLine,
} from './fields.ts';

/** An object from a file, whose fields have not been checked. */
type Unchecked = Readonly<Record<string, unknown>>;

/** Why a record is skipped: it is not as it was written, or another version of the program wrote it. */
export type RecordFault = 'damaged' | 'unknown';

/** The record of an operation: flat, without fields that follow from the others. */
export function recordOf(operation: Operation): object {
  switch (operation.op) {
    case 'decide':
      return { op: 'decide', ...fieldsOf(operation.entry) };
    case 'entry': {
      const { inForce, ended } = operation.entry;
      return { op: 'entry', ...fieldsOf(operation.entry), inForce, ...ended };
    }
    default:
      return operation;
  }
}

/** The operation of a record. It checks every field, because others may have written the file. */
export function operationFrom(record: Unchecked): Operation | RecordFault {
  const { op } = record;
  switch (op) {
    case 'decide':
      return decisionFrom(record);
    case 'entry':
      return entryFrom(record);
    case 'confirm':
      return confirmationFrom(record);
    case 'lift':
      return isTarget(record.target) ? { op, target: record.target } : 'damaged';
    case 'lift-all':
      return { op };
    case 'end':
      return endFrom(record);
    default:
      return typeof op === 'string' ? 'unknown' : 'damaged';
  }
}

/** Whether parsed JSON can be a record. */
export function isRecord(value: unknown): value is Unchecked {
  return typeof value === 'object' && value !== null;
}

function fieldsOf({ block, method, hasRemnant, wrappersLine, boot, times }: LedgerEntry): object {
  const { target, since, until, cause } = block;
  const { mode, kind, transport, destinationPort, connects, note } = cause;
  return {
    target,
    since,
    until,
    mode,
    kind,
    transport,
    port: destinationPort,
    connects,
    note,
    method,
    wrappersLine,
    boot,
    times,
    // Seldom, so only where it is so.
    ...(hasRemnant ? { hasRemnant } : {}),
  };
}

function decisionFrom(record: Unchecked): Operation | RecordFault {
  const entry = newEntryFrom(record);
  return entry === null ? 'damaged' : { op: 'decide', entry };
}

function entryFrom(record: Unchecked): Operation | RecordFault {
  const entry = newEntryFrom(record);
  const { inForce, at, how } = record;
  if (entry === null || typeof inForce !== 'boolean') return 'damaged';
  if (at === undefined && how === undefined) return { op: 'entry', entry: { ...entry, inForce } };
  // An ended block is not in force.
  if (inForce || !isTime(at) || !isEnd(how)) return 'damaged';
  return { op: 'entry', entry: { ...entry, ended: { at, how } } };
}

/** An entry that is due and not in force. */
function newEntryFrom(record: Unchecked): LedgerEntry | null {
  const { target, since, until, mode, kind, transport, port, connects, note } = record;
  const { method, wrappersLine, boot, times, hasRemnant = false } = record;
  if (!isTarget(target) || !isTime(since) || !(until === null || isTime(until))) return null;
  if (!isMode(mode) || !isCauseKind(kind) || !isTransport(transport) || !isPort(port)) return null;
  if (!isCount(connects) || !(note === null || typeof note === 'string')) return null;
  if (!isMethod(method) || !isWrappersLine(wrappersLine) || !isBoot(boot)) return null;
  if (!isCount(times) || (times === 0 && kind !== 'manual') || typeof hasRemnant !== 'boolean') return null;
  const cause = { mode, kind, transport, destinationPort: port, connects, note: cleanNote(note) };
  const block = { target, family: target.includes(':') ? 6 : 4, since, until, cause } as const;
  return { block, method, hasRemnant, wrappersLine, boot, times, inForce: false, ended: null };
}

function confirmationFrom({ target, boot, wrappersLine }: Unchecked): Operation | RecordFault {
  if (!isTarget(target) || !isBoot(boot)) return 'damaged';
  if (wrappersLine === undefined) return { op: 'confirm', target, boot };
  return isWrappersLine(wrappersLine) ? { op: 'confirm', target, boot, wrappersLine } : 'damaged';
}

function endFrom({ target, at, how }: Unchecked): Operation | RecordFault {
  return isTarget(target) && isTime(at) && isEnd(how) ? { op: 'end', target, at, how } : 'damaged';
}
