import { hostname } from 'node:os';
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
import { eventFormOf } from '../record/event-formats.ts';
import { Recorder } from '../record/recorder.ts';
import type { ReplayActions } from '../replay/actions.ts';
import type { Findings } from '../replay/findings.ts';
import { Places } from '../replay/places.ts';
import { Replay } from '../replay/replay.ts';
import { StampedText } from '../replay/stamped-text.ts';
import { Story } from '../replay/story.ts';
import { loadIgnoreFile } from '../respond/ignore-file.ts';
import { NeverBlock } from '../respond/never-block.ts';
import type { FrameNumber } from '../track/capture-place.ts';
import { EVERY_HOME, homeOf } from '../watch/home.ts';
import { OpenPorts } from '../watch/open-ports.ts';
import { SeenAnswers } from '../watch/seen-answers.ts';
import { SeenConnections } from '../watch/seen-connections.ts';
import { WatchedPorts } from '../watch/watched-ports.ts';
import { capturePaths } from './capture-paths.ts';
import { addOpen, parsePrefixes } from './endpoints.ts';
import { firstPacketOf } from './first-packet.ts';
import type { ReplayOptions } from './invocation.ts';
import { needsFirstPacket, readNarrow } from './narrowing.ts';
import type { Progress } from './progress.ts';
import { openAll, replayFiles } from './replay-files.ts';
import { type LineOutput, ReplayOutput } from './replay-output.ts';
import { isTerminal, STDERR, STDOUT } from './terminal.ts';

/**
 * `portsentry replay`: runs captures through the engine and prints what it saw. Returns the exit code. The salt defeats
 * captures whose keys all fall into one bucket. Only the run time depends on it, never the output.
 * Nobody sees it, and V8 seeds its random numbers from the kernel's; `node:crypto` takes milliseconds to load.
 */
export async function runReplay(
  options: ReplayOptions,
  output: LineOutput = new ReplayOutput(),
  salt = Math.floor(Math.random() * 2 ** 32),
): Promise<Exit> {
  const startedSeconds = process.uptime();
  const modes = parseModes(options.mode);
  const open = new OpenPorts(salt);
  const connections = new SeenConnections(salt, (address, port) => open.add(PROTOCOL_TCP, address, port));
  const answers = new SeenAnswers(salt);
  if (options.open !== undefined) addOpen(options.open, open);
  const homes = options.home === undefined ? null : parsePrefixes(options.home, '--home');
  const home = homes === null ? EVERY_HOME : homeOf(homes);
  // What is wrong with them is said before a pipe is waited for.
  let narrow = readNarrow(options);
  const config = withArp(readConfig(options.configfile, modes));
  const paths = capturePaths(options.files);
  const files = await openAll(paths);
  if (needsFirstPacket(options)) narrow = readNarrow(options, (await firstPacketOf(files)) ?? 0);
  const places = new Places(files.map(({ name }) => name));
  const summary =
    options.summary === 'none'
      ? null
      : (await import('./replay-summary.ts')).openSummary(options.summary, salt);
  const { recorder, story } = await makeRecorders(
    options,
    config,
    files.length,
    output,
    summary?.findings ?? null,
  );
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
    recorder: () => story,
    ...(options.inferOpen
      ? {
          answersTo: (source: Address, span: { readonly first: number; readonly last: number }) =>
            answers
              .to(source, span)
              ?.filter(({ transport, port }) => narrow?.hasPort(transport, port) !== false) ?? null,
        }
      : {}),
    ...(needsPlaces(options, files.length) ? { placeOf: (at: FrameNumber) => places.of(at) } : {}),
    localCheck: options.localCheck,
    salt,
  });
  engine.tracker.setOwn((homes ?? []).filter(({ length }) => length === 128).map(({ address }) => address));
  const replay = new Replay({ engine, open, connections, answers, checkSums: options.checksum, narrow });
  // First, so that a file that cannot be written costs nobody the time of a replay.
  if (options.extract !== undefined && narrow !== null)
    await (await import('./replay-extract.ts')).extractTo(options.extract, files, narrow);
  const progress = await openProgress(
    options.format !== 'none' && output instanceof ReplayOutput,
    paths.flat(),
  );
  const { exit, facts } = await replayFiles(files, {
    replay,
    places,
    inferOpen: options.inferOpen,
    counts: summary !== null,
    progress,
  });
  await engine.settle();
  await actions?.close();
  // Nobody hears of the scans that end now.
  if (!engine.onlyCounts) engine.close();
  recorder.close();
  summary?.write(
    {
      files: files.length,
      comments: places.comments,
      facts,
      replay,
      engine,
      modes: resolvedModes,
      top: options.top,
    },
    (process.uptime() - startedSeconds) * 1_000,
    output,
  );
  output.flush();
  for (const file of files) file.close();
  return exit;
}

/** Loads what blocks only when something may be blocked, because that takes a seventh of the start. */
async function openActions(config: Config, never: NeverBlock, recorder: Recorder): Promise<ReplayActions> {
  const actions = await import('../replay/actions.ts');
  return actions.ReplayActions.open(config, never, recorder);
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

/** What is written, and what hears of it. */
async function makeRecorders(
  { format, time }: ReplayOptions,
  config: Config,
  files: number,
  output: LineOutput,
  findings: Findings | null,
): Promise<{ recorder: Recorder; story: Story }> {
  const write = (line: string) => output.line(line);
  const stamp = format === 'text' && time ? new StampedText(write, files > 1) : null;
  const text = stamp === null ? write : (line: string) => stamp.line(line);
  const recorder = new Recorder({
    logFormat: config.logFormat,
    logTool: config.logTool,
    sumUp: false,
    text: format === 'text' ? text : null,
    events: isJson(format) ? { write, tick: () => {}, close: () => {} } : null,
    eventForm: eventFormOf(format === 'eve' ? 'eve' : 'ecs', hostname()),
    history: null,
    names: null,
  });
  const makesEvents = recorder.listens || findings !== null;
  const heap = makesEvents ? new (await import('./heap-bounds.ts')).HeapBounds() : null;
  return { recorder, story: new Story({ recorder, stamp, findings, onProbes: () => heap?.look() }) };
}

/** Events have the places of their packets, and so have lines of text where there are several files. */
function needsPlaces({ format, time }: ReplayOptions, files: number): boolean {
  return isJson(format) || (format === 'text' && time && files > 1);
}

/** Whether the lines are events. */
function isJson(format: ReplayOptions['format']): boolean {
  return format === 'json' || format === 'eve';
}

/** Progress is drawn on a terminal to which nothing else is written meanwhile; `writes`: lines go to standard output. */
async function openProgress(writes: boolean, paths: readonly string[]): Promise<Progress | null> {
  if (!isTerminal(STDERR) || (writes && isTerminal(STDOUT))) return null;
  const { bytesOf, Progress } = await import('./progress.ts');
  return new Progress(process.stderr, bytesOf(paths), () => performance.now());
}
