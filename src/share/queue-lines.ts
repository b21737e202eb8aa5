import { isCauseKind, isCount, isPort, isTarget, isTime, isTransport } from '../ledger/fields.ts';
import { lineWith, recordIn } from '../ledger/line.ts';
import { EVIDENCE } from '../track/evidence.ts';
import type { Report, Said } from './report.ts';

/** One line of the file of a queue: what is true from now on. */
export type Step =
  /** The engine that the lines after it are about. */
  | { readonly op: 'engine'; readonly identity: string }
  | { readonly op: 'report'; readonly seq: number; readonly report: Report; readonly inDoubt?: boolean }
  | { readonly op: 'take-back'; readonly seq: number; readonly target: string; readonly at: number }
  | { readonly op: 'sending' | 'not-sent' | 'done'; readonly seqs: readonly number[] }
  | { readonly op: 'said'; readonly said: Said }
  | { readonly op: 'ended'; readonly ids: readonly string[] };

/** Characters of an engine's identity, of an id and of a tool's name. */
const MAX_TEXT_LENGTH = 1_000;

/** Numbers or ids in one line. */
const MAX_IN_LINE = 2_000;

/** The step as a line that ends with a newline. */
export function lineOfStep(step: Step): string {
  return lineWith(step);
}

/** The step in a line, which is given without its newline; null when it is damaged or of another version. */
export function stepIn(line: Buffer): Step | null {
  const record = recordIn(line);
  return typeof record === 'string' || !isStep(record) ? null : (record as unknown as Step);
}

type Fields = Readonly<Record<string, unknown>>;

function isStep(record: Fields): boolean {
  const { op, seq, seqs, ids, identity, target, at, report, said } = record;
  switch (op) {
    case 'engine':
      return isText(identity);
    case 'report':
      return isCount(seq) && isReport(report as Fields);
    case 'take-back':
      return isCount(seq) && isTarget(target) && isTime(at);
    case 'sending':
    case 'not-sent':
    case 'done':
      return isListOf(seqs, isCount);
    case 'ended':
      return isListOf(ids, isText);
    case 'said':
      return isSaid(said as Fields);
    default:
      return false;
  }
}

function isReport(report: Fields | null): boolean {
  if (typeof report !== 'object' || report === null) return false;
  const { target, since, until, evidence, kind, transport, port, probes, ports, tool } = report;
  return (
    isTarget(target) &&
    isTime(since) &&
    isTime(until) &&
    EVIDENCE.some((word) => word === evidence) &&
    isCauseKind(kind) &&
    isTransport(transport) &&
    isPort(port) &&
    isCount(probes) &&
    isCount(ports) &&
    (tool === null || isText(tool))
  );
}

function isSaid(said: Fields | null): boolean {
  if (typeof said !== 'object' || said === null) return false;
  return isText(said.id) && isTarget(said.target) && isTime(said.since) && isTime(said.until);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH;
}

function isListOf(value: unknown, is: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= MAX_IN_LINE && value.every(is);
}
