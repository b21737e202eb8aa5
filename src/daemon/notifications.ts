import { hostname } from 'node:os';
import { programsOf, whyNotRunnable } from '../commands/programs.ts';
import type { Config } from '../config/config.ts';
import type { HealthCheck, NotifyChannelStatus } from '../control/status.ts';
import type { Convert } from '../ledger/wall-time.ts';
import { type NotifyConfig, secretsTrouble } from '../notify/channel.ts';
import { type ChannelState, Notifier } from '../notify/notifier.ts';
import type { RunOptions } from '../preflight/run-options.ts';
import { adminLine } from '../record/lines1.ts';
import type { Log } from '../record/log.ts';
import { formatTime } from '../record/times.ts';
import type { SteadyClock } from './clock.ts';
import { NotifyPace } from './notify-pace.ts';

/** A dry run tells nobody, because a command would be an action. */
export function notifyConfig({ dryRun }: Pick<RunOptions, 'dryRun'>, config: Config): NotifyConfig {
  return dryRun ? { ...config, notifyCommand: null, notifyUrl: null, notifyUrlFile: null } : config;
}

/** What the notifier of a live run is made of. */
export interface NotifierInputs {
  readonly options: RunOptions;
  readonly config: Config;
  readonly log: Log;
  readonly clock: SteadyClock;
  readonly version: string;
}

/** Makes the notifier of a live run. */
export function openNotifier({ options, config, log, clock, version }: NotifierInputs): Notifier {
  const { now, toWall } = clock;
  const tell = (text: string) => log.line(adminLine(text));
  const origin = { host: hostname(), version };
  const pace = new NotifyPace(config.stateDir);
  return new Notifier({ origin, now, toWall, tell, pace }, notifyConfig(options, config));
}

/** How notifications are doing, for `status`. */
export function notifyStatus({ channels }: Notifier, toWall: Convert): NotifyChannelStatus[] {
  return channels.map(({ channel, sent, failed, waiting, lastSent, failure }) => ({
    channel: channel.name,
    to: channel.to(),
    sent,
    failed,
    waiting,
    lastSent: lastSent === null ? null : toWall(lastSent),
    failure,
  }));
}

/** The lines of `doctor` on notifications; none when nobody is notified. It sends nothing. */
export function notifyHealth(notifier: Notifier, config: NotifyConfig, toWall: Convert): HealthCheck[] {
  return notifier.channels.map((state) => ({ name: 'notify', ...stateHealth(state, config, toWall) }));
}

function stateHealth(
  { channel, lastSent, failure, failures }: ChannelState,
  config: NotifyConfig,
  toWall: Convert,
): Omit<HealthCheck, 'name'> {
  const to = channel.to();
  const trouble =
    channel.name === 'url' ? secretsTrouble(config) : programTrouble(config.notifyCommand ?? '');
  if (trouble !== null) return { result: 'fail', message: `${to}: ${trouble}` };
  if (failure !== null) {
    const count = failures === 1 ? 'the last attempt failed' : `the last ${failures} attempts failed`;
    return { result: 'fail', message: `${to}: ${count}: ${failure}` };
  }
  if (lastSent === null)
    return { result: 'ok', message: `${to}: nothing was sent yet; portsentry notify --test tries it` };
  return { result: 'ok', message: `${to} took the last message at ${formatTime(toWall(lastSent))}` };
}

function programTrouble(command: string): string | null {
  for (const program of programsOf(command)) {
    const why = whyNotRunnable(program);
    if (why !== null) return `${program} cannot be run: ${why}`;
  }
  return null;
}
