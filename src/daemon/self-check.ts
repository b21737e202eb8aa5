import { accessSync, constants, existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { type Modes, modeNames } from '../config/modes.ts';
import type { HealthCheck, SensorStatus } from '../control/status.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import { counted } from '../record/counted.ts';
import { type BlockState, backendOf, blockCount } from '../respond/block-state.ts';
import { REPORT_BUFFER_BYTES } from '../sensor/child-plan.ts';
import { OF_THIS_HOST } from '../watch/lifelines.ts';
import { maySeeProcesses } from '../watch/sessions/ssh-processes.ts';
import type { BlockManager } from './block-manager.ts';

/** What the self-check looks at. */
export interface SelfCheckParts {
  readonly blockManager: BlockManager;
  readonly config: Config;
  readonly modes: Modes;
  readonly dryRun: boolean;
  /** The interfaces that capture is open on. */
  readonly interfaces: readonly string[];
  readonly sensor: SensorStatus;
}

/** Checks for `doctor` what only the daemon can know: capture, sensor, lookups, block method, ledger and files, in this order. */
export async function selfCheck(parts: SelfCheckParts): Promise<readonly HealthCheck[]> {
  return [
    captureHealth(parts),
    ...sensorHealth(parts),
    ...processHealth(parts),
    lookupHealth(parts),
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

/** The process that reads packets: whether it lives, and what keeps one that was taken over from harm. */
function processHealth({ sensor: { process } }: SelfCheckParts): HealthCheck[] {
  if (process === null) return [];
  const { isWell, account, lacks, died, refused, retimed } = process;
  const name = 'sensor process';
  if (!isWell) {
    const message = 'it is gone or gives no sign of life, and is replaced: look in the log for the reason';
    return [{ name, result: 'fail', message }];
  }
  const facts = [
    account === null ? 'runs as the user of the daemon' : `runs as ${account}`,
    ...(lacks.length > 0 ? [`without ${lacks.join(', ')}`] : []),
    ...(died > 0 ? [`was replaced ${counted(died, 'time')}`] : []),
  ];
  if (refused + retimed === 0) return [{ name, result: 'ok', message: facts.join('; ') }];
  const untrue = `${counted(refused, 'record')} could not be true, ${retimed} had a time that was far off`;
  return [{ name, result: 'warn', message: [...facts, untrue].join('; ') }];
}

function bufferHint(maxBytes: number | null): string {
  if (maxBytes === null || maxBytes >= REPORT_BUFFER_BYTES) return '';
  return `; in a flood it loses fewer reports with net.core.rmem_max=${REPORT_BUFFER_BYTES}`;
}

/** Whether all of this host's dependencies can be found out before a block. */
function lookupHealth({ blockManager: { allowList } }: SelfCheckParts): HealthCheck {
  const name = 'lookups';
  if (!allowList.isLooking)
    return {
      name,
      result: 'skip',
      message: 'AUTO_IGNORE is 0: gateways, resolvers and sessions are not spared',
    };
  const { routeTrouble } = allowList;
  if (routeTrouble !== null) {
    const message = `only the gateways of the main routing table are found: ${routeTrouble}`;
    return { name, result: 'warn', message };
  }
  const found = 'gateways, resolvers, time servers and connections are found';
  if (maySeeProcesses('/proc'))
    return { name, result: 'ok', message: `${found}, sessions by the processes of sshd and dropbear` };
  const hidden = 'the processes of sshd are hidden from this process (CAP_SYS_PTRACE, ProtectProc)';
  if (existsSync(OF_THIS_HOST.logind))
    return { name, result: 'ok', message: `${found}, sessions by logind and utmp: ${hidden}` };
  const message = `a session is found only if utmp has it, or when LoginGraceTime is over: ${hidden}`;
  return { name, result: 'warn', message };
}

/** The same look and the same answers as those of `list` and `why`. */
async function methodHealth({ blockManager, dryRun }: SelfCheckParts): Promise<HealthCheck> {
  const { method, blocks } = blockManager;
  const name = 'block method';
  if (dryRun) return { name, result: 'skip', message: method.how };
  await blocks.sight.lookAnew();
  const standing = [...blocks.standing()];
  if (!blockManager.blocksSources && standing.length === 0)
    return { name, result: 'skip', message: method.how };
  const trouble = await troubleOf(blockManager, standing);
  if (trouble !== null) return { name, result: 'fail', message: trouble };
  const states = standing.map((entry) => blocks.stateOf(entry));
  const gone = states.filter(({ inForce }) => inForce === false).length;
  const unknown = states.filter(({ inForce }) => inForce === null).length;
  if (gone > 0) {
    const what = `${gone} of ${blockCount(states.length)} ${gone === 1 ? 'is' : 'are'} not in force`;
    return { name, result: 'fail', message: `${what}: another program removed them; ${hintFor(states)}` };
  }
  const known = states.length - unknown;
  const parts = [
    ...(known > 0 || unknown === 0 ? [`${blockCount(known)} in force`] : []),
    ...(unknown > 0
      ? [
          `${blockCount(unknown)} of which nothing can say whether ${unknown === 1 ? 'it is' : 'they are'} in force`,
        ]
      : []),
  ];
  const today = blockManager.blocksSources ? method.name : `new blocks by none (${method.how})`;
  return { name, result: 'ok', message: `${today}; ${parts.join(', ')}` };
}

/** Why a method cannot be asked, or cannot be used for the next block; null when all can. */
async function troubleOf(
  { method, blocks, backends, blocksSources }: BlockManager,
  standing: readonly LedgerEntry[],
): Promise<string | null> {
  try {
    if (blocksSources) await (await backends.get(backendOf(method.name))).list();
  } catch (error) {
    return `${method.name}: ${(error as Error).message}`;
  }
  for (const name of new Set(standing.map((entry) => entry.method))) {
    const trouble = blocks.sight.troubleOf(name);
    if (trouble !== null) return `${name}: ${trouble}`;
  }
  return null;
}

function hintFor(states: readonly BlockState[]): string {
  const byRule = states.some(({ inForce, isKnowable }) => inForce === false && isKnowable);
  return byRule ? 'a SIGHUP puts them back' : 'the next probes of their sources make them again';
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
