import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import { formatListenAddress } from '../config/listen-address.ts';
import type { HealthCheck } from '../control/status.ts';
import { MetricsServer, type Place } from '../metrics/server.ts';
import { removeMetricsFile, writeMetricsFile } from '../metrics/textfile.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';
import { isUnspecified } from '../watch/port-times.ts';

/** How often the file is written, and what could not be opened is tried again: Prometheus scrapes as often. */
const INTERVAL_MS = 15_000;

/** The keys of the configuration that are read here. */
export type MetricsConfig = Pick<Config, 'metricsFile' | 'metricsListen'>;

/** What the outputs work with. */
export interface MetricsOutputsParts {
  readonly text: () => Promise<string>;
  /** Descriptors of sockets that the service manager has opened. */
  readonly passed: readonly number[];
  /** A dry run may be tried beside the real daemon, whose file it must not touch. */
  readonly dryRun: boolean;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** A place where metrics are served, or why they are not. */
interface Listener {
  readonly place: Place;
  readonly name: string;
  server: MetricsServer | null;
  trouble: string | null;
}

/** Writes METRICS_FILE and serves the metrics, as the configuration says. No trouble with either stops anything else. */
export class MetricsOutputs {
  readonly #parts: MetricsOutputsParts;
  readonly #passed: Listener[];
  #listener: Listener | null = null;
  #file: string | null = null;
  #fileTrouble: string | null = null;
  #writing: Promise<void> | null = null;
  #lastMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(parts: MetricsOutputsParts) {
    this.#parts = parts;
    this.#passed = parts.passed.map((fd) => newListener({ fd }, `the socket of the service manager (${fd})`));
  }

  /** Opens what is configured; for a reload, also closes what no longer is. */
  async configure({ metricsFile, metricsListen }: MetricsConfig): Promise<void> {
    const { dryRun, tell } = this.#parts;
    const name = metricsListen === null ? null : formatListenAddress(metricsListen);
    if (name !== (this.#listener?.name ?? null)) {
      await this.#listener?.server?.close();
      this.#listener = metricsListen === null ? null : newListener(metricsListen, name as string);
    }
    for (const listener of this.#listeners) await this.#open(listener);
    if (dryRun && metricsFile !== null) tell(`METRICS_FILE is not written in a dry run: ${metricsFile}.`);
    // The next tick writes it: a reload also tries again what did not work.
    this.#lastMs = Number.NEGATIVE_INFINITY;
    const file = dryRun ? null : metricsFile;
    if (file === this.#file) return;
    await this.#writing;
    if (this.#file !== null) removeMetricsFile(this.#file);
    this.#file = file;
    this.#fileTrouble = null;
  }

  /** Must be called every second; `now` on the monotonic clock, ms. */
  tick(now: number): void {
    if (now - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = now;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    for (const listener of this.#listeners) void this.#open(listener);
  }

  /** Ends all connections and removes the file, so that nobody takes its numbers for those of now. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#listeners.map(({ server }) => server?.close()));
    await this.#writing;
    if (this.#file !== null) removeMetricsFile(this.#file);
  }

  /** Whether the metrics are served at this TCP port of this host: no scanner's, even where ports in use are watched. */
  has(protocol: number, address: Address, port: number): boolean {
    if (protocol !== PROTOCOL_TCP) return false;
    return this.#listeners.some(({ server }) => {
      const at = server?.address ?? null;
      if (at === null || at.port !== port) return false;
      const own = parseAddress(at.address);
      return own !== null && (isUnspecified(own) || own.equals(address));
    });
  }

  /** What `doctor` says of each output. */
  health(): HealthCheck[] {
    const check = (trouble: string | null, well: string): HealthCheck =>
      trouble === null
        ? { name: 'metrics', result: 'ok', message: well }
        : { name: 'metrics', result: 'fail', message: trouble };
    return [
      ...(this.#file === null ? [] : [check(this.#fileTrouble, `${this.#file} is written`)]),
      ...this.#listeners.map(({ name, trouble }) => {
        return check(trouble === null ? null : `not served on ${name}: ${trouble}`, `served on ${name}`);
      }),
    ];
  }

  get #listeners(): readonly Listener[] {
    return this.#listener === null ? this.#passed : [...this.#passed, this.#listener];
  }

  async #write(): Promise<void> {
    const path = this.#file;
    if (path === null) return;
    const text = await this.#parts.text();
    if (this.#closed || path !== this.#file) return;
    const trouble = isThere(dirname(path))
      ? writeMetricsFile(path, text)
      : `${path}: there is no such folder`;
    const before = this.#fileTrouble;
    this.#fileTrouble = trouble;
    if (trouble === before) return;
    if (trouble === null) this.#parts.tell(`METRICS_FILE is written again: ${path}.`);
    else this.#parts.tell(`METRICS_FILE cannot be written, and is tried again: ${trouble}.`);
  }

  async #open(listener: Listener): Promise<void> {
    const { server, place, name } = listener;
    if (server?.isReachable || this.#closed) return;
    await server?.close();
    listener.server = null;
    const before = listener.trouble;
    try {
      const opened = await MetricsServer.open(place, { text: this.#parts.text });
      // It may have been replaced meanwhile, or the daemon has ended.
      if (this.#closed || !this.#listeners.includes(listener)) await opened.close();
      else listener.server = opened;
      listener.trouble = null;
      if (before !== null) this.#parts.tell(`Metrics are served again on ${name}.`);
    } catch (error) {
      listener.trouble = (error as Error).message;
      if (listener.trouble !== before)
        this.#parts.tell(`Metrics are not served on ${name}, which is tried again: ${listener.trouble}.`);
    }
  }
}

function newListener(place: Place, name: string): Listener {
  return { place, name, server: null, trouble: null };
}

function isThere(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
