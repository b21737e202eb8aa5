import { randomInt } from 'node:crypto';
import { type CaptureFile, openCaptureFile } from '../capture/file/open.ts';
import { UndecodedFrames } from '../capture/file/undecoded.ts';
import { linkTypeName } from '../capture/link-type.ts';
import type { CaptureEnd, CaptureSource } from '../capture/source.ts';
import type { Config } from '../config/config.ts';
import { DEFAULT_DETECT } from '../config/kinds.ts';
import { loadConfigOrDefault } from '../config/load.ts';
import { type Modes, modeNames, modesOf, startedModes } from '../config/modes.ts';
import { Engine } from '../engine.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';
import { configError, refuseErrors } from '../preflight/config-error.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { parseModes } from '../preflight/parse-modes.ts';
import { Recorder } from '../record/recorder.ts';
import type { ReplayActions } from '../replay/actions.ts';
import { Replay } from '../replay/replay.ts';
import { checksumHint, summaryRows } from '../replay/summary.ts';
import { loadIgnoreFile } from '../respond/ignore-file.ts';
import { NeverBlock } from '../respond/never-block.ts';
import { EVERY_HOME, homeOf } from '../watch/home.ts';
import { OpenPorts } from '../watch/open-ports.ts';
import { SeenAnswers } from '../watch/seen-answers.ts';
import { SeenConnections } from '../watch/seen-connections.ts';
import { WatchedPorts } from '../watch/watched-ports.ts';
import { addOpen, parseHome } from './endpoints.ts';
import type { ReplayOptions } from './invocation.ts';
import { type LineOutput, ReplayOutput } from './replay-output.ts';
import { renderRows } from './table.ts';

/**
 * `portsentry replay`: runs captures through the engine and prints what it saw. Returns the exit code. The salt defeats
 * captures whose keys all fall into one bucket. Only the run time depends on it, never the output.
 */
export async function runReplay(
  options: ReplayOptions,
  output: LineOutput = new ReplayOutput(),
  salt = randomInt(2 ** 32),
): Promise<Exit> {
  const startMs = performance.now();
  const modes = parseModes(options.mode);
  const open = new OpenPorts(salt);
  const connections = new SeenConnections(salt, (address, port) => open.add(PROTOCOL_TCP, address, port));
  const answers = new SeenAnswers(salt);
  if (options.open !== undefined) addOpen(options.open, open);
  const homes = options.home === undefined ? null : parseHome(options.home);
  const home = homes === null ? EVERY_HOME : homeOf(homes);
  const config = withArp(readConfig(options.configfile, modes));
  const recorder = makeRecorder(options.format, config, output);
  const never = new NeverBlock();
  never.setIgnore(await readIgnoreFile(config));
  const actions = options.act ? await openActions(config, never, recorder) : null;
  const resolvedModes = modes ?? modesOf(startedModes(config));
  const engine = new Engine({
    config,
    modes: resolvedModes,
    watched: new WatchedPorts(config, resolvedModes),
    home,
    inUse: open,
    connections,
    ruleFor: (address) => never.match(address),
    isBlocked: (address, text) => actions?.blocks.covering(address, text) !== undefined,
    admits: (connects, evidence, now) => actions?.breaker.admits(connects, evidence, now) ?? true,
    respond: actions === null ? null : (...response) => actions.responder.respond(...response),
    isSettled: (details) => actions?.responder.isTold(details) ?? false,
    takeBack: (source) => void actions?.blocks.releaseDecoy(source),
    recorder: () => recorder,
    ...(options.inferOpen ? { answersTo: (source: Address) => answers.to(source) } : {}),
    localCheck: true,
    salt,
  });
  engine.tracker.setOwn((homes ?? []).filter(({ length }) => length === 128).map(({ address }) => address));
  const replay = new Replay({ engine, open, connections, answers, checkSums: options.checksum });
  const exit = await replayFiles(options, replay);
  await engine.settle();
  await actions?.close();
  engine.close();
  recorder.close();
  output.flush();
  if (options.summary) {
    const rows = summaryRows(replay, engine, resolvedModes, performance.now() - startMs);
    const hint = checksumHint(replay.wrongChecksums.senders);
    process.stderr.write(renderRows(rows) + (hint === null ? '' : `${hint}\n`));
  }
  return exit;
}

/** Loads what blocks only when something may be blocked, because that takes a seventh of the start. */
async function openActions(config: Config, never: NeverBlock, recorder: Recorder): Promise<ReplayActions> {
  const actions = await import('../replay/actions.ts');
  return actions.ReplayActions.open(config, never, recorder);
}

/** Each pass covers all files, so that a capture that was split by size or time counts as one. */
async function replayFiles({ files: paths, inferOpen }: ReplayOptions, replay: Replay): Promise<Exit> {
  const files: CaptureFile[] = [];
  for (const path of paths) files.push(await openCaptureFile(path, () => process.stdin));
  const readAll = async (read: (source: CaptureSource) => Promise<CaptureEnd>) => {
    const ends = [];
    for (const file of files) {
      const source = new UndecodedFrames(file.read());
      ends.push({ source, end: await read(source) });
    }
    return ends;
  };
  let ends = inferOpen ? await readAll((source) => replay.infer(source)) : null;
  if (replay.wasTooEarly()) ends = await readAll((source) => replay.infer(source));
  if (replay.wantsConnections) await readAll((source) => replay.learn(source));
  if (ends === null || !(await replay.judgeHeld())) ends = await readAll((source) => replay.run(source));
  for (const file of files) file.close();
  return ends.reduce<Exit>((exit, { source, end }) => {
    return worse(worse(exit, reportUndecoded(source)), reportEnd(source.name, end));
  }, Exit.ok);
}

/** Reports frames whose link types have no decoder on stderr. A capture with no other frames is an error. */
function reportUndecoded({ name, frames, undecoded, types }: UndecodedFrames): Exit {
  if (undecoded === 0) return Exit.ok;
  const names = [...types].map(linkTypeName).join(', ');
  const which = types.size === 1 ? `link type ${names} is` : `link types ${names} are`;
  process.stderr.write(
    `portsentry: ${name}: ${which} not decoded: ${undecoded} of ${frames} frames left out\n`,
  );
  return undecoded === frames ? Exit.dataError : Exit.ok;
}

/** Reports a broken capture in one line on stderr. */
function reportEnd(name: string, end: CaptureEnd): Exit {
  if (end.status === 'complete') return Exit.ok;
  process.stderr.write(`portsentry: ${name}: ${end.reason}\n`);
  return end.status === 'unreadable' ? Exit.noInput : Exit.dataError;
}

/** An unreadable file (66) is worse than a broken one (65). */
function worse(one: Exit, other: Exit): Exit {
  return one > other ? one : other;
}

/** To look for ARP sweeps costs a capture nothing, so the default of DETECT has them here. */
function withArp(config: Config): Config {
  const isDefault = config.detect.join(',') === DEFAULT_DETECT;
  return isDefault ? { ...config, detect: [...config.detect, 'arp'] } : config;
}

function readConfig(configfile: string | undefined, modes: Modes | null): Config {
  const loaded = loadConfigOrDefault(configfile, undefined, modes === null ? null : modeNames(modes));
  if (loaded.status !== 'read') throw new CommandError(Exit.noInput, loaded.reason);
  if (loaded.config !== null) return loaded.config;
  throw configError(loaded.findings);
}

/** The entries of IGNORE_FILE. With the built-in defaults the file need not exist. */
async function readIgnoreFile({ file, ignoreFile }: Config) {
  if (file === null || ignoreFile === null) return [];
  const { entries, findings } = await loadIgnoreFile(ignoreFile);
  refuseErrors(findings);
  return entries;
}

function makeRecorder(format: ReplayOptions['format'], config: Config, output: LineOutput): Recorder {
  const write = (line: string) => output.line(line);
  return new Recorder({
    logFormat: config.logFormat,
    logTool: config.logTool,
    sumUp: false,
    text: format === 'text' ? write : null,
    events: format === 'json' ? { write, tick: () => {}, close: () => {} } : null,
    history: null,
    names: null,
  });
}
