import { isIP } from 'node:net';

/** A type of Elasticsearch, as the schema's list (`fields.csv` of elastic/ecs) gives it for a field. */
type FieldType = 'date' | 'ip' | 'keyword' | 'long' | 'boolean' | 'text';

/** The fields of the Elastic Common Schema that our events have. */
const STANDARD: Readonly<Record<string, FieldType>> = {
  '@timestamp': 'date',
  message: 'text',
  'ecs.version': 'keyword',
  'event.kind': 'keyword',
  'event.category': 'keyword',
  'event.type': 'keyword',
  'event.action': 'keyword',
  'event.module': 'keyword',
  'event.dataset': 'keyword',
  'event.severity': 'long',
  'event.start': 'date',
  'event.end': 'date',
  'event.duration': 'long',
  'log.file.path': 'keyword',
  'source.address': 'keyword',
  'source.ip': 'ip',
  'source.port': 'long',
  'destination.address': 'keyword',
  'destination.ip': 'ip',
  'destination.port': 'long',
  'network.transport': 'keyword',
  'network.type': 'keyword',
  'network.direction': 'keyword',
  'network.iana_number': 'keyword',
  'related.ip': 'ip',
  'rule.name': 'keyword',
  'threat.framework': 'keyword',
  'threat.tactic.id': 'keyword',
  'threat.tactic.name': 'keyword',
  'threat.technique.id': 'keyword',
  'threat.technique.name': 'keyword',
};

/** Our own fields, below `portsentry`. */
const OWN: Readonly<Record<string, FieldType>> = {
  frame: 'long',
  last_frame: 'long',
  last_file: 'keyword',
  comment: 'keyword',
  mode: 'keyword',
  kind: 'keyword',
  label: 'keyword',
  icmp_type: 'long',
  connects: 'long',
  triggered: 'boolean',
  ignored: 'keyword',
  repeat: 'boolean',
  ip_options: 'boolean',
  fragmented: 'boolean',
  evidence: 'keyword',
  tool: 'keyword',
  decoy: 'boolean',
  note: 'keyword',
  decoys: 'ip',
  one_sender: 'boolean',
  spared: 'boolean',
  rule: 'keyword',
  target: 'keyword',
  since: 'date',
  until: 'date',
  times: 'long',
  method: 'keyword',
  how: 'keyword',
  reason: 'keyword',
  'steps.step': 'keyword',
  'steps.text': 'keyword',
  'steps.failure': 'keyword',
  'scan.first': 'date',
  'scan.last': 'date',
  'scan.probes': 'long',
  'scan.ports': 'long',
  'scan.at_least': 'boolean',
  'scan.ranges.transport': 'keyword',
  'scan.ranges.first': 'long',
  'scan.ranges.last': 'long',
  'scan.kinds': 'keyword',
  'scan.targets': 'long',
  'scan.target_names': 'ip',
  'scan.tried': 'long',
  'scan.answered.address': 'ip',
  'scan.answered.transport': 'keyword',
  'scan.answered.port': 'long',
  'scan.shape': 'keyword',
  'scan.tool': 'keyword',
  'scan.sources': 'long',
  'scan.decoys': 'ip',
};

const TYPES = new Map([
  ...Object.entries(STANDARD),
  ...Object.entries(OWN).map(([name, type]) => [`portsentry.${name}`, type] as const),
]);

/** Fields of the schema that have a closed list of values. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  'event.kind': ['alert', 'event'],
  'event.category': ['network', 'intrusion_detection'],
  // Those that the schema expects with the category intrusion_detection.
  'event.type': ['allowed', 'denied', 'info'],
  'network.direction': ['ingress'],
  'network.type': ['ipv4', 'ipv6'],
};

/** Fields that every event has. */
const ALWAYS = ['@timestamp', 'message', 'ecs.version', 'event.kind', 'source.ip', 'related.ip'];

const IS: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  date: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
  ip: (value) => typeof value === 'string' && isIP(value) !== 0,
  keyword: (value) => typeof value === 'string' && value !== '',
  long: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === 'boolean',
  text: (value) => typeof value === 'string' && value !== '' && !/undefined|NaN|\n/.test(value),
};

/** What is wrong with an event, given as a line of JSON: an unknown field, or a value that is not of its type. */
export function ecsFaults(line: string): string[] {
  const leaves = [...leavesOf(JSON.parse(line), '')];
  const missing = ALWAYS.filter((name) => !leaves.some(([field]) => field === name));
  return [
    ...missing.map((name) => `${name} is missing`),
    ...leaves.flatMap(([name, value]) => faultOf(name, value)),
  ];
}

function faultOf(name: string, value: unknown): string[] {
  const type = TYPES.get(name);
  if (type === undefined) return [`${name} is unknown`];
  // null is the absence of a value, for which our own fields have a meaning.
  if (value === null && name.startsWith('portsentry.')) return [];
  if (!IS[type](value)) return [`${name} is no ${type}: ${JSON.stringify(value)}`];
  const values = VALUES[name];
  return values === undefined || values.includes(value) ? [] : [`${name} has no such value: ${value}`];
}

/** Elasticsearch sees an array as several values of its field. */
function* leavesOf(value: unknown, name: string): Generator<[name: string, value: unknown]> {
  if (Array.isArray(value)) for (const item of value) yield* leavesOf(item, name);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value))
      yield* leavesOf(item, name === '' ? key : `${name}.${key}`);
  } else if (!(value === null && TYPES.get(name) === undefined && isParent(name))) yield [name, value];
}

function isParent(name: string): boolean {
  return [...TYPES.keys()].some((field) => field.startsWith(`${name}.`));
}
