import { accessSync, constants } from 'node:fs';
import type { Config } from '../config/config.ts';
import { type Modes, modeNames } from '../config/modes.ts';
import type { HealthCheck, SensorStatus } from '../control/status.ts';
import { REPORT_BUFFER_BYTES } from '../sensor/child-plan.ts';
import type { BlockManager } from './block-manager.ts';

/** What the self-check looks at. */
export interface SelfCheckParts {
  readonly blockManager: BlockManager;
  readonly config: Config;
  readonly modes: Modes;
  /** The interfaces that capture is open on. */
  readonly interfaces: readonly string[];
  readonly sensor: SensorStatus;
}

/** Checks for `doctor` what only the daemon can know: capture, sensor, block method, ledger and files, in this order. */
export async function selfCheck(parts: SelfCheckParts): Promise<readonly HealthCheck[]> {
  return [
    captureHealth(parts),
    ...sensorHealth(parts),
    await methodHealth(parts),
    await ledgerHealth(parts),
    ...filesHealth(parts),
  ];
}

function captureHealth({ interfaces, modes }: SelfCheckParts): HealthCheck {
  const connects = modeNames(modes).every((mode) => mode === 'tcp' || mode === 'udp');
  if (connects && interfaces.length === 0)
    return { name: 'capture', result: 'skip', message: 'not needed: the modes have sockets of their own' };
  if (interfaces.length === 0)
    return { name: 'capture', result: 'fail', message: 'nothing is listened to: no interface is up' };
  return { name: 'capture', result: 'ok', message: `listening on ${interfaces.join(', ')}` };
}

/** The table and the reader of its reports; whether they work the probe of `doctor` shows. */
function sensorHealth({ sensor: { name, why, kernel } }: SelfCheckParts): HealthCheck[] {
  if (name === 'none') return [];
  if (kernel === null) return [{ name: 'sensor', result: 'ok', message: why }];
  const { owned, group, isRead, held, lost, maxBufferBytes } = kernel;
  if (held === null) {
    const message =
      'the table inet portsentry_sensor cannot be read: another program removed it, or nft fails';
    return [{ name: 'sensor', result: 'fail', message }];
  }
  if (!isRead) {
    const message = `nobody reads NFLOG group ${group}: look in the log for the reason`;
    return [{ name: 'sensor', result: 'fail', message }];
  }
  const table = owned ? 'its table is loaded and owned' : 'its table is loaded; other programs can remove it';
  const message = `kernel: ${table}; NFLOG group ${group} is read${bufferHint(maxBufferBytes)}`;
  if (lost === 0) return [{ name: 'sensor', result: 'ok', message }];
  return [{ name: 'sensor', result: 'warn', message: `${message}; ${lost} reports were lost so far` }];
}

function bufferHint(maxBytes: number | null): string {
  if (maxBytes === null || maxBytes >= REPORT_BUFFER_BYTES) return '';
  return `; in a flood it loses fewer reports with net.core.rmem_max=${REPORT_BUFFER_BYTES}`;
}

async function methodHealth({ blockManager }: SelfCheckParts): Promise<HealthCheck> {
  const { method, blocks, backends } = blockManager;
  const name = 'block method';
  if (method === null)
    return { name, result: 'skip', message: 'no source is to be blocked (BLOCK_TCP, BLOCK_UDP)' };
  try {
    const backend = await backends.get(method.name);
    const listed = await backend.list();
    if (listed === null)
      return { name, result: 'ok', message: `${method.name}, which cannot tell what is in force` };
    const present = new Set(listed.map(({ target }) => target));
    const own = [...blocks.standing()].filter((entry) => entry.method === method.name);
    const missing = own.filter(({ block }) => !present.has(block.target)).length;
    if (missing === 0)
      return { name, result: 'ok', message: `${method.name} has all ${own.length} blocks in force` };
    const hint = 'another program removed them; a SIGHUP puts them back';
    return { name, result: 'fail', message: `${missing} of ${own.length} blocks are not in force: ${hint}` };
  } catch (error) {
    return { name, result: 'fail', message: `${method.name}: ${(error as Error).message}` };
  }
}

async function ledgerHealth({ blockManager, config: { stateDir } }: SelfCheckParts): Promise<HealthCheck> {
  const failure = await blockManager.durable();
  if (failure === null) return { name: 'ledger', result: 'ok', message: `${stateDir} is written to` };
  return { name: 'ledger', result: 'fail', message: `${failure}; blocks are forgotten at a restart` };
}

function filesHealth({ config, modes }: SelfCheckParts): HealthCheck[] {
  const { historyFile, blockedFile, eventFile } = config;
  const blocked = blockedFile === null ? [] : modeNames(modes).map((mode) => `${blockedFile}.${mode}`);
  return [historyFile, ...blocked, eventFile].flatMap((path) => (path === null ? [] : [fileHealth(path)]));
}

function fileHealth(path: string): HealthCheck {
  try {
    accessSync(path, constants.W_OK);
    return { name: 'file', result: 'ok', message: `${path} can be written` };
  } catch (error) {
    return { name: 'file', result: 'fail', message: `${path}: ${(error as NodeJS.ErrnoException).code}` };
  }
}
