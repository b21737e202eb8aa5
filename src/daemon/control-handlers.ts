import { memoryUsage, pid } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { Kind } from '../classify/kind.ts';
import { modeNames, transportOfMode } from '../config/modes.ts';
import type { Answer, BlockRequest, ControlHandlers } from '../control/handlers.ts';
import type { ScannerInfo, WatchHeader, WatchTick } from '../control/scanners.ts';
import type {
  BlockInfo,
  HealthCheck,
  KnownSource,
  NotifyTest,
  SensorStatus,
  Status,
  Why,
} from '../control/status.ts';
import { Reason, reasonText } from '../decode/reason.ts';
import type { Engine } from '../engine.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { Convert } from '../ledger/wall-time.ts';
import { type Address, parseAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { Prepared } from '../preflight/prepare.ts';
import type { Ports } from '../record/start-lines.ts';
import type { Blocks } from '../respond/blocks.ts';
import type { ActionQueue } from '../respond/queue.ts';
import type { CoinTests } from '../track/coin-tests.ts';
import { kindsOf } from '../track/scan.ts';
import type { Source } from '../track/source.ts';
import type { SortKey } from '../track/top-slots.ts';
import type { KnownService } from '../watch/known-services.ts';
import { isUnspecified } from '../watch/port-times.ts';
import type { SocketTable } from '../watch/sockets.ts';
import type { WatchedPorts } from '../watch/watched-ports.ts';
import { addressesFrom } from './addresses.ts';
import { infoOf } from './block-info.ts';
import type { BlockManager } from './block-manager.ts';
import { commandHealth } from './command-health.ts';
import { foretell } from './foretell.ts';
import { LiveListHandlers } from './list-handlers.ts';
import type { Lists } from './lists.ts';
import { logHealth } from './log-health.ts';
import { blockByHand, forgetByHand, type Orders, unblockAllByHand, unblockByHand } from './manual-blocks.ts';
import type { MetricsOutputs } from './metrics-outputs.ts';
import type { MetricsText } from './metrics-text.ts';
import { notifyHealth, notifyStatus } from './notifications.ts';
import type { LogDestinations } from './outputs.ts';
import { RareQuestion } from './rare-question.ts';
import { scannerInfo } from './scanner-info.ts';
import { selfCheck } from './self-check.ts';
import type { Share } from './share.ts';
import { shareHealth } from './share-status.ts';
import { SourceFeed } from './source-feed.ts';
import { withLists } from './still-listed.ts';
import { tryBlock } from './trial-block.ts';

/** How long an answer waits for a look at the blocks. */
const LOOK_TIME_MS = 2_000;
const NO_REF = { ref: false };

/** What the handlers read and act on. */
export interface LiveControlHandlersParts {
  readonly version: string;
  /** By the daemon's clock, ms. */
  readonly startedAt: number;
  readonly dryRun: boolean;
  /** Where the log lines go. */
  readonly destinations: LogDestinations;
  /** A function, because a reload replaces them; so is `watched`. */
  readonly prepared: () => Prepared;
  readonly watched: () => WatchedPorts;
  readonly blockManager: BlockManager;
  readonly engine: Engine;
  readonly sockets: SocketTable;
  /** The ports that the connect modes listen on. */
  readonly listening: () => Ports;
  readonly queue: ActionQueue;
  /** The interfaces that capture is open on. */
  readonly interfaces: () => readonly string[];
  /** Frames by the reason at which their decoding ended. */
  readonly counts: () => ReadonlyMap<number, number>;
  readonly duplicates: () => number;
  /** Which sensor watches, and what it has counted. */
  readonly sensor: () => Promise<SensorStatus>;
  readonly knownServices: () => readonly KnownService[];
  readonly coinTests: Pick<CoinTests, 'progressOf'>;
  readonly lists: Lists;
  readonly metrics: Pick<MetricsText, 'read'>;
  readonly metricsOutputs: Pick<MetricsOutputs, 'health'>;
  readonly notifier: Notifier;
  /** null when nothing is shared. */
  readonly share: () => Share | null;
  /** Called for each block by hand that is in force. */
  readonly onBlock: (entry: LedgerEntry) => void;
}

/** Answers the requests of the control socket in a live run. */
export class LiveControlHandlers implements ControlHandlers {
  readonly lists: LiveListHandlers;
  readonly #parts: LiveControlHandlersParts;
  readonly #sensor: RareQuestion<SensorStatus>;
  readonly #feed: SourceFeed;

  constructor(parts: LiveControlHandlersParts) {
    this.#parts = parts;
    this.lists = new LiveListHandlers(parts.lists);
    const { blockManager, engine } = parts;
    this.#sensor = new RareQuestion(parts.sensor, blockManager.clock.now);
    const table = () => engine.tracker.table;
    this.#feed = new SourceFeed({
      table,
      infoOf: (slot) => scannerInfo(blockManager, table().source(slot)),
      header: () => this.#header(),
      probes: () => engine.probes,
      ready: () => Promise.race([this.#sensor.look(), delay(LOOK_TIME_MS, undefined, NO_REF)]),
    });
  }

  async status(): Promise<Status> {
    await this.#look();
    const { version, startedAt, dryRun, prepared, blockManager, engine, queue } = this.#parts;
    const { config, modes, interfaces } = prepared();
    const counts = this.#parts.counts();
    const sensor = await this.#parts.sensor();
    const { breaker, blocks, clock } = blockManager;
    return {
      version,
      pid,
      modes: modeNames(modes),
      interfaces: this.#parts.interfaces(),
      interfacesAsked: interfaces,
      startedAt: clock.toWall(startedAt),
      uptime: Math.round((clock.now() - startedAt) / 1000),
      configFile: config.file,
      frames: [...counts.values()].reduce((sum, count) => sum + count, 0),
      duplicates: this.#parts.duplicates(),
      probes: engine.probes,
      undecoded: undecoded(counts),
      sensor,
      knownServices: this.#parts.knownServices().map((service) => serviceInfo(service, clock.toWall)),
      sources: engine.tracker.size,
      blocks: countsOf(blocks),
      method: { name: blockManager.method.name, how: blockManager.method.how },
      dryRun,
      queue: queue.load,
      breaker: { open: breaker.isOpen, threshold: breaker.threshold },
      notifications: notifyStatus(this.#parts.notifier, clock.toWall),
      share: this.#parts.share()?.status ?? null,
      memory: memoryUsage.rss(),
      probePort: this.#probePort(),
      servicePort: this.#servicePort(),
    };
  }

  async blocks(): Promise<Iterable<BlockInfo>> {
    await this.#look();
    const { blocks } = this.#parts.blockManager;
    // A copy: blocks that begin or end while the client reads must not shift the list.
    return infosOf(this.#parts.blockManager, [...blocks.due()]);
  }

  async scanners(since: number | null): Promise<Iterable<ScannerInfo>> {
    await this.#look();
    const { clock } = this.#parts.blockManager;
    return this.#feed.scanners(since === null ? Number.NEGATIVE_INFINITY : clock.fromWall(since));
  }

  watch(sort: SortKey, limit: number): AsyncIterable<WatchTick> | null {
    return this.#feed.watch(sort, limit);
  }

  block(request: BlockRequest): Promise<Answer> {
    return this.#refusesOrders() ?? blockByHand(this.#orders(), request);
  }

  async unblock(target: string): Promise<Answer> {
    const refusal = await this.#refusesOrders();
    return refusal ?? this.#shareToo(target, await unblockByHand(this.#orders(), target));
  }

  async forget(target: string): Promise<Answer> {
    const refusal = await this.#refusesOrders();
    return refusal ?? this.#shareToo(target, await forgetByHand(this.#orders(), target));
  }

  /** Whom an administrator unblocks here, no portsentry of the engine has to block. */
  async #shareToo(target: string, answer: Answer): Promise<Answer> {
    const shared = (await this.#parts.share()?.unblocked(target, answer)) ?? answer;
    return withLists(target, shared, this.#parts.lists);
  }

  async unblockAll(): Promise<Answer & { readonly count: number }> {
    const refusal = await this.#refusesOrders();
    if (refusal !== null) return { ...refusal, count: 0 };
    const { blocks } = this.#parts.blockManager;
    const targets = [...blocks.due()].map(({ block }) => block.target);
    const answer = await unblockAllByHand(this.#orders());
    const ended = targets.filter((target) => blocks.find(target)?.ended !== null);
    const message = (await this.#parts.share()?.unblockedAll(ended)) ?? '';
    return { ...answer, message: `${answer.message}${message}` };
  }

  async why(text: string): Promise<Why> {
    const { blockManager, engine, coinTests, prepared, dryRun } = this.#parts;
    // Before a block there would be such a look, too.
    const lookUp = blockManager.allowList.learn({ about: parsePrefix(text), asksTimeDaemons: true });
    await Promise.all([this.#look(), Promise.race([lookUp, delay(LOOK_TIME_MS, undefined, NO_REF)])]);
    const address = parseAddress(text) as Address;
    const { toWall } = blockManager.clock;
    const rule = blockManager.allowList.never.match(address);
    const covering = blockManager.blocks.covering(address, text);
    const known = blockManager.blocks.find(text);
    const block = covering ?? (known?.ended === null ? known : undefined);
    const source = engine.tracker.get(address);
    return {
      address: text,
      rule: rule?.text ?? null,
      source:
        source === undefined
          ? null
          : { ...knownSource(source, address, toWall), challenge: coinTests.progressOf(address) },
      block: block === undefined ? null : infoOf(blockManager, block),
      lists: this.#parts.lists.matches(address),
      shared: this.#parts.share()?.whatIsSaidOf(block?.block.target ?? text) ?? null,
      earlier: earlierOf(known, toWall),
      next: foretell(blockManager, prepared(), { address, rule, block, source, dryRun }),
    };
  }

  spare(address: string, ms: number): Answer {
    this.#parts.blockManager.allowList.spareForTrial(
      parseAddress(address) as Address,
      this.#parts.blockManager.clock.now() + ms,
    );
    return { outcome: 'done', message: `${address} is not acted on for ${ms / 1000} s` };
  }

  async health(): Promise<readonly HealthCheck[]> {
    const { blockManager, interfaces, prepared, dryRun, destinations } = this.#parts;
    const { config, modes } = prepared();
    const { backends, blocks } = blockManager;
    const { name, forPolicy1 } = blockManager.method;
    return [
      ...(await selfCheck({
        blockManager,
        config,
        modes,
        dryRun,
        interfaces: interfaces(),
        sensor: await this.#parts.sensor(),
      })),
      await tryBlock({
        method: name,
        config,
        open: (name) => backends.get(name),
        isBlocked: (target) => blocks.find(target)?.ended === null,
        now: this.#parts.blockManager.clock.now,
      }),
      ...commandHealth(config, dryRun ? null : forPolicy1),
      ...notifyHealth(this.#parts.notifier, config, blockManager.clock.toWall),
      ...shareHealth(this.#parts.share()?.status ?? null),
      await logHealth(destinations),
      ...this.#parts.metricsOutputs.health(),
    ];
  }

  notifyTest(): Promise<readonly NotifyTest[] | null> {
    return this.#parts.notifier.test();
  }

  addresses(begin: string, known: boolean): Promise<readonly string[]> {
    const { blockManager, engine } = this.#parts;
    return addressesFrom({ begin, known, blocks: blockManager.blocks, table: engine.tracker.table });
  }

  metrics(): Promise<string> {
    return this.#parts.metrics.read();
  }

  /** Nothing in it costs time: what does is of a moment ago. */
  #header(): WatchHeader {
    const { version, startedAt, dryRun, prepared, blockManager, engine } = this.#parts;
    const { clock, blocks, breaker } = blockManager;
    const sensor = this.#sensor.answer;
    const now = clock.now();
    return {
      time: clock.toWall(now),
      uptime: (now - startedAt) / 1000,
      version,
      modes: modeNames(prepared().modes),
      dryRun,
      sensor: sensor?.name ?? 'none',
      isWell: sensor?.process?.isWell ?? true,
      probes: engine.probes,
      sources: engine.tracker.size,
      held: sensor?.kernel?.held ?? null,
      blocked: blocks.size,
      lost: sensor?.kernel?.lost ?? null,
      breakerOpen: breaker.isOpen,
    };
  }

  /** Looks at what is in force, so that every answer is of now; with very many blocks of a moment ago. */
  #look(): Promise<unknown> {
    return Promise.race([
      this.#parts.blockManager.blocks.sight.look(),
      delay(LOOK_TIME_MS, undefined, NO_REF),
    ]);
  }

  #orders(): Orders {
    const { blockManager, prepared, onBlock } = this.#parts;
    const { config, modes } = prepared();
    const [mode = 'atcp'] = modeNames(modes);
    const cause = { mode, transport: transportOfMode(mode) };
    return { blockManager, cause, killHostsDeny: config.killHostsDeny, onBlock };
  }

  #refusesOrders(): Promise<Answer> | null {
    if (!this.#parts.dryRun) return null;
    return Promise.resolve({ outcome: 'refused', message: 'this is a dry run: nothing is blocked' });
  }

  /** A port where the daemon sees a probe and the probe reaches no service. Datagrams cannot be sent to port 0. */
  #probePort(): Status['probePort'] {
    const { sockets } = this.#parts;
    const watched = this.#parts.watched();
    for (const [transport, protocol, kind] of [
      ['tcp', PROTOCOL_TCP, Kind.syn],
      ['udp', PROTOCOL_UDP, Kind.udp],
    ] as const) {
      if (!watched.detects(kind)) continue;
      const used = new Set(sockets.bound(protocol).map(({ port }) => port));
      for (const { first, last } of watched[transport].ranges()) {
        for (let port = Math.max(first, 1); port <= last; port++)
          if (!used.has(port)) return { transport, port };
      }
      const [own] = this.#parts.listening()[transport].ranges();
      if (own !== undefined) return { transport, port: own.first };
    }
    return null;
  }

  #servicePort(): number | null {
    const own = this.#parts.listening().tcp;
    const services = this.#parts.sockets.bound(PROTOCOL_TCP);
    return services.find(({ address, port }) => isUnspecified(address) && !own.has(port))?.port ?? null;
  }
}

function countsOf(blocks: Blocks): Status['blocks'] {
  const counts = { inForce: 0, unknown: 0, due: 0 };
  for (const entry of blocks.due()) {
    const { inForce } = blocks.stateOf(entry);
    counts.due++;
    if (inForce === true) counts.inForce++;
    else if (inForce === null) counts.unknown++;
  }
  return counts;
}

function serviceInfo(
  { protocol, address, port, lastSeen }: KnownService,
  toWall: Convert,
): Status['knownServices'][number] {
  return { transport: protocol === PROTOCOL_TCP ? 'tcp' : 'udp', address, port, lastSeen: toWall(lastSeen) };
}

function undecoded(counts: ReadonlyMap<number, number>): Record<string, number> {
  const failures = [...counts].filter(([reason, count]) => reason !== Reason.none && count > 0);
  return Object.fromEntries(failures.map(([reason, count]) => [reasonText(reason), count]));
}

function* infosOf(blockManager: BlockManager, entries: readonly LedgerEntry[]): Generator<BlockInfo> {
  for (const entry of entries) yield infoOf(blockManager, entry);
}

function knownSource(source: Source, address: Address, toWall: Convert): Omit<KnownSource, 'challenge'> {
  const { firstSeen, lastSeen, probes, connects, ports, targets, kinds, marks } = source;
  return {
    firstSeen: toWall(firstSeen),
    lastSeen: toWall(lastSeen),
    probes,
    connects,
    ports,
    targets,
    kinds: kindsOf(kinds),
    evidence: source.evidenceOf(address),
    tool: marks.tool.name,
    decoy: marks.group !== null,
  };
}

function earlierOf(entry: LedgerEntry | undefined, toWall: Convert): Why['earlier'] {
  if (entry === undefined || entry.ended === null) return null;
  return { times: entry.times, endedAt: toWall(entry.ended.at), how: ENDS[entry.ended.how] };
}

const ENDS = {
  expired: 'its time was over',
  unblocked: 'it was unblocked by hand',
  forgotten: 'somebody said that it was taken back',
  failed: 'it could not be put in force',
  replaced: 'all of its network was blocked',
  spared: 'it became one that is never blocked',
  evicted: 'too many blocks stood',
  decoy: 'it turned out to be a decoy',
} as const;
