import { type Failure, throwOn } from '../../commands/failure.ts';
import { runTool, type Tool } from '../../commands/tool.ts';
import type { Change } from '../batch.ts';
import { type Family, familiesHere } from '../families.ts';
import { parseTarget } from '../target.ts';
import { PROTOCOL, readDestinations, readErrors, routeLine } from './lines.ts';

const IP: Tool = { command: 'ip', package: 'iproute2' };

/** ip's error for a route that already exists. */
export const EXISTS = /File exists/;
/** Its errors for a route that does not exist, and for any route while the main table is empty. */
const ABSENT = /No such process|FIB table does not exist/;

/** The limited broadcast address (RFC 919), which we never block. */
const NEVER_BLOCKED = '255.255.255.255/32';

/** Why this host does not let us change routes; null when it does. It deletes a route that does not exist. */
export async function whyNoRoutes(): Promise<Failure> {
  const line = `route del blackhole ${NEVER_BLOCKED} proto ${PROTOCOL}`;
  const { failure, stderr } = await runTool(IP, line.split(' '));
  return failure !== null && ABSENT.test(stderr) ? null : failure;
}

/** The targets of our routes in the main table. Rejects with a one-line reason. */
export async function ourRoutes(): Promise<string[]> {
  return (await Promise.all(familiesHere().map(routesOf))).flat();
}

/** Each change has its own result; deleting a route that does not exist succeeds. */
export async function changeRoutes(changes: readonly Change[]): Promise<Failure[]> {
  if (changes.length === 0) return [];
  const input = `${changes.map(routeLine).join('\n')}\n`;
  const { failure, stderr } = await runTool(IP, ['-force', '-batch', '-'], { input });
  const errors = readErrors(stderr);
  // ip failed before it read the lines.
  if (failure !== null && errors.size === 0) return changes.map(() => failure);
  return changes.map(({ verb }, index) => {
    const error = errors.get(index + 1) ?? null;
    if (error === null || (verb === 'release' && ABSENT.test(error))) return null;
    return `ip: ${error}`;
  });
}

async function routesOf(family: Family): Promise<string[]> {
  const args = ['-j', `-${family}`, 'route', 'show', 'type', 'blackhole', 'proto', String(PROTOCOL)];
  const { failure, stdout } = await runTool(IP, args);
  throwOn(failure);
  const destinations = readDestinations(stdout);
  if (destinations === null) throw new Error('ip: its listing cannot be read; it needs JSON support');
  return destinations.flatMap((destination) => parseTarget(destination)?.text ?? []);
}
