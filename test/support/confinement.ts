import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { statusOf } from './detector.ts';
import type { Host } from './lab-host.ts';

/** What a process may do, as /proc shows it. */
export interface Confinement {
  /** Its four user ids and four group ids, if they are one number. */
  readonly user: number;
  readonly groups: string;
  /** The permitted, effective, bounding and ambient sets. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  /** The soft and hard limits that are not 0. */
  readonly limits: readonly string[];
  /** The names of its variables. */
  readonly environment: readonly string[];
  /** Open files that are none of a process's own: no socket, pipe or /dev/null. */
  readonly files: readonly string[];
}

/** What a sensor has beside its ids: nothing. */
export const CONFINED = {
  groups: '',
  capabilities: ['0', '0', '0', '0'],
  noNewPrivileges: true,
  limits: [],
  environment: ['PATH'],
  files: [],
} satisfies Partial<Confinement>;

const SETS = ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];
const LIMITS = /^Max (open files|processes|file size|core file size) +(\S+) +(\S+)/gm;
/** A tree of another system has a /dev of its own. */
const OWN = /^(socket:|pipe:|anon_inode:|(\/\S+)?\/dev\/null$)/;

/** The sensor processes of a host that have opened what they read and given up the rest. */
export function sensorsOn(host: Host): number[] {
  const space = readlinkSync(`/proc/${host.holder}/ns/pid`);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => statusOf(pid, 'Name') === 'portsentry-capt' && linkOf(`/proc/${pid}/ns/pid`) === space);
}

/** Reads how a process is confined. Throws when it is gone, or when its ids differ. */
export function confinementOf(pid: number): Confinement {
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'latin1');
  const ids = new Set(['Uid', 'Gid'].flatMap((field) => statusOf(pid, field)?.trim().split('\t') ?? []));
  if (ids.size !== 1) throw new Error(`the ids of process ${pid} are ${[...ids]}`);
  const environment = read('environ')
    .split('\0')
    .flatMap((entry) => entry.split('=')[0] || []);
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  return {
    user: Number([...ids][0]),
    groups: statusOf(pid, 'Groups')?.trim() ?? '',
    capabilities: SETS.map((set) => statusOf(pid, set)?.replace(/^0+(?=.)/, '') ?? ''),
    noNewPrivileges: statusOf(pid, 'NoNewPrivs') === '1',
    limits: [...read('limits').matchAll(LIMITS)].flatMap(([, name, soft, hard]) =>
      soft === '0' && hard === '0' ? [] : `${name} ${soft} ${hard}`,
    ),
    environment,
    files: links.filter((link) => !OWN.test(link)),
  };
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
